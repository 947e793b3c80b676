//! Factorisations of matrices and the solutions that stand on them. Each gives one array, its parts stacked row by row.
//!
//! They have no derivative of their own: the library calls them inside of functions that have rules, or on values that
//! are constant to differentiation, so none ever meets an operand that moves.

use crate::types::{Dim, Ty};

/// A factorisation of one matrix, or a solution with two. The sizes of the result are in brackets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Factor {
    /// `(A)`, `n × n`: L below the diagonal and U on and above it, with P A = L U; then the permutation, row `k` of P A
    /// being row `p[k]` of A; then for each pivot its size relative to the numbers it is the difference of.
    /// `[n + 2, n]`
    Lu,
    /// `(A)`, `n × n`, of which the lower half is read: L with A = L Lᵀ; if A is not positive definite, all
    /// zero but for the first entry, which is minus the size of the first leading block that is not.
    /// `[n, n]`
    Cholesky,
    /// `(A)`, `m × n` with m ≥ n: Q, thin, above R, whose diagonal is not negative. `[m + n, n]`
    Qr,
    /// `(A)`, `n × n`, of which the lower half is read: the eigenvalues, ascending, above the matrix whose columns
    /// are the eigenvectors; infinite if the iteration does not converge. `[n + 1, n]`
    Eigh,
    /// `(A)`, `m × n` with m ≥ n: U, `m × n`, above the singular values, descending, above V, `n × n`; infinite if the
    /// iteration does not converge. `[m + 1 + n, n]`
    Svd,
    /// `(LU, B)`: X with A X = B, or Aᵀ X = B, from what `Lu` gave; B is `n × k`. `[n, k]`
    LuSolve {
        /// Whether A is transposed before.
        transposed: bool,
    },
    /// `(T, B)`: X with T X = B, or Tᵀ X = B; the other half of T is not read; B is `n × k`. `[n, k]`
    Triangular {
        /// Whether T is upper triangular, else lower.
        upper: bool,
        /// Whether it is transposed before.
        transposed: bool,
        /// Whether its diagonal is taken to be 1.
        unit: bool,
    },
}

impl Factor {
    /// All of them: for tests and for reading text.
    pub const ALL: [Factor; 15] = {
        const fn triangular(k: u8) -> Factor {
            Factor::Triangular { upper: k & 1 != 0, transposed: k & 2 != 0, unit: k & 4 != 0 }
        }
        [
            Factor::Lu,
            Factor::Cholesky,
            Factor::Qr,
            Factor::Eigh,
            Factor::Svd,
            Factor::LuSolve { transposed: false },
            Factor::LuSolve { transposed: true },
            triangular(0),
            triangular(1),
            triangular(2),
            triangular(3),
            triangular(4),
            triangular(5),
            triangular(6),
            triangular(7),
        ]
    };

    /// Its word in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Factor::Lu => "lu",
            Factor::Cholesky => "cholesky",
            Factor::Qr => "qr",
            Factor::Eigh => "eigh",
            Factor::Svd => "svd",
            Factor::LuSolve { transposed: false } => "lu_solve",
            Factor::LuSolve { transposed: true } => "lu_solve_transposed",
            Factor::Triangular { upper: false, transposed: false, unit: false } => "lower_solve",
            Factor::Triangular { upper: false, transposed: false, unit: true } => "lower_unit_solve",
            Factor::Triangular { upper: false, transposed: true, unit: false } => "lower_solve_transposed",
            Factor::Triangular { upper: false, transposed: true, unit: true } => "lower_unit_solve_transposed",
            Factor::Triangular { upper: true, transposed: false, unit: false } => "upper_solve",
            Factor::Triangular { upper: true, transposed: false, unit: true } => "upper_unit_solve",
            Factor::Triangular { upper: true, transposed: true, unit: false } => "upper_solve_transposed",
            Factor::Triangular { upper: true, transposed: true, unit: true } => "upper_unit_solve_transposed",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Factor> {
        Factor::ALL.into_iter().find(|f| f.name() == name)
    }

    /// The type of the result; as for [`super::Op::result`].
    pub(super) fn result(self, args: &[&Ty]) -> Result<Ty, String> {
        let wrong = || Err(format!("{} of {args:?}", self.name()));
        let square = |a: &Ty| a.dims[0] == a.dims[1];
        if args.iter().any(|a| a.rank() != 2 || !a.dtype.is_float() || a.dtype != args[0].dtype) {
            return wrong();
        }
        let one = |n: i64| Dim::constant(n);
        match (self, args) {
            (Factor::Lu, [a]) if square(a) => Ok(rows(a, a.dims[0].clone() + one(2))),
            (Factor::Cholesky, [a]) if square(a) => Ok((*a).clone()),
            (Factor::Qr, [a]) => Ok(rows(a, a.dims[0].clone() + a.dims[1].clone())),
            (Factor::Eigh, [a]) if square(a) => Ok(rows(a, a.dims[0].clone() + one(1))),
            (Factor::Svd, [a]) => Ok(rows(a, a.dims[0].clone() + one(1) + a.dims[1].clone())),
            (Factor::LuSolve { .. }, [lu, b])
                if lu.dims[1] == b.dims[0] && lu.dims[0] == b.dims[0].clone() + one(2) =>
            {
                Ok((*b).clone())
            }
            (Factor::Triangular { .. }, [t, b]) if square(t) && t.dims[1] == b.dims[0] => Ok((*b).clone()),
            _ => wrong(),
        }
    }
}

/// As many columns as `a` has, and so many rows.
fn rows(a: &Ty, n: Dim) -> Ty {
    Ty::array(a.dtype, [n, a.dims[1].clone()])
}
