//! The tool that answers [GradBench](https://github.com/gradbench/gradbench): its twelve problems in ADL,
//! each in a file of this folder as a user writes it.
//!
//! ```text
//! cargo build --release --example gradbench
//! gradbench run --eval 'python python/gradbench/gradbench/evals/gmm/run.py' --tool target/release/examples/gradbench
//! ```
//!
//! A message is a line of JSON on standard input, the answer a line on standard output.
//! A function is compiled while its input is prepared, by a call that is not timed;
//! then each run is a call by the host with the result in the same place.

use adl::value::{Array, DType, Value};
use adl::{DynFunction, Engine, Program, Source};
use serde_json::{Value as Json, json};
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, String>;

/// How the parts of an input become the arguments of a function.
type Arguments = fn(&Json) -> Result<Vec<Value>>;

/// A problem: its program, what GradBench calls its functions and what the program does, and the arguments of both.
struct Problem {
    module: &'static str,
    text: &'static str,
    functions: &'static [(&'static str, &'static str)],
    arguments: Arguments,
}

macro_rules! problem {
    ($module:literal, $functions:expr, $arguments:expr) => {
        Problem {
            module: $module,
            text: include_str!(concat!($module, ".adl")),
            functions: &$functions,
            arguments: $arguments,
        }
    };
}

const NESTED: [(&str, &str); 4] = [("ff", "ff"), ("fr", "fr"), ("rf", "rf"), ("rr", "rr")];
const PRIMAL: [(&str, &str); 2] = [("primal", "primal"), ("gradient", "gradient")];

const PROBLEMS: &[Problem] = &[
    problem!("hello", [("square", "square"), ("double", "double")], |input| Ok(vec![number(input)?.into()])),
    problem!("llsq", PRIMAL, |input| Ok(vec![floats(&input["x"], 1)?, whole(&input["n"])?.into()])),
    problem!("lse", PRIMAL, |input| Ok(vec![floats(&input["x"], 1)?])),
    problem!("ode", PRIMAL, |input| Ok(vec![floats(&input["x"], 1)?, whole(&input["s"])?.into()])),
    problem!("det", PRIMAL, |input| {
        let n = usize::try_from(whole(&input["ell"])?).map_err(|_| "`ell` is below 0")?;
        let mut entries = Vec::new();
        shape(&input["A"], 1, number, &mut entries)?;
        Ok(vec![array(&[n, n], &entries)?])
    }),
    problem!("gmm", [("objective", "objective"), ("jacobian", "jacobian")], |input| {
        let mut all = each(input, &[("alpha", 1), ("mu", 2), ("q", 2), ("l", 2), ("x", 2)])?;
        all.extend([number(&input["gamma"])?.into(), whole(&input["m"])?.into()]);
        Ok(all)
    }),
    problem!("lstm", [("objective", "objective"), ("jacobian", "jacobian")], |input| {
        each(input, &[("main_params", 2), ("extra_params", 2), ("state", 2), ("sequence", 2)])
    }),
    problem!("kmeans", [("cost", "cost"), ("dir", "dir")], |input| each(input, &[("points", 2), ("centroids", 2)])),
    problem!("ht", [("objective", "objective"), ("jacobian", "derivative")], hand),
    problem!("ba", [("objective", "objective"), ("jacobian", "derivative")], bundle),
    problem!("saddle", NESTED, |input| Ok(vec![floats(&input["start"], 1)?])),
    problem!("particle", NESTED, |input| Ok(vec![number(&input["w"])?.into()])),
];

/// A hand moves a mesh; without `us` the points are compared with its vertices.
fn hand(input: &Json) -> Result<Vec<Value>> {
    let (data, model) = (&input["data"], &input["data"]["model"]);
    let simple = is_simple(input);
    let mut all = vec![floats(&input["theta"], 1)?];
    if !simple {
        all.push(floats(&input["us"], 2)?);
    }
    all.push(wholes(&model["parents"], 1)?);
    all.extend(each(
        model,
        &[("base_relatives", 3), ("inverse_base_absolutes", 3), ("base_positions", 2), ("weights", 2)],
    )?);
    if !simple {
        all.push(wholes(&model["triangles"], 2)?);
    }
    all.extend([wholes(&data["correspondences"], 1)?, floats(&data["points"], 2)?]);
    Ok(all)
}

fn is_simple(input: &Json) -> bool {
    input["us"].as_array().is_some_and(Vec::is_empty)
}

