//! Values and problems as JSON.

use adl_compiler::engine::Error;
use adl_lang::diagnostic::{Diagnostic, How, Severity, Step};
use adl_lang::source::Span;
use adl_runtime::{Array, DType, Value as Data};
use serde_json::{Value, json};

/// The version of the schema; it changes when a field goes or means something else.
pub const SCHEMA: u32 = 1;

/// A value: an array, a tuple, a record or `null`.
pub fn value(value: &Data) -> Value {
    match value {
        Data::None => Value::Null,
        Data::Array(array) => {
            json!({ "dtype": array.dtype().name(), "shape": array.shape(), "data": entries(array) })
        }
        Data::Tuple(parts) if !parts.is_empty() && parts.iter().all(|(name, _)| name.is_some()) => {
            // An array, since the order of fields counts.
            let field = |(name, part): &(Option<String>, Data)| json!({ "name": name, "value": self::value(part) });
            json!({ "record": parts.iter().map(field).collect::<Vec<_>>() })
        }
        Data::Tuple(parts) => json!({ "tuple": parts.iter().map(|(_, part)| self::value(part)).collect::<Vec<_>>() }),
    }
}

/// The entries in row-major order.
fn entries(array: &Array) -> Vec<Value> {
    match array.dtype() {
        DType::Bool => array.as_bool().unwrap_or_default().iter().map(|&b| json!(b != 0)).collect(),
        DType::I64 => array.as_i64().unwrap_or_default().iter().map(|&i| json!(i)).collect(),
        DType::F64 => array.as_f64().unwrap_or_default().iter().map(|&x| number(x, json!(x))).collect(),
        DType::F32 => {
            // The digits that single precision has.
            let short = |x: f32| x.to_string().parse::<f64>().unwrap_or(f64::from(x));
            array.as_f32().unwrap_or_default().iter().map(|&x| number(f64::from(x), json!(short(x)))).collect()
        }
    }
}

/// JSON has no word for what is no number.
fn number(x: f64, finite: Value) -> Value {
    if x.is_nan() {
        json!("nan")
    } else if x.is_infinite() {
        json!(if x > 0.0 { "inf" } else { "-inf" })
    } else {
        finite
    }
}

/// An error or warning with its places.
pub fn diagnostic(diagnostic: &Diagnostic, problem: &Error) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let label = |span: Span, text: &str| json!({ "place": place(span, problem), "text": text });
    let labels: Vec<Value> = diagnostic.labels.iter().map(|l| label(l.span, &l.text)).collect();
    let patch = |(span, new): &(Span, String)| json!({ "place": place(*span, problem), "new": new });
    let helps: Vec<Value> = (diagnostic.helps.iter())
        .map(|help| json!({ "text": help.text, "patches": help.patches.iter().map(patch).collect::<Vec<_>>() }))
        .collect();
    let call = |step: &Step| {
        let how = match step.how {
            How::Call => "call",
            How::Gradient => "gradient",
            How::Derivative | How::Higher(_) => "derivative",
            How::Omitted => "omitted",
        };
        let place = step.span.map_or(Value::Null, |span| place(span, problem));
        json!({ "function": step.function, "how": how, "place": place, "given": step.given, "times": step.times })
    };
    let calls: Vec<Value> = diagnostic.calls.iter().map(call).collect();
    json!({
        "kind": "diagnostic",
        "severity": severity,
        "code": diagnostic.code,
        "message": diagnostic.title,
        "place": place(diagnostic.primary.span, problem),
        "label": diagnostic.primary.text,
        "labels": labels,
        "calls": calls,
        "notes": diagnostic.notes,
        "helps": helps,
    })
}

/// Where something stands; `null` if it stands nowhere. Lines and columns count from 1, columns in characters; `start`
/// and `end` are bytes.
fn place(span: Span, problem: &Error) -> Value {
    let Some(source) = problem.source(span.source) else {
        return Value::Null;
    };
    let (line, column) = source.line_column(span.start);
    let (end_line, end_column) = source.line_column(span.end);
    json!({
        "file": source.name(), "line": line, "column": column, "endLine": end_line, "endColumn": end_column,
        "start": span.start, "end": span.end,
    })
}
