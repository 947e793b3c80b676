//! A host without values: enough to check programs and to look at what the checker makes of them.

use adl_lang::check::{ArgInfo, Checker, Entry, Global, Host, LeafInfo};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_lang::types::DType;
use std::cell::RefCell;
use std::collections::HashMap;

/// Remembers the types of what entries would have computed; every whole number is taken for 20, every symbol for 20.
#[derive(Default)]
pub struct Types(RefCell<HashMap<u32, LeafInfo>>);

impl Host for Types {
    fn info(&self, global: Global) -> LeafInfo {
        self.0.borrow()[&global.0].clone()
    }
}

impl Types {
    pub fn keep(&self, entry: &Entry) {
        let main = &entry.module.funcs[entry.main.0 as usize];
        for (g, ty) in entry.results.iter().zip(&main.results) {
            let shape = ty.dims.iter().map(|d| d.eval(&|_| 20).unwrap_or(0) as usize).collect();
            let whole = (ty.dtype == DType::I64 && ty.dims.is_empty()).then_some(20);
            self.0.borrow_mut().insert(g.0, LeafInfo { dtype: ty.dtype, shape, whole });
        }
    }
}

/// Runs `work` with room for deep recursion of the checker.
pub fn roomy<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|s| {
        std::thread::Builder::new()
            .stack_size(16 << 20)
            .spawn_scoped(s, work)
            .expect("a thread")
            .join()
            .expect("no panic")
    })
}

/// Checks all statements and tests of a program.
pub fn check_with(text: &str, files: &[(&str, &str)]) -> (Checker, Types, Result<Vec<Entry>, Vec<Diagnostic>>) {
    let mut checker = Checker::new();
    let types = Types::default();
    let mut load = |target: &str, _: &str| {
        files
            .iter()
            .find(|(n, _)| *n == target)
            .map(|(n, t)| Source::new(*n, *t))
            .ok_or_else(|| "there is no such file".to_string())
    };
    let loaded = match checker.load(Source::new("test.adl", text), &mut load) {
        Ok(l) => l,
        Err(e) => return (checker, types, Err(e)),
    };
    let mut entries = Vec::new();
    for s in &loaded.stmts {
        match checker.statement(s, &types) {
            Ok(e) => {
                types.keep(&e);
                checker.commit(&e);
                entries.push(e);
            }
            Err(e) => return (checker, types, Err(e)),
        }
    }
    for (_, body, _) in &loaded.tests {
        match checker.test(body, &types) {
            Ok(e) => entries.push(e),
            Err(e) => return (checker, types, Err(e)),
        }
    }
    (checker, types, Ok(entries))
}

pub fn render(checker: &Checker, problems: &[Diagnostic]) -> String {
    adl_lang::render::render(problems, &|id| checker.source(id), false)
}

/// The entries of a correct program.
pub fn check(text: &str) -> Vec<Entry> {
    let (checker, _, r) = check_with(text, &[]);
    r.unwrap_or_else(|e| panic!("{}", render(&checker, &e)))
}

/// The text of the problems of a wrong program.
pub fn problems(text: &str) -> String {
    let (checker, _, r) = check_with(text, &[]);
    match r {
        Ok(_) => panic!("this should not check:\n{text}"),
        Err(e) => render(&checker, &e),
    }
}

/// A float array argument.
pub fn floats(shape: &[usize]) -> ArgInfo {
    ArgInfo::Leaf(LeafInfo { dtype: DType::F64, shape: shape.to_vec(), whole: None })
}

/// A whole argument.
pub fn whole(n: i64) -> ArgInfo {
    ArgInfo::Leaf(LeafInfo { dtype: DType::I64, shape: Vec::new(), whole: Some(n) })
}

/// The entry that calls a function of a program.
pub fn call(text: &str, files: &[(&str, &str)], f: &str, args: &[ArgInfo]) -> Entry {
    let (mut checker, types, r) = check_with(text, files);
    if let Err(e) = r {
        panic!("{}", render(&checker, &e));
    }
    match checker.function(f, args, &types) {
        Ok(e) => e,
        Err(e) => panic!("{f}: {}", render(&checker, &e)),
    }
}
