//! `.csv`: rows of numbers and truth values, parted by commas, semicolons or tabs.
//! With a first row of names it is a record of columns, each of the narrowest type that holds its cells;
//! without one it is a matrix. An empty cell is NaN.

use crate::{Limits, Sink, within};
use adl_lang::source::{Source, SourceId};
use adl_lang::token::{Token, lex};
use adl_runtime::{Array, Value};
use csv::{ReaderBuilder, StringRecord};

/// Rows between two looks at whether to stop.
const LOOK: usize = 1024;

/// A cell.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Cell {
    Truth(bool),
    Whole(i64),
    Float(f64),
}

/// The narrowest type of a column, from the narrowest on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Truth,
    Whole,
    Float,
}

impl Cell {
    fn read(text: &str) -> Option<Cell> {
        let text = text.trim();
        match text {
            "" => return Some(Cell::Float(f64::NAN)),
            "true" | "True" | "TRUE" => return Some(Cell::Truth(true)),
            "false" | "False" | "FALSE" => return Some(Cell::Truth(false)),
            _ => {}
        }
        text.parse().map(Cell::Whole).or_else(|_| text.parse().map(Cell::Float)).ok()
    }

    fn kind(self) -> Kind {
        match self {
            Cell::Truth(_) => Kind::Truth,
            Cell::Whole(_) => Kind::Whole,
            Cell::Float(_) => Kind::Float,
        }
    }

    fn float(self) -> f64 {
        match self {
            Cell::Truth(b) => f64::from(u8::from(b)),
            Cell::Whole(n) => n as f64,
            Cell::Float(x) => x,
        }
    }

    fn whole(self) -> i64 {
        match self {
            Cell::Truth(b) => i64::from(b),
            Cell::Whole(n) => n,
            Cell::Float(x) => x as i64,
        }
    }
}

/// The table in a file.
pub fn decode(bytes: &[u8], limits: Limits<'_>) -> Result<Value, String> {
    if let Err(problem) = std::str::from_utf8(bytes) {
        let line = 1 + bytes[..problem.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        return Err(format!("line {line} is no UTF-8 text"));
    }
    let start = Start::read(bytes);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(start.separator).from_reader(bytes);
    let mut rows = reader.records();
    let Some(first) = rows.next() else {
        return Ok(Value::Array(Array::zeros(adl_runtime::DType::F64, &[0, 0]).map_err(|e| e.to_string())?));
    };
    let first = first.map_err(|e| e.to_string())?;
    let titles = start.quoted || first.iter().any(|cell| Cell::read(cell).is_none());
    let names = if titles { Some(names(&first)?) } else { None };
    let mut columns: Vec<Column> = first.iter().map(|_| Column::default()).collect();
    if !titles {
        add(&mut columns, &first, None)?;
    }
    for (number, row) in rows.enumerate() {
        let row = row.map_err(|e| e.to_string())?;
        add(&mut columns, &row, names.as_deref())?;
        within(columns.len() * columns[0].cells.len() * size_of::<f64>(), limits.memory)?;
        if number.is_multiple_of(LOOK) {
            limits.look()?;
        }
    }
    match names {
        Some(names) => {
            let fields = names.into_iter().zip(&columns).map(|(name, c)| Ok((Some(name), Value::Array(c.array()?))));
            fields.collect::<Result<_, String>>().map(Value::Tuple)
        }
        None => matrix(&columns).map(Value::Array),
    }
}

/// What the beginning of a file tells.
struct Start {
    separator: u8,
    /// Whether the first row stands in quotes and the second does not: then it is of titles, even if they are numbers.
    quoted: bool,
}

impl Start {
    fn read(bytes: &[u8]) -> Start {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        // A quote in a quoted cell is written twice, so what is inside is told by counting.
        let (mut inside, mut separators, mut end) = (false, Vec::new(), bytes.len());
        for (k, &byte) in bytes.iter().enumerate() {
            inside ^= byte == b'"';
            if byte == b'\n' && !inside {
                end = k;
                break;
            }
            if !inside && matches!(byte, b'\t' | b';') {
                separators.push(byte);
            }
        }
        let separator = *[b'\t', b';'].iter().find(|s| separators.contains(s)).unwrap_or(&b',');
        let (first, rest) = bytes.split_at(end);
        let quoted = first.starts_with(b"\"") && rest.len() > 1 && !rest[1..].starts_with(b"\"");
        Start { separator, quoted }
    }
}

#[derive(Default)]
struct Column {
    cells: Vec<Cell>,
    kind: Option<Kind>,
}

impl Column {
    fn kind(&self) -> Kind {
        // Nothing is a column of floats.
        self.kind.unwrap_or(Kind::Float)
    }

    fn array(&self) -> Result<Array, String> {
        entries(&[self.cells.len()], self.kind(), &mut self.cells.iter().copied())
    }
}

/// Adds the cells of a row.
fn add(columns: &mut [Column], row: &StringRecord, names: Option<&[String]>) -> Result<(), String> {
    let line = row.position().map_or(0, csv::Position::line);
    if row.len() != columns.len() {
        return Err(format!("line {line} has {}, and the first one has {}", cells(row.len()), columns.len()));
    }
    for (k, (column, text)) in columns.iter_mut().zip(row).enumerate() {
        let place = || match names {
            Some(names) => format!("line {line}, column `{}`", names[k]),
            None => format!("line {line}, column {}", k + 1),
        };
        let Some(cell) = Cell::read(text) else {
            let hint = match text {
                _ if text.replace(',', ".").parse::<f64>().is_ok() => "; decimals have a point",
                _ if text.contains([',', ';']) || text.trim().contains(char::is_whitespace) => {
                    "; cells are parted by commas, semicolons or tabs, the same in all lines"
                }
                _ => "",
            };
            return Err(format!("{}: `{}` is no number{hint}", place(), shortened(text.trim())));
        };
        let kind = cell.kind();
        match column.kind {
            Some(before) if (before == Kind::Truth) != (kind == Kind::Truth) => {
                let what = if text.trim().is_empty() { "and empty cells, which are NaN," } else { "and numbers" };
                return Err(format!("{}: truth values {what} do not mix", place()));
            }
            before => column.kind = before.max(Some(kind)),
        }
        column.cells.push(cell);
    }
    Ok(())
}

fn cells(count: usize) -> String {
    if count == 1 { "1 cell".into() } else { format!("{count} cells") }
}

/// The beginning of a text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(30) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

fn entries(shape: &[usize], kind: Kind, cells: &mut dyn Iterator<Item = Cell>) -> Result<Array, String> {
    match kind {
        Kind::Truth => Array::from_bools(shape, &cells.map(|c| c == Cell::Truth(true)).collect::<Vec<_>>()),
        Kind::Whole => Array::from_slice(shape, &cells.map(Cell::whole).collect::<Vec<i64>>()),
        Kind::Float => Array::from_slice(shape, &cells.map(Cell::float).collect::<Vec<f64>>()),
    }
    .map_err(|e| e.to_string())
}

fn matrix(columns: &[Column]) -> Result<Array, String> {
    let kind = columns.iter().map(Column::kind).max().unwrap_or(Kind::Float);
    if kind != Kind::Truth && columns.iter().any(|c| c.kind() == Kind::Truth) {
        return Err(
            "its columns mix truth values and numbers; a first row of names makes it a record of columns".into()
        );
    }
    let rows = columns.first().map_or(0, |c| c.cells.len());
    let mut cells = (0..rows).flat_map(|i| columns.iter().map(move |c| c.cells[i]));
    entries(&[rows, columns.len()], kind, &mut cells)
}

/// The titles as names of fields: what no name may contain becomes `_`; a column without one is called by its place.
fn names(titles: &StringRecord) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for (k, title) in titles.iter().enumerate() {
        // Quotes behind a blank are part of the cell to a reader of the format.
        let title = title.trim().trim_matches('"').trim();
        let mut name: String = title.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
        if name.is_empty() {
            name = format!("column_{}", k + 1);
        }
        if !is_name(&name) {
            // A digit at the beginning, or a word of the language.
            name = if name.starts_with(char::is_alphabetic) { format!("{name}_") } else { format!("_{name}") };
        }
        if names.contains(&name) {
            return Err(format!("two columns are called `{name}`"));
        }
        names.push(name);
    }
    Ok(names)
}

