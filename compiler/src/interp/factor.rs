//! Factorisations, by the methods of the textbook: elimination, reflections, and rotations after Jacobi
//! (G. H. Golub and C. F. Van Loan, *Matrix Computations*, 4th edition, 2013, §§3.4, 4.2, 5.2, 8.5, 8.6).
//! In `f64`, whatever the operands.

use super::data::Data;
use adl_lang::ops::{Const, Factor};
use std::iter::zip;

/// A matrix by its columns.
type Columns = Vec<Vec<f64>>;

/// The sweeps of rotations after which an iteration counts as divergent.
const SWEEPS: usize = 60;
/// The part of the largest entry from which on an entry decides the sign of a vector.
const LARGE: f64 = 0.3719;

/// The result of a factorisation or solution.
pub(super) fn factor(factor: Factor, args: &[&Data]) -> Data {
    let a = columns(args[0]);
    let (n, m) = (args[0].shape()[1], args[0].shape()[0]);
    let solved = |x: Vec<Vec<f64>>| stack(args[1], &[&transposed(&x, args[1].shape()[0])]);
    let wide = matches!(factor, Factor::Qr | Factor::Svd) && m < n;
    let known = !wide && args[0].to_f64s().iter().all(|x| x.is_finite());
    match factor {
        Factor::Lu | Factor::Cholesky | Factor::Qr | Factor::Eigh | Factor::Svd if !known => {
            let extra = match factor {
                Factor::Lu => 2,
                Factor::Qr => n,
                Factor::Eigh => 1,
                Factor::Svd => n + 1,
                Factor::Cholesky | Factor::LuSolve { .. } | Factor::Triangular { .. } => 0,
            };
            stack(args[0], &[&vec![vec![f64::NAN; n]; m + extra]])
        }
        Factor::Lu => stack(args[0], &[&lu(transposed(&a, m))]),
        Factor::Cholesky => stack(args[0], &[&cholesky(&a)]),
        Factor::Qr => {
            let (q, r) = qr(&a, m);
            stack(args[0], &[&transposed(&q, m), &r])
        }
        Factor::Eigh => {
            let (values, vectors) = eigh(a);
            stack(args[0], &[&[values], &transposed(&vectors, n)])
        }
        Factor::Svd => {
            let (u, values, v) = svd(a, m);
            stack(args[0], &[&transposed(&u, m), &[values], &transposed(&v, n)])
        }
        Factor::LuSolve { transposed: false } => {
            let order: Vec<usize> = a.iter().map(|column| column[n] as usize).collect();
            let solve = |b: Vec<f64>| {
                let b = order.iter().map(|&p| b[p]).collect();
                let y = triangular(n, |i, j| a[j][i], [false, true], b);
                triangular(n, |i, j| a[j][i], [true, false], y)
            };
            solved(columns(args[1]).into_iter().map(solve).collect())
        }
        Factor::LuSolve { transposed: true } => {
            let solve = |b: Vec<f64>| {
                let y = triangular(n, |i, j| a[i][j], [false, false], b);
                let y = triangular(n, |i, j| a[i][j], [true, true], y);
                let mut x = vec![0.0; n];
                for (column, y) in zip(&a, y) {
                    x[column[n] as usize] = y;
                }
                x
            };
            solved(columns(args[1]).into_iter().map(solve).collect())
        }
        Factor::Triangular { upper, transposed, unit } => {
            let at = |i: usize, j: usize| if transposed { a[i][j] } else { a[j][i] };
            let solve = |b| triangular(n, at, [upper != transposed, unit], b);
            solved(columns(args[1]).into_iter().map(solve).collect())
        }
    }
}

fn columns(x: &Data) -> Columns {
    let (m, n) = (x.shape()[0], x.shape()[1]);
    let all = x.to_f64s();
    (0..n).map(|j| (0..m).map(|i| all[i * n + j]).collect()).collect()
}

/// `rows` rows from columns, or the other way round.
fn transposed(a: &[Vec<f64>], rows: usize) -> Vec<Vec<f64>> {
    (0..rows).map(|i| a.iter().map(|column| column[i]).collect()).collect()
}

