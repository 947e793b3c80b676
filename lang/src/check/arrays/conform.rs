//! Types of structured values: what two of them have in common, and how a value is made to conform.

use crate::ast::{BinaryOp, Expr, ExprKind, Name, TypeExpr, TypeExprKind, UnaryOp};
use crate::check::state::elab::{Binding, Elab, R};
use crate::check::state::free;
use crate::check::state::value::Like;
use crate::check::state::value::shortened;
use crate::check::state::value::{LeafTy, Template, Val};
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::typed::{Local, StmtKind};
use crate::types::{DType, Dim, Ty};

/// Something that promotes: its element type, and whether it is a literal, or an `f64` made of literals and whole
/// numbers alone, which adapts to other floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    pub dtype: DType,
    pub weak: bool,
}

impl Kind {
    /// The order of promotion: `bool`, `i64`, weak floats, `f32`, `f64`.
    fn rank(self) -> u8 {
        match (self.dtype, self.weak) {
            (DType::Bool, _) => 0,
            (DType::I64, _) => 1,
            (DType::F64, true) => 2,
            (DType::F32, _) => 3,
            (DType::F64, false) => 4,
        }
    }

    pub fn join(self, other: Kind) -> Kind {
        let (low, high) = if self.rank() <= other.rank() { (self, other) } else { (other, self) };
        Kind { dtype: high.dtype, weak: high.weak && (low.weak || high.dtype == DType::F64) }
    }

    /// Whether something of this kind can hold `other` as it is.
    pub fn holds(self, other: Kind) -> bool {
        self.join(other).dtype == self.dtype
    }

    /// A float of this kind; `f64` of no precision of its own for whole numbers and truth values.
    pub fn float(self) -> Kind {
        if self.dtype.is_float() { self } else { Kind { dtype: DType::F64, weak: true } }
    }
}

impl From<&LeafTy> for Kind {
    fn from(ty: &LeafTy) -> Kind {
        Kind { dtype: ty.dtype, weak: ty.weak }
    }
}

