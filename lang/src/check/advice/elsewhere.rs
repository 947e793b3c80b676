//! Names, prefixes, methods and types of other languages, and what they are here.

use crate::ast::{Arg, Expr, ExprKind, Ident, Name};
use crate::check::state::elab::Elab;
use crate::check::state::given::Given;
use crate::check::state::value::Val;
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
        "π" | "PI" | "M_PI" => Here::Name("pi"),
        "stop_gradient" | "detach" => Here::Name("stop_grad"),
        "cat" => Here::Name("concat"),
        "rbind" => Here::Name("stack"),
        "fill" => Here::Name("full"),
        "repmat" => Here::Name("tile"),
        "inverse" => Here::Name("inv"),
        "ifelse" => Here::Name("where"),
        "chol" => Here::Name("cholesky"),
        "trunc" | "fix" => Here::Name("i64"),
        "vectorize" => Here::Name("vmap"),
        "array" | "asarray" | "tensor" => Here::Nothing("an array is written `[1.0, 2.0]`"),
        "jit" | "njit" | "compile" => Here::Nothing("every function is compiled: leave it out"),
        "copy" | "deepcopy" | "clone" => Here::Nothing("every value is its own copy: leave it out"),
        "astype" => Here::Advice("a type is called like a function: `f64(x)`"),
        "backward" | "requires_grad" => Here::Advice("a gradient is one of a function: `grad(f)(x)`"),
        "derivative" | "gradient" | "differentiate" => Here::Name("grad"),
        "dict" | "namedtuple" => Here::Advice("a record is written `(a: 1.0, b: 2.0)`"),
        "fsolve" | "fzero" | "brentq" | "newton" => Here::Advice("an equation is solved by `root(g, x0)`"),
        "seed" => Here::Advice("random numbers are made from a key: `rand(1, 3)`"),
        "exit" | "quit" => Here::Advice("a program ends with its last line, a session with Ctrl-D or `:quit`"),
        "help" => Here::Advice("help is given in a session: `:help`, `:help sin`"),
        "nrow" | "ncol" => Here::Advice("the sizes of an array are `shape(A)`, so rows are `shape(A)[0]`"),
        "seq" => Here::Advice("a range is written `0..n`, or `0..n by 2`"),
        "swish" => Here::Name("silu"),
        "mse_loss" => Here::Name("mse"),
        "l1_loss" => Here::Name("mae"),
        "huber_loss" | "smooth_l1_loss" => Here::Name("huber"),
        "layernorm" => Here::Name("layer_norm"),
        "softmax_cross_entropy" => Here::Name("cross_entropy"),
        "multiply" => Here::Advice("entries are multiplied by `a * b`"),
        "subtract" => Here::Advice("entries are subtracted by `a - b`"),
        "divide" | "true_divide" => Here::Advice("entries are divided by `a / b`"),
        "floor_divide" => Here::Advice("the whole part of a quotient is `a // b`"),
        "negative" => Here::Advice("the opposite is written `-x`"),
        "reciprocal" => Here::Advice("it is written `1 / x`"),
        "logical_and" => Here::Advice("both hold: `a and b`"),
        "logical_or" => Here::Advice("one of them holds: `a or b`"),
        "logical_not" | "logical_xor" => Here::Advice("truth values are combined by `and`, `or`, `not` and `!=`"),
        "equal" | "not_equal" | "greater" | "less" | "greater_equal" | "less_equal" => {
            Here::Advice("entries are compared by `==`, `!=`, `>`, `<`, `>=` and `<=`")
        }
        "nanstd" | "nanvar" | "nanmedian" | "nanprod" => {
            Here::Advice("of what may be NaN there are `nansum`, `nanmean`, `nanmax` and `nanmin`")
        }
        "squeeze" => Here::Advice("an axis of one entry is left by its index: `x[0]`, or by `reshape`"),
        "view" => Here::Name("reshape"),
        "permute" | "permutedims" => Here::Name("transpose"),
        "masked_fill" => Here::Advice("entries are chosen by `where(mask, value, x)`"),
        "multinomial" | "choice" | "randint" | "rand_like" | "randn_like" => {
            Here::Advice("random numbers are made from a key: `rand(1, shape(x))`, `randn(1, 3)`")
        }
        "quad" | "integrate" | "quadgk" => {
            Here::Advice("an integral over given points is `trapezoid(y, x)`; over time, `odeint`")
        }
        "solve_ivp" | "ode45" => Here::Name("odeint"),
        "fori_loop" | "scan" => Here::Advice("a loop is written `for i in 0..n { … }`"),
        "while_loop" => Here::Advice("a loop is written `while c { … }`"),
        "cond" => Here::Advice("a choice is written `if c { a } else { b }`"),
        "jacobian_forward" | "jacobianf" => Here::Name("jacfwd"),
        "hvp" => Here::Advice("a product with the second derivatives is `jvp(grad(f), x, v).1`"),
        "square" => Here::Advice("a power is written `x^n`"),
        "mod" | "rem" | "fmod" | "remainder" => Here::Advice("a remainder is written `a % b`"),
        "assert_eq" => Here::Advice("two values are compared by `assert(a == b)`"),
        "uniform" | "random" => Here::Advice("random numbers are made from a key: `rand(1, 3)`"),
        "normal" | "rnorm" => Here::Advice("random numbers are made from a key: `randn(1, 3)`"),
        "e" => Here::Advice("Euler's number is `exp(1.0)`"),
        "tau" => Here::Advice("the whole circle is `2 * pi`"),
        "newaxis" | "expand_dims" | "unsqueeze" => Here::Advice("a new axis is written `x[.., none]`"),
        "lu" | "eig" | "eigvals" => {
            Here::Advice("the factorisations are `qr`, `cholesky`, `svd` and `eigh`; `solve(A, b)` needs none")
        }
        "read_csv" | "loadtxt" | "read" => Here::Name("load"),
        "complex" | "real" | "imag" | "conj" => Here::Advice("there are no complex numbers"),
        "power" | "pow" | "float_power" => Here::Advice("a power is written `x^n`"),
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
    [
        "np",
        "numpy",
        "jnp",
        "jax",
        "torch",
        "tf",
        "tensorflow",
        "math",
        "Math",
        "cmath",
        "scipy",
        "sp",
        "random",
        "plt",
        "xp",
        "cp",
        "cupy",
        "lax",
        "linalg",
        "special",
        "functional",
        "LinearAlgebra",
        "Statistics",
        "Base",
    ]
    .contains(&name)
}

