//! Instances: a callable for the abstract values of its arguments, elaborated once. Recursion closes because the
//! parameters of an instance are known before its body is.

use crate::ast::Name;
use crate::check::state::elab::{Elab, Fail, Frame, Instance, Mode, R, SymInfo};
use crate::check::state::key::{K, key};
use crate::check::state::value::{Code, LeafTy, Template, Val};
use crate::diagnostic::{Diagnostic, How, Step};
use crate::source::Span;
use crate::typed::{FuncId, Local};
use crate::types::{DType, Dim, Sym, Ty};
use std::sync::Arc;

/// Instances that may be nested; more is taken for endless recursion.
const NESTING: usize = 100;
/// Nested instances of one function after which sizes are no longer related to one another.
const WIDEN: usize = 6;
/// Nested instances of one function after which whole numbers are values of run time.
const FORGET: usize = 24;

/// An instance and what it is to be called with.
pub(crate) struct Called {
    pub func: FuncId,
    pub sizes: Vec<Dim>,
    pub args: Vec<Local>,
    /// The result, with dimensions of the callee.
    pub template: Template,
    /// How many of the arguments are leaves of the callee itself.
    pub captured: usize,
    /// The arguments as they are passed.
    pub vals: Vec<Val>,
}

/// Sizes of a caller in terms of the symbols of the callee.
#[derive(Default)]
struct Canon {
    constant: bool,
    related: bool,
    /// What each symbol stands for, and whether it is known not to be negative.
    bases: Vec<(Dim, bool)>,
}

impl Canon {
    pub fn dim(&mut self, d: &Dim, natural: bool) -> Dim {
        if let Some(c) = d.as_const()
            && (self.constant || (0..=8).contains(&c))
        {
            return d.clone();
        }
        for (k, (base, _)) in self.bases.iter().enumerate() {
            if base == d {
                return Dim::sym(Sym(k as u32));
            }
        }
        if self.related && d.as_const().is_none() {
            for (k, (base, _)) in self.bases.iter().enumerate() {
                if base.as_const().is_none()
                    && let Some((a, b)) = d.relative_to(base)
                {
                    return Dim::sym(Sym(k as u32)) * Dim::constant(a) + Dim::constant(b);
                }
            }
        }
        self.bases.push((d.clone(), natural));
        Dim::sym(Sym(self.bases.len() as u32 - 1))
    }
}

/// What identifies a callable, for counting nested instances of it.
fn identity(callee: &Val) -> u64 {
    match callee {
        Val::Fn(f) => match &f.code {
            Code::Fn(group, i) => Arc::as_ptr(&group.fns[*i]) as u64,
            Code::Lambda(lambda, _) => Arc::as_ptr(lambda) as u64,
        },
        Val::Op(op) => op.parts.first().map_or(1, identity) ^ 0x55,
        _ => 0,
    }
}

