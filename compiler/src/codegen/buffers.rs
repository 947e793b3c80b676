//! Memory for the stored arrays of a function.
//!
//! Arrays that may share memory form a *class*: an update and its base when the base is dead, the carry of a loop with
//! its initial value, its next value and the result, the branches of an `if`. So loops work in place. A class lives in
//! a *slot* of the frame of the function, or directly in the memory the caller gave for a result. Classes of equal
//! size whose lives do not touch share a slot.
//!
//! If the next value of a carry cannot be made in place, the two classes exchange their memory after each round.

use super::conflict::conflicts;
use super::fuse::{Forms, owner};
use super::live::{Life, Range, Set};
use crate::ir::entity::Side;
use crate::ir::{Block, Def, Func, Inst, Kind, Value};
use adl_lang::ops::Op;
use adl_lang::types::{Dim, Ty};
use rustc_hash::FxHashMap;

/// A set of arrays that share memory.
pub(super) type Class = usize;

/// Where the memory of a class comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// From the frame.
    Slot(usize),
    /// The caller's memory for a result.
    Result(usize),
    /// It belongs to someone else and is only read.
    Borrowed,
}

/// Room in the frame.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// How many elements.
    pub(super) len: Vec<Dim>,
    /// Bytes of an element.
    pub(super) bytes: usize,
    taken: Vec<Range>,
}

/// How a carry gets its next value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Carry {
    /// It is made in place.
    Stay,
    /// The carry takes the memory of that class.
    Take(Class),
    /// It is copied into that class, whose memory the carry then takes.
    Copy(Class),
}

/// The memory of a function.
pub(super) struct Buffers {
    /// The class of each stored array.
    pub(super) class: Side<Value, Option<Class>>,
    /// Where each class lives.
    pub(super) places: Vec<Place>,
    /// The frame.
    pub(super) slots: Vec<Slot>,
    /// For each loop, what becomes of each carry that is an array.
    pub(super) carries: FxHashMap<Inst, Vec<Option<Carry>>>,
    /// The classes whose memory changes within an instruction.
    pub(super) moved: FxHashMap<Inst, Vec<Class>>,
    /// The classes that exchange memory with one another have the same number here.
    pub(super) group: Vec<usize>,
}

/// Arguments that become results: by result of the function, and by result of a call.
pub(super) struct InPlace<'a> {
    /// For each result the parameter whose memory it shares.
    pub(super) own: &'a [Option<usize>],
    /// The same for what a call instruction calls.
    pub(super) of_call: &'a dyn Fn(Inst, usize) -> Option<usize>,
}

struct Classes<'a> {
    func: &'a Func,
    forms: &'a Forms,
    life: &'a Life,
    conflicts: Vec<Set>,
    parent: Vec<usize>,
    members: Vec<Vec<usize>>,
    pin: Vec<Option<usize>>,
    borrowed: Vec<bool>,
    /// Holds a parameter that becomes a result: its memory cannot be elsewhere.
    fixed: Vec<bool>,
}

/// Plans the memory of a function.
pub(super) fn plan(func: &Func, forms: &Forms, life: &Life, in_place: &InPlace<'_>) -> Buffers {
    let n = life.arrays.len();
    let mut classes = Classes {
        func,
        forms,
        life,
        conflicts: conflicts(func, forms, life, in_place.of_call),
        parent: (0..n).collect(),
        members: (0..n).map(|k| vec![k]).collect(),
        pin: vec![None; n],
        borrowed: vec![false; n],
        fixed: vec![false; n],
    };
    classes.mark(in_place);
    classes.shared_by_nature();
    classes.coalesce(in_place);
    classes.pin_results();
    classes.overwrite_operands();
    classes.finish()
}

