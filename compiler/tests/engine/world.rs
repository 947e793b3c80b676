//! What programs ask of their host beside lines: files and pictures, by native code and by the reference interpreter.

use adl_compiler::engine::{Backend, Engine, Error, ErrorKind, Output};
use adl_compiler::session::Session;
use adl_runtime::figure::{Color, Legend, Shape, Stroke};
use adl_runtime::{Array, Figure, FileName, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A host with files of its own.
#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    figures: Vec<Figure>,
    files: HashMap<String, Value>,
    reads: Vec<String>,
    writes: Vec<String>,
    full: bool,
}

#[derive(Clone, Default)]
struct World(Arc<Mutex<Seen>>);

impl Output for World {
    fn line(&mut self, text: &str) {
        self.0.lock().unwrap().lines.push(text.to_string());
    }

    fn plot(&mut self, figure: &Figure) -> Result<(), String> {
        self.0.lock().unwrap().figures.push(figure.clone());
        Ok(())
    }

    fn read(&mut self, file: &FileName, limit: Option<usize>) -> Result<Value, String> {
        let mut seen = self.0.lock().unwrap();
        seen.reads.push(format!("{} from {} within {limit:?}", file.path, file.from));
        seen.files.get(&file.path).cloned().ok_or_else(|| "there is no such file".to_string())
    }

    fn write(&mut self, file: &FileName, value: &Value) -> Result<(), String> {
        let mut seen = self.0.lock().unwrap();
        if seen.full {
            return Err("the disk is full".into());
        }
        seen.writes.push(file.path.clone());
        seen.files.insert(file.path.clone(), value.clone());
        Ok(())
    }
}

impl World {
    fn seen<R>(&self, look: impl FnOnce(&mut Seen) -> R) -> R {
        look(&mut self.0.lock().unwrap())
    }
}

fn session(backend: Backend) -> (Session, World) {
    let world = World::default();
    let mut session = Session::new(world.clone());
    session.set_backend(backend);
    (session, world)
}

/// Runs a program by both back ends.
#[track_caller]
fn both(text: &str, prepare: impl Fn(&mut Seen), check: impl Fn(&mut Seen)) {
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, world) = session(backend);
        world.seen(&prepare);
        session.run("dir/test.adl", text).unwrap_or_else(|problem| panic!("{backend:?}: {problem}"));
        world.seen(&check);
    }
}

/// The picture that a program shows.
#[track_caller]
fn picture(text: &str) -> Figure {
    let found = Mutex::new(Vec::new());
    both(text, |_| {}, |seen| found.lock().unwrap().append(&mut seen.figures));
    let mut figures = found.into_inner().unwrap();
    assert_eq!(figures.len(), 2, "one by each back end");
    // NaN is not equal to itself.
    assert_eq!(format!("{:?}", figures[0]), format!("{:?}", figures[1]));
    figures.remove(0)
}

#[track_caller]
fn fails(text: &str, prepare: impl Fn(&mut Seen)) -> Error {
    let mut last = None;
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, world) = session(backend);
        world.seen(&prepare);
        let problem = session.run("test.adl", text).expect_err("it should fail");
        last = Some(problem);
    }
    last.expect("two back ends")
}

fn table(seen: &mut Seen) {
    let table = Value::record([("t", vec![1.0, 2.0, 3.0].into()), ("n", vec![4_i64, 5, 6].into())]);
    seen.files.insert("t.csv".into(), table);
    seen.files.insert("n.npy".into(), Value::from(12_i64));
    seen.files.insert("large.npy".into(), Value::from(vec![1.5; 1000]));
}

