//! Names that are not taken.

use rustc_hash::FxHashSet;

/// Names given so far, and those of the library and of parameters.
#[derive(Clone, Default)]
pub(super) struct Names {
    taken: FxHashSet<String>,
    /// Names that were taken once: what is declared at the top of a function must be none of them.
    ever: FxHashSet<String>,
    /// Names in the order in which blocks took them.
    inside: Vec<String>,
}

impl Names {
    /// Without the names of the library and reserved words.
    pub(super) fn new() -> Names {
        let reserved =
            "fn let var if else for while in by break continue return import and or not true false none fixpoint";
        let library = adl_lang::library::all_names().into_iter().map(str::to_string);
        Names { taken: library.chain(reserved.split(' ').map(str::to_string)).collect(), ..Names::default() }
    }

    /// Where a block begins; the answer is for [`Names::leave`].
    pub(super) fn enter(&self) -> usize {
        self.inside.len()
    }

    /// The end of a block, whose names are free again, in order; nothing behind it sees them.
    pub(super) fn leave(&mut self, start: usize) -> Vec<String> {
        let gone = self.inside.split_off(start);
        for name in &gone {
            self.taken.remove(name);
        }
        gone
    }

    /// For what is declared at the top of the function, wherever that turns out to be needed.
    pub(super) fn lasting(&mut self, name: &str) -> String {
        let free = numbered(name, |n| !self.taken.contains(n) && !self.ever.contains(n));
        self.taken.insert(free.clone());
        free
    }

    fn take(&mut self, name: &str) {
        self.taken.insert(name.to_string());
        self.ever.insert(name.to_string());
        self.inside.push(name.to_string());
    }

    /// The name, or the name with a number.
    pub(super) fn fresh_named(&mut self, name: &str) -> String {
        let free = numbered(name, |n| !self.taken.contains(n));
        self.take(&free);
        free
    }

    fn first(&mut self, letters: &str) -> String {
        let rounds = std::iter::once(String::new()).chain((2..).map(|k: u32| k.to_string()));
        let mut all = rounds.flat_map(|k| letters.chars().map(move |c| format!("{c}{k}")).collect::<Vec<_>>());
        let free = all.find(|n| !self.taken.contains(n)).unwrap_or_default();
        self.take(&free);
        free
    }

    /// For a value.
    pub(super) fn fresh(&mut self, array: bool) -> String {
        self.first(if array { "uvwpqr" } else { "abcdgh" })
    }

    /// For a variable.
    pub(super) fn fresh_variable(&mut self, array: bool) -> String {
        self.first(if array { "YZXVU" } else { "stxyz" })
    }

    /// For the index of a loop.
    pub(super) fn index(&mut self) -> String {
        self.first("ijkl")
    }
}

/// The name, or the name with the first number that makes it free.
fn numbered(name: &str, free: impl Fn(&String) -> bool) -> String {
    let others = (2..).map(|k| format!("{name}{k}"));
    std::iter::once(name.to_string()).chain(others).find(free).unwrap_or_default()
}
