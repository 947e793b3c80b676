//! Names, prefixes, methods and types of other languages, and what they are here.

use super::elab::Elab;
use super::value::Val;
use crate::ast::{Arg, Expr, ExprKind, Ident, Name};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What a name of another language is here.
#[derive(Clone, Copy)]
pub(crate) enum Here {
    /// It has another name.
    Name(&'static str),
    /// It is nothing: what it is called with stands alone.
    Nothing(&'static str),
    /// It is written in another way.
    Advice(&'static str),
}

/// Names of other languages.
pub(crate) fn here(name: &str) -> Option<Here> {
    Some(match name {
        "length" | "lenght" | "numel" => Here::Name("len"),
        "size" => Here::Name("len"),
        "ln" => Here::Name("log"),
        "sine" => Here::Name("sin"),
        "cosine" => Here::Name("cos"),
        "fabs" => Here::Name("abs"),
        "dtype" | "float" | "double" | "float64" => Here::Name("f64"),
        "float32" => Here::Name("f32"),
        "int" | "integer" | "int64" => Here::Name("i64"),
        "println" | "echo" | "printf" | "disp" | "display" => Here::Name("print"),
        "concatenate" | "hstack" | "vstack" => Here::Name("concat"),
        "maximum" | "fmax" | "amax" => Here::Name("max"),
        "minimum" | "fmin" | "amin" => Here::Name("min"),
        "average" => Here::Name("mean"),
        "clip" => Here::Name("clamp"),
        "ravel" => Here::Name("flatten"),
        "absolute" => Here::Name("abs"),
        "expit" | "logistic" => Here::Name("sigmoid"),
        "gammaln" | "loggamma" => Here::Name("lgamma"),
        "identity" => Here::Name("eye"),
        "digitize" => Here::Name("searchsorted"),
        "isclose" => Here::Name("allclose"),
        "randperm" | "shuffle" => Here::Name("permutation"),
        "cumulative_logsumexp" | "cumlogsumexp" => Here::Name("logcumsumexp"),
        "arctan" => Here::Name("atan"),
        "arcsin" => Here::Name("asin"),
        "arccos" => Here::Name("acos"),
        "None" | "nil" | "null" | "NULL" | "undefined" | "nothing" => Here::Name("none"),
        "True" | "TRUE" => Here::Name("true"),
        "False" | "FALSE" => Here::Name("false"),
        "Inf" | "Infinity" => Here::Name("inf"),
        "π" => Here::Name("pi"),
        "array" | "asarray" | "tensor" => Here::Nothing("an array is written `[1.0, 2.0]`"),
        "power" | "pow" => Here::Advice("a power is written `x^n`"),
        "square" => Here::Advice("a square is written `x^2`"),
        "mod" | "fmod" | "remainder" => Here::Advice("a remainder is written `a % b`"),
        "inner" | "vdot" => Here::Advice("a product of vectors is written `a @ b`, or `dot(a, b)`"),
        "tensordot" => Here::Advice("other contractions are written `einsum(\"ijk,jkl->il\", A, B)`"),
        "ndim" => Here::Advice("the number of axes is `len(shape(x))`"),
        "swapaxes" => Here::Advice("axes are put in another order by `transpose(x, (0, 2, 1))` or `moveaxis`"),
        "percentile" => Here::Advice("the percentile 95 is `quantile(x, 0.95)`"),
        "take" => Here::Advice("entries are taken by `x[places]`, along an axis by `gather(x, places, axis = k)`"),
        "bincount" => Here::Advice("what falls to each of n places is added up by `scatter_add(zeros(n), places, 1)`"),
        "correlate" => Here::Advice("a correlation is `convolve(a, flip(v))`"),
        "solve_triangular" => {
            Here::Advice("triangular systems are solved by `solve_lower(L, b)` and `solve_upper(U, b)`")
        }
        "full_like" => Here::Advice("an array of the shape of another one is `full(shape(x), value)`"),
        "deg2rad" | "radians" => Here::Advice("degrees are turned into an angle by `x * pi / 180`"),
        "normal" | "uniform" => Here::Advice("random numbers are `randn(key, shape)` and `rand(key, shape)`"),
        "nonzero" | "argwhere" | "unique" => {
            Here::Advice("sizes do not depend on data: choose by `where`, or by `if` in a reduction")
        }
        "cov" | "corrcoef" => Here::Advice("it is `stats.cov` and `stats.corr`, after `import stats`"),
        "matmul" | "mm" => Here::Advice("a product of matrices is written `A @ B`"),
        "range" | "arange" => Here::Advice("a range is written `0..n`, or `0..n by 2`"),
        "lambda" => Here::Advice("a function without a name is written `|x| x^2`"),
        "append" | "push" => Here::Advice("arrays are joined by `concat(a, [x])`"),
        "map" | "apply" | "lapply" | "sapply" => {
            Here::Advice("what is done for each entry is written `[f(x) for x in a]`")
        }
        "filter" => {
            Here::Advice("a part chosen by a condition is summed as `sum(x for x in a if c)`, or kept by `where`")
        }
        "str" | "string" | "format" | "sprintf" | "paste" => {
            Here::Advice("a text is put together with holes: `\"{x}\"`, `\"{x:.3f}\"`")
        }
        "vec" | "list" => Here::Advice("an array is written `[1.0, 2.0]`"),
        "console" | "System" | "fmt" => Here::Advice("a value is printed by `print(x)`"),
        "end" => Here::Advice("blocks end with `}`, and the last entry of an array is `x[-1]`"),
        "begin" => Here::Advice("a block is written `{ … }`"),
        "pass" => Here::Advice("an empty block is `{ }`"),
        "this" | "self" => Here::Advice("a function takes what it needs as a parameter"),
        "isinstance" | "typeof" | "type" => {
            Here::Advice("types are known when the program is compiled: `shape(x)` tells sizes")
        }
        _ => return None,
    })
}

/// What libraries elsewhere are called.
pub(crate) fn is_library(name: &str) -> bool {
    ["np", "numpy", "jnp", "jax", "torch", "tf", "tensorflow", "math", "Math", "cmath", "scipy", "sp", "random"]
        .contains(&name)
}

/// A parameter by the name that others have for it.
pub(crate) fn parameter(name: &str) -> Option<&'static str> {
    match name {
        "dim" | "dims" | "axes" => Some("axis"),
        "keepdims" | "keepdim" => Some("keep"),
        _ => None,
    }
}

/// `np.zeros(3)`: `prefix` is the whole name, `last` its last part.
pub(crate) fn prefixed(e: &Expr) -> Option<(&Ident, &Name, Span)> {
    let ExprKind::Field(base, last) = &e.kind else {
        return None;
    };
    let mut root = base;
    while let ExprKind::Field(inner, _) = &root.kind {
        root = inner;
    }
    match &root.kind {
        ExprKind::Name(name) if is_library(name) => Some((last, name, root.span)),
        _ => None,
    }
}

/// What is said of `np.zeros`; `known` tells whether the library has the function.
pub(crate) fn no_prefix(last: &Ident, root: &str, at: Span, known: bool) -> Diagnostic {
    let problem = Diagnostic::error("E0101", at, format!("no variable `{root}` here"));
    let prefix = Span { end: last.span.start, ..at };
    let whole = at.to(last.span);
    let help = "the functions of the library are called without a prefix";
    match here(&last.name) {
        _ if known => problem.fix(help, vec![(prefix, String::new())]),
        Some(Here::Name(name)) => problem.fix(help, vec![(whole, name.into())]),
        Some(Here::Nothing(help)) => problem.fix(help, vec![(whole, String::new())]),
        Some(Here::Advice(help)) => problem.help(help),
        None => problem.help(help).note(format!("the library has no `{}`", last.name)),
    }
}

/// `there is no type …`.
pub(crate) fn no_type(name: &str, span: Span) -> Diagnostic {
    let near = match name.to_lowercase().as_str() {
        "int" | "i32" | "usize" | "integer" | "int64" | "int32" | "long" => "i64",
        "f16" | "float32" | "single" => "f32",
        "boolean" | "logical" => "bool",
        _ => "f64",
    };
    let problem = Diagnostic::error("E0104", span, format!("there is no type `{name}`"));
    let help = format!("the element types are f64, f32, i64 and bool: here perhaps `{near}`");
    problem.fix(help, vec![(span, near.into())])
}

impl Elab<'_> {
    /// `a.sum()`, `a.shape`, `f.grad(x)`: a function of the library in the place of a field.
    pub fn method(&mut self, v: &Val, base: Span, name: &Ident, call: Option<(&[Arg], Span)>) -> Option<Diagnostic> {
        let own = match v {
            Val::Module(_) | Val::Error => true,
            Val::Tuple(parts) => parts.iter().any(|(n, _)| n.as_ref() == Some(&name.name)),
            _ => &*name.name == "T",
        };
        if own {
            return None;
        }
        let word = match here(&name.name) {
            Some(Here::Name(word)) => word,
            Some(Here::Nothing(help) | Here::Advice(help)) => return Some(self.no_field(v, name).help(help)),
            None => &*name.name,
        };
        if !self.world.library_has(word) {
            return None;
        }
        let problem = self.no_field(v, name);
        let before = (Span { end: base.start, ..base }, format!("{word}("));
        let operator = v.is_callable() && crate::library::is_operator(word);
        let (upto, close) = match call {
            Some(([], whole)) if !operator => (whole.end, ")"),
            Some(([first, ..], _)) if !operator => {
                (first.name.as_ref().map_or(first.value.span.start, |name| name.span.start), ", ")
            }
            _ => (name.span.end, ")"),
        };
        let after = (Span { start: base.end, end: upto, ..base }, close.to_string());
        Some(problem.fix("a function stands before what it is applied to", vec![before, after]))
    }
}
