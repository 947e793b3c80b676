//! QR by reflections, thin, with a diagonal of R that is not negative.

use super::{Made, Number, STRETCH, columns, transpose};
use crate::kernels::clears_vectors;
use crate::kernels::desk::Desk;
use faer::linalg::householder::{
    apply_block_householder_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_on_the_left_in_place_with_conj as apply,
    apply_block_householder_transpose_on_the_left_in_place_with_conj as apply_transposed,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::{Conj, MatMut, MatRef, Par};

/// See [`super`].
pub(super) fn qr<T: Number>(desk: Desk, out: &mut [T], a: &[T], m: usize, n: usize) -> Made {
    if m < n {
        return super::poison(out);
    }
    if n == 0 {
        return Ok(());
    }
    // As many columns as `faer` likes, but no more than fit between two looks at the interrupt.
    let block = recommended_block_size::<T>(m, n).min((STRETCH / 2 / m).isqrt()).clamp(1, n);
    // So many columns are multiplied by the reflections of a block at a time.
    let stretch = (STRETCH / (4 * m * block)).max(1);
    let need = qr_in_place_scratch::<T>(m, block, block, Par::Seq, Default::default());
    let mut room = desk.scratch(need.or(apply_scratch::<T>(m, block, stretch.min(n))))?;
    let mut reflections = columns(desk, a, n)?;
    let mut coefficients = desk.zeros::<T>(block * n)?;
    let starts = (0..n).step_by(block);
    for k in starts.clone() {
        let width = block.min(n - k);
        let (done, mut rest) =
            MatMut::from_column_major_slice_mut(&mut reflections[k * m..], m, n - k).split_at_col_mut(width);
        let mut panel = done.subrows_mut(k, m - k);
        let mut factor =
            MatMut::from_column_major_slice_mut(&mut coefficients[k * block..][..width * width], width, width);
        let (stack, params) = (room.stack(), Default::default());
        clears_vectors(|| qr_in_place(panel.as_mut(), factor.as_mut(), Par::Seq, stack, params));
        for j in (0..rest.ncols()).step_by(stretch) {
            desk.look()?;
            let columns = rest.as_mut().submatrix_mut(k, j, m - k, stretch.min(n - k - width - j));
            let (basis, factor) = (panel.as_ref(), factor.as_ref());
            clears_vectors(|| apply_transposed(basis, factor, Conj::No, columns, Par::Seq, room.stack()));
        }
    }
    let mut q = desk.zeros::<T>(m * n)?;
    for k in 0..n {
        q[k * m + k] = T::of(1.0);
    }
    let mut basis = MatMut::from_column_major_slice_mut(&mut q, m, n);
    for k in starts.rev() {
        let width = block.min(n - k);
        let panel = MatRef::from_column_major_slice(&reflections[k * m..][..width * m], m, width).subrows(k, m - k);
        let factor = MatRef::from_column_major_slice(&coefficients[k * block..][..width * width], width, width);
        // Columns before are those of the unit matrix yet.
        for j in (k..n).step_by(stretch) {
            desk.look()?;
            let columns = basis.as_mut().submatrix_mut(k, j, m - k, stretch.min(n - j));
            clears_vectors(|| apply(panel, factor, Conj::No, columns, Par::Seq, room.stack()));
        }
    }
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
