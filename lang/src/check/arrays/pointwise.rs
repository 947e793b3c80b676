//! Element-wise primitives: promotion and broadcasting, made explicit.

use super::conform::Kind;
use crate::check::state::elab::{Elab, Mode, R};
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::ops::Op;
use crate::prims::{Prim, Typing};
use crate::source::Span;
use crate::typed::Local;
use crate::types::{DType, Dim};

impl Elab<'_> {
    /// An element-wise primitive.
    pub fn pointwise(&mut self, prim: Prim, args: &[Val], span: Span) -> R<Val> {
        self.pointwise_at(prim, args, span, &[])
    }

    pub fn pointwise_at(&mut self, prim: Prim, args: &[Val], span: Span, spans: &[Span]) -> R<Val> {
        let mut kinds = Vec::new();
        for (i, a) in args.iter().enumerate() {
            match self.kind(a) {
                Some(k) => kinds.push(k),
                None => {
                    let what = self.show(a);
                    let at = spans.get(i).copied().unwrap_or(span);
                    return self.error(
                        "E0204",
                        at,
                        format!("`{}` takes numbers and arrays, and this is {what}", written(prim)),
                    );
                }
            }
        }
        let row = prim.row();
        let joined = |kinds: &[Kind]| kinds.iter().copied().reduce(Kind::join).map_or(DType::F64, |k| k.dtype);
        let dtypes: Vec<DType> = match row.typing {
            Typing::Float => {
                let d = joined(&kinds);
                vec![if d.is_float() { d } else { DType::F64 }; args.len()]
            }
            Typing::Number => vec![joined(&kinds).max(DType::I64); args.len()],
            Typing::Compare => vec![joined(&kinds); args.len()],
            Typing::Logic => vec![DType::Bool; args.len()],
            Typing::Select => {
                let d = joined(&kinds[1..]);
                std::iter::once(DType::Bool).chain(args[1..].iter().map(|_| d)).collect()
            }
        };
        for (i, (k, d)) in kinds.iter().zip(&dtypes).enumerate() {
            if *d == DType::Bool && k.dtype != DType::Bool {
                let what = self.show(&args[i]);
                let at = spans.get(i).copied().unwrap_or(span);
                return self.error("E0204", at, format!("`{}` takes truth values, and this is {what}", written(prim)));
            }
        }
        if matches!(prim, Prim::Floor | Prim::Ceil | Prim::Round) && kinds[0].dtype == DType::I64 {
            return Ok(args[0].clone());
        }
        let shapes: Vec<Vec<Dim>> = args.iter().map(|a| self.dims(a)).collect();
        let dims = self.broadcast_shape(prim, args, &shapes, span, spans)?;
        let mut operands = Vec::new();
        for (a, d) in args.iter().zip(dtypes) {
            let local = self.operand_as(a, d, span)?;
            operands.push(self.broadcast_to(local, &dims, span)?);
        }
        if let (Prim::Spacing, [x]) = (prim, operands.as_slice())
            && self.ty(*x).dtype == DType::F32
        {
            return self.single_spacing(*x, span);
        }
        self.emit(Op::Prim(prim), &operands, span).map(Val::Leaf)
    }

    /// The distance to the next `f32`: 2²⁹ times that to the next `f64`, and at least the smallest of them.
    fn single_spacing(&mut self, x: Local, span: Span) -> R<Val> {
        let wide = self.emit(Op::Convert(DType::F64), &[x], span)?;
        let step = self.pointwise(Prim::Spacing, &[Val::Leaf(wide)], span)?;
        let step = self.pointwise(Prim::Mul, &[step, Val::Float(f64::from(1 << 29))], span)?;
        let least = Val::Float(f64::from(f32::from_bits(1)));
        let step = self.pointwise(Prim::Max, &[step, least], span)?;
        self.operand_as(&step, DType::F32, span).map(Val::Leaf)
    }

    /// The common shape of operands.
    pub fn broadcast_shape(
        &mut self,
        prim: Prim,
        args: &[Val],
        shapes: &[Vec<Dim>],
        span: Span,
        spans: &[Span],
    ) -> R<Vec<Dim>> {
        let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
        let mut dims = vec![Dim::constant(1); rank];
        for shape in shapes {
            for (k, d) in shape.iter().enumerate() {
                let at = rank - shape.len() + k;
                if dims[at].is(1) {
                    dims[at] = d.clone();
                } else if !d.is(1) && !self.same_dim(&dims[at].clone(), d)? {
                    return self.shapes_differ(prim, args, shapes, span, spans);
                }
            }
        }
        Ok(dims)
    }

    pub fn shapes_differ<T>(
        &mut self,
        prim: Prim,
        args: &[Val],
        shapes: &[Vec<Dim>],
        span: Span,
        spans: &[Span],
    ) -> R<T> {
        let shown: Vec<String> = args.iter().map(|a| self.show(a)).collect();
        let verb = match prim {
            Prim::Add => "add",
            Prim::Sub => "subtract",
            Prim::Mul => "multiply",
            Prim::Div => "divide",
            _ => "combine",
        };
        let list = shown.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(" and ");
        let mut problem = Diagnostic::error("E0202", span, format!("cannot {verb} {list}"));
        for (s, t) in spans.iter().zip(&shown) {
            problem = problem.label(*s, format!("this is `{t}`"));
        }
        problem = self.name_sizes(problem);
        if let (Mode::Definition, [a, b]) = (self.mode, shapes)
            && let Some((x, y)) = a.iter().rev().zip(b.iter().rev()).find(|(x, y)| x != y && !x.is(1) && !y.is(1))
        {
            problem = self.blame_names(problem, x, y);
        }
        if args.len() == 2 && args.iter().all(|a| self.dims(a).len() == 1) {
            let text = |s: Span| self.world.sources.get(s.source.0 as usize).map_or("", |t| t.slice(s)).to_string();
            if let [a, b] = spans {
                let (a, b) = (text(*a), text(*b));
                let simple = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || c == '_');
                if simple(&a) && simple(&b) {
                    problem = problem.help(format!("for all pairs, index with `{a}[.., none]` and `{b}`"));
                }
            }
        }
        self.fail(problem)
    }

    /// The local with the shape `dims`.
    pub fn broadcast_to(&mut self, local: Local, dims: &[Dim], span: Span) -> R<Local> {
        let own = self.ty(local).dims.clone();
        if own == dims {
            return Ok(local);
        }
        let offset = dims.len().saturating_sub(own.len());
        let kept: Vec<usize> = (0..own.len()).filter(|&k| !own[k].is(1) || dims[offset + k].is(1)).collect();
        let mut local = local;
        if kept.len() < own.len() {
            local = self.emit(Op::Reshape(kept.iter().map(|&k| own[k].clone()).collect()), &[local], span)?;
        }
        let axes: Vec<usize> = kept.iter().map(|&k| offset + k).collect();
        if axes.len() == dims.len() && self.ty(local).dims == dims {
            return Ok(local);
        }
        self.emit(Op::Broadcast { dims: dims.to_vec(), axes }, &[local], span)
    }
}

/// A primitive as written in programs.
fn written(prim: Prim) -> &'static str {
    match prim {
        Prim::Select => "where",
        other => other.operator().unwrap_or(other.name()),
    }
}
