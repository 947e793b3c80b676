//! Runs the command `adl` in this process.

use adl_cli::{Streams, run};

/// What a command said.
pub struct Said {
    pub code: u8,
    pub out: String,
    pub err: String,
}

/// `adl` with these arguments, on a stack as large as the command's own.
pub fn adl(args: &[&str]) -> Said {
    let args: Vec<String> = std::iter::once("adl").chain(args.iter().copied()).map(str::to_string).collect();
    let work = move || {
        let (mut input, mut out, mut err) = (std::io::empty(), Vec::new(), Vec::new());
        let code = run(args, Streams::new(&mut input, &mut out, &mut err), Default::default());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Said { code, out: text(out), err: text(err) }
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(work).expect("a thread");
    thread.join().expect("the command does not panic")
}

/// A path from the root of the project.
pub fn path(relative: &str) -> String {
    format!("{}/{relative}", env!("CARGO_MANIFEST_DIR"))
}
