//! The derivative of a function as text.

use super::Session;
use crate::engine::Error;
use crate::engine::failure::problem_at;
use crate::engine::state::arg_info;
use crate::pipeline::readable;
use crate::text::{self, Signature};
use adl_lang::ast::{BinaryOp, Expr, ExprKind, Name, Param, PatternKind, TypeExpr, TypeExprKind};
use adl_lang::check::{ArgInfo, Input, LeafInfo, Shown, SizeSource};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::typed::Layout;
use adl_lang::types::{DType, Dim, Ty};
use adl_runtime::Value;
use rustc_hash::FxHashMap;

/// By which mode a derivative is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Forward for a function of one number, else reverse.
    #[default]
    Auto,
    /// Forward.
    Forward,
    /// Reverse.
    Reverse,
}

/// What is written of a derivative.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// The name of the function in the text.
    pub name: String,
    /// The operator that gives the same, `grad(f, wrt = (x, y))`.
    pub operator: String,
    /// The parameters of the function.
    pub params: Vec<String>,
    /// The text.
    pub text: String,
    /// What does not stop it, such as a derivative that is zero by construction.
    pub warnings: Vec<Diagnostic>,
}

impl Session {
    /// The derivative of the function `name` by some of its parameters (by the first one if none are named), as a text
    /// in the language. Shapes are those of the annotations, or of the values in `at`; what has neither is a number.
    ///
    /// # Errors
    /// If there is no such function, it has no such derivative, or the derivative cannot be written.
    ///
    /// ```
    /// use adl_compiler::session::{Mode, Session};
    /// let mut session = Session::new(|_: &str| {});
    /// session.run("a.adl", "fn f(x) = x^2").unwrap();
    /// let written = session.derivative_text("f", &[], Mode::Auto, &[]).unwrap();
    /// assert_eq!(written.text, "fn df(x) = 2 * x\n");
    /// ```
    pub fn derivative_text(
        &mut self,
        name: &str,
        wrt: &[&str],
        mode: Mode,
        at: &[(String, Value)],
    ) -> Result<Written, Error> {
        let Some(params) = self.state.params(name) else {
            return Err(Error::host("E0101", format!("there is no function `{name}` here")));
        };
        let names: Vec<String> = params.iter().enumerate().map(|(k, p)| parameter_name(p, k)).collect();
        for given in wrt.iter().copied().chain(at.iter().map(|(n, _)| n.as_str())) {
            if !names.iter().any(|n| n == given) {
                let known = names.join("`, `");
                return Err(Error::host("E0102", format!("`{name}` has no parameter `{given}`, only `{known}`")));
            }
        }
        let mut shapes = Shapes::default();
        let args: Vec<ArgInfo> = params
            .iter()
            .zip(&names)
            .map(|(p, name)| match (at.iter().find(|(n, _)| n == name), &p.ty) {
                (Some((_, value)), _) => arg_info(value),
                (None, Some(ty)) => shapes.of(ty, name),
                (None, None) => leaf(DType::F64, Vec::new()),
            })
            .collect();
        let guessed: Vec<&str> = params
            .iter()
            .zip(&names)
            .filter(|(p, name)| p.ty.is_none() && !at.iter().any(|(n, _)| n == *name))
            .map(|(_, name)| name.as_str())
            .collect();
        let number = |arg: &ArgInfo| matches!(arg, ArgInfo::Leaf(info) if info.shape.is_empty());
        let alone = args.len() == 1 && number(&args[0]);
        let place = |name: &str| names.iter().position(|n| n == name).unwrap_or(0);
        // By one number, forward mode gives all at once.
        let by_number = match wrt {
            [] => args.first().is_some_and(number),
            [one] => number(&args[place(one)]),
            _ => false,
        };
        let by = match wrt {
            [] => String::new(),
            [one] => format!(", wrt = {one}"),
            many => format!(", wrt = ({})", many.join(", ")),
        };
        let operators: Vec<String> = match mode {
            Mode::Auto | Mode::Forward if alone => vec![format!("{name}'")],
            Mode::Auto if by_number => vec![format!("jacfwd({name}{by})")],
            Mode::Auto => vec![format!("grad({name}{by})"), format!("jacobian({name}{by})")],
            Mode::Forward => vec![format!("jacfwd({name}{by})")],
            Mode::Reverse => vec![format!("grad({name}{by})"), format!("jacrev({name}{by})")],
        };
        let mut problem = None;
        for operator in operators {
            match self.state.function(&operator, &args) {
                Ok(entry) => return self.write(name, operator, (&names, &args, &shapes), &entry),
                Err(error) if error.diagnostics.iter().all(|d| d.code == "E0301") => problem = Some(error),
                Err(error) => return Err(taken_for_numbers(error, &guessed)),
            }
        }
        Err(problem.unwrap_or_else(|| Error::host("E0453", format!("`{name}` has no derivative"))))
    }

