//! Where values play a part in the result.
//!
//! ```text
//! v1 = sqrt v0                       v9: cotangent of v3, v10: whether it plays a part, as here where v2 is true
//! v2 = gt v0 …                       v11 = mul (sin v1) v9          zero at 0, a slope as good as any
//! v3 = cos v1                        v12 = mul (0.5 / v1) v11       infinite there
//! v4 = select v2 v3 v5               v13 = select v10 v12 0         not swallowed: NaN, as forward mode has it
//! ```
//!
//! A cotangent is zero where something else was taken, and must stay so whatever it is multiplied by; one that is the
//! product with a zero slope must not. So what is known of a value goes beside its cotangent, through branches, loops,
//! lanes and calls: a truth value for each entry, or, where parts of an array or of the lanes of a map meet, the count
//! of the contributions, which is added up as cotangents are. That is only done for values whose products are guarded,
//! or those of what they are made of ([`Facts::guarded`]).

use super::super::emit::acc_all;
use super::super::linear::{Term, passes};
use super::Sweep;
use super::flow::{Facts, Taint};
use crate::ir::entity::Side;
use crate::ir::{Block, Builder, Func, InstData, Kind, Type, Value};
use adl_lang::ops::{Op, Reduction, Sel};
use adl_lang::prims::{Derivative, Prim};
use adl_lang::types::{DType, Ty};

/// Where a value plays a part in the result. Elsewhere its cotangent is zero whatever the slopes are; in these places a
/// zero is that of a slope, and times an infinite one it is NaN.
#[derive(Clone, Copy)]
pub(super) enum Taken {
    /// Everywhere.
    All,
    /// Where this is true.
    Where(Value),
    /// Where this number, of the type of the value, is not zero.
    Count(Value),
}

impl Sweep<'_, '_> {
    /// Whether it matters where a value plays a part.
    pub(super) fn followed(&self, value: Value) -> bool {
        self.facts.active[value] && self.facts.tainted[value] != Taint::No && self.facts.guarded(&self.source)[value]
    }

    /// What is known of a value with this cotangent. If nothing was said of it, it plays a part where that is not zero.
    pub(super) fn known(&mut self, value: Value, cotangent: Value) -> Taken {
        match self.taken.get(&value) {
            _ if !self.followed(value) => Taken::All,
            Some((of, taken)) if *of == cotangent => *taken,
            _ => Taken::Where(not_zero(&mut self.emit.to(), cotangent)),
        }
    }

    /// The same, not counted.
    pub(super) fn taken(&mut self, value: Value, cotangent: Value) -> Taken {
        let known = self.known(value, cotangent);
        self.shaped(known, &|_, mask| mask)
    }

