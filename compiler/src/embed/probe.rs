//! Comparing what a host asks for with a program before anything is called: the function is checked for arguments of
//! the types that are asked for, with sizes as its declaration wants them.

use super::spec::Spec;
use super::workspace::Typed;
use crate::engine::lang_dtype;
use crate::engine::variant::{Variant, in_rows};
use crate::engine::{Error, ErrorKind};
use adl_lang::ast::{BinaryOp, Expr, ExprKind, FnDef, PatternKind, TypeExpr, TypeExprKind};
use adl_lang::check::{ArgInfo, LeafInfo, Shown};
use adl_runtime::DType;
use adl_runtime::view::Leaf;
use std::sync::Arc;

/// Sizes where the declaration names none, in the order in which they are tried: larger ones are symbols to the
/// compiler, small ones fit patterns such as `[x, y]`.
const SIZES: &[usize] = &[9, 2, 3, 4, 1];

/// The value of whole numbers.
const WHOLE: i64 = 2;

/// What the program is wrong about may come from the sizes alone.
const OF_SIZES: &[&str] = &["E0201", "E0202", "E0203", "E0206", "E0401", "E0402"];

/// How many leaves arguments have.
pub(super) fn leaves(params: &[Spec]) -> usize {
    let mut count = 0;
    let mut leaf = |dtype, _: &[Option<usize>]| {
        count += 1;
        LeafInfo { dtype: lang_dtype(dtype), shape: Vec::new(), whole: None }
    };
    params.iter().for_each(|param| {
        param.info(&mut leaf);
    });
    count
}

/// The one compilation of a function whose arguments have no sizes.
pub(super) fn fixed(typed: &Typed) -> Result<Arc<Variant>, Error> {
    let key = |exact: bool| {
        let mut keys = typed.handle.program.known.keys(typed.handle.number, exact);
        let types = DType::ALL.map(zero);
        for param in &typed.params {
            let mut leaves = Vec::new();
            param.info(&mut |dtype, _| {
                leaves.push(&types[dtype as usize]);
                LeafInfo { dtype: lang_dtype(dtype), shape: Vec::new(), whole: None }
            });
            param.key(&mut leaves.into_iter(), &mut keys);
        }
        keys.done()
    };
    let infos =
        || infos(&typed.params, &mut |dtype, _| LeafInfo { dtype: lang_dtype(dtype), shape: Vec::new(), whole: None });
    typed.handle.variant(&key, &infos, &in_rows).map_err(|problem| explained(typed, problem))
}

fn zero(dtype: DType) -> Leaf<'static> {
    match dtype {
        DType::Bool => Leaf::scalar(false),
        DType::I64 => Leaf::scalar(0i64),
        DType::F32 => Leaf::scalar(0.0f32),
        DType::F64 => Leaf::scalar(0.0f64),
    }
}

fn infos(params: &[Spec], leaf: &mut dyn FnMut(DType, &[Option<usize>]) -> LeafInfo) -> Vec<ArgInfo> {
    params.iter().map(|param| param.info(leaf)).collect()
}

/// Fails if the function is not what is asked for, whatever the sizes.
pub(super) fn compare(typed: &Typed) -> Result<(), Error> {
    let definition = typed.handle.program.definition(&typed.handle.expr).map(|(def, _)| def.clone());
    for (k, param) in typed.params.iter().enumerate() {
        if let Some(Declared::Type(ty)) = definition.as_deref().and_then(|def| declared(def, k))
            && !param.has_axes(ty)
        {
            return Err(typed.refused(&format!("parameter {k} cannot be {param}")));
        }
    }
    let mut first = None;
    for &size in SIZES {
        let mut sizes = Sizes { names: Vec::new(), default: size };
        let args: Vec<ArgInfo> = typed
            .params
            .iter()
            .enumerate()
            .map(|(k, param)| sizes.argument(param, definition.as_deref().and_then(|def| declared(def, k))))
            .collect();
        match typed.handle.program.state().function(&typed.handle.expr, &args) {
            Ok(entry) => {
                // Compiled for these very sizes it may give something else for others.
                return match &entry.shown {
                    Some(Shown::Value(layout, _)) if !entry.exact && typed.result.matched(layout).is_err() => {
                        Err(typed.refused(&format!("it gives {}", super::spec::written(layout))))
                    }
                    _ => Ok(()),
                };
            }
            Err(problem) => {
                let sized = problem.diagnostics.iter().all(|d| OF_SIZES.contains(&d.code));
                if !sized {
                    return Err(explained(typed, problem));
                }
                first.get_or_insert(problem);
            }
        }
        if !typed.params.iter().any(has_free_size) {
            break;
        }
    }
    match first {
        // With sizes that are all given the problem is no matter of guessing.
        Some(problem) if !typed.params.iter().any(has_free_size) => Err(explained(typed, problem)),
        _ => Ok(()),
    }
}