impl Elab<'_> {
    /// The name of a callable, for people.
    pub fn callable_name(&self, callee: &Val) -> String {
        match callee {
            Val::Fn(f) => match &f.code {
                Code::Fn(group, i) => group.fns[*i].name.name.to_string(),
                Code::Lambda(..) => "lambda".into(),
            },
            Val::Builtin(i) => crate::library::ROWS[*i].name.into(),
            Val::Prim(p) => p.name().into(),
            Val::Op(op) => op.parts.first().map_or_else(|| "operator".into(), |p| self.callable_name(p)),
            Val::DType(d) => d.name().into(),
            _ => "value".into(),
        }
    }

    /// Literals become whole numbers, or floats of that type, and so do weak floats;
    /// what stays static is whole numbers, truth values and structure.
    pub fn settle(&mut self, val: &Val, float: DType, span: Span) -> R<Val> {
        Ok(match val {
            Val::Int(i) => Val::Size(Dim::constant(*i)),
            Val::Float(_) => Val::Leaf(self.operand_as(val, float, span)?),
            Val::Leaf(l) if self.is_weak(*l) => Val::Leaf(self.operand_as(val, float, span)?),
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.settle(p, float, span)?));
                }
                Val::Tuple(out.into())
            }
            other => other.clone(),
        })
    }

    /// Whole numbers become values of run time.
    pub fn forget(&mut self, val: &Val, span: Span) -> R<Val> {
        Ok(match val {
            Val::Size(_) => Val::Leaf(self.operand(val, span)?),
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.forget(p, span)?));
                }
                Val::Tuple(out.into())
            }
            other => other.clone(),
        })
    }

    /// The instance of `callee` for `args`, which are settled and conform to annotations; `named` are the dimension
    /// names of its signature.
    pub fn instance(&mut self, callee: &Val, args: &[Val], named: &[(Name, Dim)], span: Span) -> R<Called> {
        let identity = identity(callee);
        let nested = self.stack.iter().filter(|&&s| s == identity).count();
        let mut args = args.to_vec();
        // Weak floats among arguments of single precision are of single precision.
        let firm = args.iter().flat_map(Val::leaves).filter(|l| !self.is_weak(*l)).map(|l| self.ty(l).dtype);
        let float = firm.filter(|d| d.is_float()).max().unwrap_or(DType::F64);
        for a in &mut args {
            *a = self.settle(a, float, span)?;
        }
        if nested > FORGET {
            for a in &mut args {
                *a = self.forget(a, span)?;
            }
        }
        // Names of dimensions first, so that `2 * l` is expressed by `l`.
        let mut canon = Canon { constant: self.mode == Mode::Constant, related: nested < WIDEN, bases: Vec::new() };
        let mut k: Vec<K> = Vec::new();
        let named: Vec<(Name, Dim)> = named.iter().map(|(n, d)| (n.clone(), canon.dim(d, true))).collect();
        named.iter().for_each(|(_, d)| k.push(K::Size(d.clone())));
        let captured = callee.leaves();
        let mut leaves = captured.clone();
        {
            let locals = &self.f.locals;
            let is_natural = |d: &Dim| self.is_natural(d);
            // Array dimensions are never negative.
            let types: Vec<Ty> = captured
                .iter()
                .copied()
                .chain(args.iter().flat_map(Val::leaves))
                .map(|l| locals[l.0 as usize].ty.clone())
                .collect();
            for d in types.iter().flat_map(|t| &t.dims) {
                canon.dim(d, true);
            }
            let ty = |l: Local| self.leaf_ty(l);
            for v in std::iter::once(callee).chain(&args) {
                key(v, &ty, &mut |d| canon.dim(d, is_natural(d)), &mut k);
            }
        }
        canon.bases.iter().for_each(|(_, n)| k.push(K::Base { natural: *n }));
        args.iter().for_each(|a| leaves.extend(a.leaves()));
        let sizes: Vec<Dim> = canon.bases.iter().map(|(d, _)| d.clone()).collect();
        let called = |func, template| Called {
            func,
            sizes: sizes.clone(),
            args: leaves.clone(),
            template,
            captured: captured.len(),
            vals: args.clone(),
        };
        let blame = self.blame_of(callee, span);
        let plain = k.clone();
        if let Some(blame) = blame
            && !self.instances.contains_key(&plain)
        {
            k.push(K::Blame(blame));
        }
        match self.instances.get_mut(&k) {
            Some(Instance::Done { func, template }) => return Ok(called(*func, template.clone())),
            Some(Instance::Failed { .. }) => return Err(Fail::Reported),
            Some(Instance::Running { func, assumed: Some(t), used }) => {
                *used = true;
                let (func, t) = (*func, t.clone());
                return Ok(called(func, t));
            }
            Some(Instance::Running { assumed: None, used, .. }) => {
                *used = true;
                return Err(Fail::Never);
            }
            None => {}
        }
        if self.stack.len() >= NESTING {
            if self.mode != Mode::Constant {
                return Err(Fail::Abort);
            }
            let name = self.callable_name(callee);
            return self.fail(
                Diagnostic::error("E0103", span, format!("`{name}` calls itself without end while it is compiled"))
                    .note(format!("{NESTING} calls deep, each for other shapes or known numbers than the one before"))
                    .help("a recursion must reach a case that does not call itself"),
            );
        }
        if let Some(problem) = self.moving_captures(callee) {
            let func = FuncId(self.funcs.len() as u32);
            self.instances.insert(k, Instance::Failed { func });
            return self.fail(problem);
        }
        let func = FuncId(self.funcs.len() as u32);
        self.funcs.push(None);
        let template = self.elaborate(callee, &args, &named, &canon, (func, &k), identity, span)?;
        if blame.is_some() && self.blaming.get(&func) == Some(&false) {
            // It serves every place.
            self.instances.insert(plain, Instance::Done { func, template: template.clone() });
        }
        Ok(called(func, template))
    }

    /// Elaborates an instance until the types of its variables and its result are stable.
    #[allow(clippy::too_many_arguments)]
    fn elaborate(
        &mut self,
        callee: &Val,
        args: &[Val],
        named: &[(Name, Dim)],
        canon: &Canon,
        (func, k): (FuncId, &Vec<K>),
        identity: u64,
        span: Span,
    ) -> R<Template> {
        let mut ret = None;
        let (mut var_types, mut var_fixed) = Default::default();
        let mut assumed: Option<Template> = None;
        let step = self.step(callee, args, span);
        let marks = self.diags.len();
        // What has been made inside stays good unless it called the instance itself,
        // for which other types were assumed.
        let mut stale = true;
        for round in 0..64 {
            if round > 0 {
                self.diags.truncate(marks);
                if stale {
                    self.funcs.truncate(func.0 as usize + 1);
                    self.ruled.retain(|r| r.func < func);
                }
                self.instances.retain(|_, i| match i {
                    Instance::Running { func: f, .. } | Instance::Done { func: f, .. } => !stale || *f < func,
                    Instance::Failed { func: f } => *f < func,
                });
            }
            self.instances.insert(k.clone(), Instance::Running { func, assumed: assumed.clone(), used: false });
            let mut frame = self.frame_for(callee, span);
            frame.syms = canon.bases.iter().map(|(_, natural)| SymInfo { name: None, natural: *natural }).collect();
            for (name, d) in named {
                if let Some(s) = d.as_sym() {
                    frame.syms[s.0 as usize].name.get_or_insert_with(|| name.clone());
                }
            }
            frame.func = Some(func);
            frame.ret = ret.take();
            frame.var_types = std::mem::take(&mut var_types);
            frame.var_fixed = std::mem::take(&mut var_fixed);
            // Leaves of the caller become parameters.
            let relate = |d: &Dim| self.relate(canon, d);
            let mut parameters = |v: &Val| -> Val {
                v.map(
                    &mut |leaf| match leaf {
                        Val::Leaf(l) => {
                            let info = &self.f.locals[l.0 as usize];
                            let ty = Ty::array(info.ty.dtype, info.ty.dims.iter().map(relate).collect::<Vec<_>>());
                            let weak = self.f.weak.contains(l);
                            let param = frame.local(LeafTy { ty, weak }, false, info.name.clone());
                            frame.params.push(param);
                            Val::Leaf(param)
                        }
                        other => other.clone(),
                    },
                    &mut |d| relate(d),
                )
            };
            let inner = parameters(callee);
            let inner_args: Vec<Val> = args.iter().map(&mut parameters).collect();
            let outer = std::mem::replace(&mut self.f, frame);
            self.stack.push(identity);
            self.calls.push(step.clone());
            let outcome = self.instance_body(&inner, &inner_args, named, span);
            self.stack.pop();
            self.calls.pop();
            let frame = std::mem::replace(&mut self.f, outer);
            let outcome = match outcome {
                Ok(()) | Err(Fail::Never | Fail::Reported) if frame.again && !self.ended => Err(Fail::Restart),
                other => other,
            };
            let (running, used) = match self.instances.get(k) {
                Some(Instance::Running { assumed, used, .. }) => (assumed.clone(), *used),
                _ => (None, false),
            };
            match outcome {
                Ok(()) | Err(Fail::Never) => {
                    let Some(found) = frame.ret.clone() else {
                        self.instances.remove(k);
                        if self.stack.is_empty() || used {
                            let name = self.callable_name(callee);
                            return self.fail(
                                Diagnostic::error(
                                    "E0103",
                                    frame.span,
                                    format!("`{name}` never ends: every path of the recursion calls it again"),
                                )
                                .help("add a case that gives a result without a call"),
                            );
                        }
                        return Err(Fail::Never);
                    };
                    let stable = !used || running.as_ref().is_some_and(|t| t.key() == found.key());
                    if stable {
                        let results = found.types.iter().map(|t| t.ty.clone()).collect();
                        let params = frame.params.iter().map(|&p| frame.leaf_ty(p)).collect();
                        let (syms, blame) = (frame.syms.clone(), frame.blame);
                        let made = Self::finish(frame, results);
                        let blaming = blame.is_some() && self.can_fail(&made);
                        self.blaming.insert(func, blaming);
                        self.note_rules((func, params), (&inner, &inner_args), &found, syms, blame);
                        self.funcs[func.0 as usize] = Some(made);
                        self.instances.insert(k.clone(), Instance::Done { func, template: found.clone() });
                        return Ok(found);
                    }
                    stale = true;
                    assumed = Some(found.clone());
                    ret = Some(found);
                    (var_types, var_fixed) = (frame.var_types, frame.var_fixed);
                }
                Err(Fail::Restart) => {
                    stale = used;
                    ret = frame.ret;
                    if assumed.is_some() {
                        assumed = ret.clone();
                    }
                    (var_types, var_fixed) = (frame.var_types, frame.var_fixed);
                }
                Err(fail) => {
                    if fail == Fail::Reported {
                        self.instances.insert(k.clone(), Instance::Failed { func });
                    } else {
                        self.instances.remove(k);
                    }
                    return Err(fail);
                }
            }
        }
        let name = self.callable_name(callee);
        self.error("E0103", span, format!("the types of `{name}` do not settle"))
    }

    /// A dimension of the caller as one of the callee; `canon` knows all that occur.
    fn relate(&self, canon: &Canon, d: &Dim) -> Dim {
        let mut copy = Canon { constant: canon.constant, related: canon.related, bases: canon.bases.clone() };
        copy.dim(d, true)
    }

    /// A call, as a problem in the function shows it; none for one of the library,
    /// in which what fails is blamed on its caller.
    fn step(&self, callee: &Val, args: &[Val], span: Span) -> Option<Step> {
        if self.blame_of(callee, span).is_some() {
            return None;
        }
        let given: Vec<String> = args.iter().map(|arg| self.show(arg)).collect();
        // Types that grow from call to call are told for the calls where they are short.
        let given = Some(given.join(", ")).filter(|given| given.len() <= 60).unwrap_or_default();
        let span = Some(self.f.blame.unwrap_or(span));
        Some(Step { function: self.callable_name(callee), how: How::Call, span, given, times: 1 })
    }

    /// The frame of an instance.
    pub fn frame_for(&self, callee: &Val, span: Span) -> Frame {
        let name = self.callable_name(callee);
        let mut frame = match callee {
            Val::Fn(f) => match &f.code {
                Code::Fn(group, i) => Frame::new(name, group.fns[*i].span, group.home),
                Code::Lambda(lambda, home) => Frame::new(name, lambda.body.span, *home),
            },
            _ => Frame::new(name, span, crate::check::state::world::STD),
        };
        frame.blame = self.blame_of(callee, span);
        frame
    }
}
