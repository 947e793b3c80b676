//! Random programs: well-typed ADL functions `f(x: f64, y: f64, a: f64[n]) -> f64` (or of `f32`) with loops,
//! branches, indexed updates, comprehensions, calls, recursion, `while`, closures, records, matrices, solvers, maps,
//! checkpoints and derivatives of their own, smooth enough that their derivatives mean something.

use std::fmt::Write;

/// A small generator of random numbers (splitmix64), so that a seed names a program for ever.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A number in [−1, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// What is in scope.
#[derive(Clone, Default)]
struct Scope {
    scalars: Vec<String>,
    variables: Vec<String>,
    arrays: Vec<String>,
    array_variables: Vec<String>,
    /// Square matrices with as many rows as `a` has entries.
    matrices: Vec<String>,
    /// Loop counters that are in range of every array.
    indices: Vec<String>,
}

/// Writes one program.
pub struct Generator {
    random: Random,
    text: String,
    indent: usize,
    names: usize,
    /// Loops around the place being written; limits the running time.
    loops: usize,
    /// Whether the helpers may be called.
    calls: bool,
    /// How deep in functions of their own (closures, solvers) the place is; limits the size.
    closures: usize,
}

/// The program of that seed, of `f64` or `f32`.
pub fn program(seed: u64, float: &str) -> String {
    let mut g = Generator {
        random: Random::new(seed),
        text: String::new(),
        indent: 1,
        names: 0,
        loops: 0,
        calls: false,
        closures: 0,
    };
    let mut scope = Scope { scalars: vec!["p".into(), "q".into()], ..Scope::default() };
    g.text.push_str("fn helper(p: f64, q: f64) -> f64 {\n");
    g.statements(&mut scope, 2);
    let result = g.scalar(&scope, 2);
    let _ = writeln!(g.text, "  {result}\n}}");
    g.text.push_str(
        "fn tree(a: f64[n], lo: i64, hi: i64, s: f64) -> f64 {\n  if hi - lo == 1 { return sin(a[lo] * s) }\n",
    );
    g.text.push_str(
        "  let mid = (lo + hi) // 2
  let l = tree(a, lo, mid, s)
  let r = tree(a, mid, hi, cos(s))
  l + r + 0.1 * l * r
}\n",
    );
    g.calls = true;
    g.text.push_str("fn f(x: f64, y: f64, a: f64[n]) -> f64 {\n");
    let mut scope = Scope { scalars: vec!["x".into(), "y".into()], arrays: vec!["a".into()], ..Scope::default() };
    let count = 3 + g.random.below(5);
    g.statements(&mut scope, count);
    let (first, second) = (g.scalar(&scope, 2), g.array(&scope, 2));
    let _ = writeln!(g.text, "  {first} + sum({second})\n}}");
    if float == "f64" { g.text } else { g.text.replace("f64", float) }
}

