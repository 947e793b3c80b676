//! From the IR back to the language: a function, usually a derivative,
//! as text that parses, checks and computes the same.
//!
//! ```text
//! v2 = const 3.0;  v1 = pow v0 v2;  v3 = sin v1;  v4 = mul v3 v2;  yield v4     =>     fn df(x) = 3 * sin(x^3)
//! ```
//!
//! Values that are used once stand where they are used; others get a name (`writer`). Loops carry variables (`flow`),
//! tapes become arrays with a counter (`tape`). The text is as long as the IR: nothing is written twice.

mod expr;
mod flow;
mod names;
mod ops;
pub(crate) mod outline;
mod show;
mod tape;
mod writer;

use crate::ir::{FuncId, Module};
use adl_lang::fmt::format;
use adl_lang::source::Source;
use adl_lang::typed::Layout;
use adl_lang::types::{Sym, Ty};
use expr::Expr;
use names::Names;
use rustc_hash::FxHashMap;
use writer::Writer;

/// Why a function has no text.
#[derive(Clone, Debug)]
pub struct Unwritable {
    /// What cannot be written.
    pub what: String,
}

impl Unwritable {
    fn new(what: impl Into<String>) -> Unwritable {
        Unwritable { what: what.into() }
    }
}

/// What the text is to look like from outside.
pub struct Signature<'a> {
    /// The name of the function.
    pub name: &'a str,
    /// The parameters: names, and the layout of their leaves.
    pub params: &'a [(String, Layout)],
    /// What stands for each parameter of the entry: a path into the parameters, or the name of a variable.
    pub leaves: &'a [String],
    /// What stands for each size of the entry, where that is known; others are named anew.
    pub sizes: &'a [Option<String>],
    /// The structure of the results.
    pub result: &'a Layout,
    /// Names that stand for something else where the text will be read.
    pub taken: &'a [String],
}

/// Functions that the text calls.
#[derive(Default)]
struct Helpers {
    names: Names,
    known: FxHashMap<FuncId, (String, Vec<usize>)>,
    todo: Vec<FuncId>,
}

impl Helpers {
    /// The name of a function, and which of its sizes it takes as parameters.
    fn ask(&mut self, module: &Module, func: FuncId) -> (String, Vec<usize>) {
        if let Some(known) = self.known.get(&func) {
            return known.clone();
        }
        let data = &module.funcs[func];
        let plain: String = data.name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let name = self.names.fresh_named(&plain);
        let mut in_shapes = vec![false; data.sizes.len()];
        for ty in data.params().iter().filter_map(|&p| data.ty(p).data()) {
            ty.dims.iter().for_each(|d| d.symbols(&mut |s| in_shapes[s.0 as usize] = true));
        }
        let wanted = (0..data.sizes.len()).filter(|&k| !in_shapes[k]).collect();
        self.known.insert(func, (name, wanted));
        self.todo.push(func);
        self.known[&func].clone()
    }
}

/// The text of the entry of a module, and of what it calls.
///
/// # Errors
/// What it does that the language has no words for.
pub fn function(module: &Module, entry: FuncId, signature: &Signature<'_>) -> Result<String, Unwritable> {
    let mut helpers = Helpers { names: Names::new(), ..Helpers::default() };
    helpers.names.fresh_named(signature.name);
    for name in signature.taken {
        helpers.names.fresh_named(name);
    }
    let mut names = helpers.names.clone();
    for (name, _) in signature.params {
        names.fresh_named(name);
    }
    let mut generic = Vec::new();
    for size in signature.sizes {
        generic.push(match size {
            Some(name) => name.clone(),
            None => names.fresh_named("n"),
        });
    }
    let params: Vec<String> = signature.params.iter().map(|(name, layout)| parameter(name, layout, &generic)).collect();
    let leaves: Vec<Expr> = signature.leaves.iter().map(Expr::name).collect();
    let main = body(module, entry, (generic, names), &leaves, &mut helpers, &|values| build(signature.result, values))?;
    let mut texts = vec![define(signature.name, &params, main)];
    while let Some(func) = helpers.todo.pop() {
        texts.push(helper(module, func, &mut helpers)?);
    }
    texts.reverse();
    let text = texts.join("\n\n");
    format(&Source::new("<text>", text.as_str())).map_err(|problems| {
        let why = problems.first().map_or(String::new(), |p| p.title.clone());
        Unwritable::new(format!("this ({why}):\n{text}"))
    })
}

