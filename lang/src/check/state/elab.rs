//! The state of one elaboration: the function being built, the instances so far, the problems found.

use super::host::{Global, Host, Input, SizeSource};
use super::key::K;
use super::value::Ruled;
use super::value::{Code, FnVal, Group, LeafTy, ModuleId, Template, Val};
use super::world::World;
use crate::ast::Name;
pub(crate) use crate::ast::walk::What;
use crate::diagnostic::{Diagnostic, Step};
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::typed::{Func, FuncId, Local, LocalInfo, Rules, Stmt, StmtKind};
use crate::types::{DType, Dim, Sym, Ty};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Why an elaboration does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fail {
    /// A diagnostic has been pushed, or a poisoned value was met.
    Reported,
    /// Control does not get past this point, or the result of a recursive call is not known yet.
    Never,
    /// The type of a variable or result has grown: elaborate the instance again.
    Restart,
    /// A size must be known as a number: elaborate the entry again with numbers.
    Abort,
}

pub(crate) type R<T> = Result<T, Fail>;

/// Names with what they stand for.
pub(crate) type Named<T> = Vec<(Name, T)>;

/// How sizes are treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Symbolic,
    Constant,
    /// A definition is checked with every dimension name a size of its own.
    Definition,
}

#[derive(Clone)]
pub(crate) enum Binding {
    Bound { val: Val, what: What, span: Span },
    Fun(Rc<LocalGroup>, usize),
}

/// The functions of a block, and what each has captured where it was written.
pub(crate) struct LocalGroup {
    pub group: Arc<Group>,
    pub snaps: RefCell<Vec<Option<Named<Val>>>>,
}

pub(crate) enum Loop {
    Runtime,
    /// One round of an unrolled loop, itself emitted as a loop of one round; `stop` is set by `break`.
    Unrolled {
        stop: Local,
    },
    /// A lane of a comprehension: nothing may leave it.
    Lane,
}

#[derive(Clone)]
pub(crate) struct SymInfo {
    pub name: Option<Name>,
    /// Known not to be negative.
    pub natural: bool,
}

/// The function being built.
pub(crate) struct Frame {
    pub name: String,
    pub span: Span,
    pub locals: Vec<LocalInfo>,
    /// The locals whose floats have no precision of their own.
    pub weak: FxHashSet<Local>,
    pub params: Vec<Local>,
    pub body: Vec<Stmt>,
    pub syms: Vec<SymInfo>,
    pub scopes: Vec<Vec<(Name, Binding)>>,
    pub home: ModuleId,
    pub group: Option<Arc<Group>>,
    pub captures: Arc<[(Name, Val)]>,
    pub loops: Vec<Loop>,
    pub ret: Option<Template>,
    pub ret_fixed: bool,
    pub var_types: FxHashMap<Span, Template>,
    /// Where a variable that was begun by a literal took its precision, by its declaration and the leaf.
    pub var_fixed: FxHashMap<(Span, usize), Span>,
    /// The type of a variable has grown: to be elaborated again with what is noted in `var_types`.
    pub again: bool,
    /// How many branches and loops of run time are around; and around each variable's declaration.
    pub depth: usize,
    pub var_depth: FxHashMap<Span, usize>,
    /// Variables that are assigned before any use and never after: they need no copy.
    pub stable: FxHashSet<Local>,
    /// How many comprehensions were around each variable's declaration.
    pub var_lanes: FxHashMap<Span, usize>,
    /// How many unrolled loops are around.
    pub unrolled: usize,
    /// Conditions that depend on sizes alone.
    pub undecided: FxHashSet<Local>,
    /// Inside a branch that depends on sizes alone.
    pub unsure: usize,
    pub func: Option<FuncId>,
    /// The place in the program that is to blame for what fails in a function of the library.
    pub blame: Option<Span>,
    /// Whether the instance stays a function.
    pub apart: bool,
}

