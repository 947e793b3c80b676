//! Expressions, statements, choices, loops and comprehensions.

pub(in crate::check) mod assign;
pub(in crate::check) mod budget;
pub(in crate::check) mod choice;
pub(in crate::check) mod comprehension;
pub(in crate::check) mod expr;
pub(in crate::check) mod loops;
pub(in crate::check) mod stmt;