/// One camera, point, weight and feature, each as many times as there are;
/// observation i pairs camera i mod n with point i mod m.
fn bundle(input: &Json) -> Result<Vec<Value>> {
    let count = |name: &str| usize::try_from(whole(&input[name])?).map_err(|_| format!("`{name}` is below 0"));
    let (n, m, p) = (count("n")?, count("m")?, count("p")?);
    let copies = |name: &str, width: usize, times: usize| {
        let mut entries = Vec::new();
        shape(&input[name], 1, number, &mut entries)?;
        array(&[times, width], &entries.repeat(times))
    };
    let pairs: Vec<i64> = (0..p).flat_map(|i| [(i % n) as i64, (i % m) as i64]).collect();
    let weights = array(&[p], &vec![number(&input["w"])?; p])?;
    Ok(vec![copies("cam", 11, n)?, copies("x", 3, m)?, weights, copies("feat", 2, p)?, array(&[p, 2], &pairs)?])
}

fn number(input: &Json) -> Result<f64> {
    input.as_f64().ok_or_else(|| format!("no number: {input}"))
}

fn whole(input: &Json) -> Result<i64> {
    input.as_i64().ok_or_else(|| format!("no whole number: {input}"))
}

/// Collects the entries of lists in lists; all lists of a level are equally long.
fn shape<T>(input: &Json, rank: usize, entry: fn(&Json) -> Result<T>, entries: &mut Vec<T>) -> Result<Vec<usize>> {
    if rank == 0 {
        entries.push(entry(input)?);
        return Ok(Vec::new());
    }
    let list = input.as_array().ok_or_else(|| format!("no list: {input}"))?;
    let mut inner = vec![0; rank - 1];
    for (k, part) in list.iter().enumerate() {
        let found = shape(part, rank - 1, entry, entries)?;
        if k > 0 && found != inner {
            return Err(format!("lists differ in length: {found:?} and {inner:?}"));
        }
        inner = found;
    }
    inner.insert(0, list.len());
    Ok(inner)
}

fn array<T: adl::value::Element>(shape: &[usize], entries: &[T]) -> Result<Value> {
    Array::from_slice(shape, entries).map(Value::Array).map_err(|problem| problem.to_string())
}

fn floats(input: &Json, rank: usize) -> Result<Value> {
    let mut entries = Vec::new();
    let shape = shape(input, rank, number, &mut entries)?;
    array(&shape, &entries)
}

fn wholes(input: &Json, rank: usize) -> Result<Value> {
    let mut entries = Vec::new();
    let shape = shape(input, rank, whole, &mut entries)?;
    array(&shape, &entries)
}

fn each(input: &Json, names: &[(&str, usize)]) -> Result<Vec<Value>> {
    names.iter().map(|(name, rank)| floats(&input[*name], *rank).map_err(|why| format!("`{name}`: {why}"))).collect()
}

/// Values as JSON: arrays as lists of lists, records as objects.
fn output(value: &Value) -> Json {
    fn entries(array: &Array, shape: &[usize], at: &mut usize) -> Json {
        let [length, inner @ ..] = shape else {
            *at += 1;
            return match array.dtype() {
                DType::I64 => array.as_i64().map(|entries| entries[*at - 1]).into(),
                _ => array.get_f64(*at - 1).into(),
            };
        };
        (0..*length).map(|_| entries(array, inner, at)).collect()
    }
    match value {
        Value::Array(array) => entries(array, array.shape(), &mut 0),
        Value::Tuple(parts) if parts.iter().all(|(name, _)| name.is_some()) => {
            parts.iter().map(|(name, part)| (name.clone().unwrap_or_default(), output(part))).collect()
        }
        Value::Tuple(parts) => parts.iter().map(|(_, part)| output(part)).collect(),
        Value::None => Json::Null,
    }
}

/// What GradBench wants to see of a result: of `det` a list, of `ba` a part.
fn wanted(module: &str, function: &str, input: &Json, result: Json) -> Json {
    let ends = |list: &Json| -> Json {
        let all = list.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().take(30).chain(all.last()).cloned().collect()
    };
    match (module, function) {
        ("det", "gradient") => {
            result.as_array().into_iter().flatten().filter_map(Json::as_array).flatten().cloned().collect()
        }
        ("ba", "objective") => json!({
            "reproj_error": { "elements": [result[0][0], result[0][1]], "repeated": input["p"] },
            "w_err": { "element": result[1][0], "repeated": input["p"] },
        }),
        ("ba", _) => ["rows", "cols", "vals"].iter().map(|name| (name.to_string(), ends(&result[*name]))).collect(),
        _ => result,
    }
}

