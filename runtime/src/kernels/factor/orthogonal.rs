//! QR by reflections, thin, with a diagonal of R that is not negative.

use super::{Made, Number, columns, scratch, transpose, zeros};
use faer::dyn_stack::MemStack;
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::{Conj, MatMut, MatRef, Par};

/// See [`super`].
pub(super) fn qr<T: Number>(out: &mut [T], a: &[T], m: usize, n: usize) -> Made {
    if m < n {
        return super::poison(out);
    }
    if n == 0 {
        return Ok(());
    }
    let block = recommended_block_size::<T>(m, n);
    let need = qr_in_place_scratch::<T>(m, n, block, Par::Seq, Default::default()).or(apply_scratch::<T>(m, block, n));
    let mut room = scratch(need)?;
    let mut reflections = columns(a, n)?;
    let mut coefficients = zeros(block * n)?;
    let mut q = zeros(m * n)?;
    for k in 0..n {
        q[k * m + k] = T::of(1.0);
    }
    let matrix = MatMut::from_column_major_slice_mut(&mut reflections, m, n);
    let mut factors = MatMut::from_column_major_slice_mut(&mut coefficients, block, n);
    qr_in_place(matrix, factors.as_mut(), Par::Seq, MemStack::new(&mut room), Default::default());
    let basis = MatRef::from_column_major_slice(&reflections, m, n);
    let columns = MatMut::from_column_major_slice_mut(&mut q, m, n);
    apply(basis, factors.as_ref(), Conj::No, columns, Par::Seq, MemStack::new(&mut room));
    let (upper, lower) = out.split_at_mut(m * n);
    for (k, row) in lower.chunks_exact_mut(n).enumerate() {
        row.fill(T::default());
        let negative = reflections[k * m + k] < T::default();
        for (j, x) in row.iter_mut().enumerate().skip(k) {
            let entry = reflections[j * m + k];
            *x = if negative { -entry } else { entry };
        }
        if negative {
            q[k * m..][..m].iter_mut().for_each(|x| *x = -*x);
        }
    }
    transpose(upper, &q, m);
    Ok(())
}
