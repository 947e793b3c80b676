//! Types of structured values: what two of them have in common, and how a value is made to conform.

use super::elab::{Binding, Elab, R};
use super::free;
use super::value::{Template, Val};
use crate::ast::{BinaryOp, Expr, ExprKind, Name, TypeExpr, TypeExprKind, UnaryOp};
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::typed::{Local, StmtKind};
use crate::types::{DType, Dim, Ty};

/// Something that promotes: its element type, and whether it is a literal that adapts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    pub dtype: DType,
    pub weak: bool,
}

impl Kind {
    pub fn join(self, other: Kind) -> Kind {
        let dtype = match (self.weak, other.weak) {
            (true, false) if other.dtype.is_float() || self.dtype <= other.dtype => other.dtype,
            (false, true) if self.dtype.is_float() || other.dtype <= self.dtype => self.dtype,
            _ => self.dtype.max(other.dtype),
        };
        Kind { dtype, weak: self.weak && other.weak }
    }
}

impl Elab<'_> {
    /// Element type of something that is a number or array.
    pub fn kind(&self, val: &Val) -> Option<Kind> {
        let (dtype, weak) = match val {
            Val::Leaf(l) => (self.ty(*l).dtype, false),
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
            Val::Error => Err(super::elab::Fail::Reported),
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

    /// The type of a value.
    pub fn template(&self, val: &Val) -> Template {
        let mut types: Vec<Ty> = Vec::new();
        let val = val.map(
            &mut |v| match v {
                Val::Leaf(l) => {
                    types.push(self.ty(*l).clone());
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
        let scalar = |t: &Template| -> Option<(Kind, Vec<Dim>)> {
            match &t.val {
                Val::Leaf(l) => {
                    let ty = &t.types[l.0 as usize];
                    Some((Kind { dtype: ty.dtype, weak: false }, ty.dims.clone()))
                }
                Val::Int(_) => Some((Kind { dtype: DType::I64, weak: true }, vec![])),
                Val::Float(_) => Some((Kind { dtype: DType::F64, weak: true }, vec![])),
                Val::Bool(_) => Some((Kind { dtype: DType::Bool, weak: false }, vec![])),
                Val::Size(_) => Some((Kind { dtype: DType::I64, weak: false }, vec![])),
                _ => None,
            }
        };
        if let (Val::Tuple(p), Val::Tuple(q)) = (&a.val, &b.val) {
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
                let left = Template { val: part.clone(), types: a.types.clone() }.compact();
                let right = Template { val: other.clone(), types: b.types.clone() }.compact();
                let Some(joined) = self.join(&left, &right)? else {
                    return Ok(None);
                };
                parts.push((name.clone(), joined));
            }
            return Ok(Some(Template::tuple(parts)));
        }
        if let (Some((ka, da)), Some((kb, db))) = (scalar(a), scalar(b)) {
            if !matches!(a.val, Val::Leaf(_)) && a.key() == b.key() {
                return Ok(Some(a.clone()));
            }
            if !self.same_dims(&da, &db)? {
                return Ok(None);
            }
            return Ok(Some(Template::leaf(Ty::array(ka.join(kb).dtype, da))));
        }
        Ok((a.key() == b.key()).then(|| a.clone()))
    }

    /// The value with exactly the leaves of the type, which it fits.
    pub fn conform(&mut self, val: &Val, target: &Template, span: Span) -> R<Val> {
        match (&target.val, val) {
            (Val::Leaf(l), _) => {
                let ty = &target.types[l.0 as usize];
                let (dtype, dims) = (ty.dtype, ty.dims.clone());
                let local = self.operand_as(val, dtype, span)?;
                if self.ty(local).dims != dims {
                    // Equal by arithmetic that the normal form does not see.
                    return Ok(Val::Leaf(self.emit(Op::Reshape(dims), &[local], span)?));
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
                        return Err(super::elab::Fail::Reported);
                    };
                    let part = Template { val: part.clone(), types: target.types.clone() };
                    out.push((name.clone(), self.conform(source, &part, span)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            _ => Ok(val.clone()),
        }
    }

    pub fn show_template(&self, t: &Template) -> String {
        match &t.val {
            Val::Leaf(l) => self.show_ty(&t.types[l.0 as usize]),
            Val::Tuple(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|(n, v)| {
                        let part = self.show_template(&Template { val: v.clone(), types: t.types.clone() });
                        n.as_ref().map_or_else(|| part.clone(), |n| format!("{n}: {part}"))
                    })
                    .collect();
                format!("({})", parts.join(", "))
            }
            other => self.show(other),
        }
    }

    /// A variable of its own for each leaf.
    pub fn variables(&mut self, val: &Val, target: &Template, name: Option<&Name>, span: Span) -> R<Val> {
        let value = self.conform(val, target, span)?;
        let leaves = value.leaves();
        let mut fresh = Vec::new();
        for l in leaves {
            let ty = self.ty(l).clone();
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
                    let (ty, name) = (self.ty(*l).clone(), self.f.locals[l.0 as usize].name.clone());
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
        self.fail(super::elsewhere::no_type(name, span))
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