#[test]
fn files_are_read_once_and_kept_like_other_values() {
    let text = "
let table = load(\"t.csv\")
let (t:, n: count) = table
print(sum(t * count), table.t[-1])
let n = load(\"n.npy\")
print(shape(zeros(n)))
let x = load(\"large.npy\")
fn loss(w) = sum((w * x - 3.0)^2)
print(grad(loss)(1.0))
sum(load(\"large.npy\")[..2])
test \"in a test\" { assert(load(\"t.csv\").n[0] == 4) }
";
    let lines = ["32.0 3.0", "(12,)", "-4500.0", "3.0"];
    both(text, table, |seen| {
        assert_eq!(seen.lines, lines);
        let of = |path: &str| format!("{path} from dir/test.adl within None");
        assert_eq!(seen.reads, [of("t.csv"), of("n.npy"), of("large.npy"), of("large.npy")], "once for each statement");
    });
}

#[test]
fn types_of_files_are_checked_like_others() {
    let problem = fails("let x: f64[2] = load(\"t.csv\").t", table);
    assert!(problem.diagnostics[0].title.contains('3'), "{problem}");
    let problem = fails("grad(|w| sum(w^2))(load(\"t.csv\").n)", table);
    assert!(problem.to_string().contains("i64"), "{problem}");
    let problem = fails("load(\"t.csv\").m", table);
    assert!(problem.to_string().contains("`m`"), "{problem}");
}

#[test]
fn what_cannot_be_read_is_told_at_its_place() {
    let problem = fails("let a = 1\nlet x = load(\"none.npy\")", table);
    let found = &problem.diagnostics[0];
    assert_eq!((found.code, found.title.as_str()), ("E0460", "`none.npy` cannot be loaded: there is no such file"));
    assert!(problem.to_string().contains("test.adl:2:14"), "{problem}");
    // What follows runs on the names that there are.
    let (mut session, world) = session(Backend::Native);
    world.seen(table);
    assert!(session.run("one", "let x = load(\"none.npy\")").is_err());
    session.run("two", "let x = load(\"t.csv\").t\nx[0]").unwrap();
    world.seen(|seen| assert_eq!(seen.lines, ["1.0"]));
}

#[test]
fn values_are_saved_once_per_evaluation() {
    let text = "
fn f(x) {
  save(\"run{i64(x[0])}.npz\", (x: x, y: (2 * x)[0]))
  sum(x^2)
}
for k in 0..3 { f([f64(k), 1.0]) == 0 |> print }
print(grad(f)([7.0, 1.0]))
print(hvp(f, [8.0, 1.0], [1.0, 0.0]))
save(\"a.npy\", [[1, 2], [3, 4]])
";
    both(
        text,
        |_| {},
        |seen| {
            assert_eq!(seen.writes, ["run0.npz", "run1.npz", "run2.npz", "run7.npz", "run8.npz", "a.npy"]);
            let run = &seen.files["run2.npz"];
            assert_eq!(run.field("x"), Some(&Value::from(vec![2.0, 1.0])));
            assert_eq!(run.field("y"), Some(&Value::from(4.0)));
            let a = seen.files["a.npy"].as_array().map(Array::shape);
            assert_eq!(a, Some(&[2, 2][..]));
        },
    );
}

#[test]
fn a_file_that_cannot_be_written_ends_the_program() {
    let problem = fails("let x = [1.0]\nsave(\"x{len(x)}.npy\", x)\nprint(\"not reached\")", |seen| seen.full = true);
    let found = &problem.diagnostics[0];
    assert_eq!((found.code, found.title.as_str()), ("E0462", "this cannot be saved: `x1.npy`: the disk is full"));
    assert!(problem.to_string().contains("test.adl:2:1"), "{problem}");
}

/// A host that says nothing of files and pictures has none; an embedder decides.
#[test]
fn hosts_without_a_world_refuse() {
    for (text, code, why) in [
        ("load(\"x.npy\")", "E0460", "`x.npy` cannot be loaded: this host gives no access to files"),
        ("save(\"x.npy\", [1.0])", "E0462", "this cannot be saved: `x.npy`: this host gives no access to files"),
        ("plot(sin, 0, 1)", "E0461", "this picture cannot be shown: this host shows no pictures"),
    ] {
        for backend in [Backend::Interpreter, Backend::Native] {
            let mut session = Session::new(|_: &str| {});
            session.set_backend(backend);
            let problem = session.run("test.adl", text).expect_err("it should fail");
            assert_eq!((problem.diagnostics[0].code, problem.diagnostics[0].title.as_str()), (code, why));
        }
    }
    let problem = Engine::new().compile("test.adl", "let x = load(\"x.npy\")").expect_err("no files");
    assert_eq!(problem.diagnostics[0].code, "E0460");
    let world = World::default();
    world.seen(table);
    let engine = Engine::new().with_output(world.clone());
    let program = engine.compile("test.adl", "let x = load(\"t.csv\").t\nfn f(w) = sum(w * x)").unwrap();
    assert_eq!(program.dynamic("grad(f)").unwrap().call(&[2.0.into()]).unwrap().to_string(), "6.0");
}

#[test]
fn the_limit_of_memory_reaches_files() {
    let (mut session, world) = session(Backend::Native);
    world.seen(table);
    session.set_memory_limit(Some(1 << 20));
    session.run("m", "load(\"n.npy\")").unwrap();
    world.seen(|seen| assert_eq!(seen.reads, ["n.npy from m within Some(1048576)"]));
}

#[test]
fn a_picture_says_what_is_in_it() {
    let figure = picture(
        "
let n = 3
plot(
  line([1.0, 2.0, 3.0], [1, nan, 9], label = \"n is {n}\", color = \"red\", style = \"dashed\", width = 2),
  scatter([4.0, 5.0], color = \"#010203\", size = 7), hist([0.0, 0.5, 1.0, 1.0], bins = 2),
  title = \"T\", xlabel = \"x\", ylog = true, xlim = (0, 10), legend = \"bottom left\", equal = true,
  size = (300, 200), save = \"p{n}.svg\"
)",
    );
    assert_eq!((figure.size, figure.columns, figure.title.as_deref()), (Some((300.0, 200.0)), 1, None));
    let file = figure.save.expect("a file");
    assert_eq!((file.path.as_str(), file.from.as_str()), ("p3.svg", "dir/test.adl"));
    let [panel] = figure.panels.as_slice() else { panic!("one panel") };
    assert_eq!(
        (panel.title.as_deref(), panel.x.label.as_deref(), panel.y.label.as_deref()),
        (Some("T"), Some("x"), None)
    );
    assert_eq!((panel.x.log, panel.y.log, panel.x.limits, panel.equal), (false, true, Some((0.0, 10.0)), true));
    assert_eq!(panel.legend, Legend::Corner { top: false, right: false });
    let [line, dots, hist] = panel.marks.as_slice() else { panic!("three marks") };
    assert_eq!((line.label.as_deref(), line.color), (Some("n is 3"), Some(Color(214, 39, 40))));
    let Shape::Line { x, y, stroke, width } = &line.shape else { panic!("a line") };
    assert_eq!(
        (x.as_slice(), y[0], y[1].is_nan(), y[2], *stroke, *width),
        (&[1.0, 2.0, 3.0][..], 1.0, true, 9.0, Stroke::Dashed, 2.0)
    );
    let Shape::Scatter { x, y, size } = &dots.shape else { panic!("dots") };
    assert_eq!(
        (x.as_slice(), y.as_slice(), *size, dots.color),
        (&[0.0, 1.0][..], &[4.0, 5.0][..], 7.0, Some(Color(1, 2, 3)))
    );
    assert_eq!(hist.shape, Shape::Bars { edges: vec![0.0, 0.5, 1.0], heights: vec![1.0, 3.0] });
}

#[test]
fn histograms_count_all_finite_numbers_however_near_or_far() {
    let bars = |call: &str| {
        let figure = picture(&format!("plot({call})"));
        let Shape::Bars { edges, heights } = &figure.panels[0].marks[0].shape else { panic!("bars") };
        assert!(edges.windows(2).all(|w| w[0] < w[1]), "{call}: {edges:?}");
        (edges.clone(), heights.clone())
    };
    assert_eq!(bars("hist([3.0])"), (vec![2.5, 3.5], vec![1.0]));
    assert_eq!(bars("hist([nan, inf])").1, [0.0; 0]);
    for (call, count) in [
        ("hist([1e17, 1e17])", 2.0),
        ("hist([-1e308, 0.0, 1e308])", 3.0),
        ("hist([1.0, 1.0 + eps])", 2.0),
        ("hist([5e-324, 1e-323], bins = 1)", 2.0),
        ("hist([0.0, nan, 1.0, -inf])", 2.0),
    ] {
        assert_eq!(bars(call).1.iter().sum::<f64>(), count, "{call}");
    }
    let (edges, heights) = bars("hist([-1e308, 0.0, 1e308], bins = 2, density = true)");
    let area: f64 = heights.iter().zip(edges.windows(2)).map(|(h, e)| h * e[1] - h * e[0]).sum();
    assert!((area - 1.0).abs() < 1e-12, "{area}");
}

#[test]
fn functions_are_shown_over_ranges_with_their_derivatives() {
    let figure = picture("fn f(x) = x^3\nplot(f, -1, 2, derivative = true)");
    let [f, slope] = figure.panels[0].marks.as_slice() else { panic!("two lines") };
    assert_eq!((f.label.as_deref(), slope.label.as_deref()), (Some("f"), Some("f'")));
    for (mark, value) in [(f, (|x: f64| x.powi(3)) as fn(f64) -> f64), (slope, |x| 3.0 * x * x)] {
        let Shape::Line { x, y, .. } = &mark.shape else { panic!("a line") };
        assert_eq!((x[0], x[x.len() - 1]), (-1.0, 2.0));
        for (x, y) in x.iter().zip(y) {
            assert!((value(*x) - y).abs() < 1e-12);
        }
    }
    // On a log axis the places are a factor apart.
    let figure = picture("plot(line(|x| 1, 1, 100), xlog = true)");
    let Shape::Line { x, .. } = &figure.panels[0].marks[0].shape else { panic!("a line") };
    let n = x.len() / 2;
    assert!((x[n] - 10.0).abs() < 1e-9 && (x[x.len() - 1] - 100.0).abs() < 1e-9);
}

#[test]
fn grids_of_functions_and_of_arrays() {
    let of = |text: &str| match picture(text).panels.remove(0).marks.remove(0).shape {
        Shape::Contour { grid, levels, filled } => (grid, levels, filled),
        Shape::Heatmap(grid) => (grid, Vec::new(), false),
        other => panic!("{other:?}"),
    };
    let two = of("plot(contour(|x, y| x + 10 * y, (0, 1), (2, 4), levels = 4, filled = true))");
    let one = of("plot(contour(|[x, y]| x + 10 * y, (0, 1), (2, 4), levels = 4, filled = true))");
    assert_eq!(two, one, "of two numbers or of a point");
    let (grid, levels, filled) = two;
    assert_eq!((grid.x[0], grid.y[0], grid.y[grid.y.len() - 1], filled), (0.0, 2.0, 4.0, true));
    assert!((grid.z[grid.x.len() - 1] - 21.0).abs() < 1e-12, "rows go upwards, columns to the right");
    assert_eq!(levels, [25.0, 30.0, 35.0, 40.0]);
    let (grid, ..) = of("plot(heatmap([[1, 2, 3], [4, 5, 6]]))");
    assert_eq!((grid.x, grid.y, grid.z), (vec![0.0, 1.0, 2.0], vec![0.0, 1.0], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let (grid, levels, _) = of("plot(contour([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0], [7.0, 9.0], levels = [3.5, 1.5]))");
    assert_eq!((grid.x, grid.y, levels), (vec![5.0, 6.0], vec![7.0, 9.0], vec![1.5, 3.5]));
}

#[test]
fn panels_and_tuples_of_marks() {
    let figure = picture(
        "
let marks = (line([0.0, 1.0], [0.0, f64(k)]) for k in (1, 2, 3))
let left = panel(marks, title = \"left\")
plot(left, panel(sin, 0, 1), title = \"both\", columns = 1)",
    );
    assert_eq!((figure.title.as_deref(), figure.columns, figure.panels.len()), (Some("both"), 1, 2));
    assert_eq!((figure.panels[0].title.as_deref(), figure.panels[0].marks.len()), (Some("left"), 3));
    assert_eq!(figure.panels[1].marks.len(), 1);
    let figure = picture("plot([1.0, 2.0], [3.0, 4.0])");
    let Shape::Line { x, y, .. } = &figure.panels[0].marks[0].shape else { panic!("a line") };
    assert_eq!((x.as_slice(), y.as_slice()), (&[1.0, 2.0][..], &[3.0, 4.0][..]));
    let figure = picture("plot(f32([1, 2]))");
    assert!(matches!(&figure.panels[0].marks[0].shape, Shape::Line { y, .. } if y == &[1.0, 2.0]));
}

/// A picture in a function is shown once for each evaluation and has no derivative.
#[test]
fn pictures_take_no_part_in_derivatives() {
    let text = "
fn f(x) {
  plot(line([x, 2 * x]), title = \"at {x}\")
  x^3
}
print(f(1.0), f'(2.0), f''(3.0), grad(|x| sum(vmap(f)(x)))([4.0, 5.0]))
";
    both(
        text,
        |_| {},
        |seen| {
            assert_eq!(seen.lines, ["1.0 12.0 18.0 [48.0, 75.0]"]);
            let titles: Vec<_> = seen.figures.iter().filter_map(|f| f.panels[0].title.clone()).collect();
            assert_eq!(titles, ["at 1.0", "at 2.0", "at 3.0", "at 4.0", "at 5.0"]);
        },
    );
}

/// A host that panics when a file is read, which happens while a program is checked.
struct Broken;

impl Output for Broken {
    fn line(&mut self, _: &str) {}

    fn read(&mut self, _: &FileName, _: Option<usize>) -> Result<Value, String> {
        panic!("internal error: the shelf is empty")
    }
}

#[test]
fn a_panic_while_a_program_is_checked_is_an_error_and_the_session_goes_on() {
    let mut session = Session::new(Broken);
    session.run("t", "let x = 1.5").unwrap();
    let problem = session.run("t", "let y = load(\"a.npy\")").unwrap_err();
    assert_eq!(problem.kind, ErrorKind::Internal);
    let text = problem.to_string();
    assert!(text.contains("error[E0000]: internal error: the shelf is empty"), "{text}");
    assert!(text.contains("this is a defect of ADL, not of the program; please report it with the program"), "{text}");
    session.run("t", "let z = x + 1\nassert(z == 2.5)").unwrap();
}
