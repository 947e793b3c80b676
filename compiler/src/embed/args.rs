//! What may be given for a type of a signature, and what may take a result of it.

use super::array::Array;
use super::signature::Signature;
use super::types::Type;
use super::{Scalar, View, ViewMut};

/// Goes in where a signature says `T`: numbers by value, arrays and records by reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not go in where the signature says `{T}`",
    note = "numbers go in by value, arrays and records by reference: `f.call((&x, 2.0))`"
)]
pub trait IntoIn<'a, T: Type + ?Sized> {
    /// What the call takes.
    fn into_in(self) -> T::In<'a>;
}

/// Takes a result where a signature says `T`: `&mut f64`, `&mut Vec<f64>`, tuples of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no result where the signature says `{T}`",
    note = "a number goes to a `&mut f64`, an array to a `&mut Vec<f64>`, `&mut Array` or another view that has its \
        size"
)]
pub trait IntoPlace<'a, T: Type + ?Sized> {
    /// Where the result goes.
    fn into_place(self) -> T::Place<'a>;
}

/// The arguments of a call: a tuple with one for each parameter, such as `(&x, 2.0)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are not the arguments of `{S}`",
    note = "arguments are a tuple with one for each parameter, `f.call((&x, 2.0))`; of one it is `f.call((x,))`"
)]
pub trait Args<'a, S: Signature + ?Sized> {
    /// What the call takes.
    fn into_args(self) -> S::In<'a>;
}

macro_rules! scalars {
    ($($t:ty)*) => {
        $(impl<'a> IntoIn<'a, $t> for $t {
            #[inline]
            fn into_in(self) -> $t {
                self
            }
        }
        impl<'a> IntoPlace<'a, $t> for &'a mut $t {
            #[inline]
            fn into_place(self) -> &'a mut $t {
                self
            }
        })*
    };
}

scalars! { f64 f32 i64 bool }

/// References to whatever is a view, and views.
macro_rules! arrays {
    ($($marker:ty, $rank:expr, [$($generics:tt)*];)*) => {
        $(impl<'a, T: Scalar, V: ?Sized, $($generics)*> IntoIn<'a, $marker> for &'a V
        where
            View<'a, T, $rank>: From<&'a V>,
        {
            #[inline]
            fn into_in(self) -> View<'a, T, $rank> {
                self.into()
            }
        }
        impl<'a, T: Scalar, $($generics)*> IntoIn<'a, $marker> for View<'a, T, $rank> {
            #[inline]
            fn into_in(self) -> Self {
                self
            }
        }
        impl<'a, T: Scalar, V: ?Sized, $($generics)*> IntoPlace<'a, $marker> for &'a mut V
        where
            ViewMut<'a, T, $rank>: From<&'a mut V>,
        {
            #[inline]
            fn into_place(self) -> ViewMut<'a, T, $rank> {
                self.into()
            }
        }
        impl<'a, T: Scalar, $($generics)*> IntoPlace<'a, $marker> for ViewMut<'a, T, $rank> {
            #[inline]
            fn into_place(self) -> Self {
                self
            }
        })*
    };
}

arrays! {
    [T], 1, [];
    Vec<T>, 1, [];
    [T; N], 1, [const N: usize];
    Array<T, R>, R, [const R: usize];
}
