//! How soon a program ends after Ctrl-C, and how much memory it takes beside its limit.
//! Figures, not promises: the tests hold what must hold on any machine.
//!
//! ```text
//! cargo bench -p adl-cli --bench limits -- 20
//! ```
//!
//! The number says how often each situation is run; 10 unless told. It needs Linux.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ADL: &str = env!("CARGO_BIN_EXE_adl");

/// How long a program runs before it is to stop.
const BEFORE: Duration = Duration::from_millis(700);

/// A program that runs on for so long is killed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Programs that run for long, by what they do.
fn situations() -> Vec<(&'static str, String)> {
    let mut all: Vec<(&str, String)> = [
        ("`while`", "var y = 1.0\nwhile y > 0 { y += 1e-9 }\ny"),
        ("`for`", "var y = 1.0\nfor i in 0..10000000000000 { y += sin(y) }\ny"),
        ("recursion", "fn f(n) = if n < 2 { n } else { f(n - 1) + f(n - 2) }\nf(90.0)"),
        ("comprehension", "sum([sum(sin(1.0 * j + i) for j in 0..100000) for i in 0..10000000])"),
        ("fused reduction", "sum(sin(1.0 * k) for k in 0..20000000000)"),
        ("product", "sum(randn(1, 9000, 9000) @ randn(2, 9000, 9000))"),
        ("`solve`", "sum(solve(randn(1, 7000, 7000), ones(7000)))"),
        ("`cholesky`", "sum(cholesky(8000.0 * eye(8000) + ones(8000, 8000)))"),
        ("`qr`", "sum(qr(randn(1, 4000, 4000)).1)"),
        ("`eigh`", "sum(eigh(ones(2500, 2500) + eye(2500)).0)"),
        ("`svd`", "sum(svd(randn(1, 2000, 2000)).1)"),
        ("`sort`", "sort(randn(1, 60000000))[0]"),
        ("derivative of order 24", "fn f(x) = sin(x) * exp(sin(x) * exp(x))\nf''''''''''''''''''''''''(1.0)"),
        ("CSV", "save(\"/tmp/adl-bench-limits.csv\", randn(1, 20000000))"),
    ]
    .map(|(name, text)| (name, text.to_string()))
    .into();
    let lines: String = (0..60_000).map(|k| format!("  y = sin(y) * {k}.5 + x\n")).collect();
    all.push(("compilation of 60,000 lines", format!("fn f(x) {{\n  var y = x\n{lines}  y\n}}\nf(1.0)")));
    let functions: String = (0..400_000).map(|k| format!("fn f{k}(x) = sin(x) * {k}.5 + x\n")).collect();
    all.push(("reading 400,000 functions", functions));
    all
}

/// Programs that want more than they may, or nearly so.
fn wishes() -> Vec<(&'static str, String)> {
    let lets: String = (0..200).map(|k| format!("let a{k} = zeros(2000000) + {k}.5\n")).collect();
    let mut all: Vec<(&str, String)> = [
        ("an array", "sum(sort(zeros(100000000)))"),
        ("a tape", "fn f(x) { var y = x\n for i in 0..100000000 { y = sin(y) * x }\n y }\nf'(0.5)\ngrad(f)(0.5)"),
        (
            "recursion with arrays",
            "fn f(x, n) = if n == 0 { sum(x) } else { f(sort(x) + 1, n - 1) + x[0] }\nf(zeros(100000), 1000)",
        ),
        ("`lu` and `solve`", "sum(solve(randn(1, 3000, 3000), ones(3000)))"),
        ("`cholesky`", "sum(cholesky(eye(3000)))"),
        ("`qr`", "sum(qr(randn(1, 2500, 2500)).1)"),
        ("`eigh`", "sum(eigh(eye(2000)).0)"),
        ("`svd`", "sum(svd(randn(1, 1500, 1500)).1)"),
        ("`sort`", "sort(randn(1, 8000000))[0]"),
        ("product", "sum(randn(1, 3000, 3000) @ randn(2, 3000, 3000))"),
        ("`print`", "let x = randn(1, 8000000)\nprint(x)"),
        ("`plot`", "let x = randn(1, 5000000)\nplot(x, save = \"/tmp/adl-bench-limits.svg\")"),
        ("`save` as CSV", "save(\"/tmp/adl-bench-limits.csv\", randn(1, 8000000))"),
        ("`save` as `.npy`", "save(\"/tmp/adl-bench-limits.npy\", randn(1, 8000000))"),
        ("derivative of order 24", "fn f(x) = sin(x) * exp(sin(x) * exp(x))\nf''''''''''''''''''''''''(1.0)"),
    ]
    .map(|(name, text)| (name, text.to_string()))
    .into();
    all.insert(1, ("200 values", lets));
    all
}

