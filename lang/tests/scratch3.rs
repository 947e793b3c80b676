mod common;
use common::*;
fn ok(t: &str) { let (c, _, r) = check_with(t, &[]); if let Err(e) = r { println!("==== SHOULD CHECK\n{t}\n{}", render(&c, &e)); } }
fn bad(t: &str) { let (c, _, r) = check_with(t, &[]); match r { Ok(_) => println!("==== SHOULD FAIL\n{t}"), Err(e) => println!("---- {t}\n{}", render(&c, &e)) } }
#[test] fn scratch3() { roomy(|| {
    for t in include_str!("scratch_ok.txt").split("\n%%\n") { ok(t); }
    println!("######## errors");
    for t in include_str!("scratch_bad.txt").split("\n%%\n") { bad(t); }
}) }
