//! The return addresses of the functions that were running when something failed.

use std::collections::VecDeque;

/// Return addresses, the innermost first. A recursion that leads from one place to the same place again is one entry
/// with the number of its calls; of other deep ones the middle is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The place in the program where it failed, by the number that the compiler gave out.
    pub site: Option<u32>,
    first: Vec<(usize, u64)>,
    omitted: u64,
    last: VecDeque<(usize, u64)>,
}

impl Trace {
    /// So many entries are kept at either end.
    pub const KEPT: usize = 64;

    /// Of a failure at a site.
    pub fn at(site: u32) -> Trace {
        Trace { site: Some(site), ..Trace::default() }
    }

    /// Adds the address of the next function outwards.
    pub fn push(&mut self, address: usize) {
        let newest = self.last.back_mut().or(self.first.last_mut());
        if let Some((_, times)) = newest.filter(|(known, _)| *known == address) {
            *times += 1;
        } else if self.first.len() < Self::KEPT {
            self.first.push((address, 1));
        } else {
            if self.last.len() == Self::KEPT
                && let Some((_, times)) = self.last.pop_front()
            {
                self.omitted += times;
            }
            self.last.push_back((address, 1));
        }
    }

    /// The addresses and how often each repeats; `None` stands for what was left out.
    pub fn entries(&self) -> impl Iterator<Item = (Option<usize>, u64)> + '_ {
        let known = |&(address, times): &(usize, u64)| (Some(address), times);
        let omitted = (self.omitted > 0).then_some((None, self.omitted));
        self.first.iter().map(known).chain(omitted).chain(self.last.iter().map(known))
    }
}