    /// What is known of a value of which this is another form.
    pub(super) fn shaped(&mut self, taken: Taken, with: &dyn Fn(&mut Builder<'_>, Value) -> Value) -> Taken {
        let mut to = self.emit.to();
        match taken {
            Taken::All => Taken::All,
            Taken::Where(mask) => Taken::Where(with(&mut to, mask)),
            Taken::Count(count) => {
                let mask = not_zero(&mut to, count);
                Taken::Where(with(&mut to, mask))
            }
        }
    }

    /// Where both hold, or one of them.
    pub(super) fn joined(&mut self, with: Prim, a: Taken, b: Taken) -> Taken {
        let [a, b] = [a, b].map(|taken| self.shaped(taken, &|_, mask| mask));
        match (a, b) {
            (Taken::Where(a), Taken::Where(b)) if a != b => Taken::Where(self.emit.to().prim(with, &[a, b])),
            (Taken::All, _) | (_, Taken::All) if with == Prim::Or => Taken::All,
            (Taken::All, known) | (known, _) => known,
        }
    }

    /// Ones where a value of this type plays a part. What is counted already costs nothing, so that handing on an array
    /// does not either.
    fn count(&mut self, taken: Taken, ty: &Ty) -> Value {
        let mut to = self.emit.to();
        match taken {
            Taken::All => to.full(ty, 1.0),
            Taken::Count(count) => count,
            Taken::Where(mask) => {
                let (one, zero) = (to.full(ty, 1.0), to.full(ty, 0.0));
                to.prim(Prim::Select, &[mask, one, zero])
            }
        }
    }

    /// Adds a term to the cotangent of a value, which plays a part here.
    pub(super) fn contribute_taken(&mut self, value: Value, term: Term, taken: Taken) {
        if !self.followed(value) {
            return self.contribute_term(value, term);
        }
        let known = match self.ct.get(&value).copied() {
            None => taken,
            Some(before) if self.accs.contains(&value) => {
                let known = self.known(value, before);
                let ty = self.emit.func.data(before).clone();
                let (count, more) = (self.count(known, &ty), self.count(taken, &ty));
                Taken::Count(acc_all(&mut self.emit.to(), count, more))
            }
            Some(before) => {
                let known = self.known(value, before);
                self.joined(Prim::Or, known, taken)
            }
        };
        self.contribute_term(value, term);
        self.taken.insert(value, (self.ct[&value], known));
    }

    /// Of a contribution of which nothing else is known it counts where it is not zero.
    pub(super) fn contribute_alone(&mut self, value: Value, cotangent: Value) {
        let taken =
            if self.followed(value) { Taken::Where(not_zero(&mut self.emit.to(), cotangent)) } else { Taken::All };
        self.contribute_taken(value, Term::plus(cotangent), taken);
    }

    /// Adds a cotangent to a part of an array.
    pub(super) fn contribute_part(&mut self, x: Value, sels: &[Sel], operands: &[Value], (c, taken): (Value, Taken)) {
        let hand = self.followed(x).then(|| self.hand(x));
        let whole = self.peek(x);
        let add = Op::Acc(sels.to_vec());
        let sum = self.emit.to().pure(add.clone(), &[&[whole, c], operands].concat());
        self.ct.insert(x, sum);
        if let Some(hand) = hand {
            let ty = self.emit.func.data(c).clone();
            let more = self.count(taken, &ty);
            let count = self.emit.to().pure(add, &[&[hand, more], operands].concat());
            self.taken.insert(x, (sum, Taken::Count(count)));
        }
    }

    /// What is known of a part of an array.
    pub(super) fn part(&mut self, taken: Taken, sels: &[Sel], operands: &[Value]) -> Taken {
        let read = |to: &mut Builder<'_>, whole| to.pure(Op::Index(sels.to_vec()), &[&[whole], operands].concat());
        match taken {
            Taken::Count(count) => Taken::Count(read(&mut self.emit.to(), count)),
            other => self.shaped(other, &read),
        }
    }

    /// What is known of an array of which that part is overwritten: it plays no part there.
    pub(super) fn rest(
        &mut self,
        taken: Taken,
        sels: &[Sel],
        operands: &[Value],
        (whole, part): (Value, Value),
    ) -> Taken {
        let ty = self.emit.func.data(whole).clone();
        let count = self.count(taken, &ty);
        let none = self.emit.to().zeros_like(part);
        Taken::Count(self.emit.to().pure(Op::Update(sels.to_vec()), &[&[count, none], operands].concat()))
    }

    /// Whether parts of a value are handed on by counts.
    fn counted(&self, value: Value) -> bool {
        self.accs.contains(&value) || !self.source.data(value).is_scalar()
    }

    /// The values among some for which more than the cotangent is handed on between regions.
    pub(super) fn followed_of(&self, values: &[Value]) -> Vec<Value> {
        values.iter().copied().filter(|&v| self.followed(v)).collect()
    }

    /// The types of what is handed on for them.
    pub(super) fn hand_types(&self, values: &[Value]) -> Vec<Type> {
        let one = |&value: &Value| {
            let ty = self.source.data(value);
            Type::Data(if self.counted(value) { ty.clone() } else { ty.with(DType::Bool) })
        };
        values.iter().map(one).collect()
    }

    /// What is handed on for a value from one region to another.
    pub(super) fn hand(&mut self, value: Value) -> Value {
        let ty = self.source.data(value).clone();
        let known = match self.ct.get(&value).copied() {
            Some(cotangent) => self.known(value, cotangent),
            None if self.counted(value) => Taken::Count(self.emit.to().full(&ty, 0.0)),
            None => Taken::Where(self.emit.to().full(&ty.with(DType::Bool), 0.0)),
        };
        self.hand_of(value, known)
    }

    /// The same of what is known already.
    pub(super) fn hand_of(&mut self, value: Value, known: Taken) -> Value {
        let ty = self.source.data(value).clone();
        if self.counted(value) {
            return self.count(known, &ty);
        }
        match self.shaped(known, &|_, mask| mask) {
            Taken::Where(mask) | Taken::Count(mask) => mask,
            Taken::All => self.emit.to().full(&ty.with(DType::Bool), 1.0),
        }
    }

    /// Parameters for what is handed on for some values.
    pub(super) fn hand_params(&mut self, values: &[Value]) -> Vec<Value> {
        let types = self.hand_types(values);
        types.iter().filter_map(|ty| ty.data()).map(|ty| self.emit.param(ty)).collect()
    }

    /// What was handed on for a value.
    pub(super) fn handed(&self, value: Value, hand: Value) -> Taken {
        if self.counted(value) { Taken::Count(hand) } else { Taken::Where(hand) }
    }

    /// What is known of all that a function is called with, whose pullback tells nothing: it plays a part if any result
    /// does. Where none does, what was pulled back is zero.
    pub(super) fn opaque<'v>(
        &mut self,
        given: &[(Value, Taken)],
        pulled: impl Iterator<Item = &'v mut Value>,
    ) -> Taken {
        let mut some = None;
        for &(_, taken) in given {
            let Taken::Where(mask) = self.shaped(taken, &|_, mask| mask) else { return Taken::All };
            let mut to = self.emit.to();
            let rank = to.func.data(mask).rank();
            let any = if rank == 0 { mask } else { to.pure(Op::Reduce(Reduction::Any, (0..rank).collect()), &[mask]) };
            some = Some(some.map_or(any, |some| to.prim(Prim::Or, &[some, any])));
        }
        let Some(some) = some else { return Taken::All };
        for cotangent in pulled {
            let mut to = self.emit.to();
            let dims = to.func.data(*cotangent).dims.clone();
            let (here, zero) = (to.broadcast_scalar(some, &dims), to.zeros_like(*cotangent));
            *cotangent = to.prim(Prim::Select, &[here, *cotangent, zero]);
        }
        Taken::Where(some)
    }

