//! Reads the reference cases.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A reference case.
pub struct Case {
    pub id: String,
    pub severity: String,
    pub params: Vec<String>,
    /// For each parameter: shape, element type, data.
    pub inputs: BTreeMap<String, Input>,
    pub queries: Vec<Query>,
    /// Its translation.
    pub program: Option<String>,
}

/// An input.
pub struct Input {
    pub shape: Vec<usize>,
    pub dtype: String,
    pub data: Vec<f64>,
}

/// A question with its answer.
pub struct Query {
    pub kind: String,
    pub wrt: Vec<String>,
    pub order: usize,
    pub tangent: Json,
    pub cotangent: Json,
    pub rtol: f64,
    pub atol: f64,
    pub elementwise: bool,
    pub expected: Json,
    pub accept: Json,
}

/// The cases of a category with their programs.
pub fn cases(category: &str) -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let read = |end: &str| std::fs::read_to_string(format!("{folder}/{category}.{end}")).expect("a file of cases");
    let programs = programs(&read("adl"));
    let json: Json = serde_json::from_str(&read("json")).expect("cases are JSON");
    let list = json.as_array().expect("a list of cases");
    list.iter().map(|case| parse(case, &programs)).collect()
}

/// Sections `=== id` of a file of programs.
fn programs(text: &str) -> BTreeMap<String, String> {
    let sections = text.split("=== ").filter(|s| !s.trim().is_empty());
    sections.filter_map(|s| s.split_once('\n')).map(|(id, text)| (id.trim().to_string(), text.to_string())).collect()
}

fn parse(case: &Json, programs: &BTreeMap<String, String>) -> Case {
    let id = text(&case["id"]);
    let inputs = case["inputs"].as_object().expect("inputs").iter();
    Case {
        severity: text(&case["severity"]),
        params: case["params"].as_array().expect("params").iter().map(text).collect(),
        inputs: inputs.map(|(name, value)| (name.clone(), input(value))).collect(),
        queries: case["queries"].as_array().expect("queries").iter().map(query).collect(),
        program: programs.get(&id).cloned(),
        id,
    }
}

fn query(json: &Json) -> Query {
    Query {
        kind: text(&json["kind"]),
        wrt: json["wrt"].as_array().map(|w| w.iter().map(text).collect()).unwrap_or_default(),
        order: json["order"].as_u64().unwrap_or(1) as usize,
        tangent: json["tangent"].clone(),
        cotangent: json["cotangent"].clone(),
        rtol: json["rtol"].as_f64().unwrap_or(0.0),
        atol: json["atol"].as_f64().unwrap_or(0.0),
        elementwise: json["compare"] == "elementwise",
        expected: json["expected"].clone(),
        accept: json["accept"].clone(),
    }
}

fn input(json: &Json) -> Input {
    let mut data = Vec::new();
    numbers(&json["data"], &mut data);
    Input {
        shape: json["shape"].as_array().expect("shape").iter().map(|n| n.as_u64().expect("size") as usize).collect(),
        dtype: text(&json["dtype"]),
        data,
    }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_string()
}

/// All numbers of nested lists in order; `nan`, `inf` and `-inf` are strings.
pub fn numbers(json: &Json, out: &mut Vec<f64>) {
    match json {
        Json::Array(items) => items.iter().for_each(|i| numbers(i, out)),
        Json::Number(n) => out.push(n.as_f64().expect("a number")),
        Json::String(s) => out.push(s.parse().expect("nan, inf or -inf")),
        Json::Bool(b) => out.push(f64::from(u8::from(*b))),
        Json::Null | Json::Object(_) => panic!("no number: {json}"),
    }
}

/// The shape of nested lists.
pub fn shape(json: &Json) -> Vec<usize> {
    let mut shape = Vec::new();
    let mut at = json;
    while let Json::Array(items) = at {
        shape.push(items.len());
        match items.first() {
            Some(first) => at = first,
            None => break,
        }
    }
    shape
}

impl Case {
    /// Whether a parameter is a scalar.
    pub fn is_scalar(&self, param: &str) -> bool {
        self.inputs[param].shape.is_empty()
    }

    /// Whether the case means anything in single precision: its inputs keep their sense when rounded, and it does
    /// not measure the rounding of double precision itself.
    pub fn fits_f32(&self) -> bool {
        let measures_rounding = ["seed.fd", "seed.eps", "seed.sin_fd", "seed.huber_min", "seed.rational_gd"];
        let fits = |x: f64| x == 0.0 || !x.is_finite() || (1e-30..1e30).contains(&x.abs());
        !measures_rounding.iter().any(|p| self.id.starts_with(p))
            && !self.id.contains("awkward")
            && !self.id.contains("extreme")
            && !self.id.contains("large")
            && self.id != "lin.logdet_big"
            && self.inputs.values().flat_map(|i| &i.data).all(|x| fits(*x))
    }
}

impl Query {
    /// Whether the query is asked in single precision: values and first derivatives are.
    pub fn holds_in_f32(&self) -> bool {
        matches!(self.kind.as_str(), "value" | "grad" | "vjp" | "jvp" | "jacobian")
            || (self.kind == "elementwise" && self.order == 1)
    }
}