impl Frame {
    pub fn new(name: impl Into<String>, span: Span, home: ModuleId) -> Frame {
        Frame {
            name: name.into(),
            span,
            locals: Vec::new(),
            weak: FxHashSet::default(),
            params: Vec::new(),
            body: Vec::new(),
            syms: Vec::new(),
            scopes: vec![Vec::new()],
            home,
            group: None,
            captures: Arc::from([]),
            loops: Vec::new(),
            ret: None,
            ret_fixed: false,
            var_types: FxHashMap::default(),
            var_fixed: FxHashMap::default(),
            again: false,
            depth: 0,
            var_depth: FxHashMap::default(),
            stable: FxHashSet::default(),
            var_lanes: FxHashMap::default(),
            unrolled: 0,
            undecided: FxHashSet::default(),
            unsure: 0,
            func: None,
            blame: None,
            apart: false,
        }
    }

    pub fn leaf_ty(&self, local: Local) -> LeafTy {
        LeafTy { ty: self.locals[local.0 as usize].ty.clone(), weak: self.weak.contains(&local) }
    }

    pub fn local(&mut self, ty: LeafTy, mutable: bool, name: Option<Name>) -> Local {
        let local = Local(self.locals.len() as u32);
        if ty.weak && ty.dtype == DType::F64 {
            self.weak.insert(local);
        }
        self.locals.push(LocalInfo { ty: ty.ty, mutable, name });
        local
    }
}

pub(crate) enum Instance {
    Running { func: FuncId, assumed: Option<Template>, used: bool },
    Done { func: FuncId, template: Template },
    Failed { func: FuncId },
}

pub(crate) struct Elab<'a> {
    pub world: &'a mut World,
    pub host: &'a dyn Host,
    pub mode: Mode,
    pub funcs: Vec<Option<Func>>,
    pub instances: FxHashMap<Vec<K>, Instance>,
    /// The instances of functions with rules, from inside.
    pub ruled: Vec<Ruled>,
    /// For each complete instance whether something in it can fail for which its caller is to blame.
    pub blaming: FxHashMap<FuncId, bool>,
    pub f: Frame,
    /// The instances being elaborated, by code.
    pub stack: Vec<u64>,
    /// The calls that led to them, those of the library left out.
    pub calls: Vec<Option<Step>>,
    pub diags: Vec<Diagnostic>,
    pub inputs: Vec<Input>,
    pub sizes: Vec<SizeSource>,
    pub imported: FxHashMap<Global, Val>,
    pub size_syms: FxHashMap<usize, Sym>,
    /// The comparison that an `assert` is about, and its sides.
    pub watched: Option<Span>,
    pub compared: Option<(Val, &'static str, Val)>,
    /// How many operations there are in all, and how many steps were made; whether that came to an end.
    pub operations: usize,
    pub steps: usize,
    pub ended: bool,
}

