//! What several test files share.

pub mod cases;
pub mod compare;
pub mod host;
