#[path = "../tests/common/mod.rs"]
mod common;
fn main() {
    let mode = std::env::args().nth(1).unwrap();
    for a in std::env::args().skip(2) {
        let text = if mode == "f" { std::fs::read_to_string(&a).unwrap() } else { a.replace("\\n", "\n") };
        let (file, problems) = common::read(&text);
        println!("=== {}\n{}", if mode == "f" { &a } else { &text }, common::show(&text, &problems));
        if mode != "f" { println!("{}", common::stmts(&file.stmts)); }
    }
}
