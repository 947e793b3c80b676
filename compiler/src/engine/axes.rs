//! Arrays of the host whose axes lie in another order than those of the program. A dense matrix by columns is a dense
//! matrix by rows of its transpose: the code takes it as that and transposes it, which products and loops absorb, so
//! that nothing is copied.
//!
//! ```text
//! fn main(A: f64[n, m]) -> f64[m, n] = f(A)        A and the result by columns
//! fn main(B: f64[m, n]) -> f64[n, m] = transpose(f(transpose(B)))
//! ```

use super::error::nowhere;
use adl_lang::check::{Entry, Input, SizeSource};
use adl_lang::ops::Op;
use adl_lang::typed::{Func, FuncId, Local, Rules, Stmt, StmtKind};
use adl_lang::types::{Dim, Sym, Ty};
use adl_runtime::view::Order;

/// How arrays of a call lie, those that do not lie row by row.
#[derive(Default)]
pub struct Orders {
    /// Leaves of the arguments.
    pub args: Vec<(usize, Order)>,
    /// Results of the code.
    pub results: Vec<(usize, Order)>,
}

impl Orders {
    /// Gives an entry a `main` that takes and gives arrays as they lie.
    pub fn apply(&self, entry: &mut Entry) {
        if self.args.is_empty() && self.results.is_empty() {
            return;
        }
        let Some(inner) = entry.module.funcs.get(entry.main.0 as usize) else { return };
        let order = |param: usize| match entry.inputs.get(param) {
            Some(Input::Arg(k)) => self.args.iter().find(|(arg, _)| arg == k).map(|(_, order)| *order),
            Some(Input::Global(_)) | None => None,
        };
        let params: Vec<Option<Order>> = (0..inner.params.len()).map(order).collect();
        let main = around(entry.main, inner, &params, &self.results);
        entry.main = FuncId(entry.module.funcs.len() as u32);
        entry.module.funcs.push(main);
        for source in &mut entry.sizes {
            if let SizeSource::Axis { param, axis } = source
                && let Some(Some(order)) = params.get(*param)
                && let Some(place) = order.place(*axis)
            {
                *axis = place;
            }
        }
    }
}

/// A function that calls another one, with arrays as they lie.
fn around(id: FuncId, inner: &Func, orders: &[Option<Order>], results_as: &[(usize, Order)]) -> Func {
    let mut outer = Func {
        name: inner.name.clone(),
        sizes: inner.sizes.clone(),
        params: Vec::new(),
        locals: Vec::new(),
        body: Vec::new(),
        results: inner.results.clone(),
        span: inner.span,
        rules: Rules::default(),
        apart: false,
        library: false,
    };
    let mut args = Vec::new();
    for (&param, order) in inner.params.iter().zip(orders) {
        let ty = inner.ty(param);
        let name = inner.locals[param.0 as usize].name.clone();
        let given = outer.local(order.as_ref().map_or_else(|| ty.clone(), |order| stored(ty, order)), false, name);
        outer.params.push(given);
        args.push(order.as_ref().map_or(given, |order| {
            let back = (0..ty.rank()).filter_map(|axis| order.place(axis)).collect();
            transposed(&mut outer, given, back, ty)
        }));
    }
    let results: Vec<Local> = inner.results.iter().map(|ty| outer.local(ty.clone(), false, None)).collect();
    let sizes = (0..inner.sizes.len()).map(|k| Dim::sym(Sym(k as u32))).collect();
    // Nobody wrote this call.
    outer.body.push(Stmt { kind: StmtKind::Call { func: id, sizes, args, results: results.clone() }, span: nowhere() });
    let mut given = results;
    for (k, order) in results_as {
        let ty = stored(&inner.results[*k], order);
        given[*k] = transposed(&mut outer, given[*k], order.axes().collect(), &ty);
        outer.results[*k] = ty;
    }
    push(&mut outer, StmtKind::Return(given));
    outer
}

/// The type of what lies in memory row by row.
fn stored(ty: &Ty, order: &Order) -> Ty {
    Ty::array(ty.dtype, order.axes().map(|axis| ty.dims[axis].clone()).collect::<Vec<_>>())
}

fn transposed(func: &mut Func, of: Local, axes: Vec<usize>, ty: &Ty) -> Local {
    let to = func.local(ty.clone(), false, None);
    push(func, StmtKind::Let(to, Op::Transpose(axes), vec![of]));
    to
}

fn push(func: &mut Func, kind: StmtKind) {
    let span = func.span;
    func.body.push(Stmt { kind, span });
}