fn is_name(text: &str) -> bool {
    let source = Source::new("<column>", text);
    let lexed = lex(&source, SourceId(u32::MAX));
    matches!(lexed.tokens.as_slice(), [(Token::Name(_), _)])
}

/// Writes the file with a record of columns, or with a matrix.
pub fn write(value: &Value, to: &mut dyn Sink) -> Result<(), String> {
    let mut writer = csv::Writer::from_writer(to);
    let mut row = |cells: Vec<String>| writer.write_record(cells).map_err(|e| e.to_string());
    match value {
        Value::Array(array) => {
            let (rows, columns) = match *array.shape() {
                [] => (1, 1),
                [n] => (n, 1),
                [n, m] => (n, m),
                _ => return Err(format!("a table has two axes, and this array has {}", array.rank())),
            };
            for i in 0..rows {
                row((0..columns).map(|j| cell(array, i * columns + j)).collect())?;
            }
        }
        Value::Tuple(fields) => {
            let mut columns: Vec<(&str, &Array)> = Vec::new();
            for (name, part) in fields {
                let (Some(name), Value::Array(array)) = (name, part) else {
                    return Err("a table is a record of columns, each with a name".into());
                };
                if array.rank() > 1 {
                    return Err(format!("`{name}` has {} axes; a column has one", array.rank()));
                }
                if let Some((first, column)) = columns.first()
                    && column.len() != array.len()
                {
                    let (a, b) = (column.len(), array.len());
                    return Err(format!("`{first}` has {a} entries and `{name}` has {b}; columns are of one length"));
                }
                columns.push((name, array));
            }
            row(columns.iter().map(|(name, _)| (*name).to_string()).collect())?;
            for i in 0..columns.first().map_or(0, |(_, c)| c.len()) {
                row(columns.iter().map(|(_, c)| cell(c, i)).collect())?;
            }
        }
        Value::None => return Err("there is nothing to write".into()),
    }
    writer.flush().map_err(|e| e.to_string())
}

/// An entry in its shortest form that reads back the same.
fn cell(array: &Array, k: usize) -> String {
    if let Some(x) = array.as_f64().and_then(|x| x.get(k)) {
        format!("{x:?}")
    } else if let Some(x) = array.as_f32().and_then(|x| x.get(k)) {
        format!("{x:?}")
    } else if let Some(n) = array.as_i64().and_then(|n| n.get(k)) {
        n.to_string()
    } else {
        (array.as_bool().and_then(|b| b.get(k)) == Some(&1)).to_string()
    }
}
