//! The order of the entries of each row.
#![allow(unsafe_code, reason = "raw pointers from native code")]

use super::desk::{Desk, Made};
use super::{operand, result};
use crate::abi::{Context, size};

/// Elements that can be put in order by an integer.
trait Key: Copy {
    /// An integer whose order is that of the elements; equal elements have equal ones.
    fn key(self) -> u64;
}

impl Key for i64 {
    fn key(self) -> u64 {
        (self as u64) ^ (1 << 63)
    }
}

impl Key for f64 {
    /// The bits of a positive float are in its order, those of a negative one in the reverse of it.
    /// Every NaN comes last, and both zeros are one.
    fn key(self) -> u64 {
        if self.is_nan() {
            return u64::MAX;
        }
        let bits = (self + 0.0).to_bits();
        if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
    }
}

impl Key for f32 {
    fn key(self) -> u64 {
        f64::from(self).key()
    }
}

macro_rules! export {
    ($t:ty, $name:ident) => {
        /// For each of `rows` rows of `n` entries, the indices that put it in rising order; equal
        /// entries keep their order, NaN is last.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $name(ctx: *mut Context, out: *mut i64, data: *const $t, rows: i64, n: i64) -> u32 {
            // SAFETY: the contract above.
            unsafe {
                let desk = Desk::new(ctx);
                desk.finish(|| argsort(desk, out, data, size(rows), size(n))) as u32
            }
        }
    };
}

export!(f64, adl_argsort_f64);
export!(f32, adl_argsort_f32);
export!(i64, adl_argsort_i64);

/// An entry by its key, and where it stands.
type Pair = (u64, usize);

/// Rows up to this length are sorted between two looks at the interrupt. Longer ones are dealt out to buckets,
/// each about as long as a part of this length.
const WHOLE: usize = 1 << 18;
const PART: usize = 1 << 16;

/// There are no more buckets than about twice as many.
const MOST: usize = 4096;

/// Entries between two looks at the interrupt.
const STRETCH: usize = 1 << 20;

/// # Safety
/// As for the kernels.
unsafe fn argsort<T: Key>(desk: Desk, out: *mut i64, data: *const T, rows: usize, n: usize) -> Made {
    if rows == 0 || n == 0 {
        return Ok(());
    }
    let mut pairs = desk.list::<Pair>(n)?;
    for row in 0..rows {
        // SAFETY: row `row` lies inside operand and result.
        let (entries, order) = unsafe { (operand(data.add(row * n), n), result(out.add(row * n), n)) };
        pairs.clear();
        if n <= WHOLE {
            pairs.extend(entries.iter().enumerate().map(|(i, x)| (x.key(), i)));
            // No two pairs are equal, so the unstable sort, which needs no memory, gives the stable
            // order.
            pairs.sort_unstable();
        } else {
            by_buckets(desk, &mut pairs, entries)?;
        }
        for (index, pair) in order.iter_mut().zip(pairs.iter()) {
            *index = pair.1 as i64;
        }
        desk.look()?;
    }
    Ok(())
}

/// Deals the entries out to buckets, whose borders are keys of a sample, and sorts each.
/// What equals a border has a bucket of its own, which needs no sorting: so many equal entries do not make a long one.
fn by_buckets<T: Key>(desk: Desk, pairs: &mut Vec<Pair>, entries: &[T]) -> Made {
    let n = entries.len();
    let count = (n / PART).clamp(1, MOST);
    // Eight of a sample for each border; places that no period of the data follows.
    let place = |k: usize| (k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize % n;
    let mut sample: Vec<u64> = (0..8 * count).map(|k| entries[place(k)].key()).collect();
    sample.sort_unstable();
    let mut borders: Vec<u64> = sample.into_iter().step_by(8).collect();
    borders.dedup();
    let bucket = |key: u64| {
        let below = borders.partition_point(|&border| border < key);
        2 * below + usize::from(borders.get(below) == Some(&key))
    };
    let mut ends = vec![0; 2 * borders.len() + 2];
    for stretch in entries.chunks(STRETCH) {
        stretch.iter().for_each(|x| ends[bucket(x.key()) + 1] += 1);
        desk.look()?;
    }
    for k in 1..ends.len() {
        ends[k] += ends[k - 1];
    }
    // From where each bucket begins to where it ends.
    let starts = ends.clone();
    pairs.resize(n, (0, 0));
    for (number, stretch) in entries.chunks(STRETCH).enumerate() {
        for (i, x) in stretch.iter().enumerate() {
            let key = x.key();
            let end = &mut ends[bucket(key)];
            pairs[*end] = (key, number * STRETCH + i);
            *end += 1;
        }
        desk.look()?;
    }
    for k in (0..2 * borders.len() + 1).step_by(2) {
        pairs[starts[k]..ends[k]].sort_unstable();
        desk.look()?;
    }
    Ok(())
}