fn file(text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("adl-bench-limits-{}.adl", std::process::id()));
    fs::write(&path, text).expect("the program can be written");
    path
}

fn start(args: &[&str]) -> Child {
    let quiet = || Stdio::null();
    Command::new(ADL).args(args).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().expect("`adl` starts")
}

fn interrupt(child: &Child) {
    let done = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(done.expect("`kill` runs").success(), "the program has ended before");
}

/// How long a program runs on after Ctrl-C; `None` if it had ended before.
fn after_interrupt(text: &str) -> Option<Duration> {
    let path = file(text);
    let mut child = start(&["run", &path.to_string_lossy()]);
    std::thread::sleep(BEFORE);
    if child.try_wait().expect("the program can be asked").is_some() {
        return None;
    }
    let begin = Instant::now();
    interrupt(&child);
    while child.try_wait().expect("the program can be asked").is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill().expect("the program can be killed");
            child.wait().expect("the program ends");
            break;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Some(begin.elapsed())
}

/// How long a session goes on with an entry after Ctrl-C, until it answers the next.
fn after_interrupt_at_prompt() -> Duration {
    let mut child = Command::new(ADL)
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("`adl` starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"var y = 1.0; while y > 0 { y += 1e-9 }\n17 + 25\n").expect("the session reads");
    std::thread::sleep(BEFORE);
    let begin = Instant::now();
    interrupt(&child);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(lines.any(|line| line.expect("text").contains("42")), "the session answers");
    let late = begin.elapsed();
    drop(input);
    child.wait().expect("the session ends");
    late
}

/// The most memory that a program had, and its exit code.
fn peak(text: &str, limit: &str) -> (u64, Option<i32>) {
    let path = file(text);
    let mut child = start(&["run", "--memory", limit, &path.to_string_lossy()]);
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let now = fs::read_to_string(&status).unwrap_or_default();
        let line = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or(0));
        if let Some(code) = child.try_wait().expect("the program can be asked") {
            return (most / 1024, code.code());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn row(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(share * (times.len() - 1)).div_ceil(100)].as_secs_f64() * 1e3;
    if times.is_empty() {
        println!("| {name} | it had ended before | |");
    } else {
        println!("| {name} | {:.1} ms | {:.1} ms |", at(50), at(99));
    }
}

fn main() {
    let runs = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(10);
    println!("| Ctrl-C during | p50 | p99 |\n|---|---:|---:|");
    for (name, text) in situations() {
        row(name, (0..runs).filter_map(|_| after_interrupt(&text)).collect());
    }
    row("an entry at the prompt", (0..runs).map(|_| after_interrupt_at_prompt()).collect());
    println!("\n| `--memory 128M` | peak | exit |\n|---|---:|---:|");
    for (name, text) in wishes() {
        let (most, code) = peak(&text, "128M");
        println!("| {name} | {most} MiB | {} |", code.map_or("killed".to_string(), |code| code.to_string()));
    }
    for end in ["csv", "npy", "svg"] {
        // What was not written is not there.
        let _ = fs::remove_file(format!("/tmp/adl-bench-limits.{end}"));
    }
}
