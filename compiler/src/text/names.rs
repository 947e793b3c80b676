//! Names that are not taken.

use rustc_hash::FxHashSet;

/// Names given so far, and those of the library and of parameters.
#[derive(Clone, Default)]
pub(super) struct Names {
    taken: FxHashSet<String>,
}

impl Names {
    /// Without the names of the library and reserved words.
    pub(super) fn new() -> Names {
        let reserved =
            "fn let var if else for while in by break continue return import and or not true false none fixpoint";
        let library = adl_lang::library::all_names().into_iter().map(str::to_string);
        Names { taken: library.chain(reserved.split(' ').map(str::to_string)).collect() }
    }

    /// The name, or the name with a number.
    pub(super) fn fresh_named(&mut self, name: &str) -> String {
        let numbered = (2..).map(|k| format!("{name}{k}"));
        let mut all = std::iter::once(name.to_string()).chain(numbered);
        let free = all.find(|n| !self.taken.contains(n)).unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }

    fn first(&mut self, letters: &str) -> String {
        let rounds = std::iter::once(String::new()).chain((2..).map(|k: u32| k.to_string()));
        let mut all = rounds.flat_map(|k| letters.chars().map(move |c| format!("{c}{k}")).collect::<Vec<_>>());
        let free = all.find(|n| !self.taken.contains(n)).unwrap_or_default();
        self.taken.insert(free.clone());
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
