//! How much room titles, labels, ticks, legends and colour bars of a panel take, and what is left for the data.

use crate::axis::{Scale, Ticks};
use crate::draw;
use crate::font;
use crate::frame::Frame;
use crate::legend::Entries;
use crate::scene::{LEADING, Point, Rect};
use adl_runtime::figure::Legend;

/// Sizes of text.
pub const TITLE: f64 = 14.0;
pub const LABEL: f64 = 12.0;
pub const TICK: f64 = 10.5;
/// Length of a tick; small ones are half as long.
pub const DASH: f64 = 4.0;
/// Width of a colour bar, and how far it is from the axes.
pub const BAR: f64 = 12.0;
pub const BEFORE_BAR: f64 = 12.0;
/// Between the picture's edge and what is written.
pub const EDGE: f64 = 8.0;
/// The room of a factor above the axes.
pub const FACTOR: f64 = 17.0;

/// The room around the axes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Margins {
    pub left: f64,
    pub right: f64,
    pub above: f64,
    pub below: f64,
}

impl Margins {
    pub fn grow(&mut self, other: Margins) {
        self.left = self.left.max(other.left);
        self.right = self.right.max(other.right);
        self.above = self.above.max(other.above);
        self.below = self.below.max(other.below);
    }
}

/// A panel with all that stands around its axes.
pub struct Panel<'f, 'a> {
    pub frame: &'f Frame<'a>,
    pub cell: Rect,
    /// Where the data are.
    pub plot: Rect,
    pub x: Ticks,
    pub y: Ticks,
    pub z: Ticks,
    pub title: Vec<String>,
    pub x_label: Vec<String>,
    pub y_label: Vec<String>,
    pub z_label: Vec<String>,
    pub legend: Entries<'a>,
    /// Whether the legend stands beside the axes.
    pub beside: bool,
}

impl<'f, 'a> Panel<'f, 'a> {
    pub fn new(frame: &'f Frame<'a>, cell: Rect) -> Panel<'f, 'a> {
        let title = match &frame.panel.title {
            Some(title) => font::wrapped(title, TITLE, cell.width - 2.0 * EDGE, most_lines(cell.height, TITLE)),
            None => Vec::new(),
        };
        let mut panel = Panel {
            frame,
            cell,
            plot: cell,
            x: Ticks::default(),
            y: Ticks::default(),
            z: Ticks::default(),
            title,
            x_label: Vec::new(),
            y_label: Vec::new(),
            z_label: Vec::new(),
            legend: Entries::none(),
            beside: false,
        };
        panel.settle(Margins { left: 60.0, right: 20.0, above: 30.0, below: 45.0 });
        panel.settle(panel.margins());
        panel.legend = Entries::new(frame, 0.34 * cell.width, panel.plot.height - 12.0);
        if let Some((width, _)) = panel.legend.size() {
            panel.beside = match frame.panel.legend {
                Legend::Outside => true,
                Legend::Off | Legend::Corner { .. } => false,
                // Unless that would leave too little for the data.
                Legend::Auto => {
                    let free = panel.legend.free_spot(panel.plot, &panel.occupied()).is_some();
                    !free && panel.plot.width - width > 0.5 * cell.width
                }
            };
            panel.settle(panel.margins());
        }
        panel
    }

    /// Whether the legend covers data where it stands, and there is room for it beside the axes: since other panels in
    /// the column need it, or since units are to be equal.
    pub fn has_room_beside(&self) -> bool {
        let Some((width, _)) = self.legend.size() else { return false };
        let fits = self.plot.right() + self.bar_width() + width + 10.0 + EDGE <= self.cell.right();
        let auto = self.frame.panel.legend == Legend::Auto;
        auto && fits && self.legend.free_spot(self.plot, &self.occupied()).is_none()
    }

