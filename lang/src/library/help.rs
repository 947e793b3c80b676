//! What the library says of itself, from its tables and the `##` lines of its ADL files: for help at the prompt, for
//! the reference, and for the tests, which run every example and every claim.

use super::{CONSTANTS, ROWS, prim, sources};
use crate::ast::{FnDef, StmtKind};
use crate::prims::{Derivative, Prim};
use crate::source::{Source, SourceId};

/// What is said of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// The name, or the operator.
    pub name: String,
    /// How it is called: `sum(x, axis = none, keep = false)`.
    pub signature: String,
    /// What it gives.
    pub doc: String,
    /// How it is differentiated; empty if there is nothing to say.
    pub derivative: String,
    /// The convention where there is no derivative. `` `a` is `b` `` in it means that `a` prints `b`.
    pub kink: String,
    /// An expression that shows it; empty if there is none.
    pub example: String,
}

/// Names that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What they are about.
    pub title: String,
    /// What there is to say beyond the functions; may be empty.
    pub doc: String,
    /// The names in the order of reading.
    pub entries: Vec<Help>,
}

/// What is known of a name of the library: a function, an operator such as `^`, a constant, or `module.function`.
pub fn help(name: &str) -> Option<Help> {
    if let Some((module, function)) = name.split_once('.') {
        return module_topic(module)?.entries.into_iter().find(|h| h.name == function);
    }
    if let Some(file) = sources::home(name) {
        let (_, text) = sources::PRELUDE[file];
        return file_topic(text).entries.into_iter().find(|h| h.name == name);
    }
    topics().into_iter().flat_map(|t| t.entries).find(|h| h.name == name)
}

/// What is known of a module of the library.
pub fn module_topic(name: &str) -> Option<Topic> {
    let mut topic = file_topic(sources::module(name)?);
    topic.doc = [topic.title.as_str(), &topic.doc].join("\n").trim_end().to_string();
    topic.title = name.to_string();
    Some(topic)
}

/// The modules of the library.
pub fn modules() -> Vec<Topic> {
    sources::modules().filter_map(module_topic).collect()
}

/// The whole library without its modules, in the order of reading.
pub fn topics() -> Vec<Topic> {
    let empty = |title: &&str| Topic { title: title.to_string(), doc: String::new(), entries: Vec::new() };
    let mut out: Vec<Topic> = ORDER.iter().map(empty).collect();
    let mut add = |title: &str, doc: &str, entries: Vec<Help>| match out.iter_mut().find(|t| t.title == title) {
        Some(topic) => {
            topic.doc = [topic.doc.as_str(), doc].join("\n").trim().to_string();
            topic.entries.extend(entries);
        }
        None => out.push(Topic { title: title.into(), doc: doc.into(), entries }),
    };
    add("Operators", "", operators());
    add("Equations, fixed points and minima", "", vec![fixpoint()]);
    add("Constants and conversions", "", constants());
    for row in ROWS.iter().filter(|r| !r.topic.is_empty() && !r.name.starts_with('_')) {
        add(row.topic, "", vec![of_row(row)]);
    }
    let shown = |p: &&Prim| !p.name().starts_with('_') && prim(p.name()).is_some() && super::find(p.name()).is_none();
    let functions = Prim::ALL.iter().filter(shown);
    add("Element by element", "", functions.map(|p| of_prim(*p)).collect());
    for (_, text) in sources::PRELUDE {
        let topic = file_topic(text);
        add(&topic.title, &topic.doc, topic.entries);
    }
    out.retain(|t| !t.entries.is_empty());
    out
}

/// The topics in the order of reading; others follow.
const ORDER: &[&str] = &[
    "Operators",
    "Constants and conversions",
    "Element by element",
    "Constructors",
    "Shape",
    "Reductions",
    "Scans",
    "Selection and order",
    "Products",
    "Linear algebra",
    "Derivatives",
    "Structures",
    "Functions as values",
    "Random numbers",
    "Equations, fixed points and minima",
    "Differential equations",
    "Files of data",
    "Pictures",
    "Comparisons",
    "Printing and checking",
];

fn of_row(row: &super::Row) -> Help {
    Help {
        name: row.name.into(),
        signature: row.signature.into(),
        doc: row.doc.into(),
        derivative: row.derivative.into(),
        kink: row.kink.into(),
        example: row.example.into(),
    }
}

fn constants() -> Vec<Help> {
    let plain = |name: &str, signature: &str, doc: &str, derivative: &str, example: &str| Help {
        name: name.into(),
        signature: signature.into(),
        doc: doc.into(),
        derivative: derivative.into(),
        kink: String::new(),
        example: example.into(),
    };
    let numbers = CONSTANTS.iter().map(|(name, _, doc)| plain(name, name, doc, "", name));
    let conversions = [
        ("f64", "In double precision; structures too.", "linear", "f64(3)"),
        ("f32", "In single precision; structures too.", "linear", "f32(0.1)"),
        ("i64", "Whole numbers, rounded toward zero; an error if one does not fit.", "none", "i64(-2.7)"),
        ("bool", "Whether not zero.", "none", "bool([0, 2])"),
    ];
    let conversions =
        conversions.iter().map(|(name, doc, d, example)| plain(name, &format!("{name}(x)"), doc, d, example));
    numbers.chain(conversions).collect()
}

