//! Colours: for series one after the other, and for values.

use adl_runtime::figure::Color;

/// Text and axes.
pub const INK: Color = Color(38, 38, 38);
/// The grid behind the data.
pub const GRID: Color = Color(226, 226, 226);
/// The paper.
pub const PAPER: Color = Color(255, 255, 255);

const SERIES: [Color; 10] = [
    Color(31, 119, 180),
    Color(214, 39, 40),
    Color(44, 160, 44),
    Color(255, 127, 14),
    Color(148, 103, 189),
    Color(140, 86, 75),
    Color(23, 190, 207),
    Color(227, 119, 194),
    Color(127, 127, 127),
    Color(188, 189, 34),
];

/// The colour of the k-th series, and how often all colours have been used before it.
pub fn series(k: usize) -> (Color, usize) {
    (SERIES[k % SERIES.len()], k / SERIES.len())
}

/// Viridis, in equal steps.
const VIRIDIS: [Color; 17] = [
    Color(68, 1, 84),
    Color(72, 24, 106),
    Color(71, 45, 123),
    Color(66, 64, 134),
    Color(59, 82, 139),
    Color(51, 99, 141),
    Color(44, 114, 142),
    Color(38, 130, 142),
    Color(33, 145, 140),
    Color(31, 160, 136),
    Color(40, 174, 128),
    Color(63, 188, 115),
    Color(94, 201, 98),
    Color(132, 212, 75),
    Color(173, 220, 48),
    Color(216, 226, 25),
    Color(253, 231, 37),
];

/// How many colours for values there are.
pub const SHADES: usize = 256;

/// The k-th colour for values.
pub fn shade(k: usize) -> Color {
    let t = k.min(SHADES - 1) as f64 / (SHADES - 1) as f64 * (VIRIDIS.len() - 1) as f64;
    let k = (t as usize).min(VIRIDIS.len() - 2);
    let part = t - k as f64;
    let (a, b) = (VIRIDIS[k], VIRIDIS[k + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    Color(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
