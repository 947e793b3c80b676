//! Random programs: native code agrees with the reference interpreter, and every way to a derivative with every other.
//!
//! `ADL_RANDOM_PROGRAMS` says how many programs each test runs, `ADL_SEED` where the seeds begin; a long round is
//!
//! ```sh
//! ADL_RANDOM_PROGRAMS=20000 ADL_SEED=$RANDOM cargo test --release --test numbers random
//! ```

use crate::support::compare::leaves;
use crate::support::random::{Random, program};
use adl_compiler::engine::{Backend, Engine, Program};
use adl_runtime::{Array, Value};

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|n| n.parse().ok())
}

/// The seeds of a test: `share` is the part of the programs that it runs, since some checks cost more than others.
fn seeds(test: u64, share: f64) -> impl Iterator<Item = u64> {
    let count = (asked("ADL_RANDOM_PROGRAMS").unwrap_or(20) as f64 * share) as u64;
    let first = asked("ADL_SEED").unwrap_or(0) * 1_000_003 + test * 100_000_007;
    first..first + count
}

/// A point and a direction for `f(x, y, a)`.
fn inputs(seed: u64) -> (Vec<Value>, Vec<Value>) {
    let length = if seed.is_multiple_of(3) { 5 } else { 11 };
    let mut random = Random::new(seed ^ 0xabcd);
    let mut draw = || {
        let array: Vec<f64> = (0..length).map(|_| random.unit()).collect();
        vec![
            Value::from(random.unit()),
            Value::from(random.unit()),
            Value::Array(Array::from_slice(&[length], &array).expect("the data fits")),
        ]
    };
    (draw(), draw())
}

/// A program and what went wrong with it.
#[track_caller]
fn fails(seed: u64, text: &str, what: &str) -> ! {
    panic!("seed {seed}: {what}\n{text}")
}

fn call(program: &Program, function: &str, args: &[Value]) -> Result<Vec<f64>, String> {
    let value = program.dynamic(function).and_then(|f| f.call(args)).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    leaves(&value, &mut out);
    Ok(out)
}

/// A random program with a point and a direction, compiled.
struct Case {
    seed: u64,
    text: String,
    program: Program,
    args: Vec<Value>,
}

impl Case {
    fn new(seed: u64) -> Case {
        let text = program(seed, "f64");
        let program = match Engine::new().compile("random.adl", &text) {
            Ok(program) => program,
            Err(e) => fails(seed, &text, &e.to_string()),
        };
        let (mut args, direction) = inputs(seed);
        args.extend(direction);
        Case { seed, text, program, args }
    }

    /// What a function of the point `(x, y, a)` and the direction `(u, v, b)` gives.
    #[track_caller]
    fn ask(&self, body: &str) -> Vec<f64> {
        match call(&self.program, &format!("|x, y, a, u, v, b| {{ {body} }}"), &self.args) {
            Ok(out) => out,
            Err(e) => fails(self.seed, &self.text, &format!("{body}: {e}")),
        }
    }

    /// Whether two answers agree to `tolerance` of their largest entry; `None` if one is not finite.
    #[track_caller]
    fn same(&self, what: &str, left: &[f64], right: &[f64], tolerance: f64) -> Option<()> {
        let all = || left.iter().chain(right);
        if !all().all(|x| x.is_finite()) {
            return None;
        }
        let scale = all().fold(1.0f64, |m, x| m.max(x.abs()));
        for (l, r) in left.iter().zip(right) {
            if (l - r).abs() > tolerance * scale {
                fails(self.seed, &self.text, &format!("{what}: {left:?} and {right:?}"));
            }
        }
        Some(())
    }
}

/// At least so large a part of the programs must have finite answers, or the test shows little.
#[track_caller]
fn enough(finite: usize, share: f64) {
    let all = seeds(0, share).count();
    assert!(finite as f64 > 0.6 * all as f64, "only {finite} of {all} programs had finite answers");
}

