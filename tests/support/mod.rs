//! What several test files share; each of them uses a part.
#![allow(dead_code)]

pub mod ask;
pub mod cases;
pub mod command;
pub mod compare;
pub mod host;
pub mod random;
