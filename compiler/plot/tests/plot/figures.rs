//! Figures that are hard to lay out: long texts, many series, numbers far from 1, hardly any data, many panels.

use adl_runtime::figure::{Axis, Color, Figure, Grid, Legend, Mark, Panel, Shape, Stroke};

const LONG: &str = "the relative error of the approximation with seventeen terms, after orthogonalisation (double)";

fn mark(shape: Shape) -> Mark {
    Mark { shape, label: None, color: None }
}

fn named(mut mark: Mark, label: &str) -> Mark {
    mark.label = Some(label.into());
    mark
}

fn line(x: &[f64], y: &[f64]) -> Mark {
    mark(Shape::Line { x: x.to_vec(), y: y.to_vec(), stroke: Stroke::Solid, width: 1.5 })
}

fn scatter(x: &[f64], y: &[f64]) -> Mark {
    mark(Shape::Scatter { x: x.to_vec(), y: y.to_vec(), size: 5.0 })
}

fn curve(f: impl Fn(f64) -> f64, a: f64, b: f64) -> Mark {
    let x: Vec<f64> = (0..=200).map(|k| a + (b - a) * f64::from(k) / 200.0).collect();
    let y: Vec<f64> = x.iter().map(|x| f(*x)).collect();
    line(&x, &y)
}

fn grid(n: usize, m: usize, f: impl Fn(f64, f64) -> f64) -> Grid {
    let places = |n: usize| (0..n).map(|k| k as f64 / (n.max(2) - 1) as f64 * 2.0 - 1.0).collect::<Vec<_>>();
    let (x, y) = (places(m), places(n));
    let z = y.iter().flat_map(|y| x.iter().map(|x| f(*x, *y))).collect();
    Grid { z, x, y }
}

fn heatmap(grid: Grid) -> Mark {
    mark(Shape::Heatmap(grid))
}

fn contour(grid: Grid, levels: &[f64], filled: bool) -> Mark {
    mark(Shape::Contour { grid, levels: levels.to_vec(), filled })
}

fn bars(edges: &[f64], heights: &[f64]) -> Mark {
    mark(Shape::Bars { edges: edges.to_vec(), heights: heights.to_vec() })
}

/// Numbers between 0 and 1 without order.
fn noise(k: usize) -> f64 {
    (k as f64 * 12.9898).sin().mul_add(43758.5453, 0.0).rem_euclid(1.0)
}

fn panel(marks: Vec<Mark>) -> Panel {
    Panel { marks, ..Panel::default() }
}

fn titled(title: &str, x: &str, y: &str, marks: Vec<Mark>) -> Panel {
    let axis = |label: &str| Axis { label: (!label.is_empty()).then(|| label.into()), ..Axis::default() };
    Panel { title: (!title.is_empty()).then(|| title.into()), x: axis(x), y: axis(y), ..panel(marks) }
}

fn one(panel: Panel) -> Figure {
    Figure { panels: vec![panel], columns: 1, size: None, title: None, save: None }
}

fn several(columns: usize, panels: Vec<Panel>) -> Figure {
    Figure { panels, columns, size: None, title: None, save: None }
}

fn logarithmic(mut panel: Panel, x: bool, y: bool) -> Panel {
    (panel.x.log, panel.y.log) = (x, y);
    panel
}

fn small(width: f64, height: f64, panel: Panel) -> Figure {
    Figure { size: Some((width, height)), ..one(panel) }
}

/// All of them with their names.
pub fn all() -> Vec<(&'static str, Figure)> {
    let mut out = texts();
    out.extend(series());
    out.extend(numbers());
    out.extend(grids());
    out.extend(panels());
    out
}

fn texts() -> Vec<(&'static str, Figure)> {
    let waves = |label: &str| vec![named(curve(f64::sin, 0.0, 9.0), label), named(curve(f64::cos, 0.0, 9.0), "cos")];
    let full = |label: &str| {
        let (x, y): (Vec<f64>, Vec<f64>) = (0..900).map(|k| (noise(k), noise(k + 5000))).unzip();
        vec![named(scatter(&x, &y), label)]
    };
    let outside = |marks| Panel { legend: Legend::Outside, ..titled("title", "x", "y", marks) };
    vec![
        ("long-legend", one(titled("title", "x", "y", waves(LONG)))),
        ("long-legend-outside", one(outside(waves(LONG)))),
        ("long-legend-crowded", one(titled("title", "x", "y", full(LONG)))),
        ("long-word", one(outside(waves(&"Donaudampfschifffahrt".repeat(4))))),
        ("long-labels", one(titled(LONG, &format!("{LONG} and {LONG}"), LONG, waves("sin")))),
        ("longer-labels", one(titled(&[LONG; 5].join(", "), &[LONG; 5].join(", "), &[LONG; 5].join(", "), waves("")))),
        ("labels-in-a-small-figure", small(260.0, 200.0, titled(LONG, LONG, LONG, waves("sine wave")))),
        (
            "unicode",
            one(titled(
                "Größe ∇²φ = 4πGρ — ‖x − y‖₂ ≤ ε, Übung №7, Ωμέγα, Привет, <a & b>, 日本",
                "α → ∞ (×10⁶ m²·s⁻¹)",
                "∂u/∂t, ∫₀¹ f(x) dx",
                waves("θ̂ₙ ± σ"),
            )),
        ),
        ("lines-in-a-title", one(titled("first line\nsecond line", "x\nin metres", "y", waves("a\nb")))),
    ]
}