impl<'a> Elab<'a> {
    pub fn new(world: &'a mut World, host: &'a dyn Host, mode: Mode, frame: Frame) -> Elab<'a> {
        Elab {
            world,
            host,
            mode,
            funcs: vec![None],
            instances: FxHashMap::default(),
            ruled: Vec::new(),
            blaming: FxHashMap::default(),
            f: frame,
            stack: Vec::new(),
            calls: Vec::new(),
            diags: Vec::new(),
            inputs: Vec::new(),
            sizes: Vec::new(),
            imported: FxHashMap::default(),
            size_syms: FxHashMap::default(),
            watched: None,
            compared: None,
            operations: 0,
            steps: 0,
            ended: false,
        }
    }

    /// Reports a problem.
    pub fn fail<T>(&mut self, diagnostic: Diagnostic) -> R<T> {
        let mut diagnostic = self.blamed(diagnostic);
        for step in self.calls.iter().rev().flatten() {
            match diagnostic.calls.last_mut() {
                Some(last) if Step { times: last.times, ..step.clone() } == *last => last.times += 1,
                Some(_) | None => diagnostic.calls.push(step.clone()),
            }
        }
        self.diags.push(diagnostic);
        Err(Fail::Reported)
    }

    pub fn error<T>(&mut self, code: &'static str, span: Span, title: impl Into<String>) -> R<T> {
        self.fail(Diagnostic::error(code, span, title))
    }

    pub fn ty(&self, local: Local) -> &Ty {
        &self.f.locals[local.0 as usize].ty
    }

    /// Whether a local is a float without a precision of its own.
    pub fn is_weak(&self, local: Local) -> bool {
        self.f.weak.contains(&local)
    }

    pub fn leaf_ty(&self, local: Local) -> LeafTy {
        self.f.leaf_ty(local)
    }

    pub fn local(&mut self, ty: impl Into<LeafTy>, mutable: bool, name: Option<Name>) -> Local {
        self.f.local(ty.into(), mutable, name)
    }

    pub fn push(&mut self, kind: StmtKind, span: Span) {
        self.operations += 1;
        let span = self.f.blame.unwrap_or(span);
        self.f.body.push(Stmt { kind, span });
    }

    /// Emits an operation. A float that is made of weak floats and of no floats at all is weak.
    pub fn emit(&mut self, op: Op, args: &[Local], span: Span) -> R<Local> {
        self.go_on(span)?;
        let types: Vec<&Ty> = args.iter().map(|&a| self.ty(a)).collect();
        match op.result(&types) {
            Ok(ty) => {
                let weak =
                    ty.dtype == DType::F64 && args.iter().all(|&a| self.is_weak(a) || !self.ty(a).dtype.is_float());
                let local = self.local(LeafTy { ty, weak }, false, None);
                self.push(StmtKind::Let(local, op, args.to_vec()), span);
                Ok(local)
            }
            Err(why) => self.fail(
                Diagnostic::error("E0999", span, "the checker contradicts itself here")
                    .note(why)
                    .note("this is a fault of ADL, not of the program"),
            ),
        }
    }

    pub fn constant(&mut self, c: Const, span: Span) -> R<Local> {
        self.emit(Op::Const(c), &[], span)
    }

    /// Elaborates into a buffer of its own.
    pub fn buffered<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (Vec<Stmt>, T) {
        let outer = std::mem::take(&mut self.f.body);
        let depth = self.f.scopes.len();
        self.f.scopes.push(Vec::new());
        self.f.depth += 1;
        let value = work(self);
        self.f.depth -= 1;
        self.f.scopes.truncate(depth);
        (std::mem::replace(&mut self.f.body, outer), value)
    }

    pub fn scoped<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.f.scopes.len();
        self.f.scopes.push(Vec::new());
        let value = work(self);
        self.f.scopes.truncate(depth);
        value
    }

    pub fn bind(&mut self, name: &Name, val: Val, what: What, span: Span) {
        if let Val::Leaf(l) = val {
            self.f.locals[l.0 as usize].name.get_or_insert_with(|| name.clone());
        }
        if let Some(scope) = self.f.scopes.last_mut() {
            scope.push((name.clone(), Binding::Bound { val, what, span }));
        }
    }

    /// Whether two sizes are equal; aborts where that is not known.
    pub fn same_dim(&mut self, a: &Dim, b: &Dim) -> R<bool> {
        if a == b {
            return Ok(true);
        }
        let difference = a.clone() - b.clone();
        if difference.as_const().is_some() {
            return Ok(false);
        }
        match self.mode {
            Mode::Constant => Ok(false),
            Mode::Definition if self.stack.is_empty() && self.f.unsure == 0 && self.two_names(&difference) => Ok(false),
            Mode::Definition | Mode::Symbolic => Err(Fail::Abort),
        }
    }

    /// Whether a difference of sizes is one of plain names and numbers. The sizes are then different in a definition,
    /// whatever they are in a call; products, quotients and whole arguments may make them equal.
    fn two_names(&self, difference: &Dim) -> bool {
        let mut names = Vec::new();
        let mut plain = true;
        difference.symbols(&mut |s| {
            plain &= self.f.syms.get(s.0 as usize).is_some_and(|s| s.natural);
            if !names.contains(&s) {
                names.push(s);
            }
        });
        plain && names.len() <= 2 && difference.is_linear()
    }

    pub fn same_dims(&mut self, a: &[Dim], b: &[Dim]) -> R<bool> {
        if a.len() != b.len() {
            return Ok(false);
        }
        for (a, b) in a.iter().zip(b) {
            if !self.same_dim(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The sign of a size expression where it is known.
    pub fn sign(&self, d: &Dim) -> Option<std::cmp::Ordering> {
        if let Some(c) = d.as_const() {
            return Some(c.cmp(&0));
        }
        let mut natural = true;
        d.symbols(&mut |s| natural &= self.f.syms.get(s.0 as usize).is_some_and(|s| s.natural));
        if natural && d.lower_bound(0).is_some_and(|l| l > 0) {
            return Some(std::cmp::Ordering::Greater);
        }
        let minus = -d.clone();
        if natural && minus.lower_bound(0).is_some_and(|l| l > 0) {
            return Some(std::cmp::Ordering::Less);
        }
        None
    }

    /// Whether a size expression is certainly not negative.
    pub fn is_natural(&self, d: &Dim) -> bool {
        let mut natural = true;
        d.symbols(&mut |s| natural &= self.f.syms.get(s.0 as usize).is_some_and(|s| s.natural));
        d.as_const().is_some_and(|c| c >= 0) || natural && d.lower_bound(0).is_some_and(|l| l >= 0)
    }

    /// Makes sure that a size expression is not negative.
    pub fn natural(&mut self, d: &Dim, span: Span) -> R<()> {
        if let Some(c) = d.as_const() {
            if c < 0 {
                let problem = crate::failures::negative_size(span, c);
                // What NumPy writes for the size that is left.
                let help = "every size is written out: that of the rest is a quotient, as `len(x) // 2`";
                return self.fail(if c == -1 { problem.help(help) } else { problem });
            }
        } else if !self.is_natural(d) {
            self.push(StmtKind::NonNegative { size: d.clone() }, span);
        }
        Ok(())
    }

    pub fn show_dim(&self, d: &Dim) -> String {
        d.show(&|s| {
            self.f
                .syms
                .get(s.0 as usize)
                .and_then(|i| i.name.as_ref())
                .map_or_else(|| format!("size{}", s.0), |n| n.to_string())
        })
    }

    pub fn show_ty(&self, ty: &Ty) -> String {
        if ty.is_scalar() {
            return ty.dtype.name().to_string();
        }
        let dims: Vec<String> = ty.dims.iter().map(|d| self.show_dim(d)).collect();
        format!("{}[{}]", ty.dtype.name(), dims.join(", "))
    }

    /// The type of a value for people.
    pub fn show(&self, val: &Val) -> String {
        match val {
            Val::Leaf(l) => self.show_ty(self.ty(*l)),
            Val::Global(g) => {
                let info = self.host.info(*g);
                let dims = info.shape.iter().map(|&n| Dim::constant(n as i64)).collect::<Vec<_>>();
                self.show_ty(&Ty::array(info.dtype, dims))
            }
            Val::Int(_) | Val::Size(_) => "i64".into(),
            Val::Float(_) => "f64".into(),
            Val::Bool(_) => "bool".into(),
            Val::None => "none".into(),
            Val::Str(_) => "a string".into(),
            Val::Range(_) => "a range".into(),
            Val::Zip(_) | Val::Flip(_) | Val::Progress(_) => "a sequence".into(),
            Val::Tuple(parts) => super::value::shortened(parts, &|part| self.show(part)),
            Val::Fn(_) | Val::Builtin(_) | Val::Prim(_) | Val::Op(_) | Val::DType(_) => "a function".into(),
            Val::Module(_) => "a module".into(),
            Val::Like(ty) => self.show_ty(ty),
            Val::Absent | Val::Error => "nothing".into(),
        }
    }

    /// Finishes the function being built.
    pub fn finish(frame: Frame, results: Vec<Ty>) -> Func {
        Func {
            name: frame.name,
            sizes: frame.syms.into_iter().map(|s| s.name).collect(),
            params: frame.params,
            locals: frame.locals,
            body: frame.body,
            results,
            span: frame.span,
            rules: Rules::default(),
            apart: frame.apart,
            library: frame.blame.is_some(),
        }
    }

    /// The value of a function of a local group, with all it has captured so far.
    pub fn local_fn(&mut self, group: &Rc<LocalGroup>, i: usize, at: Span) -> R<Val> {
        let code = group.group.clone();
        let mut captures: Vec<(Name, Val)> = Vec::new();
        for &j in &code.reach[i] {
            let snap = group.snaps.borrow()[j].clone();
            let Some(snap) = snap else {
                let name = &code.fns[j].name;
                return self.fail(
                    Diagnostic::error(
                        "E0101",
                        at,
                        format!("`{}` is used before what it needs is bound", code.fns[i].name.name),
                    )
                    .label(name.span, "defined here, further down"),
                );
            };
            for (name, val) in snap {
                if !captures.iter().any(|(n, _)| *n == name) {
                    captures.push((name, val));
                }
            }
        }
        Ok(Val::Fn(Arc::new(FnVal { code: Code::Fn(code, i), captures: captures.into() })))
    }
}
