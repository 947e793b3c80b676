//! Memory for the stored arrays of a function.
//!
//! Arrays that may share memory form a *class*: an update and its base when the base is dead, the carry of a loop with
//! its initial value, its next value and the result, the branches of an `if`. So loops work in place. A class lives in
//! a *slot* of the frame of the function, or directly in the memory the caller gave for a result. Classes of equal
//! size whose lives do not touch share a slot.
//!
//! If the next value of a carry cannot be made in place, the two classes exchange their memory after each round.

use super::classes::Classes;
use super::conflict::conflicts;
use super::fuse::Forms;
use super::live::{Life, Range, Set};
use super::places::{Buffers, InPlace, Place, Slot};
use super::rotate::Rotation;
use crate::ir::Func;
use crate::ir::entity::Side;
use adl_lang::types::Ty;

/// Plans the memory of a function.
pub(crate) fn plan(func: &Func, forms: &Forms, life: &Life, in_place: &InPlace<'_>) -> Buffers {
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
                s.len == slot.len
                    && s.bytes == slot.bytes
                    && s.taken.iter().all(|t| t.end < range.start || range.end < t.start)
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
}

fn slot_of(ty: &Ty, range: Range) -> Slot {
    Slot { len: ty.dims.clone(), bytes: ty.dtype.bytes(), taken: vec![range] }
}
