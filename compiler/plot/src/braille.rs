//! A sheet of characters: eight dots in each, or a sign.

use crate::scene::Point;
use adl_runtime::figure::Color;

/// Which dots of a line are set, in turn: those with a `#`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern(pub &'static str);

impl Pattern {
    fn has(self, k: usize) -> bool {
        self.0.as_bytes()[k % self.0.len()] == b'#'
    }

    /// Three characters of a line.
    pub fn sample(self) -> String {
        let sign = |k: usize| match (self.has(2 * k), self.has(2 * k + 1)) {
            (true, true) => '⠒',
            (true, false) => '⠂',
            (false, true) => '⠐',
            (false, false) => ' ',
        };
        (0..3).map(sign).collect()
    }
}

/// A character of the sheet.
#[derive(Clone, Copy, Default, PartialEq)]
struct Cell {
    dots: u8,
    sign: Option<char>,
    color: Option<Color>,
    /// Behind the sign.
    ground: Option<Color>,
}

/// Dots, two across and four down in each character.
pub struct Sheet {
    pub columns: usize,
    pub rows: usize,
    cells: Vec<Cell>,
}

impl Sheet {
    pub fn new(columns: usize, rows: usize) -> Sheet {
        Sheet { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// Sets the dot at a place in units of dots from the upper left corner.
    pub fn dot(&mut self, x: i64, y: i64, color: Color) {
        // The bits of the dots of a character, by row and column.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x / 2 < self.columns && y / 4 < self.rows {
            let cell = &mut self.cells[y / 4 * self.columns + x / 2];
            cell.dots |= BITS[y % 4][x % 2];
            cell.color = Some(color);
        }
    }

    /// A line between places in units of dots, with the dots that the pattern has; `phase` goes on from line to line.
    pub fn line(&mut self, a: Point, b: Point, color: Color, pattern: Pattern, phase: &mut usize) {
        let steps = (b.0 - a.0).abs().max((b.1 - a.1).abs()).ceil().max(1.0);
        for k in 0..=steps as usize {
            let t = k as f64 / steps;
            if pattern.has(*phase) {
                self.dot((a.0 + t * (b.0 - a.0)).floor() as i64, (a.1 + t * (b.1 - a.1)).floor() as i64, color);
            }
            *phase += 1;
        }
    }

    /// Puts a sign into a character.
    pub fn sign(&mut self, column: usize, row: usize, sign: char, color: Option<Color>, ground: Option<Color>) {
        if column < self.columns && row < self.rows {
            self.cells[row * self.columns + column] = Cell { dots: 0, sign: Some(sign), color, ground };
        }
    }

    /// A row as text, in colours if `color`.
    pub fn row(&self, row: usize, color: bool) -> String {
        let mut out = String::new();
        let mut now = (None, None);
        for cell in &self.cells[row * self.columns..(row + 1) * self.columns] {
            let empty = cell.dots == 0 && cell.sign.is_none();
            let wanted = if empty { (None, None) } else { (cell.color, cell.ground) };
            if color && wanted != now {
                out.push_str(&escape(wanted));
                now = wanted;
            }
            let braille = char::from_u32(0x2800 + u32::from(cell.dots)).filter(|_| cell.dots != 0);
            out.push(cell.sign.or(braille).unwrap_or(' '));
        }
        if color && now != (None, None) {
            out.push_str("\u{1b}[0m");
        }
        out
    }
}

/// The escape sequence for colours.
pub fn escape((front, ground): (Option<Color>, Option<Color>)) -> String {
    let code = |layer: u8, c: Color| format!("\u{1b}[{layer};2;{};{};{}m", c.0, c.1, c.2);
    let mut out = String::from("\u{1b}[0m");
    out.extend(front.map(|c| code(38, c)));
    out.extend(ground.map(|c| code(48, c)));
    out
}
