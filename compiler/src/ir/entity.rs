//! References into arenas: a number with a type, printed as the text form spells it.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A number that names an entry of an [`Arena`].
pub trait Entity: Copy + Eq + std::hash::Hash {
    /// The reference to entry `index`.
    fn new(index: usize) -> Self;
    /// The position of the entry.
    fn index(self) -> usize;
}

/// Defines entity types: `entity!(/// A value. Value "v");`.
macro_rules! entity {
    ($(#[$meta:meta])* $name:ident $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u32);

        impl $crate::ir::entity::Entity for $name {
            fn new(index: usize) -> Self {
                $name(index as u32)
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use entity;

/// Owns entries; nothing is ever removed.
#[derive(Clone, Debug)]
pub struct Arena<K, T> {
    items: Vec<T>,
    key: PhantomData<K>,
}

impl<K: Entity, T> Arena<K, T> {
    /// An arena without entries.
    pub fn new() -> Self {
        Arena { items: Vec::new(), key: PhantomData }
    }

    /// Adds an entry.
    pub fn push(&mut self, item: T) -> K {
        self.items.push(item);
        K::new(self.items.len() - 1)
    }

    /// The reference that the next `push` will give.
    pub fn next_key(&self) -> K {
        K::new(self.items.len())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All references in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + use<K, T> {
        (0..self.items.len()).map(K::new)
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.items.iter().enumerate().map(|(i, item)| (K::new(i), item))
    }
}

impl<K: Entity, T> Default for Arena<K, T> {
    fn default() -> Self {
        Arena::new()
    }
}

impl<K: Entity, T> Index<K> for Arena<K, T> {
    type Output = T;
    fn index(&self, key: K) -> &T {
        &self.items[key.index()]
    }
}

impl<K: Entity, T> IndexMut<K> for Arena<K, T> {
    fn index_mut(&mut self, key: K) -> &mut T {
        &mut self.items[key.index()]
    }
}

/// Facts about entries, kept beside the arena that owns them. An entry without a fact has the default.
#[derive(Clone, Debug)]
pub struct Side<K, T> {
    items: Vec<T>,
    default: T,
    key: PhantomData<K>,
}

impl<K: Entity, T: Clone> Side<K, T> {
    /// Facts with this default.
    pub fn new(default: T) -> Self {
        Side { items: Vec::new(), default, key: PhantomData }
    }

    /// Room for changing the fact about an entry.
    pub fn entry(&mut self, key: K) -> &mut T {
        if key.index() >= self.items.len() {
            self.items.resize(key.index() + 1, self.default.clone());
        }
        &mut self.items[key.index()]
    }

    /// Sets the fact about an entry.
    pub fn set(&mut self, key: K, fact: T) {
        *self.entry(key) = fact;
    }
}

impl<K: Entity, T> Index<K> for Side<K, T> {
    type Output = T;
    fn index(&self, key: K) -> &T {
        self.items.get(key.index()).unwrap_or(&self.default)
    }
}
