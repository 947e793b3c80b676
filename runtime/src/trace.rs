//! The return addresses of the functions that were running when something failed.

use std::collections::VecDeque;

/// Return addresses, the innermost first. A recursion that leads from one place to the same place again is one entry with the number
/// of its calls; of other deep ones the middle is left out.
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
    const KEPT: usize = 64;

    /// Of a failure at a site.
    pub fn at(site: u32) -> Trace {
        Trace { site: Some(site), ..Trace::default() }
    }

    /// Adds the address of the next function outwards.
    pub(crate) fn push(&mut self, address: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_counted_and_the_middle_is_left_out() {
        let mut trace = Trace::default();
        for address in [1, 2, 2, 2, 3] {
            trace.push(address);
        }
        assert_eq!(trace.entries().collect::<Vec<_>>(), [(Some(1), 1), (Some(2), 3), (Some(3), 1)]);
        for address in 10..1000 {
            trace.push(address);
        }
        let entries: Vec<_> = trace.entries().collect();
        assert_eq!(entries.len(), 2 * Trace::KEPT + 1);
        assert_eq!(entries.iter().map(|(_, times)| times).sum::<u64>(), 995);
        assert_eq!(entries[Trace::KEPT].0, None);
        assert_eq!(entries.last(), Some(&(Some(999), 1)));
    }
}
