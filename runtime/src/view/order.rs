//! The order in which the axes of a dense array lie in memory.

/// Arrays of up to so many axes have one.
const AXES: usize = 8;

/// The axes of an array that fills its memory without gaps, the slowest first: `[0, 1]` are rows one after another,
/// `[1, 0]` columns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Order {
    axes: [u8; AXES],
    rank: u8,
}

impl Order {
    /// The order of the axes with these strides; `None` if there are gaps, steps backwards or elements met twice.
    pub(super) fn of(dims: &[usize], strides: &[isize]) -> Option<Order> {
        let rank = dims.len();
        let mut axes = [0; AXES];
        let used = axes.get_mut(..rank)?;
        used.iter_mut().zip(0u8..).for_each(|(axis, k)| *axis = k);
        // The stride of an axis of one entry says nothing; such axes come first.
        used.sort_by_key(|&axis| match dims[usize::from(axis)] {
            1 => isize::MIN,
            _ => strides[usize::from(axis)].wrapping_neg(),
        });
        let order = Order { axes, rank: rank as u8 };
        let mut expected = 1isize;
        for axis in order.axes().rev().filter(|&axis| dims[axis] != 1) {
            if strides[axis] != expected {
                return None;
            }
            expected = expected.checked_mul(isize::try_from(dims[axis]).ok()?)?;
        }
        Some(order)
    }

    /// The axes, the slowest first.
    pub fn axes(&self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + '_ {
        self.axes[..usize::from(self.rank)].iter().map(|&axis| usize::from(axis))
    }

    /// Where an axis of the array is among them.
    pub fn place(&self, axis: usize) -> Option<usize> {
        self.axes().position(|own| own == axis)
    }

    /// As a number.
    pub fn code(&self) -> u64 {
        u64::from_le_bytes(self.axes)
    }
}
