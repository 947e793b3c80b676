//! What is left to draw of series: parts inside the panel, and no more points than can be told apart.

use crate::scene::{Point, Rect};
use std::collections::HashSet;

/// Points closer than this (in points of the picture) look like one.
const NEAR: f64 = 0.4;
/// A line of more points than this is a tangle.
const TANGLE: usize = 50_000;

/// A polyline inside a rectangle: its pieces between gaps and borders.
pub fn polyline(points: &[Point], inside: Rect) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    for run in points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
        let Some(&first) = run.first() else { continue };
        if run.iter().all(|p| *p == first) {
            // A point between gaps is a dot.
            if inside.contains(first) {
                pieces.push(vec![(first.0 - 1.0, first.1), (first.0 + 1.0, first.1)]);
            }
            continue;
        }
        clip_run(&thinned(run), inside, &mut pieces);
    }
    pieces
}

/// Of the points in each column of pixels the first, the highest, the lowest and the last, if the line runs one way;
/// else all that are apart from the one before.
fn thinned(run: &[Point]) -> Vec<Point> {
    let forward = run.windows(2).all(|w| w[0].0 <= w[1].0) || run.windows(2).all(|w| w[0].0 >= w[1].0);
    if !forward {
        // A tangle of very many pieces is drawn more coarsely, yet within the width of its line.
        let mut near = NEAR;
        let mut out = apart(run, near);
        while out.len() > TANGLE && near < 3.0 * NEAR {
            near *= 1.4;
            out = apart(run, near);
        }
        return out;
    }
    let mut out: Vec<Point> = Vec::new();
    let column = |p: &Point| (p.0 / NEAR).floor();
    for group in run.chunk_by(|a, b| column(a) == column(b)) {
        if group.len() <= 4 {
            out.extend(group);
            continue;
        }
        let by_height = |a: &usize, b: &usize| group[*a].1.total_cmp(&group[*b].1);
        let last = group.len() - 1;
        let mut kept: Vec<usize> = vec![0, last];
        kept.extend((0..=last).min_by(by_height));
        kept.extend((0..=last).max_by(by_height));
        kept.sort_unstable();
        kept.dedup();
        out.extend(kept.into_iter().map(|k| group[k]));
    }
    out
}

/// The points that are further than this from the one before, and the last.
fn apart(run: &[Point], near: f64) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::new();
    for (k, &p) in run.iter().enumerate() {
        let far = out.last().is_none_or(|q| (p.0 - q.0).abs() + (p.1 - q.1).abs() > near);
        if far || k + 1 == run.len() {
            out.push(p);
        }
    }
    out
}

fn clip_run(run: &[Point], inside: Rect, pieces: &mut Vec<Vec<Point>>) {
    let mut piece: Vec<Point> = Vec::new();
    for w in run.windows(2) {
        match clip_segment(w[0], w[1], inside) {
            Some((a, b)) => {
                if piece.last() != Some(&a) {
                    pieces.extend((piece.len() > 1).then(|| std::mem::take(&mut piece)));
                    piece = vec![a];
                }
                piece.push(b);
            }
            None => {
                pieces.extend((piece.len() > 1).then(|| std::mem::take(&mut piece)));
                piece.clear();
            }
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
}

/// The part of a segment inside a rectangle (Liang and Barsky).
fn clip_segment(a: Point, b: Point, r: Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (step, room) in [(-dx, a.0 - r.x), (dx, r.right() - a.0), (-dy, a.1 - r.y), (dy, r.bottom() - a.1)] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            from = from.max(room / step);
        } else {
            to = to.min(room / step);
        }
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    (from <= to).then(|| (if from == 0.0 { a } else { at(from) }, if to == 1.0 { b } else { at(to) }))
}

/// Dots inside a rectangle, without those that lie on others.
pub fn dots(points: &[Point], radius: f64, inside: Rect) -> Vec<Point> {
    let near = (radius / 2.0).max(0.2);
    let mut seen = HashSet::new();
    let cell = |p: &Point| ((p.0 / near).round() as i64, (p.1 / near).round() as i64);
    points.iter().filter(|p| inside.contains(**p) && seen.insert(cell(p))).copied().collect()
}

/// The part of a convex polygon inside a rectangle (Sutherland and Hodgman).
pub fn polygon(points: Vec<Point>, r: Rect) -> Vec<Point> {
    if points.iter().all(|p| r.contains(*p)) {
        return points;
    }
    let sides: [&dyn Fn(Point) -> f64; 4] =
        [&|p| p.0 - r.x, &|p| r.right() - p.0, &|p| p.1 - r.y, &|p| r.bottom() - p.1];
    sides.into_iter().fold(points, |points, side| half(&points, side))
}

/// The part of a convex polygon where `side` is not negative; it is linear.
pub fn half(points: &[Point], side: &dyn Fn(Point) -> f64) -> Vec<Point> {
    let mut out = Vec::new();
    for (k, &b) in points.iter().enumerate() {
        let a = points[(k + points.len() - 1) % points.len()];
        let (da, db) = (side(a), side(b));
        if (da >= 0.0) != (db >= 0.0) {
            let t = da / (da - db);
            out.push((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
        }
        if db >= 0.0 {
            out.push(b);
        }
    }
    out
}
