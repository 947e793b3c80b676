//! Tuples: as types, as arguments, and as the parameters of signatures.

use super::args::{Args, IntoIn, IntoPlace};
use super::jacobians::Batch;
use super::places::{Places, Shapes};
use super::signature::{Many, Parameter, Plus, Signature};
use super::spec::Spec;
use super::types::{Given, Type};
use crate::engine::run::Leaves;

impl Type for () {
    type In<'a> = ();
    type Out = ();
    type Place<'a> = ();
    type Owned = ();

    fn spec() -> Spec {
        Spec::None
    }
    fn leaves<'s>((): &'s (), _: &mut Leaves<'s>) {}
    fn given(_: &mut Given<'_, '_>) -> Option<()> {
        Some(())
    }
    fn new(_: &mut Shapes) -> Option<()> {
        Some(())
    }
    fn input((): &()) {}
    fn place((): &mut ()) {}
    fn places<'s>((): &'s mut (), _: &mut Places<'s>) {}
}

impl IntoIn<'_, ()> for () {
    fn into_in(self) {}
}

impl IntoPlace<'_, ()> for () {
    fn into_place(self) {}
}

/// Tuples of one length: their types `A`, what is given `P`, and the positions.
macro_rules! tuples {
    ($($A:ident $P:ident $k:tt),+) => {
        impl<$($A: Type),+> Type for ($($A,)+) {
            type In<'a> = ($($A::In<'a>,)+);
            type Out = ($($A::Out,)+);
            type Place<'a> = ($($A::Place<'a>,)+);
            type Owned = ($($A::Owned,)+);

            fn spec() -> Spec {
                Spec::Tuple(vec![$((None, $A::spec())),+])
            }
            #[inline]
            fn leaves<'s>(input: &'s Self::In<'_>, leaves: &mut Leaves<'s>) {
                $($A::leaves(&input.$k, leaves);)+
            }
            fn given<'a>(leaves: &mut Given<'_, 'a>) -> Option<Self::In<'a>> {
                Some(($($A::given(leaves)?,)+))
            }
            #[inline]
            fn new(shapes: &mut Shapes) -> Option<Self::Out> {
                Some(($($A::new(shapes)?,)+))
            }
            fn input(out: &Self::Out) -> Self::In<'_> {
                ($($A::input(&out.$k),)+)
            }
            #[inline]
            fn place(out: &mut Self::Out) -> Self::Place<'_> {
                ($($A::place(&mut out.$k),)+)
            }
            #[inline]
            fn places<'s>(place: &'s mut Self::Place<'_>, places: &mut Places<'s>) {
                $($A::places(&mut place.$k, places);)+
            }
        }

        impl<'a, $($A: Type, $P: IntoIn<'a, $A>),+> IntoIn<'a, ($($A,)+)> for ($($P,)+) {
            fn into_in(self) -> ($($A::In<'a>,)+) {
                ($(self.$k.into_in(),)+)
            }
        }

        impl<'a, $($A: Type, $P: IntoPlace<'a, $A>),+> IntoPlace<'a, ($($A,)+)> for ($($P,)+) {
            fn into_place(self) -> ($($A::Place<'a>,)+) {
                ($(self.$k.into_place(),)+)
            }
        }

        signatures! { $($A $P $k),+ }
    };
}

/// Signatures with so many parameters.
macro_rules! signatures {
    ($($A:ident $P:ident $k:tt),*) => {
        impl<$($A: Type + ?Sized,)* R: Type> Signature for fn($($A),*) -> R {
            type In<'a> = ($($A::In<'a>,)*);
            type Result = R;
            type Returning<X: Type> = fn($($A),*) -> X;

            fn params() -> Vec<Spec> {
                vec![$($A::spec()),*]
            }
            #[inline]
            #[allow(unused_variables, reason = "without parameters there are none")]
            fn leaves<'s>(input: &'s Self::In<'_>, leaves: &mut Leaves<'s>) {
                $($A::leaves(&input.$k, leaves);)*
            }
            #[allow(unused_variables, reason = "without parameters there are none")]
            fn given<'a>(leaves: &mut Given<'_, 'a>) -> Option<Self::In<'a>> {
                Some(($($A::given(leaves)?,)*))
            }
        }

        impl<$($A: Type<Owned: Batch> + ?Sized,)* R: Batch> Many for fn($($A),*) -> R {
            type Many = fn($(<$A::Owned as Batch>::Many),*) -> R::Many;
        }

        impl<'a, $($A: Type + ?Sized, $P: IntoIn<'a, $A>,)* R: Type> Args<'a, fn($($A),*) -> R> for ($($P,)*) {
            #[inline]
            #[allow(clippy::unused_unit, reason = "without parameters it is")]
            fn into_args(self) -> ($($A::In<'a>,)*) {
                ($(self.$k.into_in(),)*)
            }
        }
    };
}

macro_rules! plus {
    ($($A:ident),*) => {
        impl<$($A: Type + ?Sized,)* R: Type, X: Type> Plus<X> for fn($($A),*) -> R {
            type With<Y: Type> = fn($($A,)* X) -> Y;
        }
    };
}

/// The type of the parameter at each position.
macro_rules! parameters {
    ([$($all:ident)*]) => {};
    ([$($all:ident)*] $A:ident $k:literal $($rest:tt)*) => {
        impl<$($all: Type + ?Sized,)* R: Type> Parameter<$k> for fn($($all),*) -> R {
            type Type = $A;
        }
        parameters! { [$($all)*] $($rest)* }
    };
}

macro_rules! up_to {
    ($([$($A:ident $P:ident $k:tt),+])*) => {
        $(tuples! { $($A $P $k),+ })*
        $(parameters! { [$($A)+] $($A $k)+ })*
    };
}

signatures! {}
plus! {}
up_to! {
    [A PA 0]
    [A PA 0, B PB 1]
    [A PA 0, B PB 1, C PC 2]
    [A PA 0, B PB 1, C PC 2, D PD 3]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6, H PH 7]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6, H PH 7, I PI 8]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6, H PH 7, I PI 8, J PJ 9]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6, H PH 7, I PI 8, J PJ 9, K PK 10]
    [A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6, H PH 7, I PI 8, J PJ 9, K PK 10, L PL 11]
}
plus! { A }
plus! { A, B }
plus! { A, B, C }
plus! { A, B, C, D }
plus! { A, B, C, D, E }
plus! { A, B, C, D, E, F }
plus! { A, B, C, D, E, F, G }
plus! { A, B, C, D, E, F, G, H }
plus! { A, B, C, D, E, F, G, H, I }
plus! { A, B, C, D, E, F, G, H, I, J }
plus! { A, B, C, D, E, F, G, H, I, J, K }
