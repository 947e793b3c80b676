//! Native code against the interpreter, on arguments made from the types of the function.

use adl_compiler::codegen::{CallFailure, Native, Stats, compile};
use adl_compiler::interp::{self, Data, FailureKind, Hooks};
use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_compiler::ir::{FuncId, Module};
use adl_lang::ops::{Const, Random};
use adl_lang::types::{DType, Dim, Sym, Ty};
use adl_runtime::buffer::Buffer;
use adl_runtime::{Array, Workspace};

/// Reads and verifies a module.
pub fn read(text: &str) -> Module {
    let module = parse(text).unwrap_or_else(|p| panic!("{p}\n{text}"));
    verify(&module).unwrap_or_else(|p| panic!("{p}\n{text}"));
    module
}

/// Compiles the first function.
pub fn native(text: &str) -> Native {
    compile(&read(text), FuncId::new(0)).unwrap_or_else(|p| panic!("{p}\n{text}"))
}

/// A small generator of numbers.
pub struct Numbers(pub u64);

impl Numbers {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 ^ (self.0 >> 29)
    }

    /// A number of that type: floats in −2 … 2, whole numbers in 0 … 3.
    pub fn next(&mut self, dtype: DType) -> Const {
        let bits = self.bits() >> 11;
        match dtype {
            DType::Bool => Const::Bool(bits & 64 == 0),
            DType::I64 => Const::I64((bits >> 7) as i64 % 3),
            DType::F32 => Const::F32((bits as f64 / (1u64 << 51) as f64 - 2.0) as f32),
            DType::F64 => Const::F64(bits as f64 / (1u64 << 51) as f64 - 2.0),
        }
    }

    /// An array.
    pub fn data(&mut self, dtype: DType, shape: &[usize]) -> Data {
        let n = shape.iter().product();
        Data::new(dtype, shape.to_vec(), (0..n).map(|_| self.next(dtype)).collect())
    }
}

/// The shape of a type at given sizes.
pub fn shape(ty: &Ty, sizes: &[i64]) -> Vec<usize> {
    let of = |s: Sym| sizes[s.0 as usize];
    ty.dims.iter().map(|d: &Dim| d.eval(&of).expect("a size") as usize).collect()
}

/// As the runtime has it.
pub fn array(data: &Data) -> Array {
    let dtype = match data.dtype() {
        DType::Bool => adl_runtime::DType::Bool,
        DType::I64 => adl_runtime::DType::I64,
        DType::F32 => adl_runtime::DType::F32,
        DType::F64 => adl_runtime::DType::F64,
    };
    let bytes: Vec<u8> = data
        .elems()
        .iter()
        .flat_map(|e| match *e {
            Const::Bool(b) => vec![u8::from(b)],
            Const::I64(i) => i.to_le_bytes().to_vec(),
            Const::F32(x) => x.to_le_bytes().to_vec(),
            Const::F64(x) => x.to_le_bytes().to_vec(),
        })
        .collect();
    let buffer = Buffer::from_slice(&bytes).expect("memory");
    Array::from_buffer(dtype, data.shape(), buffer).expect("as many elements as there are")
}

/// The runtime's random numbers, for the interpreter.
pub struct Oracle;

impl Hooks for Oracle {
    fn random(&mut self, kind: Random, key: i64, count: usize) -> Option<Vec<Const>> {
        let (name, dtype) = match kind {
            Random::Uniform => ("uniform", "f64"),
            Random::Normal => ("normal", "f64"),
            Random::Bits => ("bits", "i64"),
        };
        let text = format!("func @0 r[n](v0: i64) -> {dtype}[n] {{\n  v1 = random {name} [n] v0\n  yield v1\n}}\n");
        let key = Array::from_slice(&[], &[key]).ok()?;
        let drawn = native(&text).run(&mut Workspace::new(), &[count as i64], &[key]).ok()?;
        Some(match (drawn[0].as_f64(), drawn[0].as_i64()) {
            (Some(x), _) => x.iter().map(|&x| Const::F64(x)).collect(),
            (_, Some(x)) => x.iter().map(|&x| Const::I64(x)).collect(),
            (_, _) => return None,
        })
    }
}

fn close(a: Const, b: Const, tolerance: f64) -> bool {
    match (a, b) {
        (Const::F64(x), Const::F64(y)) => {
            x == y && x.is_sign_negative() == y.is_sign_negative()
                || x.is_nan() && y.is_nan()
                || (x - y).abs() <= tolerance * (1.0 + x.abs().max(y.abs()))
        }
        (Const::F32(x), Const::F32(y)) => {
            let tolerance = if tolerance == 0.0 { 0.0 } else { 1e-5 };
            close(Const::F64(x.into()), Const::F64(y.into()), tolerance)
        }
        (a, b) => a == b,
    }
}