/// A parameter by the name that others have for it.
pub(crate) fn parameter(name: &str) -> Option<&'static str> {
    match name {
        "dim" | "dims" | "axes" => Some("axis"),
        "keepdims" | "keepdim" => Some("keep"),
        "argnums" | "argnum" => Some("wrt"),
        "has_aux" => Some("aux"),
        "num" => Some("n"),
        "ddof" => Some("correction"),
        "maxiter" | "max_iter" => Some("max"),
        "rcond" | "rel_tol" => Some("rtol"),
        "abs_tol" => Some("atol"),
        "tolerance" | "xtol" => Some("tol"),
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

/// A call of a function of another language, where the call as a whole is written otherwise: `c(1, 2)`, `range(n)`.
pub(crate) fn called(name: &Ident, args: &[Arg], whole: Span) -> Option<Diagnostic> {
    let problem = Diagnostic::error("E0101", name.span, format!("no variable `{}` here", name.name));
    if args.iter().any(|arg| arg.name.is_some() || arg.reduction) {
        return None;
    }
    let first = args.first()?.value.span;
    let (open, close) = (Span { end: first.start, ..whole }, Span { start: args.last()?.value.span.end, ..whole });
    // What stands before the first argument, between the first two, and behind the last one.
    let around = |open: Span, [before, between, behind]: [&str; 3]| {
        let gaps = args.windows(2).enumerate().map(|(k, pair)| {
            let gap = Span { start: pair[0].value.span.end, end: pair[1].value.span.start, ..whole };
            (gap, if k == 0 { between } else { " by " }.to_string())
        });
        [(open, before.to_string())].into_iter().chain(gaps).chain([(close, behind.to_string())]).collect::<Vec<_>>()
    };
    Some(match (&*name.name, args.len()) {
        ("c" | "list", _) => {
            let help = "an array is written `[1.0, 2.0]`";
            problem.fix(help, vec![(open, "[".into()), (close, "]".into())])
        }
        ("range" | "seq", 1) => problem.fix("a range is written `0..n`", around(open, ["0..", "", ""])),
        ("range" | "seq", 2 | 3) => problem.fix("a range is written `a..b`", around(open, ["", "..", ""])),
        ("pow" | "power", 2) => problem.fix("a power is written `x^n`", around(open, ["(", ")^(", ")"])),
        ("matmul" | "mm", 2) => {
            problem.fix("a product of matrices is written `A @ B`", around(open, ["(", " @ ", ")"]))
        }
        ("mod" | "fmod", 2) => problem.fix("a remainder is written `a % b`", around(open, ["(", " % ", ")"])),
        _ => match here(&name.name)? {
            Here::Nothing(help) => problem.fix(help, vec![(name.span, String::new())]),
            _ => return None,
        },
    })
}

/// What is said of a parameter of a library function that has none of that name.
pub(crate) fn option(function: &str, parameter: &str) -> Option<&'static str> {
    match (function, parameter) {
        ("print", "end" | "sep" | "file" | "flush") => {
            Some("a `print` is a line, its parts one space apart: put a line together first, `\"{a}{b}\"`")
        }
        ("sort" | "argsort", "reverse" | "descending") => Some("from the largest down it is `flip(sort(x))`"),
        (_, "dtype") => Some("a type is called like a function: `f32(x)`"),
        _ => None,
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
    /// A call of what is no function: `a(0)`, `pi()`, `vjp(f, x)(u)`.
    pub fn no_function(&mut self, v: &Val, given: &[Given], callee: Span, span: Span) -> Diagnostic {
        let what = self.show(v);
        let problem =
            Diagnostic::error("E0204", callee, "this is called, but it is no function").here(format!("this is {what}"));
        let behind = Span { start: callee.end, ..span };
        match (v, given) {
            (Val::Tuple(parts), _) if parts.iter().any(|(_, part)| part.is_callable()) => {
                problem.help("take the tuple apart, and call its part: `let (value, pullback) = vjp(f, x)`")
            }
            (_, []) if callee.end < span.end => problem.fix("leave the brackets out", vec![(behind, String::new())]),
            (_, [first, ..]) if callee.end < span.end && !self.dims(v).is_empty() => {
                let last = given.last().map_or(first.span, |last| last.span);
                let (open, close) = (Span { end: first.span.start, ..behind }, Span { start: last.end, ..span });
                let help = "an entry is `a[i]`, counted from 0";
                problem.fix(help, vec![(open, "[".into()), (close, "]".into())])
            }
            _ => problem,
        }
    }

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
