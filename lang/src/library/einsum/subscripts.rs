//! The subscripts of `einsum`: `"ij,jk->ik"`, `"...ij,...jk"`, `"ii"`.

use std::fmt;

/// What an axis is called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Label {
    /// An axis of `...`, counted from the last.
    Batch(usize),
    /// A letter.
    Letter(char),
}

impl Label {
    /// Whether it belongs to `...`.
    pub fn is_batch(self) -> bool {
        matches!(self, Label::Batch(_))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Batch(_) => write!(out, "`...`"),
            Label::Letter(c) => write!(out, "`{c}`"),
        }
    }
}

/// Labels for each axis of each array, and of the result.
pub(super) struct Subscripts {
    pub inputs: Vec<Vec<Label>>,
    pub output: Vec<Label>,
}

/// What is wrong, and with which array; with none it is the text.
pub(super) struct Problem {
    pub title: String,
    pub operand: Option<usize>,
}

fn wrong<T>(title: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { title: title.into(), operand: None })
}

impl Subscripts {
    /// Reads the text for arrays of these ranks.
    pub fn parse(text: &str, ranks: &[usize]) -> Result<Subscripts, Problem> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (left, right) = match text.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (text.as_str(), None),
        };
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != ranks.len() {
            return wrong(format!("the subscripts are of {} arrays, and {} are given", terms.len(), ranks.len()));
        }
        let mut inputs = Vec::new();
        for (k, (term, &rank)) in terms.iter().zip(ranks).enumerate() {
            let letters = term.replace("...", "").chars().count();
            let missing = rank.checked_sub(letters);
            let batch = if term.contains("...") { missing } else { missing.filter(|m| *m == 0) };
            let Some(batch) = batch else {
                let title = format!("the subscripts `{term}` are of {letters} axes, and this array has {rank}");
                return Err(Problem { title, operand: Some(k) });
            };
            inputs.push(labels(term, batch)?);
        }
        let batch = inputs.iter().flatten().filter_map(|l| match l {
            Label::Batch(k) => Some(k + 1),
            Label::Letter(_) => None,
        });
        let batch = batch.max().unwrap_or(0);
        let output = match right {
            Some(right) => labels(right, if right.contains("...") { batch } else { 0 })?,
            None => implicit(&inputs, batch),
        };
        for (k, label) in output.iter().enumerate() {
            if output[..k].contains(label) {
                return wrong(format!("{label} stands twice behind `->`"));
            }
            if !inputs.iter().flatten().any(|l| l == label) {
                return wrong(format!("{label} stands behind `->` and names no axis of an array"));
            }
        }
        Ok(Subscripts { inputs, output })
    }
}

/// The labels of one term.
fn labels(term: &str, batch: usize) -> Result<Vec<Label>, Problem> {
    let mut out = Vec::new();
    for (k, part) in term.split("...").enumerate() {
        match k {
            0 => {}
            1 => out.extend((0..batch).rev().map(Label::Batch)),
            _ => return wrong(format!("`...` stands once in `{term}` at most")),
        }
        for c in part.chars() {
            if !c.is_alphabetic() {
                return wrong(format!("subscripts are letters, and `{c}` is none"));
            }
            out.push(Label::Letter(c));
        }
    }
    Ok(out)
}

/// Without `->`: the axes of `...`, then the letters that stand once, in alphabetical order.
fn implicit(inputs: &[Vec<Label>], batch: usize) -> Vec<Label> {
    let all: Vec<Label> = inputs.iter().flatten().copied().filter(|l| !l.is_batch()).collect();
    let mut once: Vec<Label> = all.iter().copied().filter(|l| all.iter().filter(|m| *m == l).count() == 1).collect();
    once.sort_unstable();
    (0..batch).rev().map(Label::Batch).chain(once).collect()
}
