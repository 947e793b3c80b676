//! Sums: one tree, which depends on the number of elements alone, however a sum is written; and how accurate that is.

use adl_compiler::Engine;

/// The sum of numbers in the tree that the language promises, as it is described in the reference.
fn tree<T: Copy + Default + std::ops::Add<Output = T>>(x: &[T], lanes: usize, block: usize) -> T {
    if x.len() > block {
        let left = x.len().div_ceil(block).next_power_of_two() / 2 * block;
        return tree(&x[..left], lanes, block) + tree(&x[left..], lanes, block);
    }
    let full = x.len() / lanes * lanes;
    let mut sums = vec![T::default(); lanes];
    x[..full].iter().enumerate().for_each(|(i, &x)| sums[i % lanes] = sums[i % lanes] + x);
    while sums.len() > 1 {
        let upper = sums.split_off(sums.len() / 2);
        sums.iter_mut().zip(upper).for_each(|(lower, upper)| *lower = *lower + upper);
    }
    sums[0] + x[full..].iter().fold(T::default(), |sum, &x| sum + x)
}

fn doubles(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 0.7).sin() * 3.0 + 0.1).collect()
}

fn tree64(x: &[f64]) -> f64 {
    tree(x, 16, 1024)
}

fn tree32(x: &[f32]) -> f32 {
    tree(x, 32, 512)
}

/// Functions of an array that give its sum: of an array, fused, of a comprehension,
/// with functions and without, over axes.
const FORMS: &str = "fn plain(x: f64[n]) = sum(x)
fn fused(x: f64[n]) = sum(1.0 * x + 0.0 * x)
fn comprehension(x: f64[n]) = sum(x[i] for i in 0..len(x))
fn scalars(x: f64[n]) = sum(x[len(x) - 1 - i] + 0.0 * lgamma(1.5 + i) for i in 0..len(x))
fn pieces(x: f64[n]) = sum(x * cosh(0.0 * x))
fn columns(x: f64[n]) = sum([x, x], axis = 1)[1]
fn rows(x: f64[n]) { let c = stack(x, x, x, axis = 1)
  sum(c, axis = 0)[2] }
fn wide(x: f64[n]) { let c = outer(x, ones(70))
  sum(c * 1.0, axis = 0)[69] }
