//! The library that is built in: one row each with signature, documentation, derivative and example. What can be
//! written in ADL stands in the files of [`sources`], element-wise functions in the table of primitives.

mod arrays;
mod callables;
mod entries;
mod host;
mod numbers;
mod reduce;
pub mod sources;
mod vectors;

use crate::check::elab_api::{Args, Elab, R, Val};
use crate::prims::Prim;
use crate::source::Span;

pub(crate) type Run = fn(&mut Elab<'_>, &Args, Span) -> R<Val>;

/// A function of the library.
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Parameters as for people: `sum(x, axis = none, keep = false)`; `name…` takes what is left.
    pub signature: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// How it is differentiated.
    pub derivative: &'static str,
    /// A call, for help.
    pub example: &'static str,
    /// Whether it takes functions and gives functions at compile time.
    pub(crate) operator: bool,
    pub(crate) run: Run,
}

/// A parameter of a signature.
pub(crate) struct Param {
    pub name: &'static str,
    pub optional: bool,
    pub rest: bool,
}

/// The parameters of a signature.
pub(crate) fn params(signature: &'static str) -> Vec<Param> {
    let inside = signature.split_once('(').map_or("", |(_, r)| r.trim_end_matches(')'));
    if inside.is_empty() {
        return Vec::new();
    }
    inside
        .split(", ")
        .map(|p| {
            let (name, optional) = match p.split_once(" = ") {
                Some((n, _)) => (n, true),
                None => (p, false),
            };
            let rest = name.ends_with('…');
            Param { name: name.trim_end_matches('…'), optional, rest }
        })
        .collect()
}

/// The row of a name.
pub(crate) fn find(name: &str) -> Option<usize> {
    ROWS.iter().position(|r| r.name == name)
}

/// Whether a name is that of an operator on functions.
pub(crate) fn is_operator(name: &str) -> bool {
    find(name).is_some_and(|row| ROWS[row].operator)
}

/// Element-wise primitives that are functions of the language.
pub(crate) fn prim(name: &str) -> Option<Prim> {
    let p = Prim::named(name)?;
    let function = match p {
        Prim::Add
        | Prim::Sub
        | Prim::Mul
        | Prim::Div
        | Prim::FloorDiv
        | Prim::Rem
        | Prim::Neg
        | Prim::Pow
        | Prim::Min
        | Prim::Max
        | Prim::StopGrad
        | Prim::Eq
        | Prim::Ne
        | Prim::Lt
        | Prim::Le
        | Prim::Gt
        | Prim::Ge
        | Prim::And
        | Prim::Or
        | Prim::Not
        | Prim::Select => false,
        Prim::Abs
        | Prim::Sign
        | Prim::Floor
        | Prim::Ceil
        | Prim::Round
        | Prim::Sqrt
        | Prim::Cbrt
        | Prim::Exp
        | Prim::Expm1
        | Prim::Log
        | Prim::Log1p
        | Prim::Sin
        | Prim::Cos
        | Prim::Tan
        | Prim::Asin
        | Prim::Acos
        | Prim::Atan
        | Prim::Atan2
        | Prim::Hypot
        | Prim::Sinh
        | Prim::Cosh
        | Prim::Tanh
        | Prim::Asinh
        | Prim::Acosh
        | Prim::Atanh
        | Prim::Erf
        | Prim::Erfc
        | Prim::Gamma
        | Prim::Lgamma
        | Prim::Digamma
        | Prim::Polygamma
        | Prim::Sigmoid
        | Prim::Softplus
        | Prim::Spacing => true,
    };
    function.then_some(p)
}

/// Weak constants.
pub(crate) fn constant(name: &str) -> Option<f64> {
    match name {
        "pi" => Some(std::f64::consts::PI),
        "inf" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        "eps" => Some(f64::EPSILON),
        _ => None,
    }
}

/// All names of the library, for suggestions and help.
pub fn all_names() -> Vec<&'static str> {
    let mut out: Vec<&'static str> = ROWS.iter().map(|r| r.name).collect();
    out.extend(Prim::ALL.iter().map(|p| p.name()).filter(|n| prim(n).is_some()));
    out.extend(["pi", "inf", "nan", "eps", "f64", "f32", "i64", "bool", "std"]);
    out.extend(sources::prelude_names());
    out
}

fn not_here(e: &mut Elab<'_>, _: &Args, span: Span) -> R<Val> {
    e.later("this", span)
}

macro_rules! rows {
    ($( $name:literal $signature:literal $doc:literal $derivative:literal $example:literal $run:expr; )*
     operators $( $oname:literal $osignature:literal $odoc:literal $oexample:literal; )*
     later $( $lname:literal; )*) => {
        /// All functions.
        pub static ROWS: &[Row] = &[
            $( Row { name: $name, signature: $signature, doc: $doc, derivative: $derivative, example: $example, operator: false, run: $run }, )*
            $( Row { name: $oname, signature: $osignature, doc: $odoc, derivative: "to any depth", example: $oexample, operator: true, run: not_here }, )*
            $( Row { name: $lname, signature: concat!($lname, "(args…)"), doc: "Not available yet.", derivative: "", example: "", operator: false,
                run: |e, _, span| e.later(concat!("`", $lname, "`"), span) }, )*
        ];
    };
}

