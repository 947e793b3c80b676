//! A program of single precision stays one: every function of the library, given `f32` and literals,
//! gives `f32`, and so do its derivatives in both modes.

use crate::host::{Types, check_with, render, roomy};
use adl_lang::ast::StmtKind;
use adl_lang::check::{ArgInfo, Checker, LeafInfo};
use adl_lang::library::{all_names, sources};
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId};
use adl_lang::types::DType;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("single.txt");

/// Names and the expressions that call them; an empty one where there is nothing to ask.
fn rows() -> Vec<(&'static str, String)> {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        match rows.last_mut() {
            Some((_, text)) if line.starts_with(' ') => text.extend(["\n", line]),
            _ => {
                let (name, text) = line.split_once(": ").unwrap_or((line, ""));
                rows.push((name, text.to_string()));
            }
        }
    }
    rows
}

/// Everything that a program can call.
fn functions() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = all_names().into_iter().map(String::from).collect();
    for module in sources::modules() {
        let text = sources::module(module).expect("a module has a text");
        for stmt in parse(&Source::new(module, text), SourceId(0)).0.stmts {
            if let StmtKind::Fn(f) = stmt.kind {
                names.insert(format!("{module}.{}", f.name.name));
            }
        }
    }
    names.retain(|name| !name.rsplit('.').next().unwrap_or_default().starts_with('_'));
    names
}

#[test]
fn every_function_has_a_row() {
    let rows: BTreeSet<String> = rows().into_iter().map(|(name, _)| name.to_string()).collect();
    let missing: Vec<String> = functions().difference(&rows).cloned().collect();
    let idle: Vec<String> = rows.difference(&functions()).cloned().collect();
    assert!(missing.is_empty() && idle.is_empty(), "without a row: {missing:?}; without a function: {idle:?}");
}

/// The element types of all that a function of `x` gives.
fn types(checker: &mut Checker, host: &Types, function: &str) -> Result<Vec<DType>, String> {
    let x = ArgInfo::Leaf(LeafInfo { dtype: DType::F32, shape: vec![4], whole: None });
    let entry = checker.function(function, &[x], host).map_err(|e| render(checker, &e))?;
    let main = &entry.module.funcs[entry.main.0 as usize];
    Ok(main.results.iter().map(|ty| ty.dtype).collect())
}

fn single(name: &str, text: &str) -> Result<(), String> {
    let import = name.split_once('.').map_or(String::new(), |(module, _)| format!("import {module}\n"));
    let source = format!(
        "{import}fn _A(x) = [[2.0, x[0], x[1]], [x[2], 3.0, x[0]], [x[3], x[1], 4.0]]
fn _S(x) = _A(x) @ _A(x).T
fn f(x) {{
  let (v, A, S) = (x[..3], _A(x), _S(x))
  {text}
}}
fn forward(x) = jvp(f, x, x).1
fn reverse(x) = grad(|x| sum(to_vector(f(x))))(x)
"
    );
    let (mut checker, host, r) = check_with(&source, &[]);
    r.map_err(|e| render(&checker, &e))?;
    let value = types(&mut checker, &host, "f")?;
    let forward = types(&mut checker, &host, "forward")?;
    let floats: Vec<&DType> = value.iter().zip(&forward).filter(|(v, _)| v.is_float()).map(|(_, t)| t).collect();
    // What is no number has no entry in a vector.
    let reverse = if value.contains(&DType::Bool) { vec![DType::F32] } else { types(&mut checker, &host, "reverse")? };
    let single = value.contains(&DType::F32) && !value.contains(&DType::F64);
    if single && !floats.contains(&&DType::F64) && reverse == [DType::F32] {
        return Ok(());
    }
    Err(format!("value {value:?}, forward {forward:?}, reverse {reverse:?}"))
}

#[test]
fn values_and_derivatives_are_of_single_precision() {
    roomy(|| {
        let rows: Vec<_> = rows().into_iter().filter(|(_, text)| !text.is_empty()).collect();
        let wrong: Vec<String> = rows
            .iter()
            .filter_map(|(name, text)| Some(format!("{name}: {text}\n  {}", single(name, text).err()?)))
            .collect();
        assert!(rows.len() > 200 && wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    });
}