/// Rows below one another, with the columns and elements of `like`.
fn stack(like: &Data, parts: &[&[Vec<f64>]]) -> Data {
    let rows: usize = parts.iter().map(|p| p.len()).sum();
    let elems = parts.iter().flat_map(|p| p.iter().flatten()).map(|&x| Const::of(like.dtype(), x)).collect();
    Data::new(like.dtype(), vec![rows, like.shape()[1]], elems)
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    zip(x, y).map(|(x, y)| x * y).sum()
}

/// Elimination of rows.
fn lu(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut order: Vec<usize> = (0..n).collect();
    for k in 0..n {
        let pivot = (k..n).fold(k, |p, i| if a[i][k].abs() > a[p][k].abs() { i } else { p });
        a.swap(k, pivot);
        order.swap(k, pivot);
        let (above, below) = a.split_at_mut(k + 1);
        let row = &above[k];
        for other in below.iter_mut().filter(|_| row[k] != 0.0) {
            other[k] /= row[k];
            let l = other[k];
            zip(&mut other[k + 1..], &row[k + 1..]).for_each(|(x, u)| *x -= l * u);
        }
    }
    let trust = |k: usize| {
        let size: f64 = a[k][k].abs() + (0..k).map(|j| (a[k][j] * a[j][k]).abs()).sum::<f64>();
        if size == 0.0 { 0.0 } else { a[k][k].abs() / size }
    };
    let trust = (0..n).map(trust).collect();
    a.extend([order.into_iter().map(|p| p as f64).collect(), trust]);
    a
}

fn cholesky(a: &Columns) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut l = vec![vec![0.0; n]; n];
    for j in 0..n {
        for i in j..n {
            let rest = a[j][i] - dot(&l[i][..j], &l[j][..j]);
            if i > j {
                l[i][j] = rest / l[j][j];
            } else if rest <= 0.0 {
                let mut failed = vec![vec![0.0; n]; n];
                failed[0][0] = -(j as f64 + 1.0);
                return failed;
            } else {
                l[j][j] = rest.sqrt();
            }
        }
    }
    l
}

/// Solves with the upper or lower triangle of a matrix, whose diagonal may be taken to be 1.
fn triangular(n: usize, a: impl Fn(usize, usize) -> f64, [upper, unit]: [bool; 2], mut b: Vec<f64>) -> Vec<f64> {
    for step in 0..n {
        let i = if upper { n - 1 - step } else { step };
        let known = if upper { i + 1..n } else { 0..i };
        let rest = b[i] - known.map(|j| a(i, j) * b[j]).sum::<f64>();
        b[i] = if unit { rest } else { rest / a(i, i) };
    }
    b
}

/// Columns of Q and rows of R.
fn qr(a: &Columns, m: usize) -> (Columns, Vec<Vec<f64>>) {
    let n = a.len();
    let mut q: Columns = Vec::new();
    let mut r = vec![vec![0.0; n]; n];
    for (k, column) in a.iter().enumerate() {
        let mut rest = column.clone();
        // Twice is enough (B. N. Parlett, *The Symmetric Eigenvalue Problem*, 1980, §6.9).
        for _ in 0..2 {
            for (i, e) in q.iter().enumerate() {
                let part = dot(e, &rest);
                r[i][k] += part;
                zip(&mut rest, e).for_each(|(x, e)| *x -= part * e);
            }
        }
        let length = norm(&rest);
        if length > 1e-14 * norm(column) {
            r[k][k] = length;
            q.push(rest.into_iter().map(|x| x / length).collect());
        } else {
            q.push(perpendicular(&q, m));
        }
    }
    (q, r)
}

/// The length of a vector, for entries of any size.
fn norm(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |length: f64, x| length.hypot(*x))
}

/// A unit vector perpendicular to unit vectors.
fn perpendicular(q: &[Vec<f64>], m: usize) -> Vec<f64> {
    let candidates = (0..m).map(|k| {
        let mut x: Vec<f64> = (0..m).map(|i| f64::from(u8::from(i == k))).collect();
        for _ in 0..2 {
            for e in q {
                let part = dot(e, &x);
                zip(&mut x, e).for_each(|(x, e)| *x -= part * e);
            }
        }
        (norm(&x), x)
    });
    let (length, x) = candidates.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
    x.into_iter().map(|x| x / length).collect()
}