impl Elab<'_> {
    /// Element type of something that is a number or array.
    pub fn kind(&self, val: &Val) -> Option<Kind> {
        let (dtype, weak) = match val {
            Val::Leaf(l) => (self.ty(*l).dtype, self.is_weak(*l)),
            Val::Int(_) => (DType::I64, true),
            Val::Float(_) => (DType::F64, true),
            Val::Bool(_) => (DType::Bool, false),
            Val::Size(_) | Val::Range(_) => (DType::I64, false),
            _ => return None,
        };
        Some(Kind { dtype, weak })
    }

    /// The shape of something that is a number or array.
    pub fn dims(&self, val: &Val) -> Vec<Dim> {
        match val {
            Val::Leaf(l) => self.ty(*l).dims.clone(),
            Val::Range(r) => self.range_len(r).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// A local that holds the value, which is a number or array.
    pub fn operand(&mut self, val: &Val, span: Span) -> R<Local> {
        match val {
            Val::Leaf(l) => Ok(*l),
            Val::Int(i) => self.constant(Const::I64(*i), span),
            Val::Float(x) => self.constant(Const::F64(*x), span),
            Val::Bool(b) => self.constant(Const::Bool(*b), span),
            Val::Size(d) => match d.as_const() {
                Some(c) => self.constant(Const::I64(c), span),
                None => self.emit(Op::Size(d.clone()), &[], span),
            },
            Val::Range(r) => self.range_array(&r.clone(), span),
            Val::Error => Err(crate::check::state::elab::Fail::Reported),
            other => {
                let what = self.show(other);
                self.error("E0204", span, format!("a number or an array is needed here, and this is {what}"))
            }
        }
    }

    /// A local that holds the value with this element type.
    pub fn operand_as(&mut self, val: &Val, dtype: DType, span: Span) -> R<Local> {
        match (val, dtype) {
            (Val::Int(i), DType::F64) => return self.constant(Const::F64(*i as f64), span),
            (Val::Int(i), DType::F32) => return self.constant(Const::F32(*i as f32), span),
            (Val::Float(x), DType::F32) => return self.constant(Const::F32(*x as f32), span),
            (Val::Size(d), DType::F64) if d.as_const().is_some() => {
                return self.constant(Const::F64(d.as_const().unwrap_or(0) as f64), span);
            }
            _ => {}
        }
        let local = self.operand(val, span)?;
        if self.ty(local).dtype == dtype { Ok(local) } else { self.emit(Op::Convert(dtype), &[local], span) }
    }

    /// As [`Elab::operand_as`], with a precision of its own if it is a float.
    pub fn firm_operand(&mut self, val: &Val, dtype: DType, span: Span) -> R<Local> {
        let before = self.f.locals.len() as u32;
        let local = self.operand_as(val, dtype, span)?;
        if !self.is_weak(local) {
            return Ok(local);
        }
        let own = if local.0 < before { self.emit(Op::Convert(dtype), &[local], span)? } else { local };
        self.f.weak.remove(&own);
        Ok(own)
    }

    /// A local that holds the value with this element type, weak only if the type is.
    pub fn operand_like(&mut self, val: &Val, like: Kind, span: Span) -> R<Local> {
        if like.weak { self.operand_as(val, like.dtype, span) } else { self.firm_operand(val, like.dtype, span) }
    }

    /// The type of a value.
    pub fn template(&self, val: &Val) -> Template {
        let mut types: Vec<LeafTy> = Vec::new();
        let val = val.map(
            &mut |v| match v {
                Val::Leaf(l) => {
                    types.push(self.leaf_ty(*l));
                    Val::Leaf(Local(types.len() as u32 - 1))
                }
                other => other.clone(),
            },
            &mut Dim::clone,
        );
        Template { val, types }
    }

    /// The type that holds values of both types; `None` if there is none.
    pub fn join(&mut self, a: &Template, b: &Template) -> R<Option<Template>> {
        self.join_parts((&a.val, &a.types), (&b.val, &b.types))
    }

    fn join_parts(&mut self, a: Like<'_>, b: Like<'_>) -> R<Option<Template>> {
        if let (Val::Tuple(p), Val::Tuple(q)) = (a.0, b.0) {
            if p.len() != q.len() {
                return Ok(None);
            }
            let mut parts = Vec::new();
            for (i, (name, part)) in p.iter().enumerate() {
                let other = match name {
                    Some(n) => q.iter().find(|(m, _)| m.as_ref() == Some(n)),
                    None => q.get(i).filter(|(m, _)| m.is_none()),
                };
                let Some((_, other)) = other else {
                    return Ok(None);
                };
                let Some(joined) = self.join_parts((part, a.1), (other, b.1))? else {
                    return Ok(None);
                };
                parts.push((name.clone(), joined));
            }
            return Ok(Some(Template::tuple(parts)));
        }
        let of = |(val, types): Like<'_>| Template { val: val.clone(), types: types.to_vec() }.compact();
        let number = |(val, types): Like<'_>| -> Option<(Kind, Vec<Dim>)> {
            let (dtype, weak) = match val {
                Val::Leaf(l) => {
                    let ty = &types[l.0 as usize];
                    return Some((Kind::from(ty), ty.dims.clone()));
                }
                Val::Int(_) => (DType::I64, true),
                Val::Float(_) => (DType::F64, true),
                Val::Bool(_) => (DType::Bool, false),
                Val::Size(_) => (DType::I64, false),
                _ => return None,
            };
            Some((Kind { dtype, weak }, Vec::new()))
        };
        if let (Some((ka, da)), Some((kb, db))) = (number(a), number(b)) {
            if !matches!(a.0, Val::Leaf(_)) && of(a).key() == of(b).key() {
                return Ok(Some(of(a)));
            }
            if !self.same_dims(&da, &db)? {
                return Ok(None);
            }
            let joined = ka.join(kb);
            return Ok(Some(Template::leaf(LeafTy { ty: Ty::array(joined.dtype, da), weak: joined.weak })));
        }
        let (a, b) = (of(a), of(b));
        Ok((a.key() == b.key()).then_some(a))
    }

    /// Whether values of type `b` fit into the type `a` as it is; into weak floats all floats do.
    pub fn absorbs(&mut self, a: &Template, b: &Template) -> R<bool> {
        let Some(mut joined) = self.join(a, b)? else { return Ok(false) };
        if joined.types.len() != a.types.len() {
            return Ok(false);
        }
        for (own, joined) in a.types.iter().zip(&mut joined.types) {
            if own.weak || own.dtype == joined.dtype {
                *joined = own.clone();
            }
        }
        Ok(joined.key() == a.key())
    }

    /// The value with exactly the leaves of the type, which it fits.
    pub fn conform(&mut self, val: &Val, target: &Template, span: Span) -> R<Val> {
        self.conform_part(val, (&target.val, &target.types), span)
    }

    fn conform_part(&mut self, val: &Val, (target, types): Like<'_>, span: Span) -> R<Val> {
        match (target, val) {
            (Val::Leaf(l), _) => {
                let ty = &types[l.0 as usize];
                let local = self.operand_as(val, ty.dtype, span)?;
                if self.ty(local).dims != ty.dims {
                    // Equal by arithmetic that the normal form does not see.
                    return Ok(Val::Leaf(self.emit(Op::Reshape(ty.dims.clone()), &[local], span)?));
                }
                Ok(Val::Leaf(local))
            }
            (Val::Tuple(parts), Val::Tuple(given)) => {
                let mut out = Vec::new();
                for (i, (name, part)) in parts.iter().enumerate() {
                    let source = match name {
                        Some(n) => given.iter().find(|(m, _)| m.as_ref() == Some(n)),
                        None => given.get(i),
                    };
                    let Some((_, source)) = source else {
                        return Err(crate::check::state::elab::Fail::Reported);
                    };
                    out.push((name.clone(), self.conform_part(source, (part, types), span)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            _ => Ok(val.clone()),
        }
    }

    /// As [`Elab::conform`], and floats get the precision of their own that the type has.
    pub fn conform_firmly(&mut self, val: &Val, target: &Template, span: Span) -> R<Val> {
        let value = self.conform(val, target, span)?;
        let mut firm = Vec::new();
        for (l, like) in value.leaves().into_iter().zip(&target.types) {
            firm.push(self.operand_like(&Val::Leaf(l), like.into(), span)?);
        }
        let mut next = firm.into_iter();
        let mut leaf = |v: &Val| match v {
            Val::Leaf(_) => next.next().map_or(Val::Error, Val::Leaf),
            other => other.clone(),
        };
        Ok(value.map(&mut leaf, &mut Dim::clone))
    }

    pub fn show_template(&self, t: &Template) -> String {
        match &t.val {
            Val::Leaf(l) => self.show_ty(&t.types[l.0 as usize]),
            Val::Tuple(parts) => {
                let part = |v: &Val| self.show_template(&Template { val: v.clone(), types: t.types.clone() });
                shortened(parts, &part)
            }
            other => self.show(other),
        }
    }

    /// A variable of its own for each leaf.
    pub fn variables(&mut self, val: &Val, target: &Template, name: Option<&Name>, span: Span) -> R<Val> {
        let value = self.conform(val, target, span)?;
        let leaves = value.leaves();
        let mut fresh = Vec::new();
        for (k, l) in leaves.into_iter().enumerate() {
            let weak = target.types.get(k).is_some_and(|t| t.weak);
            let ty = LeafTy { ty: self.ty(l).clone(), weak };
            let var = self.local(ty, true, name.cloned());
            self.push(StmtKind::Set(var, l), span);
            fresh.push(var);
        }
        let mut fresh = fresh.into_iter();
        Ok(value.map(
            &mut |v| match v {
                Val::Leaf(_) => fresh.next().map_or(Val::Error, Val::Leaf),
                other => other.clone(),
            },
            &mut Dim::clone,
        ))
    }

    /// Whether a local may be assigned again.
    pub fn may_change(&self, l: Local) -> bool {
        self.f.locals[l.0 as usize].mutable && !self.f.stable.contains(&l)
    }

    /// The value as it is now: variables in it are copied.
    pub fn snapshot(&mut self, val: &Val, span: Span) -> Val {
        if !val.leaves().iter().any(|l| self.may_change(*l)) {
            return val.clone();
        }
        val.map(
            &mut |v| match v {
                Val::Leaf(l) if self.may_change(*l) => {
                    let (ty, name) = (self.leaf_ty(*l), self.f.locals[l.0 as usize].name.clone());
                    let copy = self.local(ty, true, name);
                    self.f.stable.insert(copy);
                    self.push(StmtKind::Set(copy, *l), span);
                    Val::Leaf(copy)
                }
                other => other.clone(),
            },
            &mut Dim::clone,
        )
    }

    /// A dimension as written, with names looked up by `known`.
    pub fn dim_expr(&mut self, e: &Expr, known: &dyn Fn(&Name) -> Option<Dim>) -> R<Dim> {
        match &e.kind {
            ExprKind::Int(i) => Ok(Dim::constant(*i)),
            ExprKind::Name(n) => match known(n) {
                Some(d) => Ok(d),
                None => self.error("E0205", e.span, format!("the size `{n}` is not known here")),
            },
            ExprKind::Unary(UnaryOp::Neg, a) => Ok(-self.dim_expr(a, known)?),
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.dim_expr(a, known)?, self.dim_expr(b, known)?);
                match op {
                    BinaryOp::Add => Ok(a + b),
                    BinaryOp::Sub => Ok(a - b),
                    BinaryOp::Mul => Ok(a * b),
                    BinaryOp::FloorDiv if !b.is(0) => Ok(a.floor_div(&b)),
                    BinaryOp::Rem if !b.is(0) => Ok(a.rem(&b)),
                    BinaryOp::Pow if b.as_const().is_some_and(|k| (0..=8).contains(&k)) => {
                        Ok((0..b.as_const().unwrap_or(0)).fold(Dim::constant(1), |p, _| p * a.clone()))
                    }
                    _ => self.error("E0205", e.span, "a dimension is made of whole numbers, names, `+ - * // %`"),
                }
            }
            _ => self.error("E0205", e.span, "a dimension is made of whole numbers, names, `+ - * // %`"),
        }
    }

    /// The type that an annotation stands for, where all its names are known; `None` for what it leaves open.
    pub fn annotated(&mut self, ty: &TypeExpr) -> R<Option<Template>> {
        match &ty.kind {
            TypeExprKind::Array { dtype, dims } => {
                let Some(element) = DType::named(&dtype.name) else {
                    return self.no_type(&dtype.name.clone(), dtype.span);
                };
                let mut out = Vec::new();
                for d in dims {
                    if matches!(&d.kind, ExprKind::Name(n) if &**n == "_") {
                        return Ok(None);
                    }
                    let mut names = Vec::new();
                    free::dim_expr_names(d, &mut names);
                    let mut known = Vec::new();
                    for n in names {
                        let Some(size) = self.size_named(&n) else {
                            return Ok(None);
                        };
                        known.push((n, size));
                    }
                    let d = self.dim_expr(d, &|n| known.iter().find(|(m, _)| m == n).map(|(_, d)| d.clone()))?;
                    out.push(d);
                }
                Ok(Some(Template::leaf(Ty::array(element, out))))
            }
            TypeExprKind::Tuple(parts) => {
                let mut out = Vec::new();
                for (name, part) in parts {
                    let Some(t) = self.annotated(part)? else {
                        return Ok(None);
                    };
                    out.push((name.as_ref().map(|n| n.name.clone()), t));
                }
                Ok(Some(Template::tuple(out)))
            }
            TypeExprKind::Function { .. } => Ok(None),
        }
    }

    pub fn no_type<T>(&mut self, name: &str, span: Span) -> R<T> {
        self.fail(crate::check::advice::elsewhere::no_type(name, span))
    }

    /// The size that a name stands for here.
    pub fn size_named(&mut self, name: &Name) -> Option<Dim> {
        for scope in self.f.scopes.iter().rev() {
            for (n, b) in scope.iter().rev() {
                if n == name {
                    return match b {
                        Binding::Bound { val: Val::Size(d), .. } => Some(d.clone()),
                        Binding::Bound { val: Val::Int(i), .. } => Some(Dim::constant(*i)),
                        Binding::Bound { .. } | Binding::Fun(..) => None,
                    };
                }
            }
        }
        match self.f.captures.iter().find(|(n, _)| n == name) {
            Some((_, Val::Size(d))) => Some(d.clone()),
            Some((_, Val::Int(i))) => Some(Dim::constant(*i)),
            _ => None,
        }
    }
}

impl Template {
    /// Keeps only the types that the value refers to.
    pub fn compact(&self) -> Template {
        let mut types = Vec::new();
        let val = self.val.map(
            &mut |v| match v {
                Val::Leaf(l) => {
                    types.push(self.types[l.0 as usize].clone());
                    Val::Leaf(Local(types.len() as u32 - 1))
                }
                other => other.clone(),
            },
            &mut Dim::clone,
        );
        Template { val, types }
    }
}
