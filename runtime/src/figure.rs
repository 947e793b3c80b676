//! Pictures as programs describe them: plain data, for a host to draw.

use crate::file::FileName;

/// A picture: one panel, or several side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// How many stand in a row; at least 1.
    pub columns: usize,
    /// Width and height in points, if the program says so.
    pub size: Option<(f64, f64)>,
    /// Above all panels.
    pub title: Option<String>,
    /// The file to write; a terminal shows it if there is none.
    pub save: Option<FileName>,
}

/// One pair of axes with what is drawn between them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Panel {
    /// What is drawn, the first one lowest.
    pub marks: Vec<Mark>,
    /// Above it.
    pub title: Option<String>,
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// Whether labels are explained.
    pub legend: Legend,
    /// Whether a unit is as long on both axes.
    pub equal: bool,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Axis {
    /// What it measures.
    pub label: Option<String>,
    /// Whether equal steps are equal ratios.
    pub log: bool,
    /// From where to where, if the program says so.
    pub limits: Option<(f64, f64)>,
}

/// Where labels are explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Legend {
    /// Where the fewest points are.
    #[default]
    Auto,
    /// Nowhere.
    Off,
    /// In a corner: at the top or not, at the right or not.
    Corner {
        /// At the top.
        top: bool,
        /// At the right.
        right: bool,
    },
    /// Beside the axes.
    Outside,
}

/// Something drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What it is.
    pub shape: Shape,
    /// What the legend calls it.
    pub label: Option<String>,
    /// `None` for the next one of the palette.
    pub color: Option<Color>,
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color(pub u8, pub u8, pub u8);

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Stroke {
    /// Without gaps.
    #[default]
    Solid,
    /// In dashes.
    Dashed,
    /// In dots.
    Dotted,
    /// In dashes and dots.
    DashDot,
}

/// What a mark is. Points that are not finite leave gaps.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Points joined in order.
    Line {
        /// To the right.
        x: Vec<f64>,
        /// Upwards.
        y: Vec<f64>,
        /// How.
        stroke: Stroke,
        /// In points.
        width: f64,
    },
    /// Dots.
    Scatter {
        /// To the right.
        x: Vec<f64>,
        /// Upwards.
        y: Vec<f64>,
        /// Diameter in points.
        size: f64,
    },
    /// Bars: `heights[k]` stands between `edges[k]` and `edges[k + 1]`.
    Bars {
        /// One more than there are heights.
        edges: Vec<f64>,
        /// From 0 up.
        heights: Vec<f64>,
    },
    /// Values on a grid as colours, with their scale beside.
    Heatmap(Grid),
    /// Lines of equal value on a grid.
    Contour {
        /// The values.
        grid: Grid,
        /// The values of the lines, ascending.
        levels: Vec<f64>,
        /// Whether the areas between are coloured.
        filled: bool,
    },
}

/// Values on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Row by row: entry `i * x.len() + j` stands at `x[j]`, `y[i]`.
    pub z: Vec<f64>,
    /// Places to the right, ascending.
    pub x: Vec<f64>,
    /// Places upwards, ascending.
    pub y: Vec<f64>,
}