#[test]
fn native_code_agrees_with_the_interpreter() {
    let mut finite = 0;
    for seed in seeds(1, 1.0) {
        let (float, tolerance) = if seed % 4 == 1 { ("f32", 1e-3) } else { ("f64", 1e-10) };
        let text = program(seed, float);
        let (point, _) = inputs(seed);
        for function in ["f", "value_and_grad(f, wrt = (0, 1, 2))"] {
            let answer = |backend: Backend| {
                let engine = Engine::new().with_backend(backend);
                let program = engine.compile("random.adl", &text).map_err(|e| e.to_string())?;
                let text = match float {
                    "f32" => format!("|x, y, a| ({function})(f32(x), f32(y), f32(a))"),
                    _double => format!("|x, y, a| ({function})(x, y, a)"),
                };
                call(&program, &text, &point)
            };
            match (answer(Backend::Native), answer(Backend::Interpreter)) {
                (Ok(native), Ok(reference)) if native.iter().all(|x| x.is_finite()) => {
                    finite += 1;
                    let scale = native.iter().chain(&reference).fold(1e-3f64, |m, x| m.max(x.abs()));
                    let off = native.iter().zip(&reference).fold(0.0f64, |m, (x, y)| m.max((x - y).abs()));
                    if off > tolerance * scale {
                        fails(seed, &text, &format!("{function}: {native:?} and {reference:?}"));
                    }
                }
                (Ok(_), Ok(_)) => {}
                // A solver may refuse in single precision, but both engines at the same place.
                (Err(native), Err(reference)) if native.lines().next() == reference.lines().next() => {}
                (native, reference) => fails(seed, &text, &format!("{function}: {native:?} and {reference:?}")),
            }
        }
    }
    enough(finite / 2, 1.0);
}

#[test]
fn reverse_mode_is_the_transpose_of_forward_mode() {
    let mut finite = 0;
    for seed in seeds(2, 1.0) {
        let case = Case::new(seed);
        let forward = case.ask("jvp(f, (x, y, a), (u, v, b)).1");
        let reverse = case.ask("let (p, q, r) = grad(f, wrt = (0, 1, 2))(x, y, a)\n p * u + q * v + sum(r * b)");
        finite += case.same("forward and reverse", &forward, &reverse, 1e-9).iter().count();
    }
    enough(finite, 1.0);
}

#[test]
fn second_derivatives_agree_in_all_mixtures() {
    let mut finite = 0;
    for seed in seeds(3, 0.25) {
        let case = Case::new(seed);
        let forward_reverse = case.ask("jvp(grad(f, wrt = (0, 1, 2)), (x, y, a), (u, v, b)).1");
        for (what, body) in [
            ("reverse over forward", "grad(|x, y, a| jvp(f, (x, y, a), (u, v, b)).1, wrt = (0, 1, 2))(x, y, a)"),
            (
                "reverse over reverse",
                "grad(|x, y, a| { let (p, q, r) = grad(f, wrt = (0, 1, 2))(x, y, a)\n p * u + q * v + sum(r * b) }, \
                 wrt = (0, 1, 2))(x, y, a)",
            ),
        ] {
            finite += case.same(what, &forward_reverse, &case.ask(body), 1e-7).iter().count();
        }
    }
    enough(finite / 2, 0.25);
}

#[test]
fn derivatives_are_limits_of_differences() {
    let mut compared = 0;
    for seed in seeds(4, 0.5) {
        let case = Case::new(seed);
        let slope = case.ask("jvp(f, (x, y, a), (u, v, b)).1");
        // Fourth order, with two steps.
        let differences = case.ask(
            "let at = |h| f(x + h * u, y + h * v, a + h * b)
             let slope = |h| (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
             [slope(h) for h in [2e-5, 8e-5]]",
        );
        let [near, far] = differences[..] else { fails(seed, &case.text, "two differences") };
        // Where two steps disagree there is a kink or a jump between them.
        if slope[0].is_finite() && (near - far).abs() <= 1e-7 * (1.0 + near.abs()) {
            compared += case.same("slope and difference", &slope, &[near], 1e-5).iter().count();
        }
    }
    enough(compared, 0.5);
}

#[test]
fn maps_are_loops_and_checkpoints_change_nothing() {
    let mut finite = 0;
    for seed in seeds(5, 0.25) {
        let case = Case::new(seed);
        let lanes = "let xs = [x, u, v]\n let g = value_and_grad(f, wrt = (0, 2))\n";
        let map = case.ask(&format!("{lanes} let (w, (p, r)) = vmap(g, axes = (0, none, none))(xs, y, a)\n (w, p, r)"));
        let one = |j: usize| case.ask(&format!("{lanes} let (w, (p, r)) = g(xs[{j}], y, a)\n (w, p, r)"));
        let lanes: Vec<Vec<f64>> = (0..3).map(one).collect();
        let by = |k: usize| lanes.iter().map(move |lane| lane[k]);
        let rows = lanes.iter().flat_map(|lane| lane[2..].iter().copied());
        let together: Vec<f64> = by(0).chain(by(1)).chain(rows).collect();
        finite += case.same("map and loop", &map, &together, 1e-9).iter().count();
        let plain = case.ask("grad(f, wrt = (0, 1, 2))(x, y, a)");
        let again = case.ask("grad(checkpoint(f), wrt = (0, 1, 2))(x, y, a)");
        case.same("checkpoint", &plain, &again, 1e-12);
    }
    enough(finite, 0.25);
}