fn series() -> Vec<(&'static str, Figure)> {
    let many = |n: usize| {
        let wave = |k: usize| curve(move |x| (x + k as f64 / 7.0).sin() + k as f64 / 3.0, 0.0, 6.0);
        (0..n).map(|k| named(wave(k), &format!("series {}", k + 1))).collect::<Vec<_>>()
    };
    let dots = (0..22).map(|k| {
        let x: Vec<f64> = (0..8).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| x * 0.3 + f64::from(k)).collect();
        named(scatter(&x, &y), &format!("run {k}"))
    });
    let twins = vec![
        named(curve(|x| x, 0.0, 1.0), "f"),
        named(curve(|x| x * x, 0.0, 1.0), "f"),
        named(scatter(&[0.5], &[0.7]), "f"),
    ];
    let corner = Panel { legend: Legend::Corner { top: false, right: true }, ..panel(many(4)) };
    vec![
        ("twenty-five-series", one(titled("25 series", "x", "y", many(25)))),
        ("ninety-series", one(titled("90 series", "x", "y", many(90)))),
        ("twenty-two-scatters", one(titled("22 scatters", "x", "y", dots.collect()))),
        ("legend-in-a-corner", one(corner)),
        ("twin-names", one(titled("twin names", "x", "y", twins))),
        ("many-series-in-a-small-figure", small(300.0, 200.0, titled("small", "x", "y", many(14)))),
    ]
}

fn numbers() -> Vec<(&'static str, Figure)> {
    let ramp = |at: f64, step: f64| (0..50).map(|k| at + step * f64::from(k)).collect::<Vec<_>>();
    let powers = |from: i32, to: i32| (from..=to).map(|k| 10f64.powi(k)).collect::<Vec<_>>();
    let offset = titled("far from 0", "time", "size", vec![line(&ramp(1e9, 1e-3), &ramp(-2024.125, 1e-6))]);
    let long_offset = titled(LONG, LONG, "y", vec![line(&ramp(123_456_789.0, 1e-4), &ramp(1.234_567e-7, 1e-16))]);
    let tiny = titled("very small", "x", "y", vec![line(&ramp(0.0, 1e-12), &ramp(3e-15, 1e-15))]);
    let holes: Vec<f64> = (0..50)
        .map(|k| {
            if k % 9 == 4 {
                f64::NAN
            } else if k == 20 {
                f64::INFINITY
            } else {
                f64::from(k)
            }
        })
        .collect();
    let wide = powers(-300, 300);
    let pole = |x: f64| 1.0 / (x - 0.5);
    let steep = titled("a pole", "x", "1 / (x − ½)", vec![curve(pole, 0.0, 1.0)]);
    let decade = |a: f64, b: f64| {
        let p = logarithmic(titled("", "x", "y", vec![line(&[a, b], &[a, b])]), true, true);
        Panel { title: Some(format!("log axes, {a} to {b}")), ..p }
    };
    vec![
        ("offset", one(offset)),
        ("offset-and-long-labels", one(long_offset)),
        ("tiny", one(tiny)),
        ("integers", one(titled("years", "year", "", vec![line(&ramp(1975.0, 1.0), &ramp(100_000.0, 1.0))]))),
        ("holes", one(titled("NaN and ∞", "k", "", vec![line(&ramp(0.0, 1.0), &holes)]))),
        ("one-point", one(titled("one point", "x", "y", vec![scatter(&[3.0], &[5.0])]))),
        ("constant", one(titled("constant", "x", "y", vec![line(&[0.0, 1.0], &[7.0, 7.0])]))),
        ("empty", one(titled("nothing", "x", "y", vec![named(line(&[], &[]), "no data")]))),
        ("enormous", one(titled("−10³⁰⁰ to 10³⁰⁰", "", "", vec![line(&[0.0, 1.0], &[-1e300, 1e300])]))),
        ("pole", one(steep)),
        ("log-600-decades", one(logarithmic(titled("", "x", "y", vec![line(&wide, &wide)]), true, true))),
        (
            "log-few-decades",
            several(
                3,
                vec![
                    decade(1.0, 100.0),
                    decade(0.03, 0.7),
                    decade(1.2, 1.9),
                    decade(2e-7, 4e-6),
                    decade(1e-5, 1e5),
                    decade(5.0, 5.0),
                ],
            ),
        ),
        (
            "log-without-positive-numbers",
            one(logarithmic(titled("", "x", "y", vec![line(&[1.0, 2.0], &[0.0, -1.0])]), false, true)),
        ),
        ("one-bar", one(titled("one value", "", "count", vec![bars(&[2.5, 3.5], &[1.0])]))),
        (
            "bars-on-a-log-axis",
            one(logarithmic(
                titled("", "x", "count", vec![bars(&[0.0, 1.0, 2.0, 3.0, 4.0], &[1.0, 10.0, 0.0, 1000.0])]),
                false,
                true,
            )),
        ),
        (
            "negative-bars",
            one(titled("", "x", "", vec![named(bars(&[0.0, 1.0, 2.0, 3.0], &[1.5, -2.0, 0.5]), "change")])),
        ),
    ]
}