fn has_free_size(spec: &Spec) -> bool {
    match spec {
        Spec::Leaf(dtype, dims) => *dtype == DType::I64 || dims.iter().any(Option::is_none),
        Spec::None => false,
        Spec::Tuple(parts) => parts.iter().any(|(_, part)| has_free_size(part)),
    }
}

/// A problem with both signatures, unless a limit or the interrupt is what ended it.
fn explained(typed: &Typed, mut problem: Error) -> Error {
    if problem.kind != ErrorKind::Program {
        return problem;
    }
    problem.kind = ErrorKind::Signature;
    if let Some(first) = problem.diagnostics.first_mut() {
        first.notes.extend(typed.signatures());
    }
    problem
}

/// What is declared of a parameter.
fn declared(def: &FnDef, k: usize) -> Option<Declared<'_>> {
    let param = def.params.get(k)?;
    match (&param.ty, &param.pattern.kind) {
        (Some(ty), _) => Some(Declared::Type(ty)),
        (None, PatternKind::Array(parts)) => Some(Declared::Length(parts.len())),
        (None, _) => None,
    }
}

#[derive(Clone, Copy)]
enum Declared<'a> {
    Type(&'a TypeExpr),
    /// A pattern of so many parts.
    Length(usize),
}

/// Sizes by the names of a declaration.
struct Sizes {
    names: Vec<(String, i64)>,
    default: usize,
}

impl Sizes {
    fn argument(&mut self, spec: &Spec, declared: Option<Declared<'_>>) -> ArgInfo {
        match (spec, declared) {
            (Spec::Tuple(parts), Some(Declared::Type(TypeExpr { kind: TypeExprKind::Tuple(types), .. }))) => {
                let part = |(k, (name, part)): (usize, &(Option<&str>, Spec))| {
                    let own = types.iter().find(|(n, _)| n.as_ref().map(|n| &*n.name) == *name && n.is_some());
                    let ty = own.or_else(|| types.get(k)).map(|(_, ty)| Declared::Type(ty));
                    (name.map(String::from), self.argument(part, ty))
                };
                ArgInfo::Tuple(parts.iter().enumerate().map(part).collect())
            }
            _ => spec.info(&mut |dtype, dims| {
                let size =
                    |(axis, wanted): (usize, &Option<usize>)| wanted.unwrap_or_else(|| self.size(declared, axis));
                let shape: Vec<usize> = dims.iter().enumerate().map(size).collect();
                let whole = (dtype == DType::I64 && shape.is_empty()).then_some(WHOLE);
                LeafInfo { dtype: lang_dtype(dtype), shape, whole }
            }),
        }
    }

    fn size(&mut self, declared: Option<Declared<'_>>, axis: usize) -> usize {
        let size = match declared {
            Some(Declared::Type(TypeExpr { kind: TypeExprKind::Array { dims, .. }, .. })) => {
                dims.get(axis).and_then(|dim| self.value(dim))
            }
            Some(Declared::Length(n)) if axis == 0 => i64::try_from(n).ok(),
            _ => None,
        };
        size.and_then(|n| usize::try_from(n).ok()).unwrap_or(self.default)
    }

    /// A dimension; each name has a size of its own.
    fn value(&mut self, dim: &Expr) -> Option<i64> {
        match &dim.kind {
            ExprKind::Int(n) => Some(*n),
            ExprKind::Name(name) if &**name != "_" => {
                if let Some((_, n)) = self.names.iter().find(|(known, _)| **known == **name) {
                    return Some(*n);
                }
                let n = (self.default + 2 * self.names.len()) as i64;
                self.names.push((name.to_string(), n));
                Some(n)
            }
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match op {
                    BinaryOp::Add => left.checked_add(right),
                    BinaryOp::Sub => left.checked_sub(right),
                    BinaryOp::Mul => left.checked_mul(right),
                    BinaryOp::FloorDiv => left.checked_div_euclid(right),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
