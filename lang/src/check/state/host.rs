//! What the host keeps and tells: values, files, arguments.

use crate::typed::Layout;
use crate::types::DType;

/// A run-time value kept by the host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Global(pub u32);

/// Who keeps the values.
pub trait Host {
    /// Type, shape and, for whole numbers, value of what is kept under `global`.
    fn info(&self, global: Global) -> LeafInfo;

    /// Reads a file that the text `from` names, and keeps its arrays under ids from `fresh`; or tells why not. The
    /// same file may be asked for several times while a statement is checked.
    fn load(&self, path: &str, from: &str, fresh: &mut dyn FnMut() -> Global) -> Result<Stored, String> {
        let _ = (path, from, fresh);
        Err("there is no access to files here".into())
    }
}

/// What a file holds, with the arrays kept by the host.
#[derive(Clone, Debug)]
pub enum Stored {
    /// A scalar or array.
    Leaf(Global),
    /// `none`.
    None,
    /// A tuple or record.
    Tuple(Vec<(Option<String>, Stored)>),
}

/// Type and shape of a scalar or array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafInfo {
    /// The element type.
    pub dtype: DType,
    /// The sizes.
    pub shape: Vec<usize>,
    /// The value of an `i64` scalar.
    pub whole: Option<i64>,
}

/// An argument that a host gives to a function.
#[derive(Clone, Debug)]
pub enum ArgInfo {
    /// A scalar or array.
    Leaf(LeafInfo),
    /// `none`.
    None,
    /// A tuple or record.
    Tuple(Vec<(Option<String>, ArgInfo)>),
}

/// Where a parameter of an entry comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A value that the host keeps.
    Global(Global),
    /// Leaf number, over all arguments.
    Arg(usize),
}

/// Where the value of a size comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeSource {
    /// The size of an axis of a parameter.
    Axis {
        /// The parameter.
        param: usize,
        /// The axis.
        axis: usize,
    },
    /// The value of a parameter.
    Value {
        /// The parameter.
        param: usize,
    },
}

/// The value of a bare expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// A value with its leaves among the results.
    Value(Layout, Vec<usize>),
    /// What is known when compiling: functions, text.
    Text(String),
}