    fn write(
        &mut self,
        of: &str,
        operator: String,
        (names, args, shapes): (&[String], &[ArgInfo], &Shapes),
        entry: &adl_lang::check::Entry,
    ) -> Result<Written, Error> {
        let (module, main) = readable(&entry.module, entry.main)
            .map_err(|problem| self.state.failed(problem_at(problem, Default::default())))?;
        let mut paths = Vec::new();
        names.iter().zip(args).for_each(|(name, arg)| leaf_paths(name.clone(), arg, &mut paths));
        let path = |input: &Input| match input {
            Input::Arg(k) => paths[*k].clone(),
            Input::Global(g) => self.state.path_of(*g).unwrap_or_else(|| "_".into()),
        };
        let leaves: Vec<String> = entry.inputs.iter().map(path).collect();
        let size = |source: &SizeSource| match source {
            SizeSource::Value { param } => Some(leaves[*param].clone()),
            SizeSource::Axis { param, axis } => match entry.inputs[*param] {
                Input::Arg(_) => shapes.names.get(&leaves[*param]).and_then(|dims| dims.get(*axis).cloned().flatten()),
                Input::Global(_) => Some(format!("shape({}).{axis}", leaves[*param])),
            },
        };
        let sizes: Vec<Option<String>> = entry.sizes.iter().map(size).collect();
        let func = &module.funcs[main];
        let types: FxHashMap<&str, Ty> = leaves
            .iter()
            .zip(func.params())
            .filter_map(|(leaf, &p)| func.ty(p).data().map(|ty| (leaf.as_str(), ty.clone())))
            .collect();
        let params: Vec<(String, Layout)> =
            names.iter().zip(args).map(|(name, arg)| (name.clone(), layout(name, arg, &types))).collect();
        let result = match &entry.shown {
            Some(Shown::Value(layout, _)) => layout.clone(),
            _ => Layout::None,
        };
        let name = if operator.ends_with('\'') { format!("d{of}") } else { format!("grad_{of}") };
        let taken = self.names();
        let signature =
            Signature { name: &name, params: &params, leaves: &leaves, sizes: &sizes, result: &result, taken: &taken };
        let text = text::function(&module, main, &signature).map_err(|problem| {
            Error::host("E0453", format!("the derivative of `{of}` cannot be written as text: {}", problem.what))
        })?;
        Ok(Written { name, operator, params: names.to_vec(), text, warnings: entry.warnings.clone() })
    }
}

/// The same error, with what was assumed of parameters that nothing is said about.
fn taken_for_numbers(mut error: Error, guessed: &[&str]) -> Error {
    if let (Some(first), false) = (error.diagnostics.first_mut(), guessed.is_empty()) {
        let (names, are) = (guessed.join("`, `"), if guessed.len() == 1 { "was" } else { "were" });
        first.notes.push(format!("`{names}` {are} taken for numbers: say what they are by annotations, or by values"));
    }
    error
}

