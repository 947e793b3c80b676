//! The library that is built in: one row each with signature, documentation, derivative and example. What can be
//! written in ADL stands in the files of [`sources`], element-wise functions in the table of primitives.

mod arrays;
mod axes;
mod callables;
mod data;
mod einsum;
mod entries;
mod help;
mod host;
mod marks;
mod matrices;
mod numbers;
mod options;
mod plots;
mod reduce;
pub mod sources;
mod vectors;

use crate::check::elab_api::{Args, Elab, R, Val};
use crate::ops::Factor;
use crate::prims::Prim;
use crate::source::Span;
use plots::{PANEL, PLOT};

pub(crate) use arrays::listed;
pub use help::{Help, Topic, help, module_topic, modules, topics};
pub(crate) use sources::{modules as module_names, modules_with};

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
    /// What holds where it has no derivative; `` `a` is `b` `` in it is a claim that the tests run.
    pub kink: &'static str,
    /// Where it stands in the reference.
    pub topic: &'static str,
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

/// The names of the parameters of a function of the library.
pub fn parameters(name: &str) -> Vec<String> {
    let signature = help(name).map_or(String::new(), |h| h.signature);
    let inside = signature.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let names = inside.split(", ").map(|p| p.split([' ', ':', '…']).next().unwrap_or("").to_string());
    names.filter(|name| !name.is_empty()).collect()
}

/// The row of a name.
pub(crate) fn find(name: &str) -> Option<usize> {
    ROWS.iter().position(|r| r.name == name)
}

/// Whether a name is that of an operator on functions.
pub(crate) fn is_operator(name: &str) -> bool {
    find(name).is_some_and(|row| ROWS[row].operator)
}

/// Element-wise primitives that are functions of the language; the others are its operators, or stand behind a row.
pub(crate) fn prim(name: &str) -> Option<Prim> {
    let p = Prim::named(name)?;
    let other =
        p.operator().is_some() || matches!(p, Prim::Min | Prim::Max | Prim::Round | Prim::StopGrad | Prim::Select);
    // Slopes of the table; the library itself names one of them.
    let inner = p.name().starts_with('_') && p.definition().is_some() && p != Prim::Leg;
    (!other && !inner).then_some(p)
}

/// Weak constants, with what they are.
pub(crate) const CONSTANTS: &[(&str, f64, &str)] = &[
    ("pi", std::f64::consts::PI, "The circle's circumference over its diameter."),
    ("inf", f64::INFINITY, "Infinity."),
    ("nan", f64::NAN, "Not a number."),
    ("eps", f64::EPSILON, "The distance from 1 to the next `f64`."),
];

/// The value of a constant.
pub(crate) fn constant(name: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(n, ..)| *n == name).map(|(_, value, _)| *value)
}

/// All names of the library, for suggestions and help.
pub fn all_names() -> Vec<&'static str> {
    let mut out: Vec<&'static str> = ROWS.iter().map(|r| r.name).collect();
    out.extend(Prim::ALL.iter().map(|p| p.name()).filter(|n| !n.starts_with('_') && prim(n).is_some()));
    out.extend(CONSTANTS.iter().map(|(name, ..)| *name));
    out.extend(["f64", "f32", "i64", "bool", "std"]);
    out.extend(sources::prelude_names());
    out
}

fn not_here(e: &mut Elab<'_>, _: &Args, span: Span) -> R<Val> {
    e.later("this", span)
}

macro_rules! rows {
    ($( [$topic:literal]
        $( $name:literal $signature:tt $doc:literal $derivative:literal $example:literal
            $(@ $kink:literal)? $run:expr; )* )*
     operators [$operators:literal]
     $( $oname:literal $osignature:literal $odoc:literal $oderivative:literal $oexample:literal; )*
     later $( $lname:literal; )*) => {
        /// All functions.
        pub static ROWS: &[Row] = &[
            $( $( Row { name: $name, signature: $signature, doc: $doc, derivative: $derivative, example: $example,
                kink: concat!($($kink)?), topic: $topic, operator: false, run: $run }, )* )*
            $( Row { name: $oname, signature: $osignature, doc: $odoc, derivative: $oderivative, example: $oexample,
                kink: "", topic: $operators, operator: true, run: not_here }, )*
            $( Row { name: $lname, signature: concat!($lname, "(args…)"), doc: "Not available yet.", derivative: "",
        example: "",
                kink: "", topic: "", operator: false, run: |e, _, span| e.later(concat!("`", $lname, "`"), span) }, )*
        ];
    };
}