fn product(x: f64[n]) = x @ ones(len(x))
fn folded(x: f64[n]) = sum(reshape(x, (len(x) // 2, 2)))
fn broadcast(x: f64[n]) { let c = reshape(x, (len(x) // 2, 2))
  sum(c * [1.0, 1.0]) }
fn clauses(x: f64[n]) = sum(x[2 * i + j] for i in 0..len(x) // 2, j in 0..2)
fn three(x: f64[n]) { let c = reshape(x, (len(x) // 30, 30))
  sum(c + zeros(30)) }
";

#[test]
fn all_forms_give_the_bits_of_one_tree() {
    let program = Engine::new().compile("sums", FORMS).unwrap();
    let names = FORMS.lines().filter_map(|line| line.strip_prefix("fn ")?.split('(').next());
    for name in names {
        let f = program.function::<fn([f64]) -> f64>(name).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        for n in [30, 60, 120, 240, 510, 1020, 1050, 2040, 2070, 5010, 30_000] {
            let x = doubles(n);
            let mut seen = x.clone();
            if name == "scalars" {
                seen.reverse();
            }
            let found = f.call((&x,)).unwrap_or_else(|problem| panic!("{name} of {n}: {problem}"));
            assert_eq!(found, tree64(&seen), "{name} of {n}");
        }
    }
    // Lengths that are not even, and few numbers from left to right.
    for name in ["plain", "fused", "comprehension", "pieces", "columns", "rows", "wide", "product"] {
        let f = program.function::<fn([f64]) -> f64>(name).unwrap();
        for n in [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 257, 1023, 1025, 3073] {
            let x = doubles(n);
            let found = f.call((&x,)).unwrap_or_else(|problem| panic!("{name} of {n}: {problem}"));
            assert_eq!(found, tree64(&x), "{name} of {n}");
            assert!(n > 15 || found == x.iter().fold(0.0, |sum, x| sum + x));
        }
    }
}

#[test]
fn single_precision_has_its_tree() {
    let text = FORMS.replace("f64", "f32").replace("1.0 *", "f32(1) *").replace("0.0 *", "f32(0) *");
    let program = Engine::new().compile("sums", &text).unwrap();
    for name in ["plain", "comprehension", "columns", "rows", "folded", "clauses"] {
        let f = program.function::<fn([f32]) -> f32>(name).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        for n in [30, 60, 510, 514, 1020, 1026, 5010, 30_000] {
            let x: Vec<f32> = doubles(n).into_iter().map(|x| x as f32).collect();
            assert_eq!(f.call((&x,)).unwrap(), tree32(&x), "{name} of {n}");
        }
    }
}

#[test]
fn long_sums_are_accurate() {
    const N: usize = 10_000_000;
    let program = Engine::new()
        .compile(
            "long",
            "fn total(x) = sum(x)
            fn shifted(x) = sum(x[i] for i in 0..len(x))
            fn product(x) = x @ x
            fn size(x) = norm(x)
            fn spread(x) = variance(x)
            fn shared(s, x) = sum([s * x[i] for i in 0..len(x)])",
        )
        .unwrap();
    let single = vec![0.1f32; N];
    let exact = N as f64 * f64::from(0.1f32);
    let off = |found: f32, exact: f64| (f64::from(found) / exact - 1.0).abs();
    for name in ["total", "shifted"] {
        let f = program.function::<fn([f32]) -> f32>(name).unwrap();
        let found = f.call((&single,)).unwrap();
        assert!(off(found, exact) < 2e-7, "{name} {found}");
        let g = program.function::<fn([f64]) -> f64>(name).unwrap();
        let found = g.call((&vec![0.1; N],)).unwrap();
        assert!((found / 1e6 - 1.0).abs() < 2e-15, "{name} {found}");
    }
    let square = exact * f64::from(0.1f32);
    assert!(off(program.function::<fn([f32]) -> f32>("product").unwrap().call((&single,)).unwrap(), square) < 5e-7);
    assert!(off(program.function::<fn([f32]) -> f32>("size").unwrap().call((&single,)).unwrap(), square.sqrt()) < 5e-7);
    let gradient = program.function::<fn(f32, [f32]) -> f32>("grad(shared)").unwrap();
    assert_eq!(gradient.call((1.0, &vec![1.0f32; 20_000_000])).unwrap(), 2e7);
    assert!(off(gradient.call((1.0, &single)).unwrap(), exact) < 1e-6);
    let gradient = program.function::<fn(f64, [f64]) -> f64>("grad(shared)").unwrap();
    assert!((gradient.call((1.0, &vec![0.1; N])).unwrap() / 1e6 - 1.0).abs() < 2e-15);
}

#[test]
fn the_variance_of_large_numbers_is_accurate() {
    let program =
        Engine::new().compile("spread", "fn spread(x) = variance(x)\nfn slope(x) = grad(variance)(x)[0]").unwrap();
    let n = 1_000_000;
    // 1e9 + k / 2^10, which is exact: the variance is that of k = 0 … n - 1 over 2^20.
    let x: Vec<f64> = (0..n).map(|k| 1e9 + f64::from(k * 7 % n) / 1024.0).collect();
    let count = f64::from(n);
    let exact = (count * count - 1.0) / 12.0 / f64::from(1 << 20);
    let found = program.function::<fn([f64]) -> f64>("spread").unwrap().call((&x,)).unwrap();
    assert!((found / exact - 1.0).abs() < 1e-15, "{found} for {exact}");
    let slope = program.function::<fn([f64]) -> f64>("slope").unwrap().call((&x,)).unwrap();
    let exact = 2.0 * (0.0 - (count - 1.0) / 2.0) / 1024.0 / count;
    assert!((slope / exact - 1.0).abs() < 1e-9, "{slope} for {exact}");
}
