//! Code in memory: it is freed, it is never writable and executable at once, it may be shared, and what is asked for
//! wrongly is refused.

use crate::support::{native, read};
use adl_compiler::codegen::{CallFailure, What, compile};
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_lang::message::Message;
use adl_runtime::workspace::Lend;
use adl_runtime::{Array, Host, Workspace};
use std::sync::mpsc;

const SQUARE: &str = "func @0 f[n](v0: f64[n]) -> f64 {\n  v1 = mul v0 v0\n  v2 = reduce sum [0] v1\n  yield v2\n}\n";

#[cfg(target_os = "linux")]
fn maps() -> Vec<String> {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().map(str::to_string).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn code_is_freed_and_never_writable() {
    let module = read(SQUARE);
    let keep = compile(&module, FuncId::new(0)).unwrap();
    let before = maps().len();
    for _ in 0..2000 {
        let native = compile(&module, FuncId::new(0)).unwrap();
        let other = native.clone();
        drop(native);
        drop(other);
    }
    assert!(maps().len() < before + 20, "{} mappings, then {}", before, maps().len());
    assert!(maps().iter().all(|line| !line.contains("rwx")));
    let x = Array::from_slice(&[2], &[3.0, 4.0]).unwrap();
    assert_eq!(keep.run(&mut Workspace::new(), &[2], &[x]).unwrap()[0].as_f64().unwrap(), [25.0]);
}

#[test]
fn threads_share_code() {
    let native = native(SQUARE);
    let threads: Vec<_> = (0..4)
        .map(|k| {
            let native = native.clone();
            std::thread::spawn(move || {
                let x = Array::from_slice(&[2], &[k as f64, 1.0]).unwrap();
                let found = native.run(&mut Workspace::new(), &[2], &[x]).unwrap();
                assert_eq!(found[0].as_f64().unwrap(), [(k * k) as f64 + 1.0]);
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
}

#[test]
fn wrong_arguments_are_refused() {
    let native = native(SQUARE);
    let mut workspace = Workspace::new();
    let x = Array::from_slice(&[2], &[3.0, 4.0]).unwrap();
    let whole = Array::from_slice(&[2], &[3i64, 4]).unwrap();
    for (sizes, args) in [(vec![3], vec![x.clone()]), (vec![2], vec![]), (vec![2], vec![whole]), (vec![-1], vec![x])] {
        assert!(matches!(native.run(&mut workspace, &sizes, &args), Err(CallFailure::Arguments(_))));
    }
}

#[test]
fn requests_for_derivatives_are_refused() {
    let text = "
func @0 f[](v0: f64) -> (f64, f64) {
  v1: f64, v2: f64 = jvp @1[](v0) along (v0)
  yield v1, v2
}

func @1 g[](v0: f64) -> f64 {
  v1 = sin v0
  yield v1
}
";
    assert!(compile(&read(text), FuncId::new(0)).is_err());
}

struct Lines(mpsc::Sender<(u32, Vec<Array>)>);

impl Host for Lines {
    fn print(&mut self, site: u32, values: Vec<Array>, _: &mut Lend<'_>) -> Result<(), String> {
        self.0.send((site, values)).map_err(|e| e.to_string())
    }
}

#[test]
fn lines_are_printed_by_the_host() {
    let text = "
func @0 f[n](v0: f64[n, 2], v1: i64) -> bool {
  v2 = const true
  v3 = neg v0
  v4 = const 1.5f32
  print (\"x = \", $0, $1, $2, $3) v3, v1, v2, v4
  yield v2
}
";
    let native = native(text);
    let (sender, lines) = mpsc::channel();
    let mut workspace = Workspace::new();
    workspace.set_host(Some(Box::new(Lines(sender))));
    let x = Array::from_slice(&[1, 2], &[3.0, 4.0]).unwrap();
    native.run(&mut workspace, &[1], &[x, Array::from_slice(&[], &[7i64]).unwrap()]).unwrap();
    let (site, values) = lines.recv().unwrap();
    assert!(matches!(&native.site(site).unwrap().what, What::Print(Message::Line(parts)) if parts.len() == 5));
    assert_eq!(values[0].shape(), [1, 2]);
    assert_eq!(values[0].as_f64().unwrap(), [-3.0, -4.0]);
    assert_eq!(values[1].as_i64().unwrap(), [7]);
    assert_eq!(values[2].as_bool().unwrap(), [1]);
    assert_eq!(values[3].as_f32().unwrap(), [1.5]);
}

#[test]
fn a_workspace_is_used_again_after_a_failure() {
    let text = "
func @0 f[n](v0: f64[n], v1: i64) -> (f64, f64[n]) {
  v4 = exp v0
  v3 = argsort v4
  bounds index v1 < n
  v5 = index v4 [pick v3]
  v7 = index v5 [v1]
  yield v7, v5
}
";
    let native = native(text);
    let mut workspace = Workspace::new();
    let x = Array::from_slice(&[3], &[3.0, 4.0, 1.0]).unwrap();
    for round in 0..100 {
        let position = Array::from_slice(&[], &[round % 5]).unwrap();
        let found = native.run(&mut workspace, &[3], &[x.clone(), position]);
        match found {
            Ok(results) => {
                assert_eq!(results[1].as_f64().unwrap()[round as usize % 5], results[0].as_f64().unwrap()[0])
            }
            Err(CallFailure::Failed { values, .. }) => assert_eq!(values[..2], [round % 5, 3]),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(workspace.statistics().held < 1 << 20);
}
