//! The ADL compiler: from the typed tree to native code and to every derivative of it.

pub mod ad;
pub mod interp;
pub mod ir;
