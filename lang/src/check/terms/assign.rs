//! Assignments, and what variables hold.

use crate::ast::*;
use crate::check::arrays::arith::spelling;
use crate::check::arrays::conform::Kind;
use crate::check::arrays::index::Picked;
use crate::check::state::elab::{Binding, Elab, Fail, R, What};
use crate::check::state::value::{LeafTy, Template, Val};
use crate::diagnostic::Diagnostic;
use crate::ops::Op;
use crate::source::Span;
use crate::typed::StmtKind as T;
use crate::types::{DType, Ty};

impl Elab<'_> {
    /// What a `var` cannot hold, if there is such a part.
    pub fn not_storable(&self, v: &Val) -> Option<String> {
        match v {
            Val::Tuple(parts) => parts.iter().find_map(|(_, p)| self.not_storable(p)),
            Val::None | Val::Error | Val::Range(_) => None,
            other => {
                if self.kind(other).is_some() {
                    None
                } else {
                    Some(self.show(other))
                }
            }
        }
    }

    /// The type of a variable that holds the value: numbers become leaves.
    pub fn storable(&self, v: &Val) -> Template {
        match v {
            Val::Tuple(parts) => Template::tuple(parts.iter().map(|(n, p)| (n.clone(), self.storable(p))).collect()),
            other => match self.kind(other) {
                Some(k) => Template::leaf(LeafTy { ty: Ty::array(k.dtype, self.dims(other)), weak: k.weak }),
                None => self.template(other),
            },
        }
    }

    /// `place op value`.
    pub fn assign(&mut self, place: &Expr, op: Option<BinaryOp>, value: &Expr, span: Span) -> R<()> {
        // Old value first for `x += …`; in place for parts.
        let v = self.expr(value)?;
        match (&place.kind, op) {
            (ExprKind::Tuple(places), None) => {
                let v = self.snapshot(&v, value.span);
                let Val::Tuple(parts) = &v else {
                    let what = self.show(&v);
                    return self.error(
                        "E0206",
                        value.span,
                        format!("{} values are needed here, and this is {what}", places.len()),
                    );
                };
                if parts.len() != places.len() {
                    return self.error(
                        "E0206",
                        value.span,
                        format!("{} values are needed here, and these are {}", places.len(), parts.len()),
                    );
                }
                for (p, (_, v)) in places.iter().zip(parts.iter()) {
                    self.assign_to(p, None, v, value.span, span)?;
                }
                Ok(())
            }
            (ExprKind::Tuple(_), Some(op)) => {
                self.error("E0108", span, format!("several places cannot be assigned with `{}=`", spelling(op)))
            }
            _ => self.assign_to(place, op, &v, value.span, span),
        }
    }

    pub fn assign_to(&mut self, place: &Expr, op: Option<BinaryOp>, v: &Val, v_span: Span, span: Span) -> R<()> {
        match &place.kind {
            ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Part(..) => {
                let (old, decl) = self.place(place)?;
                let new = match op {
                    Some(op) => self.binary(op, &old, v, false, (span, place.span, v_span))?,
                    None => v.clone(),
                };
                self.store(&old, decl, &new, place, v_span)
            }
            ExprKind::Index { base, indices } => {
                // `a[i][j] = …` is `a[i, j] = …`.
                if let ExprKind::Index { .. } = base.kind {
                    return self.fail(
                        Diagnostic::error("E0108", place.span, "one pair of brackets names the part that is assigned")
                            .help("write `a[i, j] = …`"),
                    );
                }
                let (old, decl) = self.place(base)?;
                let Val::Leaf(var) = old else {
                    let what = self.show(&old);
                    return self.error("E0108", base.span, format!("only arrays have entries, and this is {what}"));
                };
                let picked = self.selectors(&old, indices, place.span)?;
                self.assign_part(var, decl, picked, op, v, (span, place.span, v_span), base)
            }
            _ => self.error("E0108", place.span, "this cannot be assigned"),
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub fn assign_part(
        &mut self,
        var: crate::typed::Local,
        decl: Span,
        picked: Vec<Picked>,
        op: Option<BinaryOp>,
        v: &Val,
        (span, place_span, v_span): crate::check::arrays::arith::Spans,
        base: &Expr,
    ) -> R<()> {
        let ty = self.ty(var).clone();
        let v_kind = match self.kind(v) {
            Some(k) => k,
            None => {
                let what = self.show(v);
                return self.error("E0204", v_span, format!("an entry of an array is a number, and this is {what}"));
            }
        };
        let own = Kind::from(&self.leaf_ty(var));
        let found = match op {
            None => v_kind,
            Some(BinaryOp::Div) => own.join(v_kind).float(),
            Some(_) => own.join(v_kind),
        };
        self.widen(decl, &Val::Leaf(var), &[(own, found)], (v_span, base.span))?;
        let plan = self.plan(&ty, picked)?;
        if plan.extra_axes {
            return self.error("E0108", place_span, "`none` inserts an axis: it cannot be assigned to");
        }
        let mut selectors = Vec::new();
        for c in &plan.checks {
            self.push(T::Bounds { index: c.0, len: c.1.clone(), what: c.2 }, span);
        }
        selectors.extend(plan.operands.iter().copied());
        // The new value, in the shape of the part.
        let part_dims = plan.dims.clone();
        let shape = self.dims(v);
        let fits = self.broadcast_shape(
            crate::prims::Prim::Select,
            &[Val::Leaf(var), v.clone()],
            &[part_dims.clone(), shape],
            span,
            &[place_span, v_span],
        )?;
        if fits != part_dims {
            let what = self.show(v);
            let part = self.show_ty(&Ty::array(ty.dtype, part_dims));
            return self.fail(
                Diagnostic::error("E0202", v_span, format!("this is {what}, and the part that is assigned is {part}"))
                    .label(place_span, "assigned here"),
            );
        }
        let new = self.operand_as(v, ty.dtype, v_span)?;
        let new = self.broadcast_to(new, &part_dims, span)?;
        let (op_code, new) = match op {
            None => (Op::Update(plan.sels.clone()), new),
            Some(BinaryOp::Add) => (Op::Acc(plan.sels.clone()), new),
            Some(BinaryOp::Sub) => {
                (Op::Acc(plan.sels.clone()), self.emit(Op::Prim(crate::prims::Prim::Neg), &[new], span)?)
            }
            Some(op) => {
                let mut args = vec![var];
                args.extend(&selectors);
                let old = self.emit(Op::Index(plan.sels.clone()), &args, span)?;
                let r = self.binary(op, &Val::Leaf(old), &Val::Leaf(new), false, (span, place_span, v_span))?;
                (Op::Update(plan.sels.clone()), self.operand_as(&r, ty.dtype, span)?)
            }
        };
        let mut args = vec![var, new];
        args.extend(selectors);
        let whole = self.emit(op_code, &args, span)?;
        self.push(T::Set(var, whole), span);
        Ok(())
    }

    /// The leaves of a place that is assigned, and where the variable is declared.
    pub fn place(&mut self, e: &Expr) -> R<(Val, Span)> {
        match &e.kind {
            ExprKind::Name(n) => {
                let found = self
                    .f
                    .scopes
                    .iter()
                    .rev()
                    .flat_map(|s| s.iter().rev())
                    .find(|(m, _)| m == n)
                    .map(|(_, b)| b.clone());
                match found {
                    Some(Binding::Bound { val: Val::Error, .. }) => Err(Fail::Reported),
                    Some(Binding::Bound { what: What::Var, span, .. })
                        if self.f.var_lanes.get(&span).is_some_and(|&l| l < self.lanes_around()) =>
                    {
                        self.fail(
                            Diagnostic::error(
                                "E0108",
                                e.span,
                                format!("`{n}` belongs to the outside of this comprehension"),
                            )
                            .label(span, "declared here")
                            .note("the elements of a comprehension are computed independently")
                            .help("write a `for` loop"),
                        )
                    }
                    Some(Binding::Bound { val, what: What::Var, span }) => Ok((val, span)),
                    Some(Binding::Bound { what, span, .. }) => {
                        let problem = crate::check::advice::messages::not_assignable(n, e.span, what, span);
                        self.fail(problem)
                    }
                    Some(Binding::Fun(g, i)) => {
                        let at = g.group.fns[i].name.span;
                        self.fail(
                            Diagnostic::error("E0108", e.span, format!("`{n}` is a function and cannot be assigned"))
                                .label(at, "defined here"),
                        )
                    }
                    None if self.lanes_around() > 0 && self.f.func.is_none() => self.fail(
                        Diagnostic::error(
                            "E0108",
                            e.span,
                            format!("`{n}` belongs to the outside of this comprehension"),
                        )
                        .note("the elements of a comprehension are computed independently")
                        .help("write a `for` loop"),
                    ),
                    None if self.f.captures.iter().any(|(m, _)| m == n) || self.world.top.contains_key(n) => self.fail(
                        Diagnostic::error(
                            "E0108",
                            e.span,
                            format!("`{n}` was captured as it was: it cannot be assigned here"),
                        )
                        .note("a function or lambda captures values, not variables")
                        .help("return the new value instead"),
                    ),
                    None => {
                        let problem = self.unknown_name(n, e.span);
                        self.fail(problem)
                    }
                }
            }
            ExprKind::Field(base, name) => {
                let (v, at) = self.place(base)?;
                Ok((self.field(&v, name, e.span)?, at))
            }
            ExprKind::Part(base, k, at) => {
                let (v, decl) = self.place(base)?;
                match &v {
                    Val::Tuple(parts) if *k < parts.len() => Ok((parts[*k].1.clone(), decl)),
                    other => {
                        let what = self.show(other);
                        self.error("E0206", *at, format!("{what} has no part {k}"))
                    }
                }
            }
            _ => self.error("E0108", e.span, "this cannot be assigned"),
        }
    }

    /// Assigns all leaves of a place.
    pub fn store(&mut self, old: &Val, decl: Span, new: &Val, place: &Expr, span: Span) -> R<()> {
        if let Some(bad) = self.not_storable(new) {
            return self.error("E0207", span, format!("a `var` cannot hold {bad}"));
        }
        let target = self.template(old);
        let found = self.template(new);
        let Some(joined) = self.join(&target, &found)? else {
            if let ExprKind::Name(name) = &place.kind
                && self.f.unrolled > 0
                && self.f.var_depth.get(&decl) == Some(&self.f.depth)
            {
                return self.rebind(name, decl, new, span);
            }
            let (a, b) = (self.show(old), self.show(new));
            let problem = Diagnostic::error("E0209", span, "a variable keeps its shape")
                .here(format!("this is {b}"))
                .label(decl, format!("and the variable is {a}"));
            let problem = self.name_sizes(problem);
            return self.fail(problem);
        };
        let mut kinds = Vec::new();
        for ((own, found), joined) in target.types.iter().zip(self.kinds(new, &target)).zip(&joined.types) {
            kinds.push((Kind::from(own), found.unwrap_or_else(|| joined.into())));
        }
        self.widen(decl, old, &kinds, (span, place.span))?;
        let value = self.conform(new, &target, span)?;
        let value = if value.leaves().len() > 1 { self.snapshot(&value, span) } else { value };
        for (var, l) in old.leaves().into_iter().zip(value.leaves()) {
            if var != l {
                self.push(T::Set(var, l), span);
            }
        }
        Ok(())
    }

    /// In an unrolled loop a variable may take another shape, as the layers of a network do: it is another variable
    /// from there on.
    pub fn rebind(&mut self, name: &Name, decl: Span, new: &Val, span: Span) -> R<()> {
        let target = self.storable(new);
        let value = self.variables(new, &target, Some(name), span)?;
        for (_, b) in self.f.scopes.iter_mut().flatten().rev() {
            if let Binding::Bound { val, span, what: What::Var } = b
                && *span == decl
            {
                *val = value;
                break;
            }
        }
        Ok(())
    }

    /// The kinds of the numbers of a value in the order of the leaves of a type that it fits.
    fn kinds(&self, val: &Val, target: &Template) -> Vec<Option<Kind>> {
        fn walk(e: &Elab<'_>, val: Option<&Val>, like: &Val, out: &mut Vec<Option<Kind>>) {
            let Val::Tuple(parts) = like else {
                if matches!(like, Val::Leaf(_)) {
                    out.push(val.and_then(|v| e.kind(v)));
                }
                return;
            };
            for (k, (name, part)) in parts.iter().enumerate() {
                let own = match val {
                    Some(Val::Tuple(given)) if name.is_some() => given.iter().find(|(n, _)| n == name),
                    Some(Val::Tuple(given)) => given.get(k),
                    _ => None,
                };
                walk(e, own.map(|(_, v)| v), part, out);
            }
        }
        let mut out = Vec::new();
        walk(self, Some(val), &target.val, &mut out);
        out
    }

    /// The leaves of a place are assigned something of other kinds. A variable takes the type of what it holds: whole
    /// numbers become floats, and floats without a precision of their own take that of the first that has one. If the
    /// type grows, that is noted, and the function is elaborated again when the end of it is reached.
    fn widen(&mut self, decl: Span, old: &Val, kinds: &[(Kind, Kind)], (span, place): (Span, Span)) -> R<()> {
        let whole = self.f.scopes.iter().flatten().find_map(|(_, b)| match b {
            Binding::Bound { val, span, what: What::Var } if *span == decl => Some(val.leaves()),
            Binding::Bound { .. } | Binding::Fun(..) => None,
        });
        let (Some(mut types), Some(whole)) = (self.f.var_types.get(&decl).map(|t| t.types.clone()), whole) else {
            return self.error("E0999", place, "a variable has no type here");
        };
        for (l, (own, found)) in old.leaves().iter().zip(kinds) {
            let Some(at) = whole.iter().position(|x| x == l).filter(|&at| at < types.len()) else { continue };
            let have = Kind::from(&types[at]);
            let firm = |k: Kind| k.dtype.is_float() && !k.weak;
            let fixed = self.f.var_fixed.get(&(decl, at)).copied();
            let narrow = have.dtype == DType::F32;
            if firm(have) && firm(*found) && have.dtype != found.dtype && (narrow || fixed.is_some()) {
                let (a, b) = (have.dtype.name(), found.dtype.name());
                let problem = Diagnostic::error("E0209", span, format!("a variable of {a} is given {b}"))
                    .here(format!("this is {b}"));
                let problem = match fixed {
                    Some(first) => problem.label(first, format!("it took {a} from this")),
                    None => problem.label(decl, format!("this is {a}")),
                };
                let help = format!("`{a}(…)` converts; a variable that begins with `{b}(…)` is {b} throughout");
                return self.fail(problem.help(help));
            }
            let joined = have.join(*found);
            if joined != have {
                types[at].ty.dtype = joined.dtype;
                types[at].weak = joined.weak;
                if firm(joined) && !firm(have) {
                    self.f.var_fixed.insert((decl, at), span);
                }
                self.f.again = true;
            } else if own.join(*found) != *own && !self.f.again {
                let (a, b) = (own.dtype.name(), found.dtype.name());
                return self.error("E0209", place, format!("this is {a} and cannot hold {b}"));
            }
        }
        if let Some(template) = self.f.var_types.get_mut(&decl) {
            template.types = types;
        }
        Ok(())
    }
}