    /// Leaves that much room around the axes, and chooses what is written there.
    pub fn settle(&mut self, margins: Margins) {
        let (frame, cell) = (self.frame, self.cell);
        let mut plot = Rect {
            x: cell.x + margins.left,
            y: cell.y + margins.above,
            width: (cell.width - margins.left - margins.right).max(10.0),
            height: (cell.height - margins.above - margins.below).max(10.0),
        };
        if frame.panel.equal && !frame.x.log && !frame.y.log {
            let (dx, dy) = ((frame.x.high - frame.x.low).abs(), (frame.y.high - frame.y.low).abs());
            let unit = (plot.width / dx).min(plot.height / dy);
            let (w, h) = (unit * dx, unit * dy);
            plot =
                Rect { x: plot.x + (plot.width - w) / 2.0, y: plot.y + (plot.height - h) / 2.0, width: w, height: h };
        }
        self.plot = plot;
        let most = (plot.width / 42.0).clamp(2.0, 12.0) as usize;
        self.x = frame.x.ticks_apart(most, &|distance, a, b| {
            distance * plot.width < (font::width(a, TICK) + font::width(b, TICK)) / 2.0 + 9.0
        });
        self.y = upwards(&frame.y, plot.height);
        self.z = frame.z.map_or(Ticks::default(), |z| upwards(&z, plot.height));
        let wrapped = |label: Option<&str>, room: f64, across: f64| match label {
            Some(label) => font::wrapped(label, LABEL, room.max(3.0 * LABEL), most_lines(across, LABEL)),
            None => Vec::new(),
        };
        // The label of the x axis shares its line with the factor at the right end.
        let factor = self.x.factor.as_ref().map_or(0.0, |f| 2.0 * (font::width(f, TICK) + 10.0));
        self.x_label = wrapped(frame.panel.x.label.as_deref(), plot.width - factor, cell.height);
        self.y_label = wrapped(frame.panel.y.label.as_deref(), plot.height, cell.width);
        self.z_label = wrapped(frame.z_label, plot.height, cell.width);
    }

    /// The room that all that is written around the axes takes.
    pub fn margins(&self) -> Margins {
        let half = |label: Option<&String>| label.map_or(0.0, |l| font::width(l, TICK) / 2.0 + 4.0);
        let mut labels: Vec<_> = self.x.ticks.iter().filter(|t| t.label.is_some()).collect();
        labels.sort_by(|a, b| self.frame.x.place(a.value).total_cmp(&self.frame.x.place(b.value)));
        let first = half(labels.first().and_then(|t| t.label.as_ref()));
        let last = half(labels.last().and_then(|t| t.label.as_ref()));
        let left = EDGE + lines(&self.y_label, LABEL, 7.0) + widest(&self.y) + DASH + 5.0;
        let bar = self.bar_width();
        let legend = self.legend.size().filter(|_| self.beside).map_or(0.0, |(width, _)| width + 10.0);
        let right = if bar + legend > 0.0 { bar + legend + EDGE } else { 14.0 };
        let factor = if self.y.factor.is_some() || self.z.factor.is_some() { FACTOR } else { 0.0 };
        let title = if self.title.is_empty() { 12.0 } else { lines(&self.title, TITLE, 12.5) };
        let label = lines(&self.x_label, LABEL, 5.0);
        Margins {
            left: left.max(first),
            right: right.max(last),
            above: title + factor,
            below: EDGE + TICK + DASH + 4.0 + if self.x.factor.is_some() { label.max(FACTOR) } else { label },
        }
    }

    /// How far the colour bar with its labels reaches to the right of the axes.
    pub fn bar_width(&self) -> f64 {
        if self.frame.z.is_none() {
            return 0.0;
        }
        BEFORE_BAR + BAR + DASH + 4.0 + widest(&self.z) + lines(&self.z_label, LABEL, 5.0)
    }

    /// Points that the legend should not cover.
    pub fn occupied(&self) -> Vec<Point> {
        let marks = &self.frame.panel.marks;
        marks.iter().flat_map(|mark| draw::occupied(self.frame, self.plot, &mark.shape)).collect()
    }
}

/// The ticks along an axis of this height.
fn upwards(scale: &Scale, height: f64) -> Ticks {
    let most = (height / 30.0).max(2.0) as usize;
    scale.ticks_apart(most, &|distance, _, _| distance * height < 1.3 * TICK)
}

/// How many lines a text may take of a panel's height, or of its width if it is written upwards.
fn most_lines(across: f64, size: f64) -> usize {
    (0.15 * across / (size * LEADING)).clamp(1.0, 3.0) as usize
}

/// The height of some lines, with some room if there are any.
fn lines(lines: &[String], size: f64, room: f64) -> f64 {
    if lines.is_empty() { 0.0 } else { lines.len() as f64 * size * LEADING + room }
}

/// The width of the widest label.
pub fn widest(ticks: &Ticks) -> f64 {
    ticks.ticks.iter().filter_map(|t| t.label.as_ref()).map(|l| font::width(l, TICK)).fold(0.0, f64::max)
}
