//! Results on their way to the host: their shapes, and the places where they go.

use adl_runtime::view::LeafMut;
use smallvec::SmallVec;

/// Places for results, in a row.
pub type Places<'a> = SmallVec<[LeafMut<'a>; 16]>;

/// The shapes of results, one after another; a scalar has none.
#[derive(Default)]
pub struct Shapes {
    sizes: SmallVec<[usize; 16]>,
    ranks: SmallVec<[usize; 16]>,
    /// How many of both were taken.
    taken: (usize, usize),
    /// All results are scalars.
    scalars: bool,
}

impl Shapes {
    /// The shapes of any number of scalars.
    #[inline]
    pub(super) fn scalars() -> Shapes {
        Shapes { scalars: true, ..Shapes::default() }
    }

    /// Each shape in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[usize]> {
        let mut start = 0;
        self.ranks.iter().map(move |&rank| {
            start += rank;
            &self.sizes[start - rank..start]
        })
    }

    /// To be taken once more.
    pub(super) fn rewound(&mut self) -> &mut Shapes {
        self.taken = (0, 0);
        self
    }

    pub(super) fn push(&mut self, dims: &[usize]) {
        self.sizes.extend_from_slice(dims);
        self.ranks.push(dims.len());
    }

    /// The shape of the next array; as many sizes as it has axes.
    #[inline]
    pub fn take<const R: usize>(&mut self) -> Option<[usize; R]> {
        if self.scalars {
            return (R == 0).then_some([0; R]);
        }
        let (size, rank) = self.taken;
        if self.ranks.get(rank) != Some(&R) {
            return None;
        }
        self.taken = (size + R, rank + 1);
        self.sizes.get(size..size + R)?.try_into().ok()
    }
}
