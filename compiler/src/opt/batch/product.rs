//! Products with one operand that is the same in all lanes: the lanes become rows, or columns, of one matrix.
//!
//! ```text
//! A[e] @ B          rows of all A below one another:     [E·m, k] @ [k, n]  =  [E·m, n]
//! A @ B[e]          the same of the transposed product:  [E·n, k] @ Aᵀ      =  [E·n, m], transposed again
//! solve(A, B[e])    columns of all B side by side:       [n, E·k]
//! ```

use super::{Lanes, State};
use crate::ir::{Func, Value};
use adl_lang::ops::{Factor, Op};
use adl_lang::types::Dim;

/// Matrices of at most so many rows and columns live in registers, lane by lane.
const SMALL: i64 = 8;

/// Whether an operation is a product, or a solution, with one operand that varies and one, not small, that does not.
pub(super) fn shares(func: &Func, op: &Op, args: &[Value], varies: &dyn Fn(Value) -> bool) -> bool {
    let large = |v: Value| func.data(v).dims.iter().any(|d| d.as_const().is_none_or(|d| d > SMALL));
    match (op, args) {
        (Op::MatMul { .. }, &[a, b]) if func.data(a).rank() == 2 => match (varies(a), varies(b)) {
            (true, false) => large(b),
            (false, true) => large(a),
            (false, false) | (true, true) => false,
        },
        (Op::Factor(Factor::LuSolve { .. } | Factor::Triangular { .. }), &[a, b]) => {
            !varies(a) && varies(b) && large(a)
        }
        _ => false,
    }
}

impl Lanes<'_> {
    /// How many lanes there are.
    fn count(&self) -> Dim {
        self.extents.iter().cloned().fold(Dim::constant(1), |n, d| n * d)
    }

    /// Swaps the last two axes.
    fn swapped(&mut self, value: Value) -> Value {
        let rank = self.func.data(value).rank();
        let perm = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
        self.pure(Op::Transpose(perm), &[value])
    }

    /// A product of matrices.
    pub(super) fn lift_product(&mut self, (ta, tb): (bool, bool), (a, b): (Value, Value)) -> State {
        let rank = self.func.data(a).rank();
        let result = match (self.state(a), self.state(b)) {
            (_, State::Uniform(b)) if rank == 2 => {
                let all = self.lifted(a);
                let all = if ta { self.turned(all) } else { all };
                self.rows_times(all, b, tb)
            }
            (State::Uniform(a), _) if rank == 2 => {
                let all = self.lifted(b);
                let all = if tb { all } else { self.turned(all) };
                let product = self.rows_times(all, a, !ta);
                self.turned(product)
            }
            _ => {
                let (a, b) = (self.lifted(a), self.lifted(b));
                self.pure(Op::MatMul { ta, tb }, &[a, b])
            }
        };
        State::Lifted(result)
    }

    /// The transposed matrices of all lanes; for vectors only the shape changes.
    fn turned(&mut self, all: Value) -> Value {
        let mut dims = self.func.data(all).dims.clone();
        let rank = dims.len();
        if dims[rank - 1].is(1) || dims[rank - 2].is(1) {
            dims.swap(rank - 1, rank - 2);
            return self.pure(Op::Reshape(dims), &[all]);
        }
        self.swapped(all)
    }

    /// `[E, m, k] @ op(one)`, as one product.
    fn rows_times(&mut self, all: Value, one: Value, transposed: bool) -> Value {
        let mut dims = self.func.data(all).dims.clone();
        let rank = dims.len();
        let (m, k) = (dims[rank - 2].clone(), dims[rank - 1].clone());
        let rows = self.pure(Op::Reshape(vec![self.count() * m, k]), &[all]);
        let product = self.pure(Op::MatMul { ta: false, tb: transposed }, &[rows, one]);
        dims[rank - 1] = self.func.data(product).dims[1].clone();
        self.pure(Op::Reshape(dims), &[product])
    }

    /// A solution for the right-hand sides of all lanes.
    pub(super) fn lift_solution(&mut self, factor: Factor, one: Value, b: Value) -> State {
        let all = self.lifted(b);
        let extents = self.extents.len();
        let dims = self.func.data(all).dims.clone();
        let (n, k) = (dims[extents].clone(), dims[extents + 1].clone());
        let front = std::iter::once(extents).chain(0..extents).chain([extents + 1]).collect();
        let columns = self.pure(Op::Transpose(front), &[all]);
        let between = self.func.data(columns).dims.clone();
        let columns = self.pure(Op::Reshape(vec![n, self.count() * k]), &[columns]);
        let solution = self.pure(Op::Factor(factor), &[one, columns]);
        let solution = self.pure(Op::Reshape(between), &[solution]);
        let back = (1..=extents).chain([0, extents + 1]).collect();
        State::Lifted(self.pure(Op::Transpose(back), &[solution]))
    }
}
