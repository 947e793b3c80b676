//! Function types as signatures.

use super::spec::Spec;
use super::types::{Given, Type};
use crate::engine::run::Leaves;

/// A function type that says what goes in and comes out: `fn([f64], f64) -> f64`, with up to twelve parameters, which
/// stand in the table of [`embed`](crate::embed).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no signature",
    note = "a signature is written `fn([f64], f64) -> f64`: types without references, arrays as `[f64]` or \
        `Array<f64, 2>`"
)]
pub trait Signature: 'static {
    /// What a call takes, as a tuple.
    type In<'a>;
    /// What it gives.
    type Result: Type;
    /// The same parameters with another result.
    type Returning<X: Type>: Signature<Result = X>;

    /// The structures of the parameters.
    fn params() -> Vec<Spec>;
    /// What was given, as scalars and arrays in a row.
    fn leaves<'s>(input: &'s Self::In<'_>, leaves: &mut Leaves<'s>);
    /// The inverse; `None` if they are of other types.
    fn given<'a>(leaves: &mut Given<'_, 'a>) -> Option<Self::In<'a>>;
}

/// A signature that has a parameter at position `K`.
pub trait Parameter<const K: usize>: Signature {
    /// The type of that parameter.
    type Type: Type + ?Sized;
}

/// A signature that can take one more parameter, of type `X`.
pub trait Plus<X: Type>: Signature {
    /// The parameters, then the new one, with a result of type `Y`.
    type With<Y: Type>: Signature<Result = Y>;
}

/// A signature of which there is one for many points.
pub trait Many: Signature {
    /// Each parameter and the result with one more axis in front.
    type Many: Signature;
}

/// A signature as the language writes it.
pub(super) fn written<S: Signature>() -> String {
    let params: Vec<String> = S::params().iter().map(ToString::to_string).collect();
    format!("fn({}) -> {}", params.join(", "), <S::Result as Type>::spec())
}