/// The rotation that makes `[[p, q], [q, r]]` diagonal.
fn rotation(p: f64, q: f64, r: f64) -> (f64, f64) {
    let tau = (r - p) / (2.0 * q);
    let t = if tau >= 0.0 { 1.0 / (tau + 1.0f64.hypot(tau)) } else { 1.0 / (tau - 1.0f64.hypot(tau)) };
    let c = 1.0 / 1.0f64.hypot(t);
    (c, t * c)
}

fn rotate(a: &mut [Vec<f64>], p: usize, q: usize, (c, s): (f64, f64)) {
    let (left, right) = a.split_at_mut(q);
    for (x, y) in zip(&mut left[p], &mut right[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

fn unit(n: usize) -> Columns {
    (0..n).map(|k| (0..n).map(|i| f64::from(u8::from(i == k))).collect()).collect()
}

/// Eigenvalues and eigenvectors.
fn eigh(half: Columns) -> (Vec<f64>, Columns) {
    let n = half.len();
    let mut a: Columns = (0..n).map(|j| (0..n).map(|i| half[i.min(j)][i.max(j)]).collect()).collect();
    let mut v = unit(n);
    let size = a.iter().map(|x| norm(x)).fold(0.0, f64::max);
    let mut open = true;
    for _ in 0..SWEEPS {
        open = false;
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            if a[p][q].abs() > 1e-17 * size {
                open = true;
                let turn = rotation(a[p][p], a[p][q], a[q][q]);
                rotate(&mut a, p, q, turn);
                a = transposed(&a, n);
                rotate(&mut a, p, q, turn);
                rotate(&mut v, p, q, turn);
                (a[p][q], a[q][p]) = (0.0, 0.0);
            }
        }
        if !open {
            break;
        }
    }
    if open {
        return (vec![f64::INFINITY; n], vec![vec![f64::INFINITY; n]; n]);
    }
    let mut pairs: Vec<(f64, Vec<f64>)> = v.into_iter().enumerate().map(|(k, v)| (a[k][k], v)).collect();
    pairs.sort_by(|x, y| x.0.total_cmp(&y.0));
    for (_, v) in &mut pairs {
        if turned(v) {
            v.iter_mut().for_each(|x| *x = -*x);
        }
    }
    pairs.into_iter().unzip()
}

/// Left vectors, singular values and right vectors, by rotations of columns until they are perpendicular.
fn svd(mut a: Columns, m: usize) -> (Columns, Vec<f64>, Columns) {
    let n = a.len();
    let mut v = unit(n);
    for _ in 0..SWEEPS {
        let mut open = false;
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            let (x, y) = (norm(&a[p]), norm(&a[q]));
            let product =
                if x == 0.0 || y == 0.0 { 0.0 } else { zip(&a[p], &a[q]).map(|(s, t)| s / x * (t / y)).sum() };
            if f64::abs(product) > 1e-15 {
                open = true;
                let turn = rotation(x / y, product, y / x);
                rotate(&mut a, p, q, turn);
                rotate(&mut v, p, q, turn);
            }
        }
        if !open {
            break;
        }
    }
    let mut triples: Vec<_> = zip(a, v).map(|(x, v)| (norm(&x), x, v)).collect();
    triples.sort_by(|x, y| y.0.total_cmp(&x.0));
    let least = triples.first().map_or(0.0, |t| t.0 * 1e-15);
    let (mut u, mut s, mut right): (Columns, Vec<f64>, Columns) = Default::default();
    for (length, x, mut v) in triples {
        let mut left = if length > least { x.iter().map(|x| x / length).collect() } else { perpendicular(&u, m) };
        if turned(&v) {
            v.iter_mut().chain(&mut left).for_each(|x| *x = -*x);
        }
        u.push(left);
        s.push(length);
        right.push(v);
    }
    (u, s, right)
}

/// Whether the first large entry is negative.
fn turned(x: &[f64]) -> bool {
    let large = LARGE * x.iter().fold(0.0, |top: f64, x| top.max(x.abs()));
    x.iter().find(|x| x.abs() >= large).is_some_and(|x| *x < 0.0)
}