impl Classes<'_> {
    fn find(&self, mut k: usize) -> usize {
        while self.parent[k] != k {
            k = self.parent[k];
        }
        k
    }

    fn class_of(&self, value: Value) -> Option<usize> {
        let owner = owner(self.func, self.forms, value)?;
        self.life.number[owner].map(|n| self.find(n as usize))
    }

    fn ty(&self, class: usize) -> &Ty {
        self.func.data(self.life.arrays[class])
    }

    fn same_size(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.ty(a), self.ty(b));
        a.dtype.bytes() == b.dtype.bytes() && a.len() == b.len()
    }

    /// Parameters of the function and what is popped from a tape are only read; a parameter that becomes a result
    /// lies in the memory of the result.
    fn mark(&mut self, in_place: &InPlace<'_>) {
        for k in 0..self.life.arrays.len() {
            match self.func.values[self.life.arrays[k]].def {
                Def::Param(block, position) if block == self.func.body => {
                    let result = in_place.own.iter().position(|&p| p == Some(position as usize));
                    self.pin[k] = result;
                    self.borrowed[k] = result.is_none();
                    self.fixed[k] = result.is_some();
                }
                Def::Result(inst, _) => self.borrowed[k] = self.func.insts[inst].kind == Kind::Pop,
                Def::Param(..) => {}
            }
        }
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            let moved = std::mem::take(&mut self.members[b]);
            self.members[a].extend(moved);
            self.parent[b] = a;
            self.pin[a] = self.pin[a].or(self.pin[b]);
            self.fixed[a] |= self.fixed[b];
        }
    }

    fn unite_values(&mut self, a: Value, b: Value) {
        if let (Some(a), Some(b)) = (self.class_of(a), self.class_of(b)) {
            self.unite(a, b);
        }
    }

    /// Unites the classes of two values if nothing speaks against it.
    fn attempt(&mut self, a: Value, b: Value) -> bool {
        let (Some(a), Some(b)) = (self.class_of(a), self.class_of(b)) else { return false };
        if a == b {
            return true;
        }
        let pins = self.pin[a].is_some() && self.pin[b].is_some();
        if pins || self.borrowed[a] || self.borrowed[b] || !self.same_size(a, b) {
            return false;
        }
        for &x in &self.members[a] {
            for &y in &self.members[b] {
                if self.conflicts[x].contains(y) || self.conflicts[y].contains(x) {
                    return false;
                }
            }
        }
        self.unite(a, b);
        true
    }

    fn standing(&self) -> Vec<Inst> {
        let mut insts: Vec<Inst> = self.func.insts.keys().filter(|i| self.life.at.contains_key(i)).collect();
        insts.sort_by_key(|i| self.life.at[i].start);
        insts
    }

    /// The parameters and the results of a loop are the same memory in any case.
    fn shared_by_nature(&mut self) {
        let func = self.func;
        for inst in self.standing() {
            let data = &func.insts[inst];
            let carries = |block: Block, skip: usize| func.blocks[block].params[skip..].iter().copied();
            match &data.kind {
                Kind::For { body } => {
                    for (p, &r) in carries(*body, 1).zip(&data.results) {
                        self.unite_values(p, r);
                    }
                }
                Kind::While { test, body } => {
                    for ((t, b), &r) in carries(*test, 0).zip(carries(*body, 0)).zip(&data.results) {
                        self.unite_values(t, b);
                        self.unite_values(t, r);
                    }
                }
                Kind::Map { body, accs, .. } if !self.forms.inline_map(func, inst) => {
                    let params = &func.blocks[*body].params;
                    let results = &data.results[data.results.len() - accs..];
                    for (&p, &r) in params[params.len() - accs..].iter().zip(results) {
                        self.unite_values(p, r);
                    }
                }
                _other => {}
            }
        }
    }

    fn coalesce(&mut self, in_place: &InPlace<'_>) {
        let func = self.func;
        for inst in self.standing() {
            let data = &func.insts[inst];
            match &data.kind {
                Kind::Pure(Op::Update(_) | Op::Acc(_)) => {
                    self.attempt(data.results[0], data.args[0]);
                }
                Kind::Call { .. } => {
                    for (k, &result) in data.results.iter().enumerate() {
                        if let Some(j) = (in_place.of_call)(inst, k) {
                            self.attempt(result, data.args[j]);
                        }
                    }
                }
                _other => {}
            }
        }
        for inst in self.standing() {
            let data = &func.insts[inst];
            match &data.kind {
                Kind::If { then, otherwise } => {
                    for block in [then, otherwise] {
                        self.attempt_all(&data.results, &func.blocks[*block].yields);
                    }
                }
                Kind::For { body } => {
                    self.attempt_all(&func.blocks[*body].params[1..], &func.blocks[*body].yields);
                    self.attempt_all(&func.blocks[*body].params[1..], &data.args[1..]);
                }
                Kind::While { test, body } => {
                    self.attempt_all(&func.blocks[*body].params, &func.blocks[*body].yields);
                    self.attempt_all(&func.blocks[*test].params, &data.args);
                }
                Kind::Map { body, accs, .. } => {
                    let inner = &func.blocks[*body];
                    let params = &inner.params[inner.params.len() - accs..];
                    self.attempt_all(params, &inner.yields[inner.yields.len() - accs..]);
                    self.attempt_all(params, &data.args);
                }
                _other => {}
            }
        }
    }

    fn attempt_all(&mut self, targets: &[Value], sources: &[Value]) {
        for (&target, &source) in targets.iter().zip(sources) {
            self.attempt(target, source);
        }
    }

    /// What is returned is made where the caller wants it.
    fn pin_results(&mut self) {
        let results = self.func.results().to_vec();
        for (k, &value) in results.iter().enumerate() {
            if let Some(class) = self.class_of(value) {
                let taken = self.pin.contains(&Some(k));
                if self.pin[class].is_none() && !self.borrowed[class] && !taken {
                    self.pin[class] = Some(k);
                }
            }
        }
    }

    /// An element-wise result may overwrite an operand that is dead.
    fn overwrite_operands(&mut self) {
        for inst in self.standing() {
            let data = &self.func.insts[inst];
            if let Kind::Pure(Op::Prim(_) | Op::Convert(_)) = &data.kind
                && self.forms.stored(data.results[0])
            {
                let result = data.results[0];
                let candidates: Vec<Value> = data.args.iter().flat_map(|&a| self.forms.roots(a).to_vec()).collect();
                let _ = candidates.into_iter().any(|root| self.attempt(result, root));
            }
        }
    }

    fn interval(&self, class: usize) -> Range {
        let mut range = Range { start: u32::MAX, end: 0 };
        for &k in &self.members[class] {
            let span = self.life.span[k];
            // What a loop carries is written where the loop begins, before its block.
            let early = u32::from(matches!(self.func.values[self.life.arrays[k]].def, Def::Param(..)));
            range.start = range.start.min(span.start.saturating_sub(early));
            range.end = range.end.max(span.end);
        }
        range
    }

    fn finish(mut self) -> Buffers {
        let mut rotation = Rotation::new(self.life.arrays.len());
        for &value in self.func.results() {
            if let Some(class) = self.class_of(value) {
                rotation.results[class] = 1;
            }
        }
        for k in 0..self.life.arrays.len() {
            rotation.fixed[k] = self.fixed[k];
        }
        self.rotate(self.func.body, &mut rotation);
        // Results that changed places would have to change back; they are made elsewhere and copied.
        for k in 0..self.life.arrays.len() {
            if rotation.results[rotation.find(k)] > 1 && rotation.moves(k) {
                self.pin[k] = None;
            }
        }
        let mut exclusive = Set::default();
        rotation.moved.values().flatten().for_each(|&class| exclusive.insert(class));
        let total = self.life.arrays.len() + rotation.spares.len();
        let mut places = vec![Place::Borrowed; total];
        let mut slots: Vec<Slot> = Vec::new();
        let mut roots: Vec<usize> = (0..self.life.arrays.len()).filter(|&k| self.find(k) == k).collect();
        roots.sort_by_key(|&k| self.interval(k).start);
        for class in roots {
            if self.borrowed[class] {
                continue;
            }
            if let Some(result) = self.pin[class] {
                places[class] = Place::Result(result);
                continue;
            }
            let range = self.interval(class);
            let slot = slot_of(self.ty(class), range);
            let free = |s: &Slot| {
                s.len == slot.len && s.bytes == slot.bytes && s.taken.iter().all(|t| t.end < range.start || range.end < t.start)
            };
            let shared = if exclusive.contains(class) { None } else { slots.iter().position(free) };
            let index = shared.unwrap_or(slots.len());
            match shared {
                Some(index) => slots[index].taken.push(range),
                None => slots.push(slot),
            }
            if exclusive.contains(class) {
                slots[index].taken.push(Range { start: 0, end: u32::MAX });
            }
            places[class] = Place::Slot(index);
        }
        for (k, ty) in rotation.spares.iter().enumerate() {
            places[self.life.arrays.len() + k] = Place::Slot(slots.len());
            slots.push(slot_of(ty, Range { start: 0, end: u32::MAX }));
        }
        let mut class = Side::new(None);
        for (k, &value) in self.life.arrays.iter().enumerate() {
            class.set(value, Some(self.find(k)));
        }
        let group = (0..total).map(|k| rotation.find(k)).collect();
        Buffers { class, places, slots, carries: rotation.carries, moved: rotation.moved, group }
    }

    /// Decides for each loop how its carries get their next values, inner loops first; gives the classes whose memory
    /// changes.
    fn rotate(&mut self, block: Block, rotation: &mut Rotation) -> Vec<Class> {
        let mut all = Vec::new();
        let func = self.func;
        for &inst in &func.blocks[block].insts {
            let data = &func.insts[inst];
            let mut moved = Vec::new();
            for inner in data.kind.blocks() {
                moved.extend(self.rotate(inner, rotation));
            }
            let body = match &data.kind {
                Kind::For { body } => Some((*body, 1)),
                Kind::While { body, .. } => Some((*body, 0)),
                _other => None,
            };
            if let Some((body, skip)) = body {
                let carries = self.carries(body, skip, rotation, &mut moved);
                rotation.carries.insert(inst, carries);
            }
            moved.sort_unstable();
            moved.dedup();
            all.extend_from_slice(&moved);
            rotation.moved.insert(inst, moved);
        }
        all
    }

    fn carries(&self, body: Block, skip: usize, rotation: &mut Rotation, moved: &mut Vec<Class>) -> Vec<Option<Carry>> {
        let block = &self.func.blocks[body];
        let params = &block.params[skip..];
        let own: Vec<Option<Class>> = params.iter().map(|&p| self.class_of(p)).collect();
        let mut taken: Vec<Class> =
            own.iter().zip(&block.yields).filter_map(|(&p, &y)| p.filter(|_| self.class_of(y) == p)).collect();
        let mut carries = Vec::new();
        for (&p, &y) in own.iter().zip(&block.yields) {
            let Some(p) = p else {
                carries.push(None);
                continue;
            };
            let Some(next) = self.class_of(y) else {
                // Part of another array.
                let spare = rotation.spare(p, self.ty(p));
                moved.extend([p, spare]);
                carries.push(Some(Carry::Copy(spare)));
                continue;
            };
            if next == p {
                carries.push(Some(Carry::Stay));
                continue;
            }
            let inside = self.life.block_at[&body];
            let fits = self.same_size(p, next) && !taken.contains(&next);
            let local = !self.borrowed[next]
                && self.pin[next].is_none()
                && self.members[next].iter().all(|&k| inside.covers(self.life.span[k]));
            if fits && (local || own.contains(&Some(next))) && rotation.join(p, next) {
                taken.push(next);
                moved.extend([p, next]);
                carries.push(Some(Carry::Take(next)));
            } else {
                let spare = rotation.spare(p, self.ty(p));
                moved.extend([p, spare]);
                carries.push(Some(Carry::Copy(spare)));
            }
        }
        carries
    }
}

