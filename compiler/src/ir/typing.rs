//! The types of results that follow from the operands: read by the printer, which leaves them out, by the parser,
//! which fills them in, and by the verifier, which compares.

use super::func::{Block, Func, Kind, Type, Value};
use adl_lang::ops::Op;
use adl_lang::types::{DType, Dim, Ty};

/// The types of the results of an instruction. `Ok(None)` where they do not follow from the function alone: calls,
/// derivative requests and `pop`. An error says which operand does not fit.
pub fn results(func: &Func, kind: &Kind, args: &[Value]) -> Result<Option<Vec<Type>>, String> {
    let types = |values: &[Value]| values.iter().map(|&v| func.ty(v).clone()).collect::<Vec<_>>();
    Ok(Some(match kind {
        Kind::Pure(op) => {
            let operands: Option<Vec<&Ty>> = args.iter().map(|&a| func.ty(a).data()).collect();
            vec![Type::Data(pure(op, &operands.ok_or("a tape as operand")?)?)]
        }
        Kind::If { then, .. } => types(&func.blocks[*then].yields),
        Kind::For { .. } => types(args.get(1..).ok_or("no count")?),
        Kind::While { .. } => types(args),
        Kind::Map { body, accs, .. } => {
            let lane = lanes(func, *body, *accs).ok_or("fewer yields than accumulators")?;
            let mut out = Vec::new();
            for &value in lane {
                out.push(Type::Data(stacked(kind, func.ty(value).data().ok_or("a tape as lane value")?)));
            }
            out.extend(types(args));
            out
        }
        Kind::TapeNew => vec![Type::Tape],
        Kind::Push => types(args.get(..1).ok_or("no tape")?),
        Kind::Bounds { .. }
        | Kind::NonNegative(_)
        | Kind::SameSize(..)
        | Kind::Assert(_)
        | Kind::Print(_)
        | Kind::TapeEnd => Vec::new(),
        Kind::Call { .. } | Kind::Jvp { .. } | Kind::Vjp { .. } | Kind::Pop => return Ok(None),
    }))
}

/// The lane values among the yields of the body of a `map`.
pub fn lanes(func: &Func, body: Block, accs: usize) -> Option<&[Value]> {
    let yields = &func.blocks[body].yields;
    yields.get(..yields.len().checked_sub(accs)?)
}

/// The array that a `map` makes of lane values of type `lane`.
fn stacked(map: &Kind, lane: &Ty) -> Ty {
    let Kind::Map { extents, .. } = map else {
        return lane.clone();
    };
    Ty::array(lane.dtype, extents.iter().chain(&lane.dims).cloned().collect::<Vec<_>>())
}

/// [`Op::result`], and what it takes for granted.
fn pure(op: &Op, args: &[&Ty]) -> Result<Ty, String> {
    let fits = match op {
        Op::Concat(axis) => args.first().is_some_and(|first| {
            let others = |t: &Ty| first.dims.iter().zip(&t.dims).enumerate().all(|(k, (a, b))| k == *axis || a == b);
            *axis < first.rank() && args.iter().all(|t| t.rank() == first.rank() && others(t))
        }),
        Op::Reduce(_, axes) => axes.windows(2).all(|w| w[0] < w[1]),
        Op::Random(..) => args.iter().all(|t| t.is_scalar() && t.dtype == DType::I64),
        Op::Reshape(dims) => args.iter().all(|t| same_len(t, dims)),
        Op::MatMul { .. } | Op::Acc(_) => args.iter().take(1).all(|t| t.dtype != DType::Bool),
        Op::Const(_)
        | Op::Table(_)
        | Op::Size(_)
        | Op::Prim(_)
        | Op::Convert(_)
        | Op::Broadcast { .. }
        | Op::Transpose(_)
        | Op::Iota(_)
        | Op::Index(_)
        | Op::Update(_)
        | Op::ArgReduce { .. }
        | Op::ArgSort
        | Op::Factor(_)
        | Op::Host { .. } => true,
    };
    if !fits {
        let shown: Vec<String> = args.iter().map(|t| t.to_string()).collect();
        return Err(format!("{op:?} of {}", shown.join(", ")));
    }
    op.result(args)
}

/// Whether a reshape keeps the number of elements, as far as that can be decided: two different polynomials may agree
/// for the sizes that occur only if they are not both numbers.
fn same_len(ty: &Ty, dims: &[Dim]) -> bool {
    let (old, new) = (ty.len(), Ty::array(ty.dtype, dims).len());
    (old.clone() - new).as_const().is_none_or(|difference| difference == 0)
}
