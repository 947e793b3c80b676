//! The IR: its text, its rules, what it means, and how a typed tree becomes it.

mod damage;
mod interp;
mod lower;
mod text;
mod verify;
