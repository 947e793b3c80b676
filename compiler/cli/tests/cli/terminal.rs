//! A session at a real terminal: editing, completion, history, Ctrl-C and Ctrl-D.
#![cfg(unix)]

use rexpect::session::{PtySession, spawn_command};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long an answer may take on a busy machine.
const PATIENCE: Option<u64> = Some(30_000);

struct Terminal(PtySession);

impl Terminal {
    /// A session in an empty folder of its own.
    fn open(test: &str) -> Terminal {
        let folder = Terminal::folder(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("wide.adl"), "let wide = 7\n").expect("a file");
        Terminal::again(test)
    }

    fn folder(test: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("terminal-{test}"))
    }

    /// Another session in the same folder.
    fn again(test: &str) -> Terminal {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adl"));
        let folder = Terminal::folder(test);
        command.current_dir(&folder).env("TERM", "xterm").env("NO_COLOR", "1").env("XDG_STATE_HOME", &folder);
        command.env_remove("ADL_HISTORY");
        let mut terminal = Terminal(spawn_command(command, PATIENCE).expect("a session"));
        terminal.see(":help for help, Ctrl-D to leave");
        terminal.see("> ");
        terminal
    }

    #[track_caller]
    fn see(&mut self, text: &str) {
        if let Err(problem) = self.0.exp_string(text) {
            panic!("no {text:?}: {problem}");
        }
    }

    fn keys(&mut self, keys: &str) {
        self.0.send(keys).expect("keys are taken");
        self.0.flush().expect("keys are sent");
    }

    fn control(&mut self, letter: char) {
        self.0.send_control(letter).expect("a key is taken");
    }

    /// Ctrl-D ends the session, and the exit code is 0.
    fn leave(mut self) {
        self.control('d');
        self.0.exp_eof().expect("the session ends");
        let status = self.0.process().wait().expect("an exit code");
        assert!(format!("{status:?}").contains("Exited") && format!("{status:?}").contains(", 0)"), "{status:?}");
    }
}

#[test]
fn lines_are_edited() {
    let mut t = Terminal::open("editing");
    // Left and a digit; then Home, and another.
    t.keys("1 + 4\x1b[D2\x013\r");
    t.see("ans: i64 = 55");
    t.see("> ");
    t.leave();
}

#[test]
fn an_entry_goes_on_while_a_bracket_is_open() {
    let mut t = Terminal::open("lines");
    t.keys("fn f(x) {\r  x + 1\r}\r");
    t.see("fn f(x)");
    t.see("> ");
    t.keys("f(41)\r");
    t.see("ans: i64 = 42");
    t.see("> ");
    // An empty line ends any entry.
    t.keys("f(1,\r\r");
    t.see("error[E0001]");
    t.see("> ");
    t.leave();
}

#[test]
fn words_are_completed() {
    let mut t = Terminal::open("completion");
    t.keys("let record = (alpha: 1.5, beta: 2)\r");
    t.see("record: (alpha: f64, beta: i64) =");
    t.see("> ");
    t.keys("rec\t.al\t * 2\r");
    t.see("ans: f64 = 3.0");
    t.see("> ");
    t.keys(":lo\t wi\t\r");
    t.see("loaded wide.adl");
    t.see("> ");
    // Several words go on like this: they are listed.
    t.keys("linspace(0, 1, n\t\t");
    t.see("n = ");
    t.see("linspace(0, 1, n");
    t.control('c');
    t.see("\n");
    t.see("> ");
    t.leave();
}

#[test]
fn entries_are_remembered() {
    let mut t = Terminal::open("history");
    t.keys("let first = [1,\r  2]\r");
    t.see("first: i64[2] = [1, 2]");
    t.see("> ");
    t.leave();
    let mut t = Terminal::again("history");
    // The last entry, whole, changed at its end.
    t.keys("\x1b[A + 1\r");
    t.see("first: i64[2] = [2, 3]");
    t.see("> ");
    t.leave();
    assert!(Terminal::folder("history").join("adl/history").is_file());
}

#[test]
fn control_c_takes_a_line_back() {
    let mut t = Terminal::open("cancel");
    t.keys("let x = 1 +");
    t.control('c');
    t.see("> ");
    t.keys("7 * 6\r");
    t.see("ans: i64 = 42");
    t.see("> ");
    t.leave();
}

#[test]
fn control_c_stops_a_loop_and_keeps_every_name() {
    let mut t = Terminal::open("interrupt");
    t.keys("let kept = 42\r");
    t.see("kept: i64 = 42");
    t.see("> ");
    t.keys("var x = 0.0\r");
    t.see("x: f64 = 0.0");
    t.see("> ");
    // Twice, since the first must not leave anything behind that ends the session.
    for _ in 0..2 {
        t.keys("while x >= 0 { x += 1e-3 }\r");
        std::thread::sleep(Duration::from_millis(400));
        let start = Instant::now();
        t.control('c');
        t.see("interrupted");
        // 100 ms are promised; the rest is for a machine that does other things too.
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        t.see("> ");
    }
    t.keys("kept\r");
    t.see("ans: i64 = 42");
    t.see("> ");
    t.leave();
}

#[test]
fn pasted_lines_are_one_entry() {
    let mut t = Terminal::open("paste");
    t.keys("\x1b[200~let a = 1\nlet b = a + 1\x1b[201~\r");
    t.see("a: i64 = 1");
    t.see("b: i64 = 2");
    t.see("> ");
    t.leave();
}
