//! What a signature is made of: scalars and arrays.

use super::array::{Array, zeros};
use super::places::{Places, Shapes};
use super::spec::Spec;
use super::{Scalar, View, ViewMut};
use crate::engine::run::Leaves;
use adl_runtime::view::{Leaf, LeafMut};

/// Leaves in a row that are taken one by one.
pub type Given<'l, 'a> = std::slice::Iter<'l, Leaf<'a>>;

/// A type in a signature. It is a marker: [`Type::In`] goes in, [`Type::Out`] comes out.
///
/// Scalars, vectors, arrays and tuples are such types, and records are made by [`record!`](crate::record).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a signature",
    note = "these are f64, f32, i64, bool, `[f64]`, `Vec<f64>`, `[f64; 3]`, `Array<f64, 2>`, tuples, and what \
        `record!` makes"
)]
pub trait Type: 'static {
    /// What a call takes; it borrows the arrays of the host for `'a`.
    type In<'a>;
    /// What a call gives.
    type Out;
    /// Where a result of this type goes: memory of the host, borrowed for `'a`.
    type Place<'a>;
    /// The type in the place of a result: `Vec<f64>` for `[f64]`.
    type Owned: Type<Out = Self::Out>;

    /// The structure that it stands for.
    fn spec() -> Spec;
    /// What was given, as scalars and arrays in a row.
    fn leaves<'s>(input: &'s Self::In<'_>, leaves: &mut Leaves<'s>);
    /// The inverse: what leaves in a row are of this type; `None` if they are of another.
    fn given<'a>(leaves: &mut Given<'_, 'a>) -> Option<Self::In<'a>>;
    /// Room for a result; `None` when the shapes are not of this type or there is no memory.
    fn new(shapes: &mut Shapes) -> Option<Self::Out>;
    /// A result as an argument.
    fn input(out: &Self::Out) -> Self::In<'_>;
    /// A result as the place of the next one.
    fn place(out: &mut Self::Out) -> Self::Place<'_>;
    /// A place, as scalars and arrays in a row.
    fn places<'s>(place: &'s mut Self::Place<'_>, places: &mut Places<'s>);
}

/// The numbers that have derivatives.
pub trait Float: Scalar + Type<Owned = Self, Out = Self> {}

impl Float for f64 {}
impl Float for f32 {}

macro_rules! scalars {
    ($($t:ty)*) => {
        $(impl Type for $t {
            type In<'a> = $t;
            type Out = $t;
            type Place<'a> = &'a mut $t;
            type Owned = $t;

            fn spec() -> Spec {
                Spec::Leaf(<$t as Scalar>::DTYPE, Vec::new())
            }
            #[inline]
            fn leaves<'s>(input: &'s $t, leaves: &mut Leaves<'s>) {
                leaves.push(Leaf::scalar(*input));
            }
            fn given(leaves: &mut Given<'_, '_>) -> Option<$t> {
                leaves.next()?.value()
            }
            #[inline]
            fn new(shapes: &mut Shapes) -> Option<$t> {
                shapes.take::<0>().map(|_| <$t>::default())
            }
            #[inline]
            fn input(out: &$t) -> $t {
                *out
            }
            #[inline]
            fn place(out: &mut $t) -> &mut $t {
                out
            }
            #[inline]
            fn places<'s>(place: &'s mut &mut $t, places: &mut Places<'s>) {
                places.push(LeafMut::scalar(*place));
            }
        })*
    };
}

scalars! { f64 f32 i64 bool }

/// Arrays differ in what comes out.
macro_rules! arrays {
    ($($marker:ty, $out:ty, $rank:expr, [$($generics:tt)*], $dims:expr, |$shapes:ident| $new:expr;)*) => {
        $(impl<T: Scalar, $($generics)*> Type for $marker {
            type In<'a> = View<'a, T, $rank>;
            type Out = $out;
            type Place<'a> = ViewMut<'a, T, $rank>;
            type Owned = $out;

            fn spec() -> Spec {
                Spec::Leaf(T::DTYPE, $dims.to_vec())
            }
            #[inline]
            fn leaves<'s>(input: &'s View<'_, T, $rank>, leaves: &mut Leaves<'s>) {
                leaves.push(input.leaf());
            }
            fn given<'a>(leaves: &mut Given<'_, 'a>) -> Option<View<'a, T, $rank>> {
                View::of(leaves.next()?)
            }
            fn new($shapes: &mut Shapes) -> Option<$out> {
                $new
            }
            #[inline]
            fn input(out: &$out) -> View<'_, T, $rank> {
                View::from(out)
            }
            #[inline]
            fn place(out: &mut $out) -> ViewMut<'_, T, $rank> {
                ViewMut::from(out)
            }
            #[inline]
            fn places<'s>(place: &'s mut ViewMut<'_, T, $rank>, places: &mut Places<'s>) {
                places.push(place.leaf());
            }
        })*
    };
}

arrays! {
    [T], Vec<T>, 1, [], [None], |shapes| zeros(shapes.take::<1>()?[0]);
    Vec<T>, Vec<T>, 1, [], [None], |shapes| zeros(shapes.take::<1>()?[0]);
    [T; N], [T; N], 1, [const N: usize], [Some(N)],
        |shapes| shapes.take::<1>().filter(|n| *n == [N]).map(|_| [T::default(); N]);
    Array<T, R>, Array<T, R>, R, [const R: usize], [None; R], |shapes| Array::zeros(shapes.take::<R>()?);
}
