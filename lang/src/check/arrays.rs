//! Arrays and structured values: types that fit, arithmetic, comparisons, indexing, products.

pub(in crate::check) mod arith;
pub(in crate::check) mod compare;
pub(in crate::check) mod conform;
pub(in crate::check) mod index;
pub(in crate::check) mod linear;
pub(in crate::check) mod pointwise;
pub(in crate::check) mod shown;
pub(in crate::check) mod slice;