fn operators() -> Vec<Help> {
    let named = |p: Prim| p.operator().map(|op| (op, of_prim(p)));
    let all = Prim::ALL.iter().filter_map(|p| named(*p));
    all.map(|(op, help)| {
        let params: Vec<&str> =
            help.signature.split(['(', ')', ',']).map(str::trim).filter(|s| !s.is_empty()).skip(1).collect();
        let signature = match params.as_slice() {
            [a, b] => format!("{a} {op} {b}"),
            [x] if op.len() > 1 => format!("{op} {x}"),
            other => format!("{op}{}", other.concat()),
        };
        Help { name: op.into(), signature, example: String::new(), ..help }
    })
    .collect()
}

/// `fixpoint` is a word of the language, and is explained like a function.
fn fixpoint() -> Help {
    Help {
        name: "fixpoint".into(),
        signature: "fixpoint(tol = 1e-12, atol = 0, max = 10_000, accel = none, solver = none, spd = false, \
                    precond = none, on_fail = \"error\", report = false) x = start { … }"
            .into(),
        doc: "The limit of a state that the block makes anew in each round, of any structure of floats, certified \
              entry by entry. All options may be left out. A round may leave an entry to be moved by `tol` of it (in \
              `f32` no less than 64 units of rounding), or by `atol` if it goes to 0; `max` rounds are made at most; \
              `accel = anderson()` takes fewer. `solver` (\"lu\", \"gmres\", \"bicgstab\", \"cg\", \"iteration\"), \
              `spd` and `precond` are for the linear systems of the derivatives, as in `linear_solve`. `on_fail` may \
              be \"nan\" or \"accept\". `report` prints rounds and residuals."
            .into(),
        derivative: "that of the equation at the limit, by all that the block captures; the start has none".into(),
        kink: String::new(),
        example: "fixpoint x = 1.0 { 0.5 * (x + 2 / x) }".into(),
    }
}

/// A primitive: its derivative is the formula of its row, its example its value at the first probe.
fn of_prim(prim: Prim) -> Help {
    let row = prim.row();
    let call = format!("{}({})", row.name, row.params.join(", "));
    let derivative = match &row.derivative {
        Derivative::Zero => "zero".to_string(),
        Derivative::Select => "of the one taken".to_string(),
        Derivative::Choice(_) => "of the one taken; ties share".to_string(),
        Derivative::Partials(partials) => {
            let result = match (prim.operator(), row.params) {
                (Some(op), [a, b]) => format!("({a} {op} {b})"),
                _ => call.clone(),
            };
            let texts = row.params.iter().zip(partials).map(|(param, partial)| {
                let text =
                    partial.as_ref().map_or("none".to_string(), |f| format!("`{}`", f.text(row.params, &result)));
                if row.params.len() == 1 { text } else { format!("by `{param}`: {text}") }
            });
            texts.collect::<Vec<_>>().join("; ")
        }
    };
    let probe: Vec<String> = row.probes.first().into_iter().copied().flatten().map(|x| format!("{x:?}")).collect();
    let example = if probe.is_empty() { String::new() } else { format!("{}({})", row.name, probe.join(", ")) };
    Help { name: row.name.into(), signature: call, doc: row.doc.into(), derivative, kink: row.kink.into(), example }
}

/// A file of ADL: the first line at its head is the title.
fn file_topic(text: &'static str) -> Topic {
    let source = Source::new("", text);
    let (file, _) = crate::parse::parse(&source, SourceId(0));
    let head = file.doc.unwrap_or_default();
    let (title, doc) = head.split_once('\n').unwrap_or((&head, ""));
    let entries = file.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Fn(def) if !def.name.name.starts_with('_') && def.rule.is_none() => Some(of_function(def, &source)),
        _ => None,
    });
    Topic { title: title.trim_end_matches('.').into(), doc: doc.trim().into(), entries: entries.collect() }
}

/// A function of ADL. Lines of its `##` comment that begin with `Derivative:`, `Kink:` or `Example:` are these parts.
fn of_function(def: &FnDef, source: &Source) -> Help {
    let params: Vec<&str> = def.params.iter().map(|p| source.slice(p.span)).collect();
    let mut help = Help {
        name: def.name.name.to_string(),
        signature: format!("{}({})", def.name.name, params.join(", ")),
        doc: String::new(),
        derivative: String::new(),
        kink: String::new(),
        example: String::new(),
    };
    let mut part = 0;
    for line in def.doc.as_deref().unwrap_or_default().lines() {
        let labels = ["Derivative:", "Kink:", "Example:"];
        let found = labels.iter().position(|l| line.starts_with(l));
        let text = found.map_or(line, |k| &line[labels[k].len()..]).trim();
        part = found.map_or(part, |k| k + 1);
        let field = [&mut help.doc, &mut help.derivative, &mut help.kink, &mut help.example].into_iter().nth(part);
        if let Some(field) = field {
            let space = if field.is_empty() || text.is_empty() { "" } else { " " };
            field.push_str(space);
            field.push_str(text);
        }
    }
    help
}