/// A problem whose program is read.
pub struct Loaded {
    problem: &'static Problem,
    program: Program,
}

impl Loaded {
    /// Reads the program of a problem.
    pub fn new(module: &str) -> Result<Loaded> {
        let problem = PROBLEMS.iter().find(|problem| problem.module == module);
        let problem = problem.ok_or_else(|| format!("no problem `{module}`"))?;
        let mut import = |path: &str, _: &str| match path {
            "optimiser.adl" => Ok(Source::new(path, include_str!("optimiser.adl"))),
            _ => Err(format!("there is no `{path}`")),
        };
        let source = Source::new(format!("{module}.adl"), problem.text);
        let program = Engine::new().compile_source(source, &mut import).map_err(|problem| problem.to_string())?;
        Ok(Loaded { problem, program })
    }

    fn function(&self, name: &str, input: &Json) -> Result<DynFunction> {
        let of = self.problem.functions.iter().find(|(theirs, _)| *theirs == name);
        let (_, ours) = of.ok_or_else(|| format!("no function `{name}`"))?;
        let expr = match (self.problem.module, name) {
            ("ht", "objective") if is_simple(input) => "simple",
            ("ht", _) if is_simple(input) => "jacfwd(simple)",
            _ => ours,
        };
        self.program.dynamic(expr).map_err(|problem| problem.to_string())
    }

    /// The result of a function, and the time of its preparation and of each run.
    pub fn evaluate(&self, name: &str, input: &Json) -> Result<(Json, Vec<(&'static str, Duration)>)> {
        let arguments = (self.problem.arguments)(input)?;
        let least = input["min_runs"].as_u64().unwrap_or(1);
        let seconds = Duration::from_secs_f64(input["min_seconds"].as_f64().unwrap_or(0.0));
        let start = Instant::now();
        let function = self.function(name, input)?;
        let mut result = Value::None;
        let run = |result: &mut Value| {
            let start = Instant::now();
            function.call_into(&arguments, result).map_err(|problem| problem.to_string())?;
            Ok::<_, String>(start.elapsed())
        };
        run(&mut result)?;
        let mut times = vec![("prepare", start.elapsed())];
        let mut total = Duration::ZERO;
        for runs in 0.. {
            if runs >= least && total >= seconds {
                break;
            }
            let time = run(&mut result)?;
            times.push(("evaluate", time));
            total += time;
        }
        Ok((wanted(self.problem.module, name, input, output(&result)), times))
    }
}

/// The answer to a message, without its number.
fn answer(message: &Json, loaded: &mut Option<Loaded>) -> Json {
    let times = |times: &[(&str, Duration)]| -> Json {
        times.iter().map(|(name, time)| json!({ "name": name, "nanoseconds": time.as_nanos() as u64 })).collect()
    };
    let failed = |why: String| json!({ "success": false, "error": why });
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    match text("kind") {
        "start" => json!({ "tool": "adl" }),
        "define" => {
            let start = Instant::now();
            match Loaded::new(text("module")) {
                Ok(new) => {
                    *loaded = Some(new);
                    json!({ "success": true, "timings": times(&[("define", start.elapsed())]) })
                }
                Err(why) => failed(why),
            }
        }
        "evaluate" => match loaded {
            None => failed("nothing was defined".into()),
            Some(loaded) => match loaded.evaluate(text("function"), &message["input"]) {
                Ok((output, taken)) => json!({ "success": true, "output": output, "timings": times(&taken) }),
                Err(why) => failed(why),
            },
        },
        _ => json!({}),
    }
}

fn main() -> Result<()> {
    if std::env::args().len() > 1 {
        return Err("this tool takes no arguments: a program of ADL runs on one thread".into());
    }
    let (input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut loaded = None;
    for line in input.lines() {
        let line = line.map_err(|problem| problem.to_string())?;
        let message: Json = serde_json::from_str(&line).map_err(|problem| format!("{problem}: {line}"))?;
        let mut answer = answer(&message, &mut loaded);
        answer["id"] = message["id"].clone();
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|problem| problem.to_string())?;
    }
    Ok(())
}