/// Classes that exchange their memory.
struct Rotation {
    carries: FxHashMap<Inst, Vec<Option<Carry>>>,
    moved: FxHashMap<Inst, Vec<Class>>,
    spares: Vec<Ty>,
    /// Groups of classes among which memory moves, and how many of the classes are results of the function.
    parent: Vec<usize>,
    results: Vec<usize>,
    fixed: Vec<bool>,
}

impl Rotation {
    fn new(classes: usize) -> Rotation {
        Rotation {
            carries: FxHashMap::default(),
            moved: FxHashMap::default(),
            spares: Vec::new(),
            parent: (0..classes).collect(),
            results: vec![0; classes],
            fixed: vec![false; classes],
        }
    }

    fn find(&self, mut k: usize) -> usize {
        while self.parent[k] != k {
            k = self.parent[k];
        }
        k
    }

    fn moves(&self, class: Class) -> bool {
        self.moved.values().any(|moved| moved.contains(&class))
    }

    /// Lets two classes exchange memory, unless results whose memory is fixed would change places.
    fn join(&mut self, a: Class, b: Class) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            let results = self.results[a] + self.results[b];
            if results > 1 && (self.fixed[a] || self.fixed[b]) {
                return false;
            }
            self.parent[b] = a;
            self.results[a] = results;
            self.fixed[a] |= self.fixed[b];
        }
        true
    }

    /// A new class of the same type that exchanges memory with the other.
    fn spare(&mut self, with: Class, ty: &Ty) -> Class {
        self.spares.push(ty.clone());
        self.parent.push(self.find(with));
        self.results.push(0);
        self.fixed.push(false);
        self.parent.len() - 1
    }
}

fn slot_of(ty: &Ty, range: Range) -> Slot {
    Slot { len: ty.dims.clone(), bytes: ty.dtype.bytes(), taken: vec![range] }
}