rows! {
    "zeros" "zeros(dims…)" "Zeros of a shape." "constant" "zeros(2, 3)" |e, a, s| arrays::filled(e, a, 0.0, s);
    "ones" "ones(dims…)" "Ones of a shape." "constant" "ones(3)" |e, a, s| arrays::filled(e, a, 1.0, s);
    "full" "full(shape, value)" "One value in every place of a shape." "linear" "full((2, 3), 0.5)" arrays::full;
    "eye" "eye(n, m = n)" "The unit matrix." "constant" "eye(3)" arrays::eye;
    "arange" "arange(n)" "0.0, 1.0, …, n - 1." "constant" "arange(5)" arrays::arange;
    "zeros_like" "zeros_like(x)" "Zeros with the structure of `x`." "constant" "zeros_like(x)" |e, a, s| arrays::like(e, a, 0.0, s);
    "ones_like" "ones_like(x)" "Ones with the structure of `x`." "constant" "ones_like(x)" |e, a, s| arrays::like(e, a, 1.0, s);
    "len" "len(x)" "Entries along the first axis, or parts of a tuple." "integer" "len([1, 2, 3])" arrays::len;
    "shape" "shape(x)" "The sizes of all axes, as a tuple." "integer" "shape(A)" arrays::shape;
    "reshape" "reshape(x, dims…)" "The same entries in another shape." "linear" "reshape(x, (2, 3))" arrays::reshape;
    "flatten" "flatten(x)" "All entries in one row." "linear" "flatten(A)" arrays::flatten;
    "transpose" "transpose(x, axes = none)" "The axes in another order; reversed unless told." "linear" "transpose(A)" arrays::transpose;
    "concat" "concat(parts…, axis = 0)" "Arrays joined along an axis." "linear" "concat(x, y)" arrays::concat;
    "stack" "stack(parts…)" "Arrays of one shape along a new first axis." "linear" "stack(x, y)" arrays::stack;
    "flip" "flip(x, axis = 0)" "In opposite order; ranges and sequences too." "linear" "flip(x)" entries::flip;
    "roll" "roll(x, k)" "Rotated along the first axis by `k` places." "linear" "roll(x, 1)" entries::roll;
    "tile" "tile(x, n)" "`n` copies along the first axis." "linear" "tile(x, 2)" entries::tile;
    "pad" "pad(x, width, value = 0)" "A margin around it: `k`, `(before, after)`, or one of these for each axis." "linear" "pad(x, (1, 2))" entries::pad;
    "sum" "sum(x, axis = none, keep = false)" "Sum over all or some axes; of nothing 0." "linear" "sum([1.0, 2.0])" |e, a, s| reduce::reduce(e, a, reduce::Kind::Sum, s);
    "mean" "mean(x, axis = none, keep = false)" "Mean over all or some axes." "linear" "mean([1.0, 2.0])" reduce::mean;
    "_front" "_front(x, axis)" "An axis brought to the front." "linear" "" arrays::front;
    "_back" "_back(x, axis)" "The first axis brought elsewhere." "linear" "" arrays::back;
    "min" "min(x, y…, axis = none, keep = false)" "Least entry; of two arguments, element by element." "ties share" "min([2.0, 1.0])" |e, a, s| reduce::extreme(e, a, false, s);
    "max" "max(x, y…, axis = none, keep = false)" "Greatest entry; of two arguments, element by element." "ties share" "max([2.0, 1.0])" |e, a, s| reduce::extreme(e, a, true, s);
    "any" "any(x, axis = none, keep = false)" "Whether any entry is true." "none" "any(x > 0)" |e, a, s| reduce::reduce(e, a, reduce::Kind::Any, s);
    "all" "all(x, axis = none, keep = false)" "Whether all entries are true." "none" "all(x > 0)" |e, a, s| reduce::reduce(e, a, reduce::Kind::All, s);
    "argmin" "argmin(x, axis = none)" "Place of the least entry, the first among equals." "integer" "argmin([2.0, 1.0])" |e, a, s| reduce::arg(e, a, false, s);
    "argmax" "argmax(x, axis = none)" "Place of the greatest entry, the first among equals." "integer" "argmax([2.0, 1.0])" |e, a, s| reduce::arg(e, a, true, s);
    "where" "where(c, a, b)" "`a` where `c` holds, else `b`." "of the one taken; nothing leaks from the other" "where(x > 0, x, 0)" numbers::choose;
    "relu" "relu(x)" "`max(x, 0)`." "0 at 0" "relu(x)" numbers::relu;
    "stop_grad" "stop_grad(x)" "The value, constant to differentiation." "zero" "stop_grad(x)" numbers::stop_grad;
    "sort" "sort(x, axis = -1)" "An axis, the last unless told, in ascending order, NaN last." "moves with the entries" "sort([2.0, 1.0])" reduce::sort;
    "argsort" "argsort(x, axis = -1)" "The places that sort an axis, the last unless told." "integer" "argsort([2.0, 1.0])" reduce::argsort;
    "gather" "gather(x, index)" "`x[index]`." "linear" "gather(x, [0, 2])" entries::gather;
    "scatter_add" "scatter_add(x, index, v)" "`x` with `v` added at the places of `index`." "linear" "scatter_add(x, [0, 0], [1.0, 2.0])" entries::scatter_add;
    "rand" "rand(key, dims…)" "Uniform numbers in [0, 1) from a key." "constant" "rand(1, (2, 3))" |e, a, s| numbers::random(e, a, crate::ops::Random::Uniform, s);
    "randn" "randn(key, dims…)" "Standard normal numbers from a key." "constant" "randn(1, 10)" |e, a, s| numbers::random(e, a, crate::ops::Random::Normal, s);
    "_bits" "_bits(key, dims…)" "Random bits." "integer" "" |e, a, s| numbers::random(e, a, crate::ops::Random::Bits, s);
    "tree_map" "tree_map(f, t, more…)" "`f` of corresponding parts of structures." "that of `f`" "tree_map(|x| 2 * x, t)" numbers::tree_map;
    "to_vector" "to_vector(t)" "All entries of a structure of numbers, one after the other." "linear" "to_vector((1.0, [2.0, 3.0]))" vectors::to_vector;
    "from_vector" "from_vector(like, v)" "The entries of a vector in the structure of `like`." "linear" "from_vector((0.0, [0.0, 0.0]), [1.0, 2.0, 3.0])" vectors::from_vector;
    "zip" "zip(parts…)" "Corresponding entries, to iterate over." "linear" "zip(xs, ys)" entries::zip;
    "enumerate" "enumerate(x)" "Numbers and entries, to iterate over." "linear" "enumerate(xs)" entries::enumerate;
    "_tree_dot" "_tree_dot(a, b)" "Sum of products of corresponding entries." "bilinear" "" numbers::tree_dot;
    "dot" "dot(a, b)" "Sum of products of corresponding entries, of structures too." "bilinear" "dot([1.0, 2.0], [3.0, 4.0])" numbers::tree_dot;
    "_float" "_float(x)" "Integers as floats." "linear" "" numbers::float;
    "_one" "_one(x)" "One of the element type." "constant" "" numbers::one;
    "_each" "_each(f, x)" "All leaves." "that of `f`" "" numbers::all_leaves;
    "captured" "captured(f)" "The floats that a function captured, as a tuple; `none` if it captured none." "linear" "captured(f)" callables::captured;
    "with_captured" "with_captured(f, c)" "The function with the values of `c` in the places of those that it captured." "that of `f`" "with_captured(f, captured(f))" callables::with_captured;
    "_transposed" "_transposed(f, x)" "The transpose of a linear function of a value like `x`." "linear" "" callables::transposed;
    "_pullback" "_pullback(f, x)" "The pullback of a function at a point." "as `vjp`" "" callables::pullback;
    "_host" "_host(name, dtype, shape, parts…)" "What a function of the host gives." "none" "" host::call;
    "print" "print(parts…)" "Prints a line." "once per evaluation" "print(\"x is {x}\")" numbers::print;
    "assert" "assert(cond, message = none)" "Fails unless the condition holds." "none" "assert(x > 0)" numbers::assert;
operators
    "grad" "grad(f, wrt = 0, aux = false)" "The gradient of a function that gives one number." "grad(|x| sum(x^2))([1.0, 2.0])";
    "value_and_grad" "value_and_grad(f, wrt = 0, aux = false)" "Value and gradient." "value_and_grad(f)(x)";
    "jvp" "jvp(f, x, v)" "Value and directional derivative." "jvp(sin, 0.0, 1.0)";
    "vjp" "vjp(f, x)" "Value and pullback." "vjp(f, x)";
    "linearize" "linearize(f, x)" "Value and pushforward." "linearize(f, x)";
    "jacobian" "jacobian(f, wrt = 0)" "The matrix of derivatives, by the cheaper mode." "jacobian(f)(x)";
    "jacfwd" "jacfwd(f, wrt = 0)" "The matrix of derivatives, by forward mode." "jacfwd(f)(x)";
    "jacrev" "jacrev(f, wrt = 0)" "The matrix of derivatives, by reverse mode." "jacrev(f)(x)";
    "hessian" "hessian(f, wrt = 0)" "The matrix of second derivatives." "hessian(f)(x)";
    "hvp" "hvp(f, x, v)" "Hessian times vector." "hvp(f, x, v)";
    "vmap" "vmap(f, axes = 0)" "A function over a leading axis." "vmap(f')(x)";
    "check_grad" "check_grad(f, x)" "Largest relative difference between derivatives and central differences." "check_grad(sin, 0.3)";
later
    "root"; "minimize"; "odeint"; "implicit"; "plot"; "line"; "scatter"; "hist"; "heatmap"; "contour";
    "solve"; "solve_lower"; "solve_upper"; "inv"; "det"; "logdet"; "cholesky"; "qr"; "eigh"; "svd"; "lstsq"; "einsum"; "cross";
    "checkpoint"; "fft"; "ifft"; "conv"; "load"; "save"; "topk"; "searchsorted";
}
