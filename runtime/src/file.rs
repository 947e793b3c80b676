//! Names of files as programs give them.

/// A file that a program names. Its path is relative to the folder of the text in which it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName {
    /// The path as written.
    pub path: String,
    /// The name of the text in which it is written; texts that are no files are called `<…>`.
    pub from: String,
}