fn parameter_name(param: &Param, place: usize) -> String {
    match &param.pattern.kind {
        PatternKind::Name(name) => name.to_string(),
        _ => format!("x{}", place + 1),
    }
}

fn leaf(dtype: DType, shape: Vec<usize>) -> ArgInfo {
    ArgInfo::Leaf(LeafInfo { dtype, shape, whole: None })
}

/// Sizes that stand for the names of dimensions while the text is made: no two are alike, and none is small enough to
/// be compiled in.
#[derive(Default)]
struct Shapes {
    sizes: FxHashMap<Name, i64>,
    /// The names of the dimensions of each leaf.
    names: FxHashMap<String, Vec<Option<String>>>,
}

impl Shapes {
    fn of(&mut self, ty: &TypeExpr, path: &str) -> ArgInfo {
        match &ty.kind {
            TypeExprKind::Array { dtype, dims } => {
                let shape = dims.iter().map(|d| self.size(d).max(0) as usize).collect();
                let names = dims.iter().map(|d| match &d.kind {
                    ExprKind::Name(n) if &**n != "_" => Some(n.to_string()),
                    _ => None,
                });
                self.names.insert(path.to_string(), names.collect());
                leaf(DType::named(&dtype.name).unwrap_or(DType::F64), shape)
            }
            TypeExprKind::Tuple(parts) => ArgInfo::Tuple(
                parts
                    .iter()
                    .enumerate()
                    .map(|(k, (name, part))| {
                        let step = name.as_ref().map_or_else(|| k.to_string(), |n| n.name.to_string());
                        (name.as_ref().map(|n| n.name.to_string()), self.of(part, &format!("{path}.{step}")))
                    })
                    .collect(),
            ),
            TypeExprKind::Function { .. } => ArgInfo::None,
        }
    }

    fn size(&mut self, dim: &Expr) -> i64 {
        match &dim.kind {
            ExprKind::Int(n) => *n,
            ExprKind::Name(name) => {
                let next = 11 + 6 * self.sizes.len() as i64;
                // `_` is another size each time.
                let key = if &**name == "_" { Name::from(format!("_{next}")) } else { name.clone() };
                *self.sizes.entry(key).or_insert(next)
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.size(a), self.size(b));
                match op {
                    BinaryOp::Add => a + b,
                    BinaryOp::Sub => a - b,
                    BinaryOp::Mul => a * b,
                    BinaryOp::FloorDiv if b != 0 => a.div_euclid(b),
                    BinaryOp::Rem if b != 0 => a.rem_euclid(b),
                    _ => 1,
                }
            }
            _ => 1,
        }
    }
}

/// The paths of the leaves of an argument.
fn leaf_paths(path: String, arg: &ArgInfo, out: &mut Vec<String>) {
    match arg {
        ArgInfo::Leaf(_) => out.push(path),
        ArgInfo::None => {}
        ArgInfo::Tuple(parts) => {
            for (k, (name, part)) in parts.iter().enumerate() {
                let step = name.clone().unwrap_or_else(|| k.to_string());
                leaf_paths(format!("{path}.{step}"), part, out);
            }
        }
    }
}

/// The layout of an argument, with the types that its leaves have in the IR.
fn layout(path: &str, arg: &ArgInfo, types: &FxHashMap<&str, Ty>) -> Layout {
    match arg {
        ArgInfo::Leaf(info) => Layout::Leaf(types.get(path).cloned().unwrap_or_else(|| {
            Ty::array(info.dtype, info.shape.iter().map(|&n| Dim::constant(n as i64)).collect::<Vec<_>>())
        })),
        ArgInfo::None => Layout::None,
        ArgInfo::Tuple(parts) => Layout::Tuple(
            parts
                .iter()
                .enumerate()
                .map(|(k, (name, part))| {
                    let step = name.clone().unwrap_or_else(|| k.to_string());
                    (name.as_deref().map(Name::from), layout(&format!("{path}.{step}"), part, types))
                })
                .collect(),
        ),
    }
}
