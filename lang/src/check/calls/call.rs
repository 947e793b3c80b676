//! Calls: arguments are matched with parameters and fitted to annotations, then an instance is called.

use crate::ast::*;
use crate::check::advice::messages;
use crate::check::state::elab::{Elab, Fail, Mode, Named, R};
use crate::check::state::free;
use crate::check::state::given::{Args, Given};
use crate::check::state::value::{Code, FnVal, Val};
use crate::diagnostic::Diagnostic;
use crate::library;
use crate::source::Span;
use crate::types::{DType, Dim};

impl Elab<'_> {
    pub fn call_expr(&mut self, callee: &Expr, args: &[Arg], span: Span) -> R<Val> {
        let f = match &callee.kind {
            ExprKind::Field(base, name) => {
                let v = self.expr(base)?;
                if let Some(problem) = self.method(&v, base.span, name, Some((args, span))) {
                    return self.fail(problem);
                }
                self.field(&v, name, callee.span)?
            }
            ExprKind::Name(name) if self.mode != Mode::Definition => match self.find_name(name, callee.span)? {
                Some(_) => self.expr(callee)?,
                None => {
                    let called = Ident { name: name.clone(), span: callee.span };
                    let problem = crate::check::advice::elsewhere::called(&called, args, span);
                    let problem = problem.unwrap_or_else(|| self.unknown_name(name, callee.span));
                    return self.fail(problem);
                }
            },
            _ => self.expr(callee)?,
        };
        if let Val::Builtin(i) = f {
            if library::ROWS[i].operator {
                return self.operator_call(i, args, span);
            }
            if let [first, rest @ ..] = args
                && first.reduction
                && let ExprKind::ArrayFor(c) = &first.value.kind
                && let Some(v) = self.reduction(library::ROWS[i].name, c, rest, span)?
            {
                return Ok(v);
            }
        }
        if let (Val::Builtin(i), Some(first)) = (&f, args.first())
            && let name @ ("concat" | "stack") = library::ROWS[*i].name
            && let ExprKind::Array(parts) = &first.value.kind
            && !args[1..].iter().any(|a| a.name.is_none())
            && !parts.is_empty()
        {
            return self.fail(library::listed(name, first.value.span));
        }
        if let (Val::Fn(fun), [first]) = (&f, args)
            && first.reduction
            && let Code::Fn(group, i) = &fun.code
            && crate::check::state::world::is_prelude(group.home)
            && let ExprKind::ArrayFor(c) = &first.value.kind
        {
            let name = group.fns[*i].name.name.clone();
            if let Some(v) = self.reduction(&name, c, &[], span)? {
                return Ok(v);
            }
        }
        if let (Val::Builtin(i), Some(first)) = (&f, args.first())
            && library::ROWS[*i].name == "assert"
        {
            self.compared = None;
            self.watched = matches!(first.value.kind, ExprKind::Compare(..)).then_some(first.value.span);
        }
        // Whole literals at differentiated places are floats.
        let places = match &f {
            Val::Op(op) => op.differentiated(),
            _ => None,
        };
        let names = self.params_of(&f);
        let mut given = Vec::new();
        for (k, a) in args.iter().enumerate() {
            let place = match &a.name {
                Some(n) => names.as_ref().and_then(|ns| ns.iter().position(|m| *m == n.name)),
                None => Some(k),
            };
            let float =
                place.is_some_and(|p| places.as_ref().is_some_and(|ps| ps.contains(&p)) && !self.takes_whole(&f, p));
            let literal = if float { Self::float_literals(&a.value) } else { None };
            let val = self.expr(literal.as_ref().unwrap_or(&a.value))?;
            let val = if args[k + 1..].iter().any(|a| crate::check::state::free::may_assign(&a.value)) {
                self.snapshot(&val, a.value.span)
            } else {
                val
            };
            given.push(Given { name: a.name.clone(), val, span: a.value.span });
        }
        self.call(&f, given, span, callee.span)
    }

    /// Applies a callable to plain values.
    pub fn apply(&mut self, f: &Val, args: Vec<Val>, span: Span) -> R<Val> {
        let given = args.into_iter().map(|val| Given { name: None, val, span }).collect();
        self.call(f, given, span, span)
    }

    pub fn call(&mut self, f: &Val, given: Vec<Given>, span: Span, callee_span: Span) -> R<Val> {
        match f {
            Val::Fn(fun) => {
                let (vals, named) = self.match_args(fun, given, span)?;
                let called = self.instance(f, &vals, &named, span)?;
                Ok(self.call_instance(&called, span))
            }
            Val::Builtin(i) => {
                let row = &library::ROWS[*i];
                if row.operator {
                    return self.operator(*i, given, None, span);
                }
                let args = self.match_row(row.name, row.signature, given, span)?;
                (row.run)(self, &args, span)
            }
            Val::Prim(p) => {
                let params = p.row().params;
                if given.len() != params.len() {
                    let title = arity_title(p.name(), params.len(), params.len(), given.len());
                    let at = given.get(params.len()).map_or(span, |g| g.span);
                    let problem = Diagnostic::error("E0102", at, title);
                    return self.fail(match p.name() {
                        "log" => problem.help("to another base it is `log(x) / log(10)`"),
                        _ => problem,
                    });
                }
                let vals: Vec<Val> = given.iter().map(|g| g.val.clone()).collect();
                let spans: Vec<Span> = given.iter().map(|g| g.span).collect();
                self.pointwise_at(*p, &vals, span, &spans)
            }
            Val::DType(d) => {
                let [g] = given.as_slice() else {
                    return self.error("E0102", span, arity_title(d.name(), 1, 1, given.len()));
                };
                self.convert(&g.val, *d, g.span)
            }
            Val::Op(op) => {
                let op = op.clone();
                self.apply_operator(&op, given, span)
            }
            Val::Error => Err(Fail::Reported),
            Val::Module(_) if self.as_function(f.clone()).is_callable() => {
                let f = self.as_function(f.clone());
                self.call(&f, given, span, callee_span)
            }
            other => {
                let problem = self.no_function(other, &given, callee_span, span);
                self.fail(problem)
            }
        }
    }

    /// `std` is both the library and the standard deviation.
    pub fn as_function(&self, v: Val) -> Val {
        match v {
            Val::Module(crate::check::state::world::STD) => self.world.library_fn("std").unwrap_or(v),
            other => other,
        }
    }

    /// `f64(x)`.
    pub fn convert(&mut self, v: &Val, to: DType, span: Span) -> R<Val> {
        match (v, to) {
            (Val::Int(_) | Val::Size(_), DType::I64) => {
                let d = self.size(v, span)?;
                return Ok(Val::Size(d));
            }
            (Val::Tuple(parts), _) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.convert(p, to, span)?));
                }
                return Ok(Val::Tuple(out.into()));
            }
            _ => {}
        }
        self.firm_operand(v, to, span).map(Val::Leaf)
    }

    /// Whether a parameter is declared to be no float.
    pub fn takes_whole(&self, f: &Val, place: usize) -> bool {
        let params = match f {
            Val::Fn(fun) => match &fun.code {
                Code::Fn(group, i) => &group.fns[*i].params,
                Code::Lambda(l, _) => &l.params,
            },
            Val::Op(op) => return op.parts.first().is_some_and(|f| self.takes_whole(f, place)),
            _ => return false,
        };
        let ty = params.get(place).and_then(|p| p.ty.as_ref());
        ty.is_some_and(
            |t| matches!(&t.kind, TypeExprKind::Array { dtype, .. } if &*dtype.name == "i64" || &*dtype.name == "bool"),
        )
    }

    /// The names of the parameters of a callable.
    pub fn params_of(&self, f: &Val) -> Option<Vec<Name>> {
        let pattern = |p: &Param| match &p.pattern.kind {
            PatternKind::Name(n) => n.clone(),
            _ => Name::from(""),
        };
        match f {
            Val::Fn(fun) => Some(match &fun.code {
                Code::Fn(group, i) => group.fns[*i].params.iter().map(pattern).collect(),
                Code::Lambda(l, _) => l.params.iter().map(pattern).collect(),
            }),
            Val::Builtin(i) => {
                Some(library::params(library::ROWS[*i].signature).into_iter().map(|p| Name::from(p.name)).collect())
            }
            Val::Prim(p) => Some(p.row().params.iter().map(|n| Name::from(*n)).collect()),
            Val::Op(op) => op.parts.first().and_then(|f| self.params_of(f)),
            _ => None,
        }
    }

    /// Matches arguments with parameters and fits them to the annotations; also gives the dimension names.
    pub fn match_args(&mut self, fun: &FnVal, given: Vec<Given>, span: Span) -> R<(Vec<Val>, Named<Dim>)> {
        let (params, def, name): (Vec<Param>, Option<Span>, Name) = match &fun.code {
            Code::Fn(group, i) => {
                let f = &group.fns[*i];
                let own = !crate::check::state::world::is_prelude(group.home);
                (f.params.clone(), own.then_some(f.name.span), f.name.name.clone())
            }
            Code::Lambda(l, _) => (l.params.clone(), None, "this function".into()),
        };
        let mut slots: Vec<Option<(Val, Span)>> = vec![None; params.len()];
        let mut next = 0;
        let total = given.len();
        for g in given {
            let at = match &g.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(n) => {
                    let found =
                        params.iter().position(|p| matches!(&p.pattern.kind, PatternKind::Name(m) if *m == n.name));
                    let Some(at) = found else {
                        let names: Vec<Name> =
                            params
                                .iter()
                                .filter_map(|p| {
                                    if let PatternKind::Name(m) = &p.pattern.kind { Some(m.clone()) } else { None }
                                })
                                .collect();
                        let problem = messages::no_parameter(&name, n, names.iter().map(|n| &**n));
                        return self.fail(problem);
                    };
                    at
                }
            };
            match slots.get_mut(at) {
                // Left out by who called with these arguments first.
                Some(None) if matches!(g.val, Val::Absent) => {}
                Some(slot @ None) => *slot = Some((g.val, g.span)),
                Some(Some(_)) => {
                    return self.error("E0102", g.span, format!("this parameter of `{name}` is given twice"));
                }
                None => {
                    let least = params.iter().filter(|p| p.default.is_none()).count();
                    let mut problem =
                        Diagnostic::error("E0102", g.span, quoted_arity(&name, least, params.len(), total));
                    if let Some(def) = def {
                        problem = problem.label(def, "defined here");
                    }
                    return self.fail(problem);
                }
            }
        }
        let mut names: Vec<(Name, Dim)> = Vec::new();
        for (p, slot) in params.iter().zip(&slots) {
            if slot.is_none() && p.default.is_none() {
                let least = params.iter().filter(|p| p.default.is_none()).count();
                let mut problem = Diagnostic::error("E0102", span, quoted_arity(&name, least, params.len(), total));
                problem = match &p.pattern.kind {
                    PatternKind::Name(n) => problem.label(p.span, format!("`{n}` is missing")),
                    _ => problem.label(p.span, "this one is missing"),
                };
                return self.fail(problem);
            }
            if let (Some(ty), Some((v, _))) = (&p.ty, slot) {
                self.meet_names(ty, v, &mut names);
            }
        }
        for (p, slot) in params.iter().zip(&slots) {
            if let (Some(ty), Some((v, _))) = (&p.ty, slot) {
                self.solve_names(ty, v, &mut names);
            }
        }
        // Origins of the names, for messages.
        let mut vals = Vec::new();
        for (p, slot) in params.iter().zip(slots) {
            let Some((v, at)) = slot else {
                vals.push(Val::Absent);
                continue;
            };
            let v = match &p.ty {
                Some(ty) => {
                    let what = match &p.pattern.kind {
                        PatternKind::Name(n) if &*name == "this function" => {
                            format!("argument `{n}`")
                        }
                        PatternKind::Name(n) => format!("`{name}`: argument `{n}`"),
                        _ => "this argument".to_string(),
                    };
                    let first = self.diags.len();
                    let fitted = self.fit(ty, v, at, &mut names, &what);
                    if matches!(fitted, Err(Fail::Reported)) {
                        self.add_origins(first, &params, p);
                    }
                    fitted?
                }
                None => v,
            };
            vals.push(v);
        }
        Ok((vals, names))
    }

    /// Tells where the other dimension names of the signature come from.
    pub fn add_origins(&mut self, first: usize, params: &[Param], at: &Param) {
        let mut used = Vec::new();
        if let Some(ty) = &at.ty {
            free::dim_names(ty, &mut used);
        }
        let mut labels = Vec::new();
        for p in params {
            if let (Some(ty), false) = (&p.ty, std::ptr::eq(p, at)) {
                let mut here = Vec::new();
                free::dim_names(ty, &mut here);
                if let Some(n) = here.iter().find(|n| used.contains(n)) {
                    labels.push((p.span, format!("`{n}` comes from here")));
                }
            }
        }
        if let (Some(d), Some((span, text))) = (self.diags.get_mut(first), labels.into_iter().next()) {
            d.labels.push(crate::diagnostic::Label { span, text });
        }
    }

    pub fn text_of(&self, span: Span) -> String {
        self.world.sources.get(span.source.0 as usize).map_or(String::new(), |s| s.slice(span).to_string())
    }

    /// Matches arguments with the parameters of a library function.
    pub fn match_row(&mut self, name: &str, signature: &'static str, given: Vec<Given>, span: Span) -> R<Args> {
        let params = library::params(signature);
        let variadic = params.iter().position(|p| p.rest);
        let mut args = Args { vals: vec![None; params.len()], rest: Vec::new() };
        let mut next = 0;
        let total = given.len();
        for g in given {
            match &g.name {
                Some(n) => match params.iter().position(|p| p.name == &*n.name && !p.rest) {
                    Some(at) => args.vals[at] = Some((g.val, g.span)),
                    None => {
                        let problem = messages::no_parameter(name, n, params.iter().map(|p| p.name))
                            .note(format!("it is `{signature}`"));
                        return self.fail(problem);
                    }
                },
                None if variadic == Some(next) => args.rest.push((g.val, g.span)),
                None => {
                    // Options after the positional parameters are given by name.
                    if next >= params.len() {
                        let least = params.iter().filter(|p| !p.optional).count();
                        let problem = Diagnostic::error("E0102", g.span, arity_title(name, least, params.len(), total))
                            .note(format!("it is `{signature}`"));
                        return self.fail(problem);
                    }
                    args.vals[next] = Some((g.val, g.span));
                    next += 1;
                }
            }
        }
        for (p, v) in params.iter().zip(&args.vals) {
            if v.is_none() && !p.optional && !p.rest {
                let least = params.iter().filter(|p| !p.optional).count();
                let problem = Diagnostic::error("E0102", span, arity_title(name, least, params.len(), total))
                    .note(format!("it is `{signature}`"));
                return self.fail(problem);
            }
        }
        Ok(args)
    }
}

/// `norm` takes 1 argument, but 2 are given.
pub(crate) fn arity_title(name: &str, least: usize, most: usize, given: usize) -> String {
    quoted_arity(name, least, most, given)
}

fn quoted_arity(name: &str, least: usize, most: usize, given: usize) -> String {
    let takes = if least == most { format!("{most}") } else { format!("{least} to {most}") };
    let plural = if most == 1 { "argument" } else { "arguments" };
    let verb = if given == 1 { "is" } else { "are" };
    let name = if name.contains(' ') { name.to_string() } else { format!("`{name}`") };
    format!("{name} takes {takes} {plural}, but {given} {verb} given")
}