    /// Adds what an opaque function pulled back.
    pub(super) fn contribute_opaque(&mut self, value: Value, cotangent: Value, taken: Taken) {
        let dims = self.source.data(value).dims.clone();
        let taken = self.shaped(taken, &|to, some| to.broadcast_scalar(some, &dims));
        self.contribute_taken(value, Term::plus(cotangent), taken);
    }

    /// What was handed on for a value belongs to its cotangent.
    pub(super) fn receive(&mut self, value: Value, hand: Value) {
        let known = self.handed(value, hand);
        self.taken.insert(value, (self.ct[&value], known));
    }
}

fn not_zero(to: &mut Builder<'_>, value: Value) -> Value {
    let zero = to.zeros_like(value);
    to.prim(Prim::Ne, &[value, zero])
}

impl Facts {
    /// The values whose cotangents meet guarded products, on the way to what they are made of. `given` are parameters
    /// that the caller asks for.
    pub fn find_guarded(&self, func: &Func, given: &[bool]) -> Side<Value, bool> {
        let mut guarded = Side::new(false);
        func.params().iter().zip(given).for_each(|(&param, &given)| guarded.set(param, given));
        let mut walk = Walk { facts: self, func, guarded };
        while walk.block(func.body) {}
        walk.guarded
    }
}

/// Goes forward from guarded products.
struct Walk<'a> {
    facts: &'a Facts,
    func: &'a Func,
    guarded: Side<Value, bool>,
}

impl Walk<'_> {
    fn block(&mut self, block: Block) -> bool {
        let func = self.func;
        let mut news = false;
        for &inst in &func.blocks[block].insts {
            let data = &func.insts[inst];
            match &data.kind {
                Kind::Pure(op) => {
                    let mut handed = data.args.iter().enumerate().filter(|(k, _)| passes(op, *k));
                    if self.facts.useful[data.results[0]]
                        && (handed.any(|(_, &arg)| self.guarded[arg]) || self.is_guarded(op, data))
                    {
                        news |= self.set(data.results[0]);
                    }
                }
                Kind::If { .. } => {
                    for side in data.kind.blocks() {
                        news |= self.block(side) | self.link(&func.blocks[side].yields, &data.results);
                    }
                }
                Kind::Map { body, .. } => {
                    news |= self.block(*body) | self.link(&func.blocks[*body].yields, &data.results);
                }
                Kind::For { body } => news |= self.cycle(&data.args[1..], &[*body], 1, &data.results),
                Kind::While { test, body } => news |= self.cycle(&data.args, &[*test, *body], 0, &data.results),
                // There may be such products in what it calls.
                Kind::Call { .. } | Kind::Vjp { .. } => data.results.iter().for_each(|&r| news |= self.set(r)),
                Kind::Jvp { .. }
                | Kind::Bounds { .. }
                | Kind::NonNegative(_)
                | Kind::SameSize(..)
                | Kind::Assert(_)
                | Kind::Print(_)
                | Kind::TapeNew
                | Kind::Push
                | Kind::Pop
                | Kind::TapeEnd => {}
            }
        }
        news
    }

    fn is_guarded(&self, op: &Op, data: &InstData) -> bool {
        let Op::Prim(prim) = op else { return false };
        match &prim.row().derivative {
            Derivative::Partials(partials) => {
                partials.iter().any(|partial| self.facts.is_untaken(self.func, data, partial.as_ref()))
            }
            Derivative::Zero | Derivative::Choice(_) | Derivative::Select => false,
        }
    }

    fn cycle(&mut self, inits: &[Value], blocks: &[Block], indices: usize, results: &[Value]) -> bool {
        let func = self.func;
        let Some(&body) = blocks.last() else { return false };
        let (params, yields) = (&func.blocks[body].params[indices..], &func.blocks[body].yields);
        let mut news = self.link(inits, params) | self.block(body);
        news |= self.link(yields, params);
        news | self.link(params, results)
    }

    fn link(&mut self, from: &[Value], to: &[Value]) -> bool {
        from.iter().zip(to).fold(false, |news, (&from, &to)| (self.guarded[from] && self.set(to)) | news)
    }

    fn set(&mut self, value: Value) -> bool {
        let news = !self.guarded[value];
        self.guarded.set(value, true);
        news
    }
}