/// A function that is called, with its leaves as parameters.
fn helper(module: &Module, func: FuncId, helpers: &mut Helpers) -> Result<String, Unwritable> {
    let (name, wanted) = helpers.ask(module, func);
    let data = &module.funcs[func];
    let mut names = helpers.names.clone();
    let sizes: Vec<String> = data.sizes.iter().map(|_| names.fresh_named("n")).collect();
    let mut params = Vec::new();
    let mut leaves = Vec::new();
    for &p in data.params() {
        let ty = data.ty(p).data().ok_or_else(|| Unwritable::new("a recursion in reverse mode"))?;
        let leaf = match data.names.get(&p) {
            Some(name) => names.fresh_named(name),
            None => names.fresh(ty.rank() > 0),
        };
        params.push(parameter(&leaf, &Layout::Leaf(ty.clone()), &sizes));
        leaves.push(Expr::Name(leaf));
    }
    params.extend(wanted.iter().map(|&k| format!("{}: i64", sizes[k])));
    let main = body(module, func, (sizes, names), &leaves, helpers, &|values| match values {
        [one] => one.clone(),
        many => Expr::Tuple(many.to_vec()),
    })?;
    Ok(define(&name, &params, main))
}

/// The statements and the value of a function.
fn body(
    module: &Module,
    func: FuncId,
    (sizes, names): (Vec<String>, Names),
    leaves: &[Expr],
    helpers: &mut Helpers,
    value: &dyn Fn(&[Expr]) -> Expr,
) -> Result<(Vec<String>, Expr), Unwritable> {
    let mut writer = Writer::new(module, func, (sizes, names), helpers);
    let data = &module.funcs[func];
    for (&param, leaf) in data.params().iter().zip(leaves) {
        writer.values.insert(param, leaf.clone());
    }
    writer.block(data.body)?;
    let results = writer.operands(data.results());
    writer.declare_tapes();
    Ok((writer.out, value(&results)))
}

fn define(name: &str, params: &[String], (mut lines, value): (Vec<String>, Expr)) -> String {
    let params = params.join(", ");
    let value = show::last(&mut lines, &value);
    if lines.is_empty() {
        return format!("fn {name}({params}) = {value}");
    }
    format!("fn {name}({params}) {{\n{}\n{value}\n}}", lines.join("\n"))
}

/// A parameter with its type, which a number needs only if it is not `f64`.
fn parameter(name: &str, layout: &Layout, sizes: &[String]) -> String {
    match layout {
        Layout::Leaf(ty) if *ty == Ty::scalar(adl_lang::types::DType::F64) => name.to_string(),
        layout => format!("{name}: {}", type_text(layout, sizes)),
    }
}

fn type_text(layout: &Layout, sizes: &[String]) -> String {
    match layout {
        Layout::Leaf(ty) => ty.show(&|s: Sym| sizes[s.0 as usize].clone()),
        Layout::None => "()".into(),
        Layout::Tuple(parts) => {
            let part = |(name, layout): &(Option<adl_lang::ast::Name>, Layout)| match name {
                Some(name) => format!("{name}: {}", type_text(layout, sizes)),
                None => type_text(layout, sizes),
            };
            let parts: Vec<String> = parts.iter().map(part).collect();
            let comma = if parts.len() == 1 { "," } else { "" };
            format!("({}{comma})", parts.join(", "))
        }
    }
}

/// Gives leaves their structure.
fn build(layout: &Layout, leaves: &[Expr]) -> Expr {
    fn walk(layout: &Layout, leaves: &mut std::slice::Iter<'_, Expr>) -> Expr {
        match layout {
            Layout::Leaf(_) => leaves.next().cloned().unwrap_or(Expr::Tuple(Vec::new())),
            Layout::None => Expr::Tuple(Vec::new()),
            Layout::Tuple(parts) if parts.iter().all(|(name, _)| name.is_some()) => {
                let field = |(name, part): &(Option<adl_lang::ast::Name>, Layout), leaves: &mut _| {
                    (name.as_ref().map_or(String::new(), ToString::to_string), walk(part, leaves))
                };
                Expr::Record(parts.iter().map(|p| field(p, leaves)).collect())
            }
            Layout::Tuple(parts) => Expr::Tuple(parts.iter().map(|(_, part)| walk(part, leaves)).collect()),
        }
    }
    walk(layout, &mut leaves.iter())
}
