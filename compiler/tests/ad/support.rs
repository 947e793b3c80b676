//! What the tests of differentiation share: running IR text, taking derivatives of any function of a module, and
//! checking them against differences and against each other.

use adl_compiler::ad::resolve;
use adl_compiler::interp::{Data, Hooks, Limits, NoHooks, Stats, run_counted};
use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_compiler::ir::{Builder, Func, FuncId, Kind, Module, Type};
use adl_lang::ops::Const;
use adl_lang::types::{DType, Dim, Sym};

/// Reads a module.
pub fn read(text: &str) -> Module {
    let module = parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    if let Err(broken) = verify(&module) {
        panic!("{broken}\n{module}");
    }
    module
}

/// The last function of a module.
pub fn last(module: &Module) -> FuncId {
    FuncId::new(module.funcs.len() - 1)
}

/// The module without requests; verified.
pub fn resolved(module: &Module, entries: &[FuncId]) -> Module {
    let mut module = module.clone();
    let result = resolve(&mut module, entries, &mut |_, _| {});
    if let Err(endless) = result {
        panic!("{} takes a derivative of itself", endless.func);
    }
    if let Err(broken) = verify(&module) {
        panic!("{broken}\n{module}");
    }
    module
}

/// Runs a function of a module without requests.
pub fn run(module: &Module, func: FuncId, sizes: &[i64], args: &[Data]) -> Vec<Data> {
    counted(module, func, sizes, args, &mut NoHooks).0
}

/// Runs it and says what it cost.
pub fn counted(
    module: &Module,
    func: FuncId,
    sizes: &[i64],
    args: &[Data],
    hooks: &mut dyn Hooks,
) -> (Vec<Data>, Stats) {
    let (result, stats) = run_counted(module, func, sizes, args.to_vec(), hooks, Limits::default());
    match result {
        Ok(data) => (data, stats),
        Err(failure) => panic!("{:?} in\n{module}", failure.kind),
    }
}

/// Which derivative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// `jvp`.
    Forward,
    /// `vjp`.
    Reverse,
}

/// Adds a function that asks for a derivative of `func`: its parameters, then a tangent of each float parameter
/// (forward) or a cotangent of each float result (reverse), give the results, then the tangents or cotangents.
pub fn derivative(module: &mut Module, func: FuncId, mode: Mode) -> FuncId {
    let source = &module.funcs[func];
    let is_float = |ty: &Type| ty.data().is_some_and(|ty| ty.dtype.is_float());
    let params: Vec<Type> = source.params().iter().map(|&p| source.ty(p).clone()).collect();
    let results = source.result_types();
    let sizes: Vec<Dim> = (0..source.sizes.len() as u32).map(|k| Dim::sym(Sym(k))).collect();
    let floats = |types: &[Type]| types.iter().filter(|ty| is_float(ty)).cloned().collect::<Vec<_>>();
    let mask = |types: &[Type]| types.iter().map(is_float).collect::<Vec<_>>();
    let (more, given, kind) = match mode {
        Mode::Forward => {
            (floats(&params), floats(&results), Kind::Jvp { func, sizes, active: mask(&params), again: false })
        }
        Mode::Reverse => {
            let (seeds, wrt) = (mask(&results), mask(&params));
            (floats(&results), floats(&params), Kind::Vjp { func, sizes, seeds, wrt, primal: true })
        }
    };
    let mut asks = Func::new(format!("{}_{mode:?}", source.name), source.sizes.clone(), source.span);
    let mut to = Builder::new(&mut asks);
    let args = params.into_iter().chain(more).map(|ty| to.param(ty)).collect();
    let answer = to.results(kind, args, results.into_iter().chain(given).collect());
    to.set_yields(answer);
    module.funcs.push(asks)
}

/// Adds the derivative of a function of one number with one result: a function of one number.
pub fn slope(module: &mut Module, func: FuncId, mode: Mode) -> FuncId {
    let mut asks = Func::new("slope", Vec::new(), module.funcs[func].span);
    let number = module.funcs[func].ty(module.funcs[func].params()[0]).clone();
    let mut to = Builder::new(&mut asks);
    let x = to.param(number.clone());
    let one = to.constant(Const::F64(1.0));
    let answer = match mode {
        Mode::Forward => {
            let kind = Kind::Jvp { func, sizes: Vec::new(), active: vec![true], again: false };
            to.results(kind, vec![x, one], vec![number.clone(), number])[1]
        }
        Mode::Reverse => {
            let (seeds, wrt) = (vec![true], vec![true]);
            let kind = Kind::Vjp { func, sizes: Vec::new(), seeds, wrt, primal: false };
            to.results(kind, vec![x, one], vec![number])[0]
        }
    };
    to.set_yields(vec![answer]);
    module.funcs.push(asks)
}

/// All sequences of modes of that length.
pub fn mixtures(order: usize) -> Vec<Vec<Mode>> {
    if order == 0 {
        return vec![Vec::new()];
    }
    let shorter = mixtures(order - 1);
    let longer = |mode: Mode| shorter.iter().map(move |s| [&s[..], &[mode]].concat());
    longer(Mode::Forward).chain(longer(Mode::Reverse)).collect()
}

/// Numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    /// The next bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// Between −1 and 1.
    pub fn float(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// A float array or number of this form.
    pub fn like(&mut self, data: &Data) -> Data {
        let elems = (0..data.len()).map(|_| Const::of(data.dtype(), self.float())).collect();
        Data::new(data.dtype(), data.shape().to_vec(), elems)
    }
}

fn is_float(data: &Data) -> bool {
    data.dtype().is_float()
}

fn floats(data: &[Data]) -> Vec<f64> {
    data.iter().filter(|d| is_float(d)).flat_map(Data::to_f64s).collect()
}

fn shifted(args: &[Data], along: &[Data], step: f64) -> Vec<Data> {
    let mut along = along.iter();
    let shift = |arg: &Data| {
        if !is_float(arg) {
            return arg.clone();
        }
        let along = along.next().expect("a tangent");
        let sum =
            arg.to_f64s().iter().zip(along.to_f64s()).map(|(a, b)| Const::of(arg.dtype(), a + step * b)).collect();
        Data::new(arg.dtype(), arg.shape().to_vec(), sum)
    };
    args.iter().map(shift).collect()
}

/// Asserts that numbers agree, relative to the size of the larger ones among them.
pub fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance * scale, "{what}: {f} is not {e}\n{found:?}\n{expected:?}");
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Checks a function at a point: forward mode against central differences, reverse mode against forward mode; then
/// both derivatives in the same way, to the given order.
pub fn check(module: &Module, func: FuncId, sizes: &[i64], args: &[Data], order: usize, dice: &mut Dice) {
    if order == 0 {
        return;
    }
    let mut asked = module.clone();
    let forward = derivative(&mut asked, func, Mode::Forward);
    let reverse = derivative(&mut asked, func, Mode::Reverse);
    let name = module.funcs[func].name.clone();
    let ready = resolved(&asked, &[func, forward, reverse]);

    let single = args.iter().any(|a| a.dtype() == DType::F32);
    let dx: Vec<Data> = args.iter().filter(|a| is_float(a)).map(|a| dice.like(a)).collect();
    let y = run(&ready, func, sizes, args);
    let jvp_args = [args, &dx].concat();
    let moved = run(&ready, forward, sizes, &jvp_args);
    close(&floats(&moved[..y.len()]), &floats(&y), 1e-11, &format!("{name}: the results of jvp"));
    let dy = floats(&moved[y.len()..]);
    let slope = |step: f64| {
        let ahead = floats(&run(&ready, func, sizes, &shifted(args, &dx, step)));
        let behind = floats(&run(&ready, func, sizes, &shifted(args, &dx, -step)));
        ahead.iter().zip(behind).map(|(a, b)| (a - b) / (2.0 * step)).collect::<Vec<f64>>()
    };
    let (step, tolerance) = if single { (1e-2, 2e-3) } else { (1e-4, 1e-7) };
    let (wide, narrow) = (slope(step), slope(step / 2.0));
    let difference: Vec<f64> = wide.iter().zip(&narrow).map(|(w, n)| (4.0 * n - w) / 3.0).collect();
    close(&dy, &difference, tolerance, &format!("{name}: jvp against differences"));

    let u: Vec<Data> = y.iter().filter(|y| is_float(y)).map(|y| dice.like(y)).collect();
    let vjp_args = [args, &u].concat();
    let pulled = run(&ready, reverse, sizes, &vjp_args);
    close(&floats(&pulled[..y.len()]), &floats(&y), 1e-11, &format!("{name}: the results of vjp"));
    let x_bar = floats(&pulled[y.len()..]);
    let tolerance = if single { 1e-4 } else { 1e-11 };
    let size = dot(&x_bar.iter().map(|x| x.abs()).collect::<Vec<_>>(), &vec![1.0; x_bar.len()]).max(1.0);
    let (left, right) = (dot(&floats(&u), &dy), dot(&x_bar, &floats(&dx)));
    assert!((left - right).abs() <= tolerance * size, "{name}: <u, J v> = {left}, <J' u, v> = {right}");

    check(&asked, forward, sizes, &jvp_args, order - 1, dice);
    check(&asked, reverse, sizes, &vjp_args, order - 1, dice);
}

/// The array `arr(s)[i] = sin(i + 1) + s cos(0.7 i)`.
pub const ARR: &str = "
func @0 arr[](s: f64) -> f64[6] {
  a = map [6] () { (i: i64)
    one = const 1
    j = add i one
    jf = convert f64 j
    t = sin jf
    k = convert f64 i
    c = const 0.7
    p = mul c k
    q = cos p
    r = mul s q
    v = add t r
    yield v
  }
  yield a
}
";

/// Checks value and derivatives of the last function, a function of one number.
pub fn expect(text: &str, at: f64, values: &[f64]) {
    let module = read(text);
    let func = last(&module);
    for (order, value) in values.iter().enumerate() {
        for modes in mixtures(order) {
            let mut asked = module.clone();
            let top = modes.iter().fold(func, |f, &mode| slope(&mut asked, f, mode));
            let ready = resolved(&asked, &[top]);
            let found = run(&ready, top, &[], &[Data::scalar(Const::F64(at))])[0].to_f64s();
            let scale = value.abs().max(1e-3);
            close(&[found[0] / scale], &[value / scale], 2e-12, &format!("{modes:?}"));
        }
    }
}
