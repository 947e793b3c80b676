//! Lines of equal value on a grid, and the areas above a value. Each cell is cut into four triangles at its centre, on
//! which the value is linear: so lines never cross, and areas end where lines run. A value that is not finite leaves a
//! hole.

use crate::scene::Point;
use adl_runtime::figure::Grid;
use std::collections::HashMap;

/// A corner of a triangle: where it is and the value there.
type Corner = (Point, f64);

/// Calls `see` with the four triangles of each cell.
fn triangles(grid: &Grid, see: &mut dyn FnMut([Corner; 3])) {
    for i in 1..grid.y.len() {
        for j in 1..grid.x.len() {
            if let Some(four) = cell(grid, i, j) {
                four.into_iter().for_each(&mut *see);
            }
        }
    }
}

/// The triangles of the cell whose last corner is in row `i` and column `j`.
fn cell(grid: &Grid, i: usize, j: usize) -> Option<[[Corner; 3]; 4]> {
    let n = grid.x.len();
    let corner = |i: usize, j: usize| ((grid.x[j], grid.y[i]), grid.z[i * n + j]);
    let around = [corner(i - 1, j - 1), corner(i - 1, j), corner(i, j), corner(i, j - 1)];
    let mean = around.iter().map(|c| c.1 / 4.0).sum::<f64>();
    if !mean.is_finite() {
        return None;
    }
    let middle = (f64::midpoint(grid.x[j - 1], grid.x[j]), f64::midpoint(grid.y[i - 1], grid.y[i]));
    Some([0, 1, 2, 3].map(|k| [around[k], around[(k + 1) % 4], (middle, mean)]))
}

/// The lines on which the grid has the value `level`, in its own coordinates.
pub fn lines(grid: &Grid, level: f64) -> Vec<Vec<Point>> {
    let mut segments = Vec::new();
    triangles(grid, &mut |corners| {
        let mut ends = Vec::new();
        for k in 0..3 {
            // From the lower place to the higher one, so that neighbours find the same point.
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            let (a, b) = if a.0 <= b.0 { (a, b) } else { (b, a) };
            if (a.1 >= level) != (b.1 >= level) {
                let t = (level - a.1) / (b.1 - a.1);
                ends.push((a.0.0 + t * (b.0.0 - a.0.0), a.0.1 + t * (b.0.1 - a.0.1)));
            }
        }
        if let [a, b] = ends[..]
            && a != b
        {
            segments.push((a, b));
        }
    });
    chained(&segments)
}

type Key = (u64, u64);

fn key(p: Point) -> Key {
    (p.0.to_bits(), p.1.to_bits())
}

/// Segments joined at their ends.
fn chained(segments: &[(Point, Point)]) -> Vec<Vec<Point>> {
    let mut at: HashMap<Key, Vec<usize>> = HashMap::new();
    for (k, (a, b)) in segments.iter().enumerate() {
        at.entry(key(*a)).or_default().push(k);
        at.entry(key(*b)).or_default().push(k);
    }
    let mut used = vec![false; segments.len()];
    let mut out = Vec::new();
    // Lines that end somewhere are begun at an end; then the rings.
    let ends = (0..segments.len()).filter(|&k| {
        let (a, b) = segments[k];
        at[&key(a)].len() == 1 || at[&key(b)].len() == 1
    });
    let order: Vec<usize> = ends.chain(0..segments.len()).collect();
    for first in order {
        if std::mem::replace(&mut used[first], true) {
            continue;
        }
        let (a, b) = segments[first];
        let mut line = if at[&key(b)].len() == 1 { vec![b, a] } else { vec![a, b] };
        while let Some(&end) = line.last() {
            let Some(&next) = at[&key(end)].iter().find(|&&k| !used[k]) else { break };
            used[next] = true;
            let (a, b) = segments[next];
            line.push(if key(a) == key(end) { b } else { a });
        }
        out.push(line);
    }
    out
}

/// Convex polygons that cover where the grid is at least `level`, in its own coordinates.
pub fn above(grid: &Grid, level: f64) -> Vec<Vec<Point>> {
    let mut out = Vec::new();
    for i in 1..grid.y.len() {
        // Cells that are covered altogether are joined along the row.
        let mut run: Option<usize> = None;
        for j in 1..=grid.x.len() {
            let cell = if j < grid.x.len() { cell(grid, i, j) } else { None };
            let full = cell.is_some_and(|four| four.iter().flatten().all(|(_, z)| *z >= level));
            if full {
                run.get_or_insert(j - 1);
                continue;
            }
            if let Some(first) = run.take() {
                let (x0, x1, y0, y1) = (grid.x[first], grid.x[j - 1], grid.y[i - 1], grid.y[i]);
                out.push(vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)]);
            }
            out.extend(cell.into_iter().flatten().map(|t| part_above(t, level)).filter(|p| p.len() > 2));
        }
    }
    out
}

fn part_above(corners: [Corner; 3], level: f64) -> Vec<Point> {
    let mut out = Vec::new();
    for k in 0..3 {
        let ((a, za), (b, zb)) = (corners[k], corners[(k + 1) % 3]);
        if za >= level {
            out.push(a);
        }
        if (za >= level) != (zb >= level) {
            let t = (level - za) / (zb - za);
            out.push((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
        }
    }
    out
}