impl Generator {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "  ".repeat(self.indent));
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn pick(&mut self, from: &[String]) -> Option<String> {
        if from.is_empty() { None } else { Some(from[self.random.below(from.len())].clone()) }
    }

    fn statements(&mut self, scope: &mut Scope, count: usize) {
        for _ in 0..count {
            self.statement(scope);
        }
    }

    fn statement(&mut self, scope: &mut Scope) {
        let nested = self.indent > 3;
        match self.random.below(if nested { 9 } else { 14 }) {
            0 => {
                let (name, value) = (self.fresh("s"), self.scalar(scope, 3));
                self.line(&format!("let {name} = {value}"));
                scope.scalars.push(name);
            }
            1 => {
                let (name, value) = (self.fresh("v"), self.scalar(scope, 2));
                self.line(&format!("var {name} = {value}"));
                scope.scalars.push(name.clone());
                scope.variables.push(name);
            }
            2 if !scope.arrays.is_empty() => {
                let (name, value) = (self.fresh("b"), self.array(scope, 2));
                self.line(&format!("var {name} = {value}"));
                scope.arrays.push(name.clone());
                scope.array_variables.push(name);
            }
            3 | 4 => {
                if let Some(name) = self.pick(&scope.variables) {
                    let value = self.scalar(scope, 2);
                    let assignment = match self.random.below(3) {
                        0 => format!("{name} = {value}"),
                        1 => format!("{name} += 0.3 * ({value})"),
                        _ => format!("{name} = 0.5 * {name} + sin({value})"),
                    };
                    self.line(&assignment);
                }
            }
            5 | 6 => {
                if let Some(name) = self.pick(&scope.array_variables) {
                    let (index, value) = (self.index(scope), self.scalar(scope, 2));
                    let assignment = match self.random.below(4) {
                        0 => format!("{name}[{index}] = {value}"),
                        1 => format!("{name}[{index}] += 0.5 * ({value})"),
                        2 => format!("{name}[{index}] = {name}[{index}] * cos({value})"),
                        _ => format!("{name} = {}", self.array(scope, 2)),
                    };
                    self.line(&assignment);
                }
            }
            7 => {
                let (name, p, q) = (self.fresh("r"), self.scalar(scope, 2), self.scalar(scope, 2));
                self.line(&format!("let {name} = (p: {p}, q: {q})"));
                scope.scalars.extend([format!("{name}.p"), format!("{name}.q")]);
            }
            8 if !scope.arrays.is_empty() => {
                let (name, value) = (self.fresh("m"), self.matrix(scope, 2));
                self.line(&format!("let {name} = {value}"));
                scope.matrices.push(name);
            }
            9 | 10 if self.loops < 2 => self.for_loop(scope),
            11 if self.loops < 2 => self.while_loop(scope),
            _ => self.branch(scope),
        }
    }

    /// A block whose own names do not leave it.
    fn block(&mut self, scope: &Scope, count: usize) {
        let mut inner = scope.clone();
        self.indent += 1;
        self.statements(&mut inner, count);
        self.indent -= 1;
    }

    fn for_loop(&mut self, scope: &mut Scope) {
        let i = self.fresh("i");
        let over_array = !scope.arrays.is_empty() && self.random.below(2) == 0;
        let count = if over_array { "len(a)".to_string() } else { (1 + self.random.below(4)).to_string() };
        self.line(&format!("for {i} in 0..{count} {{"));
        let mut inner = scope.clone();
        inner.indices.push(i);
        self.loops += 1;
        let count = 1 + self.random.below(3);
        self.block(&inner, count);
        if self.random.below(5) == 0 {
            let condition = self.condition(&inner);
            self.indent += 1;
            self.line(&format!("if {condition} {{ break }}"));
            self.indent -= 1;
        }
        self.loops -= 1;
        self.line("}");
    }

    fn while_loop(&mut self, scope: &mut Scope) {
        let k = self.fresh("k");
        self.line(&format!("var {k} = 0"));
        let condition = self.condition(scope);
        self.line(&format!("while {k} < 5 and ({k} < 2 or {condition}) {{"));
        self.loops += 1;
        let mut inner = scope.clone();
        inner.indices.push(k.clone());
        self.block(&inner, 2);
        self.loops -= 1;
        self.indent += 1;
        self.line(&format!("{k} += 1"));
        self.indent -= 1;
        self.line("}");
    }

    fn branch(&mut self, scope: &mut Scope) {
        let condition = self.condition(scope);
        self.line(&format!("if {condition} {{"));
        self.block(scope, 2);
        if self.random.below(2) == 0 {
            self.line("} else {");
            self.block(scope, 1);
        }
        self.line("}");
    }

    fn condition(&mut self, scope: &Scope) -> String {
        let (a, b) = (self.scalar(scope, 1), self.scalar(scope, 1));
        format!("{a} < {b} + 0.37")
    }

    /// An index that is in range for at least five entries.
    fn index(&mut self, scope: &Scope) -> String {
        match self.pick(&scope.indices) {
            Some(i) if self.random.below(3) > 0 => match self.random.below(3) {
                0 => i,
                1 => format!("({i} + 1) % len(a)"),
                _ => format!("len(a) - 1 - {i}"),
            },
            _ => self.random.below(4).to_string(),
        }
    }

    fn scalar(&mut self, scope: &Scope, depth: usize) -> String {
        if depth == 0 || self.random.below(6) == 0 {
            return match self.random.below(4) {
                0 => format!("{:.3}", self.random.unit()),
                1 if !scope.arrays.is_empty() => {
                    let (a, i) = (self.pick(&scope.arrays).unwrap_or_default(), self.index(scope));
                    format!("{a}[{i}]")
                }
                _ => self.pick(&scope.scalars).unwrap_or_else(|| "0.5".into()),
            };
        }
        let a = self.scalar(scope, depth - 1);
        match self.random.below(21) {
            0 | 1 => format!("({a} + {})", self.scalar(scope, depth - 1)),
            2 => format!("({a} - {})", self.scalar(scope, depth - 1)),
            3 | 4 => format!("sin({a}) * {}", self.scalar(scope, depth - 1)),
            5 => format!("cos({a})"),
            6 => format!("tanh({a})"),
            7 => format!("{a} / (2 + {}^2)", self.atom(scope)),
            8 => format!("exp(sin({a}))"),
            9 => format!("sqrt(1 + ({a})^2)"),
            10 => format!("(if {} {{ {a} }} else {{ {} }})", self.condition(scope), self.scalar(scope, depth - 1)),
            11 if self.calls => format!("helper({a}, {})", self.scalar(scope, depth - 1)),
            12 if !scope.arrays.is_empty() && self.loops == 0 => format!("tree(a, 0, len(a), {a})"),
            13 if !scope.arrays.is_empty() => format!("mean({})", self.array(scope, depth - 1)),
            14 if !scope.arrays.is_empty() => self.reduction(scope, depth - 1),
            15 if !scope.matrices.is_empty() => format!("sum(sin({}))", self.matrix(scope, depth - 1)),
            16 => {
                let (t, body) = self.closure(scope, depth - 1);
                format!("(|{t}| {body})({a})")
            }
            17 if self.closures == 0 => {
                let (t, body) = self.closure(scope, 1);
                format!("{}(|{t}| {body})({a})", if self.random.below(2) == 0 { "checkpoint" } else { "grad" })
            }
            18 if self.closures == 0 && self.loops == 0 => self.solution(&a),
            19 if self.closures == 0 => {
                let (t, body) = self.closure(scope, 1);
                format!("jvp(|{t}| {body}, {a}, {}).1", self.atom(scope))
            }
            _ => format!("log(2 + sin({a}))"),
        }
    }

    /// A function of one number, without its bars: its parameter and its value.
    fn closure(&mut self, scope: &Scope, depth: usize) -> (String, String) {
        let t = self.fresh("t");
        let mut inner = scope.clone();
        inner.scalars.push(t.clone());
        self.closures += 1;
        let body = self.scalar(&inner, depth);
        self.closures -= 1;
        (t.clone(), format!("sin({t}) + 0.2 * {body}"))
    }

    /// The solution of an equation that has one for every value of `a`.
    fn solution(&mut self, a: &str) -> String {
        let z = self.fresh("z");
        match self.random.below(4) {
            0 => format!("root(|{z}| {z} + 0.3 * sin({z}) - sin({a}), 0.0)"),
            1 => format!("minimize(|{z}| 0.5 * {z}^2 + 0.1 * cos({z}) - {z} * sin({a}), 0.0)"),
            2 => format!("linear_solve(|{z}| (2 + sin({a})) * {z}, 1.0)"),
            _ => format!("root(|[p, {z}]| [p - 0.2 * cos({z}), {z} + 0.1 * p^2 - sin({a})], [0.0, 0.0])[1]"),
        }
    }

    fn reduction(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.array(scope, depth);
        match self.random.below(7) {
            0 => format!("logsumexp({a})"),
            1 => format!("sqrt(1 + dot({a}, {a}))"),
            2 => format!("max(sort({a}))"),
            3 => format!("variance({a})"),
            4 => format!("({a} @ {})", self.array(scope, depth)),
            5 => format!("norm(concat({a}, [1.0]))"),
            _ => {
                let j = self.fresh("j");
                format!(
                    "sum(sin({}[{j}]) * {} for {j} in 0..len(a))",
                    self.pick(&scope.arrays).unwrap_or_default(),
                    self.atom(scope)
                )
            }
        }
    }

    /// A square matrix; never ill-conditioned where it is solved with.
    fn matrix(&mut self, scope: &Scope, depth: usize) -> String {
        if let Some(m) = self.pick(&scope.matrices).filter(|_| depth == 0 || self.random.below(4) == 0) {
            return m;
        }
        let a = self.array(scope, depth.saturating_sub(1));
        if depth == 0 {
            return format!("outer({a}, {a})");
        }
        let m = self.matrix(scope, depth - 1);
        match self.random.below(7) {
            0 => format!("sin({m}).T"),
            1 => format!("(0.1 * ({m} @ {}))", self.matrix(scope, depth - 1)),
            2 => format!("({m} * {a})"),
            3 => format!("({m} + {})", self.matrix(scope, depth - 1)),
            4 => format!("diag({a})"),
            5 => format!("solve(4 * eye(len(a)) + tanh({m}) / len(a), {})", self.matrix(scope, depth - 1)),
            _ => {
                let (i, j) = (self.fresh("i"), self.fresh("j"));
                format!("[sin({a}[{i}] + {}) * {a}[{j}] for {i} in 0..len(a), {j} in 0..len(a)]", self.atom(scope))
            }
        }
    }

    fn atom(&mut self, scope: &Scope) -> String {
        self.pick(&scope.scalars).unwrap_or_else(|| "0.7".into())
    }

    fn array(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.pick(&scope.arrays).unwrap_or_else(|| "a".into());
        if depth == 0 {
            return a;
        }
        match self.random.below(15) {
            9 => format!("softmax({})", self.array(scope, depth - 1)),
            10 => format!("cumsum({}) / len(a)", self.array(scope, depth - 1)),
            11 if self.closures == 0 => {
                let (t, body) = self.closure(scope, 1);
                format!("vmap(|{t}| {body})({a})")
            }
            12 if !scope.matrices.is_empty() => {
                let m = self.pick(&scope.matrices).unwrap_or_default();
                match self.random.below(4) {
                    0 => format!("tanh({m} @ {a})"),
                    1 => format!("mean({m}, axis = {})", self.random.below(2)),
                    2 => format!("{m}[{}]", self.index(scope)),
                    _ => format!("{m}[:, {}]", self.index(scope)),
                }
            }
            13 => format!("sort({})", self.array(scope, depth - 1)),
            0 => format!("sin({})", self.array(scope, depth - 1)),
            1 => format!("({} + {})", self.array(scope, depth - 1), self.array(scope, depth - 1)),
            2 => format!("{} * cos({})", self.array(scope, depth - 1), self.array(scope, depth - 1)),
            3 => format!("({} * {})", self.atom(scope), self.array(scope, depth - 1)),
            4 => format!("where({a} > {:.2}, {a}, sin({}))", self.random.unit(), self.array(scope, depth - 1)),
            5 => format!("flip({})", self.array(scope, depth - 1)),
            6 => format!("concat({a}[1..], [{}])", self.scalar(scope, depth - 1)),
            _ => {
                let j = self.fresh("j");
                let mut inner = scope.clone();
                inner.indices = vec![j.clone()];
                let loops = std::mem::replace(&mut self.loops, 2);
                let element = self.scalar(&inner, depth);
                self.loops = loops;
                format!("[{element} for {j} in 0..len(a)]")
            }
        }
    }
}
