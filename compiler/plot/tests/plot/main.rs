//! Pictures: what is drawn, where, and as what.

mod figures;
mod layout;
mod marks;
mod pictures;
mod terminal;
