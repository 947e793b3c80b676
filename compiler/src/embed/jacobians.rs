//! The types of matrices of derivatives, and of many points at once.

use super::array::Array;
use super::types::{Float, Type};

/// A result that can be differentiated by a parameter of type `P`: scalars, vectors and arrays by one another.
/// Of a tuple or record [`Wrt::grad`](super::Wrt::grad), [`Wrt::jvp`](super::Wrt::jvp)
/// and [`Wrt::vjp`](super::Wrt::vjp) take derivatives.
#[diagnostic::on_unimplemented(
    message = "there is no matrix of derivatives of `{Self}` by `{P}`",
    note = "it is there for numbers, vectors and arrays of floats; of tuples and records there are `grad`, `jvp` and \
        `vjp`"
)]
pub trait Over<P: Type + ?Sized>: Type {
    /// All derivatives: the axes of the result, then those of the parameter.
    type Jacobian: Type;
}

/// A type that has many, one after another along a first axis: `f64` has `Vec<f64>`, `[f64]` has `Array<f64, 2>`.
pub trait Batch: Type {
    /// All together.
    type Many: Type;
}

/// Results, by what is in the place of a scalar, vector or array of some rank, and the sum of the ranks.
macro_rules! over {
    ($($result:ty, $param:ty => $jacobian:ty $(, [$($generics:tt)*])?;)*) => {
        $(impl<T: Float $(, $($generics)*)?> Over<$param> for $result {
            type Jacobian = $jacobian;
        })*
    };
}

over! {
    Vec<T>, T => Vec<T>;
    Vec<T>, [T] => Array<T, 2>;
    Vec<T>, Vec<T> => Array<T, 2>;
    Vec<T>, [T; N] => Array<T, 2>, [const N: usize];
    Vec<T>, Array<T, 2> => Array<T, 3>;
    Vec<T>, Array<T, 3> => Array<T, 4>;
    [T; N], T => [T; N], [const N: usize];
    [T; N], [T] => Array<T, 2>, [const N: usize];
    [T; N], Vec<T> => Array<T, 2>, [const N: usize];
    [T; N], [T; M] => Array<T, 2>, [const N: usize, const M: usize];
    [T; N], Array<T, 2> => Array<T, 3>, [const N: usize];
    Array<T, 2>, T => Array<T, 2>;
    Array<T, 2>, [T] => Array<T, 3>;
    Array<T, 2>, Vec<T> => Array<T, 3>;
    Array<T, 2>, [T; N] => Array<T, 3>, [const N: usize];
    Array<T, 2>, Array<T, 2> => Array<T, 4>;
    Array<T, 3>, T => Array<T, 3>;
    Array<T, 3>, [T] => Array<T, 4>;
    Array<T, 3>, Vec<T> => Array<T, 4>;
}

/// A number by anything is like that thing.
macro_rules! numbers {
    ($($t:ty)*) => {
        $(impl Over<$t> for $t {
            type Jacobian = $t;
        }
        impl Over<[$t]> for $t {
            type Jacobian = Vec<$t>;
        }
        impl Over<Vec<$t>> for $t {
            type Jacobian = Vec<$t>;
        }
        impl<const N: usize> Over<[$t; N]> for $t {
            type Jacobian = [$t; N];
        }
        impl<const R: usize> Over<Array<$t, R>> for $t {
            type Jacobian = Array<$t, R>;
        })*
    };
}

numbers! { f64 f32 }

macro_rules! scalars {
    ($($t:ty)*) => {
        $(impl Batch for $t {
            type Many = Vec<$t>;
        })*
    };
}

scalars! { f64 f32 i64 bool }

impl<T: super::Scalar> Batch for Vec<T> {
    type Many = Array<T, 2>;
}
impl<T: super::Scalar, const N: usize> Batch for [T; N] {
    type Many = Array<T, 2>;
}
impl<T: super::Scalar> Batch for Array<T, 2> {
    type Many = Array<T, 3>;
}
impl<T: super::Scalar> Batch for Array<T, 3> {
    type Many = Array<T, 4>;
}
impl Batch for () {
    type Many = ();
}

macro_rules! tuples {
    ($([$($A:ident)+])*) => {
        $(impl<$($A: Batch),+> Batch for ($($A,)+) {
            type Many = ($($A::Many,)+);
        })*
    };
}

tuples! { [A] [A B] [A B C] [A B C D] [A B C D E] [A B C D E F] [A B C D E F G] [A B C D E F G H] }