rows! {
  ["Constructors"]
    "zeros" "zeros(dims…)" "Zeros of a shape: numbers, or one tuple."
        "constant" "zeros(2, 3)" |e, a, s| arrays::filled(e, a, 0.0, s);
    "ones" "ones(dims…)" "Ones of a shape." "constant" "ones(3)" |e, a, s| arrays::filled(e, a, 1.0, s);
    "full" "full(shape, value)" "One value in every place of a shape." "linear" "full((2, 3), 0.5)" arrays::full;
    "eye" "eye(n, m = n)" "The unit matrix." "constant" "eye(2)" arrays::eye;
    "arange" "arange(n)" "`0.0, 1.0, …, n - 1`." "constant" "arange(5)" arrays::arange;
    "zeros_like" "zeros_like(x)" "Zeros with the structure of `x`."
        "constant" "zeros_like((w: [1.0, 2.0], b: 3.0))" |e, a, s| arrays::like(e, a, 0.0, s);
    "ones_like" "ones_like(x)" "Ones with the structure of `x`."
        "constant" "ones_like([1.5, 2.5])" |e, a, s| arrays::like(e, a, 1.0, s);
  ["Shape"]
    "len" "len(x)" "Entries along the first axis, or parts of a tuple." "integer" "len([1, 2, 3])" arrays::len;
    "shape" "shape(x)" "The sizes of all axes, as a tuple." "integer" "shape([[1, 2, 3], [4, 5, 6]])" arrays::shape;
    "reshape" "reshape(x, dims…)" "The same entries in another shape, row by row."
        "linear" "reshape([1, 2, 3, 4], (2, 2))" arrays::reshape;
    "flatten" "flatten(x)" "All entries in one row." "linear" "flatten([[1, 2], [3, 4]])" arrays::flatten;
    "transpose" "transpose(x, axes = none)" "The axes in another order; reversed unless told."
        "linear" "transpose([[1, 2], [3, 4]])" axes::transpose;
    "moveaxis" "moveaxis(x, from, to)" "One axis moved to another place."
        "linear" "shape(moveaxis(zeros(2, 3, 4), 0, -1))" axes::moveaxis;
    "expand_dims" "expand_dims(x, axis)" "A new axis of length 1." "linear" "expand_dims([1, 2], 1)" axes::expand_dims;
    "squeeze" "squeeze(x, axis = none)" "Without the axes of length 1, or without those named."
        "linear" "squeeze([[1, 2]])" axes::squeeze;
    "broadcast_to" "broadcast_to(x, dims…)" "Stretched to a shape; axes are aligned from the last."
        "linear" "broadcast_to([1, 2], (2, 2))" axes::broadcast_to;
    "concat" "concat(parts…, axis = 0)" "Arrays joined along an axis." "linear" "concat([1, 2], [3])" arrays::concat;
    "stack" "stack(parts…, axis = 0)" "Arrays of one shape along a new axis."
        "linear" "stack([1, 2], [3, 4])" arrays::stack;
    "split" "split(x, parts, axis = 0)" "A tuple of equal parts along an axis, or of parts of given sizes."
        "linear" "split([1, 2, 3, 4, 5], (2, 3))" entries::split;
    "flip" "flip(x, axis = 0)" "In opposite order along an axis or a tuple of axes; ranges and sequences too."
        "linear" "flip([1, 2, 3])" entries::flip;
    "roll" "roll(x, k, axis = 0)" "Rotated along an axis by `k` places, which may be computed."
        "linear" "roll([1, 2, 3], 1)" entries::roll;
    "tile" "tile(x, n)" "The whole, `n` times along the last axis; a tuple says it for each axis."
        "linear" "tile([1, 2], 2)" axes::tile;
    "repeat" "repeat(x, n, axis = 0)" "Each entry `n` times along an axis." "linear" "repeat([1, 2], 2)" axes::repeat;
    "pad" "pad(x, width, value = 0)" "A margin around it: `k`, `(before, after)`, or one of these for each axis."
        "linear" "pad([1, 2], (1, 2))" entries::pad;
    "_merged" "_merged(x, axis)" "The axes that are reduced as one at the front." "linear" "" axes::merged;
    "_count" "_count(x, axis)" "How many entries are reduced to one." "integer" "" axes::count;
    "_not_empty" "_not_empty(x, axis, name)" "Refuses to reduce nothing." "none" "" axes::refuse_nothing;
    "_kept" "_kept(r, x, axis, keep)" "A reduction with axes of length 1 where they are kept."
        "linear" "" axes::kept_like;
  ["Reductions"]
    "sum" "sum(x, axis = none, keep = false)" "Sum over all or some axes; of nothing 0."
        "linear" "sum([[1, 2], [3, 4]], axis = 0)" |e, a, s| reduce::reduce(e, a, reduce::Kind::Sum, s);
    "min" "min(x, y…, axis = none, keep = false)" "Least entry; of two arguments, element by element."
        "of the entry that is taken" "min([2.0, 1.0])"
        @ "ties share: `grad(min)([1.0, 1.0, 2.0])` is `[0.5, 0.5, 0.0]`, `(|x| min(x, 1))'(1.0)` is `0.5`"
        |e, a, s| reduce::extreme(e, a, false, s);
    "max" "max(x, y…, axis = none, keep = false)" "Greatest entry; of two arguments, element by element."
        "of the entry that is taken" "max([[1, 5], [3, 2]], axis = 1)"
        @ "ties share: `grad(max)([2.0, 1.0, 2.0])` is `[0.5, 0.0, 0.5]`, `(|x| max(x, 1))'(1.0)` is `0.5`"
        |e, a, s| reduce::extreme(e, a, true, s);
    "any" "any(x, axis = none, keep = false)" "Whether any entry is true."
        "none" "any([false, true])" |e, a, s| reduce::reduce(e, a, reduce::Kind::Any, s);
    "all" "all(x, axis = none, keep = false)" "Whether all entries are true."
        "none" "all([false, true])" |e, a, s| reduce::reduce(e, a, reduce::Kind::All, s);
    "argmin" "argmin(x, axis = none, keep = false)" "Place of the least entry, the first among equals."
        "integer" "argmin([2.0, 1.0])" |e, a, s| reduce::arg(e, a, false, s);
    "argmax" "argmax(x, axis = none, keep = false)" "Place of the greatest entry, the first among equals."
        "integer" "argmax([2.0, 1.0])" |e, a, s| reduce::arg(e, a, true, s);
    "_top" "_top(x, axis)" "The greatest entry, and −∞ of nothing; axes of length 1 stay."
        "of the entry that is taken" "" reduce::top;
  ["Element by element"]
    "where" "where(c, a, b)" "`a` where `c` holds, else `b`; structures too."
        "of the one taken; nothing leaks from the other" "where([true, false], [1, 2], 0)"
        @ "no NaN from the other side: `(|x| where(x > 0, sqrt(x), 0))'(0.0)` is `0.0`, `(|x| where(x > 0, log(x), \
         x))'(-1.0)` is `1.0`"
        numbers::choose;
    "relu" "relu(x)" "`max(x, 0)`."
        "1 where `x` is positive, else 0" "relu([-1.0, 2.0])" @ "`relu'(0.0)` is `0.0`" numbers::relu;
    "round" "round(x, digits = none)"
        "The nearest whole number, halves to the even one; or with so many decimal digits."
        "zero" "round(3.14159, 2)"
        @ "0, also where it jumps: `round'(0.5)` is `0.0`" numbers::round;
    "stop_grad" "stop_grad(x)" "The value, constant to differentiation."
        "zero" "(|x| x * stop_grad(x))'(3.0)" numbers::stop_grad;
  ["Selection and order"]
    "sort" "sort(x, axis = -1)" "An axis, the last unless told, in ascending order, NaN last."
        "moves with the entries" "sort([2.0, 1.0])"
        @ "equal entries keep their order: `grad(|x| sort(x)[0])([1.0, 1.0])` is `[1.0, 0.0]`" reduce::sort;
    "argsort" "argsort(x, axis = -1)"
        "The places that sort an axis, the last unless told; equal entries keep their order."
        "integer" "argsort([3.0, 1.0, 2.0])" reduce::argsort;
    "take_along" "take_along(x, index, axis = -1)" "In each lane of an axis the entries at that lane's places."
        "linear" "take_along([[5, 6], [7, 8]], [[1], [0]])" reduce::take_along;
    "gather" "gather(x, index, axis = 0)" "`x[index]`, on any axis."
        "linear" "gather([5, 6, 7], [0, 2])" entries::gather;
    "scatter_add" "scatter_add(x, index, v, axis = 0)" "`x` with `v` added at the places of `index`, repeats and all."
        "linear" "scatter_add([0.0, 0.0], [0, 0], [1.0, 2.0])" entries::scatter_add;
  ["Products"]
    "einsum" "einsum(subscripts, arrays…)"
        "Sum of products by subscripts: `\"ij,jk->ik\"`; without `->` the letters that stand once. A letter that \
         stands twice in one array is its diagonal, `...` stands for leading axes that stretch. Several arrays are \
         contracted in the cheapest order."
        "multilinear" "einsum(\"ij,j->i\", [[1, 2], [3, 4]], [1, 10])" einsum::einsum;
  ["Random numbers"]
    "rand" "rand(key, dims…)" "Uniform numbers in [0, 1) from a key, any `i64`."
        "constant" "rand(1, 2)" |e, a, s| numbers::random(e, a, crate::ops::Random::Uniform, s);
    "randn" "randn(key, dims…)" "Standard normal numbers from a key."
        "constant" "randn(1, (2, 2))" |e, a, s| numbers::random(e, a, crate::ops::Random::Normal, s);
    "_bits" "_bits(key, dims…)" "Random bits."
        "integer" "" |e, a, s| numbers::random(e, a, crate::ops::Random::Bits, s);
  ["Structures"]
    "tree_map" "tree_map(f, t, more…)" "`f` of corresponding parts of structures."
        "that of `f`" "tree_map(|x| 2 * x, (w: [1, 2], b: 3))" numbers::tree_map;
    "to_vector" "to_vector(t)" "All entries of a structure of numbers, one after the other."
        "linear" "to_vector((1.0, [2.0, 3.0]))" vectors::to_vector;
    "from_vector" "from_vector(like, v)" "The entries of a vector in the structure of `like`."
        "linear" "from_vector((0.0, [0.0, 0.0]), [1.0, 2.0, 3.0])" vectors::from_vector;
    "_rows" "_rows(data)" "The rows that all arrays of a structure have in common." "integer" "" vectors::rows;
    "zip" "zip(parts…)" "Corresponding entries, to iterate over."
        "linear" "sum(x * y for (x, y) in zip([1, 2], [3, 4]))" entries::zip;
    "enumerate" "enumerate(x)" "Numbers and entries, to iterate over."
        "linear" "sum(i * x for (i, x) in enumerate([5, 6, 7]))" entries::enumerate;
    "progress" "progress(x)"
        "`x`, to iterate over by a `for` that shows how far it is, on a terminal; nothing else changes."
        "that of `x`" "progress(0..10)" entries::progress;
    "_start_clock" "_start_clock()" "Starts a clock of the host." "none" "" |e, _, s| numbers::clock(e, false, s);
    "_elapsed" "_elapsed()" "What stops the clock that was started last and prints its time."
        "none" "" |e, _, s| numbers::clock(e, true, s);
    "_choice" "_choice(value, name, choices)" "Refuses an option that is none of some words." "none" "" numbers::choice;
    "_is_text" "_is_text(x)" "Whether an option is a word." "none" "" numbers::is_text;
    "_is_float" "_is_float(x)" "Whether entries are floats." "none" "" numbers::is_float;
    "_floats" "_floats(parts…)" "Floats of one type." "linear" "" matrices::alike;
    "_typed_as" "_typed_as(v, x)" "`v` with the element type of `x`." "linear" "" matrices::typed_as;
    "_lu" "_lu(A)" "L below U, the permutation, the sizes of the pivots."
        "constant" "" |e, a, s| matrices::factor(e, a, Factor::Lu, s);
    "_cholesky" "_cholesky(A)" "L, or zeros." "constant" "" |e, a, s| matrices::factor(e, a, Factor::Cholesky, s);
    "_qr" "_qr(A)" "Q above R." "constant" "" |e, a, s| matrices::factor(e, a, Factor::Qr, s);
    "_eigh" "_eigh(A)" "Eigenvalues above eigenvectors."
        "constant" "" |e, a, s| matrices::factor(e, a, Factor::Eigh, s);
    "_svd" "_svd(A)" "U above the singular values above V."
        "constant" "" |e, a, s| matrices::factor(e, a, Factor::Svd, s);
    "_lu_solve" "_lu_solve(LU, b, transposed = false)" "The solution from what `_lu` gave."
        "constant" "" matrices::lu_solve;
    "_triangular_solve" "_triangular_solve(T, b, upper = false, transposed = false, unit = false)"
        "The solution with a triangle."
        "constant" "" matrices::triangular_solve;
    "dot" "dot(a, b)" "Sum of products of corresponding entries, of structures too."
        "bilinear" "dot([1.0, 2.0], [3.0, 4.0])" numbers::tree_dot;
    "_float" "_float(x)" "Integers as floats." "linear" "" numbers::float;
    "_one" "_one(x)" "One of the element type." "constant" "" numbers::one;
    "_each" "_each(f, x)" "All leaves." "that of `f`" "" numbers::all_leaves;
  ["Equations, fixed points and minima"]
    "implicit" "implicit(solve, residual, tol = none, solver = none, spd = false, precond = none, on_fail = none, \
        report = false)"
        "A solver of one's own with the derivative of the implicit function theorem: a function with the parameters of \
         `solve`, whose value `x = solve(a…)` makes `residual(x, a…)` zero, which is checked."
        "solves with the Jacobian of the residual; `solve` itself is never differentiated"
        "implicit(|a| sqrt(a), |x, a| x^2 - a)(2.0)" |e, a, _| e.implicit(a);
  ["Functions as values"]
    "captured" "captured(f)" "The floats that a function captured, as a tuple; `none` if it captured none."
        "linear" "captured((|a| |x| a * x)(2.0))" callables::captured;
    "with_captured" "with_captured(f, c)" "The function with the values of `c` in the places of those that it captured."
        "that of `f`" "with_captured((|a| |x| a * x)(2.0), (3.0,))(10.0)" callables::with_captured;
    "_leaves" "_leaves(x)" "The floats in a value, as a tuple." "linear" "" callables::leaves;
    "_normal_like" "_normal_like(key, x)" "Normal numbers with the structure of `x`."
        "constant" "" numbers::normal_like;
    "_cast" "_cast(x, like)" "A number in the element type of another." "linear" "" numbers::cast;
    "_apart" "_apart()" "Keeps the function around it apart from its callers."
        "none" "" |e, _, _| { e.f.apart = true; Ok(Val::None) };
    "_transposed" "_transposed(f, x)" "The transpose of a linear function of a value like `x`."
        "linear" "" callables::transposed;
    "_pullback" "_pullback(f, x)" "The pullback of a function at a point." "as `vjp`" "" callables::pullback;
    "_host" "_host(name, dtype, shape, parts…)" "What a function of the host gives." "none" "" host::call;
  ["Printing and checking"]
    "print" "print(parts…)" "Prints a line, once per evaluation." "none" "print(\"two\", [1.0, 2.0])" numbers::print;
    "_assert" "_assert(cond, code, message, help = none)"
        "An assertion of the library whose failure has a code of its own, and perhaps a cure."
        "none" "" numbers::assert_coded;
    "assert" "assert(cond, message = none)" "Fails unless the condition holds." "none" "assert(1 < 2)" numbers::assert;
  ["Files of data"]
    "save" "save(path, value)" "Writes an array (`.npy`), a record of arrays (`.npz`) or a table (`.csv`) to a file."
        "once per evaluation" "save(\"data.npy\", [1.0, 2.0])" data::save;
    "load" "load(path)"
        "What a file holds: an array (`.npy`), a record of arrays (`.npz`) or a table (`.csv`: a record of columns if \
         its first row names them, else a matrix; cells are parted by commas, semicolons or tabs, and an empty one is \
         NaN); at top level."
        "constant" "load(\"data.npy\")" data::load;
  ["Pictures"]
    "line" "line(points…, label = none, color = none, style = none, width = none)"
        "Points joined in order: `line(y)`, `line(x, y)`, or a function over a range, `line(f, a, b)`; the style is \
         `solid`, `dashed`, `dotted` or `dashdot`. Marks without a colour take ten in turn; then they come again with \
         other styles and signs."
        "none" "line([0.0, 1.0], [1.0, 3.0], label = \"rise\")" marks::line;
    "scatter" "scatter(points…, label = none, color = none, size = none)"
        "Dots: `scatter(y)`, `scatter(x, y)` or `scatter(f, a, b)`."
        "none" "scatter([0.0, 1.0], [1.0, 3.0])" marks::scatter;
    "hist" "hist(x, bins = none, density = false, label = none, color = none)"
        "How often the entries of an array fall into bins of equal width."
        "none" "hist(randn(1, 1000), bins = 30)" marks::hist;
    "heatmap" "heatmap(z, x = none, y = none, label = none)"
        "Values on a grid as colours: row `i` stands at `y[i]`, column `j` at `x[j]`; or a function, `heatmap(f, (0, \
         1), (0, 1))`."
        "none" "heatmap(eye(3))" marks::heatmap;
    "contour" "contour(z, x = none, y = none, levels = none, filled = false, label = none, color = none)"
        "Lines of equal value on a grid, or of a function over two ranges; `levels` is their number or the values."
        "none" "contour(|x, y| x^2 + y^2, (-1, 1), (-1, 1))" marks::contour;
    "panel" PANEL "Marks between a pair of axes; `plot` shows several side by side."
        "none" "panel(line(sin, 0, 1), title = \"sin\")" plots::panel;
    "plot" PLOT
        "Shows marks, functions over ranges, arrays or panels; saves them as `.svg` or `.png` if told to. Long titles \
         and labels break into lines."
        "once per evaluation" "plot(sin, 0, 2 * pi, derivative = true)" plots::plot;
operators ["Derivatives"]
    "grad" "grad(f, wrt = 0, aux = false)"
        "The gradient of a function that gives one number, by its first parameter unless told; `aux = true` for one \
         that gives `(loss, rest)`."
        "to any order" "grad(|x| sum(x^2))([1.0, 2.0])";
    "value_and_grad" "value_and_grad(f, wrt = 0, aux = false)" "Value and gradient."
        "to any order" "value_and_grad(|x| sum(x^2))([1.0, 2.0])";
    "jvp" "jvp(f, x, v)"
        "Value and directional derivative `J v`. Of several parameters `x` is the tuple, and `v` too, `none` for one \
         that does not move."
        "to any order" "jvp(sin, 0.0, 2.0)";
    "vjp" "vjp(f, x)" "Value and pullback: `pullback(u)` is `Jᵀ u`."
        "to any order" "vjp(|x| x^2, [1.0, 2.0]).1([1.0, 10.0])";
    "linearize" "linearize(f, x)" "Value and pushforward: `pushforward(v)` is `J v`."
        "to any order" "linearize(|x| x^2, [1.0, 2.0]).1([1.0, 10.0])";
    "jacobian" "jacobian(f, wrt = 0)"
        "The matrix of derivatives, by the cheaper mode: axes of the result, then of the argument."
        "to any order" "jacobian(|x| x^2)([1.0, 2.0])";
    "jacfwd" "jacfwd(f, wrt = 0)" "The matrix of derivatives, by forward mode."
        "to any order" "jacfwd(|x| [x[0] * x[1], x[0]])([2.0, 3.0])";
    "jacrev" "jacrev(f, wrt = 0)" "The matrix of derivatives, by reverse mode."
        "to any order" "jacrev(|x| [x[0] * x[1], x[0]])([2.0, 3.0])";
    "hessian" "hessian(f, wrt = 0)" "The matrix of second derivatives."
        "to any order" "hessian(|x| x[0] * x[1])([2.0, 3.0])";
    "hvp" "hvp(f, x, v, wrt = none)"
        "Hessian times vector. Of several parameters `x` is the tuple; so are `v`, `none` for one that does not move, \
         and the product. With `wrt` the vector has parts for those parameters alone."
        "to any order" "hvp(|x| x[0] * x[1], [2.0, 3.0], [1.0, 0.0])";
    "vmap" "vmap(f, axes = 0)"
        "A function over a leading axis; `axes` has one entry for each parameter, `none` for one that is the same for \
         all. Products with a matrix that is the same for all become one product."
        "that of `f`" "vmap(sin')([0.0, 1.0])";
    "checkpoint" "checkpoint(f)" "The same function; in reverse mode only its inputs are kept and it runs again."
        "to any order" "grad(checkpoint(|x| sin(x)^2))(0.5)";
    "check_grad" "check_grad(f, x, order = 1, report = false)"
        "Largest difference between the derivatives, in both modes, and central differences, relative to the largest \
         entry; `order = 2` takes all mixtures of two modes too. `report = true` prints for each the worst entry and \
         how far the differences can be trusted."
        "none" "check_grad(sin, 0.3, order = 2) < 1e-9";
later
    "fft"; "ifft"; "conv";
}