fn grids() -> Vec<(&'static str, Figure)> {
    let bump = |x: f64, y: f64| (-3.0 * (x * x + y * y)).exp() * (4.0 * x).cos();
    let levels: Vec<f64> = (-3..10).map(|k| f64::from(k) / 10.0).collect();
    let mut hole = grid(12, 12, bump);
    hole.z[40] = f64::NAN;
    let colored =
        |color| Mark { color: Some(color), ..named(contour(grid(60, 60, bump), &[0.1, 0.5], false), "levels") };
    let square = Panel { equal: true, ..titled("equal", "x", "y", vec![named(heatmap(grid(20, 20, bump)), "value")]) };
    vec![
        ("heatmap", one(titled("a function", "x", "y", vec![named(heatmap(grid(101, 101, bump)), "height")]))),
        ("heatmap-one-cell", one(titled("1 × 1", "", "", vec![heatmap(grid(1, 1, |_, _| 4.0))]))),
        ("heatmap-wide", one(titled("2 × 1000", "x", "", vec![heatmap(grid(2, 1000, |x, y| (20.0 * x).sin() * y))]))),
        ("heatmap-hole", one(titled("a hole", "", "", vec![heatmap(hole)]))),
        (
            "heatmap-long-label",
            one(titled(LONG, "x", "y", vec![named(heatmap(grid(9, 9, |x, y| 1e9 + x * y * 1e-2)), LONG)])),
        ),
        ("heatmap-equal", one(square)),
        (
            "contour",
            one(titled("contour", "x", "y", vec![named(contour(grid(80, 80, bump), &levels, false), "height")])),
        ),
        ("contour-filled", one(titled("filled", "x", "y", vec![contour(grid(80, 80, bump), &levels, true)]))),
        ("contour-constant", one(titled("constant", "x", "y", vec![contour(grid(9, 9, |_, _| 2.0), &[], true)]))),
        (
            "contour-over-heatmap",
            one(titled("both", "x", "y", vec![heatmap(grid(50, 50, bump)), colored(Color(255, 255, 255))])),
        ),
    ]
}

fn panels() -> Vec<(&'static str, Figure)> {
    let cell = |k: usize| {
        let scale = 10f64.powi(k as i32 % 8 - 2);
        let mut p = titled("", "x", "y", vec![named(curve(move |x| scale * (x * k as f64).sin(), 0.0, 3.0), "wave")]);
        p.title = Some(format!("panel {k}: {LONG}"));
        p
    };
    let square = |n: usize| Figure { title: Some(LONG.into()), ..several(n, (0..n * n).map(cell).collect()) };
    let plain = |n: usize| {
        let panels = (0..n * n).map(|k| Panel { title: Some(format!("panel {k}")), ..cell(k) }).collect();
        Figure { size: Some((640.0, 480.0)), ..several(n, panels) }
    };
    let mixed = vec![
        titled("a line", "x", "y", vec![curve(f64::exp, 0.0, 9.0)]),
        titled("colours", "x", "a long label of the y axis", vec![named(heatmap(grid(9, 9, |x, y| x * y)), "z")]),
        titled("", "", "", vec![bars(&[0.0, 1.0, 2.0], &[2.0, 1.0])]),
    ];
    vec![
        ("panels-1", square(1)),
        ("panels-2", square(2)),
        ("panels-3", square(3)),
        ("panels-4", square(4)),
        ("panels-3-small", plain(3)),
        ("panels-4-small", plain(4)),
        ("panels-mixed", several(2, mixed)),
    ]
}