fn elements(array: &Array, dtype: DType) -> Vec<Const> {
    let bytes = array.bytes();
    let word = |c: &[u8]| u64::from_le_bytes(c.try_into().expect("8 bytes"));
    match dtype {
        DType::Bool => bytes.iter().map(|&b| Const::Bool(b == 1)).collect(),
        DType::I64 => bytes.chunks(8).map(|c| Const::I64(word(c) as i64)).collect(),
        DType::F64 => bytes.chunks(8).map(|c| Const::F64(f64::from_bits(word(c)))).collect(),
        DType::F32 => bytes.chunks(4).map(|c| Const::F32(f32::from_le_bytes(c.try_into().expect("4 bytes")))).collect(),
    }
}

/// Runs both on the same arguments; results agree to `tolerance` (0: to the bit), failures by kind.
pub fn compare(text: &str, sizes: &[i64], args: &[Data], tolerance: f64) -> Stats {
    let module = read(text);
    let native = native(text);
    let expected = interp::run(&module, FuncId::new(0), sizes, args.to_vec(), &mut Oracle);
    let arrays: Vec<Array> = args.iter().map(array).collect();
    let mut workspace = Workspace::new();
    // Twice, for what the first call leaves behind.
    for _ in 0..2 {
        let found = native.run(&mut workspace, sizes, &arrays);
        match (&expected, found) {
            (Ok(expected), Ok(found)) => {
                assert_eq!(expected.len(), found.len());
                for (k, (e, f)) in expected.iter().zip(&found).enumerate() {
                    assert_eq!(e.shape(), f.shape(), "shape of result {k} at {sizes:?} of\n{text}");
                    let got = elements(f, e.dtype());
                    let agree = e.elems().iter().zip(&got).all(|(&a, &b)| close(a, b, tolerance));
                    assert!(
                        agree,
                        "result {k} at {sizes:?}\nexpected {:?}\nfound    {got:?}\nargs {args:?}\n{text}",
                        e.elems()
                    );
                }
            }
            (Err(e), Err(CallFailure::StackOverflow)) => assert_eq!(e.kind, FailureKind::TooDeep),
            (Err(e), Err(f)) => assert!(matches!(f, CallFailure::Failed { .. }), "{e:?} and {f:?}"),
            (e, f) => panic!("at {sizes:?}: {e:?} and {f:?} of\n{text}"),
        }
    }
    for (arg, array_after) in args.iter().zip(&arrays) {
        assert_eq!(arg.elems().len(), array_after.len());
        assert_eq!(array(arg).bytes(), array_after.bytes(), "an argument was changed by\n{text}");
    }
    native.stats()
}

/// Compares on arguments made from the types, at each of the sizes.
pub fn agree(text: &str, sizes: &[&[i64]], tolerance: f64) -> Stats {
    let module = read(text);
    let func = &module.funcs[FuncId::new(0)];
    let mut stats = Stats::default();
    for (round, sizes) in sizes.iter().enumerate() {
        let mut numbers = Numbers(17 + round as u64);
        let types: Vec<Ty> = func.params().iter().filter_map(|&p| func.ty(p).data().cloned()).collect();
        let args: Vec<Data> = types.iter().map(|ty| numbers.data(ty.dtype, &shape(ty, sizes))).collect();
        stats = compare(text, sizes, &args, tolerance);
    }
    stats
}

/// The cases of a file in `cases`, each behind a line `---`: native code does what the interpreter does. Settings stand
/// in comments, before all cases or in one: `; sizes: 0 3, 1 9` lists the sizes of calls, `; types: f64, f32` what
/// stands for `T`; results agree to the bit without a `; tolerance: …`, and with `; vector loops` there must be some.
pub fn cases(name: &str) {
    let path = format!("{}/tests/codegen/cases/{name}.ir", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{path}: {problem}"));
    let (head, cases) = text.split_once("---\n").expect("a case");
    let setting = |case: &str, key: &str| {
        let found = case.lines().chain(head.lines()).find_map(|line| line.strip_prefix("; ")?.strip_prefix(key));
        found.map(|rest| rest.trim_start_matches(':').trim().to_string())
    };
    for case in cases.split("---\n") {
        let list = |key| setting(case, key).map(|list| list.split(", ").map(str::to_string).collect::<Vec<_>>());
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{path}: `{text}`"));
        let sizes = list("sizes").unwrap_or_else(|| panic!("{path}: no sizes"));
        let sizes: Vec<Vec<i64>> = sizes.iter().map(|call| call.split(' ').map(number).collect()).collect();
        let sizes: Vec<&[i64]> = sizes.iter().map(Vec::as_slice).collect();
        let tolerance = setting(case, "tolerance").map_or(0.0, |text| text.parse().expect("a tolerance"));
        for dtype in list("types").unwrap_or_else(|| vec!["T".into()]) {
            let stats = agree(&case.replace('T', &dtype), &sizes, tolerance);
            let vectors = setting(case, "vector loops").is_none() || stats.vector_loops > 0;
            assert!(vectors, "{path}: {stats:?} of\n{case}");
        }
    }
}
