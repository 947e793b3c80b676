//! How values are shown at the prompt: `name: type = value`.

use adl_compiler::session::Meaning;
use adl_runtime::Value;
use adl_runtime::display::aligned::{aligned, indented, type_text};

/// `x: f64[3] = [1.0, 2.0, 3.0]`; what takes several lines begins on the next one.
pub fn value(name: &str, value: &Value, width: usize) -> String {
    let head = format!("{name}: {} =", type_text(value));
    let flat = aligned(value, width.saturating_sub(head.chars().count() + 1));
    if !flat.contains('\n') {
        return format!("{head} {flat}");
    }
    format!("{head}\n{}", indented(&aligned(value, width.saturating_sub(2)), 2))
}

/// The same for anything that a name can stand for.
pub fn meaning(name: &str, meaning: &Meaning, width: usize) -> String {
    match meaning {
        Meaning::Value { value, .. } => self::value(name, value, width),
        Meaning::Function { signature, .. } => format!("fn {signature}"),
        Meaning::Module(names) => format!("{name}: module of {}", names.join(", ")),
        Meaning::Text(text) => format!("{name}: {text}"),
    }
}
