//! Carries that are not made in place: after a round the carry takes the memory in which its next value was made, and
//! gives its own in exchange.

use super::classes::Classes;
use super::places::{Carry, Class};
use crate::ir::{Block, Inst, Kind};
use adl_lang::types::Ty;
use rustc_hash::FxHashMap;

/// Classes that exchange their memory.
pub(crate) struct Rotation {
    pub(crate) carries: FxHashMap<Inst, Vec<Option<Carry>>>,
    pub(crate) moved: FxHashMap<Inst, Vec<Class>>,
    pub(crate) spares: Vec<Ty>,
    /// Groups of classes among which memory moves, and how many of the classes are results of the function.
    parent: Vec<usize>,
    pub(crate) results: Vec<usize>,
    pub(crate) fixed: Vec<bool>,
}

impl Rotation {
    pub(crate) fn new(classes: usize) -> Rotation {
        Rotation {
            carries: FxHashMap::default(),
            moved: FxHashMap::default(),
            spares: Vec::new(),
            parent: (0..classes).collect(),
            results: vec![0; classes],
            fixed: vec![false; classes],
        }
    }

    pub(crate) fn find(&self, mut k: usize) -> usize {
        while self.parent[k] != k {
            k = self.parent[k];
        }
        k
    }

    pub(crate) fn moves(&self, class: Class) -> bool {
        self.moved.values().any(|moved| moved.contains(&class))
    }

    /// Lets two classes exchange memory, unless results whose memory is fixed would change places.
    pub(crate) fn join(&mut self, a: Class, b: Class) -> bool {
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
    pub(crate) fn spare(&mut self, with: Class, ty: &Ty) -> Class {
        self.spares.push(ty.clone());
        self.parent.push(self.find(with));
        self.results.push(0);
        self.fixed.push(false);
        self.parent.len() - 1
    }
}

impl Classes<'_> {
    /// Decides for each loop how its carries get their next values, inner loops first; gives the classes whose memory
    /// changes.
    pub(crate) fn rotate(&mut self, block: Block, rotation: &mut Rotation) -> Vec<Class> {
        let mut all = Vec::new();
        let func = self.func;
        for &inst in &func.blocks[block].insts {
            let data = &func.insts[inst];
            let mut moved = Vec::new();
            for inner in data.kind.blocks() {
                moved.extend(self.rotate(inner, rotation));
            }
            if let Kind::For { body } | Kind::While { body, .. } = data.kind {
                let counter = usize::from(matches!(data.kind, Kind::For { .. }));
                let carries = self.carries(body, counter, rotation, &mut moved);
                rotation.carries.insert(inst, carries);
            }
            moved.sort_unstable();
            moved.dedup();
            all.extend_from_slice(&moved);
            rotation.moved.insert(inst, moved);
        }
        all
    }

    pub(crate) fn carries(
        &self,
        body: Block,
        skip: usize,
        rotation: &mut Rotation,
        moved: &mut Vec<Class>,
    ) -> Vec<Option<Carry>> {
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
