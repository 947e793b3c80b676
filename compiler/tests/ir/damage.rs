//! Texts with random damage: whatever still reads must print and read back the same, be judged by the verifier without
//! a panic, and, if the verifier has no objection, run without a panic.

use adl_compiler::interp::{Data, FailureKind, Limits, NoHooks, run_counted};
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_compiler::ir::{Func, Module, Type};
use adl_lang::ops::Const;
use adl_lang::types::DType;

const SOUND: &str = "func @0 main[n, m](v0: f64[n, m], v1: i64, v2: i64[2], v3: bool, v4: f32) -> (f64[n], f64) {
  bounds index v1 < n
  v5 = index v0 [v1, :]
  v6 = reduce sum [0] v5
  v7, v8 = map [n] (v6) { (v9: i64, v10: f64)
    bounds index v9 < n
    v11 = index v0 [v9, :]
    v12 = reduce max [0] v11
    v13 = acc v10 [] v12
    yield v12, v13
  }
  v14 = tape_new
  v15, v16 = for v1 (v7, v14) { (v17: i64, v18: f64[n], v19: tape)
    v20 = push v19, v18, v6
    v21 = sin v18
    v22 = update v21 [v17] v6
    yield v22, v20
  }
  v23, v24 = for v1 (v15, v16) { (v25: i64, v26: f64[n], v27: tape)
    v28: tape, v29: f64[n], v30: f64 = pop v27
    v31 = acc v26 [:] v29
    yield v31, v28
  }
  tape_end v24
  v32, v33 = while (v1, v8) { (v34: i64, v35: f64)
    v36 = const 10
    v37 = lt v34 v36
    yield v37
  } do { (v38: i64, v39: f64)
    v40 = const 3
    v41 = add v38 v40
    v42 = mul v39 v39
    yield v41, v42
  }
  v43 = if v3 {
    v44 = broadcast [m, n] [1] v23
    v45 = matmul v0, v44
    v46 = index v45 [:, v1]
    yield v46
  } else {
    v47 = reshape [n * m] v0
    v48 = argsort v47
    v49 = index v47 [pick v2]
    v50 = reduce sum [0] v49
    v51 = transpose [1, 0] v0
    v52 = index v51 [v1, from v1 len n step -1]
    v53: f64[n] = call @1[n](v52, v50)
    yield v53
  }
  v54 = convert i64 v33
  v55 = rem v54 v1
  v56 = convert f64 v55
  assert (\"no \", $1) v3, v56
  nonnegative m - 1
  samesize n, m
  print ($0:.3f) v56
  yield v43, v56
}

func @1 scale[k](v0: f64[k], v1: f64) -> f64[k] {
  v2 = broadcast [k] [] v1
  v3 = mul v0 v2
  yield v3
}
";

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

/// Words, numbers and single characters.
fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut within = false;
    for c in text.chars() {
        let word = c.is_alphanumeric() || matches!(c, '_' | '.');
        match out.last_mut() {
            Some(last) if word && within => last.push(c),
            _ => out.push(c.to_string()),
        }
        within = word;
    }
    out
}

fn damage(dice: &mut Dice, tokens: &[String]) -> String {
    let mut tokens = tokens.to_vec();
    let words: Vec<usize> = (0..tokens.len()).filter(|&k| tokens[k].trim() != "").collect();
    for _ in 0..1 + dice.below(2) {
        let (at, from) = (words[dice.below(words.len())], words[dice.below(words.len())]);
        // Mostly one value in the place of another, as that leads furthest.
        match dice.below(8) {
            0 => tokens[at].clear(),
            1 => tokens[at] = tokens[from].clone(),
            2 => tokens[at] = dice.below(4).to_string(),
            _ if tokens[at].starts_with('v') => tokens[at] = format!("v{}", dice.below(57)),
            _ => {}
        }
    }
    tokens.concat()
}

fn argument(ty: &Type, sizes: &[i64]) -> Option<Data> {
    let ty = ty.data()?;
    let shape: Option<Vec<usize>> = (ty.dims.iter())
        .map(|d| usize::try_from(d.eval(&|s| sizes[s.0 as usize])?).ok().filter(|&n| n < 100))
        .collect();
    let shape = shape?;
    let one = match ty.dtype {
        DType::Bool => Const::Bool(false),
        DType::I64 | DType::F32 | DType::F64 => Const::of(ty.dtype, 1.0),
    };
    let elems = vec![one; shape.iter().product()];
    Some(Data::new(ty.dtype, shape, elems))
}

fn runs(module: &Module, func: &Func) {
    for n in 1..4 {
        let sizes: Vec<i64> = (0..func.sizes.len() as i64).map(|k| n + k % 2).collect();
        let args: Option<Vec<Data>> = func.params().iter().map(|&p| argument(func.ty(p), &sizes)).collect();
        let Some(args) = args else { return };
        let limits = Limits { depth: 50, ops: 5_000 };
        let main = module.funcs.keys().next().expect("a function");
        let (result, _) = run_counted(module, main, &sizes, args, &mut NoHooks, limits);
        if let Err(failure) = result
            && let FailureKind::Internal(problem) = failure.kind
        {
            // These cannot be seen before the program runs.
            let known =
                ["is not checked", "pop from", "a row of", "rows on it", " is ", "reshape of", "part ", "shapes of"];
            assert!(known.iter().any(|k| problem.contains(k)), "{problem}\n{module}");
        }
    }
}

#[test]
fn nothing_panics() {
    let module = parse(SOUND).expect("the text reads");
    assert!(verify(&module).is_ok());
    assert_eq!(module.to_string(), SOUND);
    let (words, mut dice) = (tokens(SOUND), Dice(7));
    let (mut read, mut sound) = (0, 0);
    for _ in 0..2_000 {
        let text = damage(&mut dice, &words);
        let Ok(module) = parse(&text) else { continue };
        read += 1;
        let printed = module.to_string();
        match parse(&printed) {
            Ok(again) => assert_eq!(again.to_string(), printed),
            Err(problem) => panic!("{problem}\n{printed}"),
        }
        if verify(&module).is_ok() {
            sound += 1;
            runs(&module, module.funcs.iter().next().expect("a function").1);
        }
    }
    assert!(read > 200 && sound > 50, "{read} read, {sound} are sound");
}
