//! States that cannot be, if the compiler is right.

/// Stops with an internal error, for a state that cannot be if the compiler is right;
/// there is no value to go on with that would not make a wrong number of it.
///
/// It is a panic. Whoever compiles for others catches it (the engine for programs and hosts,
/// the prompt) and says that it is a defect of ADL, to be reported.
#[macro_export]
macro_rules! defect {
    ($($text:tt)*) => {
        ::core::panic!("{}{}", $crate::defect::MARK, ::core::format_args!($($text)*))
    };
}

/// How the text of such a panic begins.
pub const MARK: &str = "internal error: ";
