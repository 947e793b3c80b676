//! Recorded sessions, word for word. In `dialogues/*.txt` lines that begin with `> ` are entered;
//! what follows is what is said, on both streams in order. `UPDATE_GOLDEN=1` records them anew;
//! the difference is then to be read.

use adl_cli::{OK, Streams, run};
use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What is written, and read, in order.
#[derive(Clone, Default)]
struct Transcript(Rc<RefCell<String>>);

impl Write for Transcript {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives one line at a time, and notes when.
struct Lines<'t> {
    lines: std::vec::IntoIter<&'t str>,
    transcript: Transcript,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(line) = self.lines.next() else { return Ok(0) };
        let text = format!("{line}\n");
        self.transcript.0.borrow_mut().push_str(&format!("> {text}"));
        buffer[..text.len()].copy_from_slice(text.as_bytes());
        Ok(text.len())
    }
}

fn replay(recorded: &str) -> String {
    let lines: Vec<&str> = recorded.lines().filter_map(|l| l.strip_prefix("> ")).collect();
    let transcript = Transcript::default();
    let mut input = Lines { lines: lines.into_iter(), transcript: transcript.clone() };
    let (mut out, mut err) = (transcript.clone(), transcript.clone());
    let code = run(["adl", "repl"], Streams::new(&mut input, &mut out, &mut err), Default::default());
    assert_eq!(code, OK);
    transcript.0.take()
}

#[test]
fn sessions_go_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/dialogues");
    // Files are named from there.
    std::env::set_current_dir(&folder).expect("the folder of the dialogues");
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).expect("dialogues").flatten().map(|e| e.path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    assert!(files.len() >= 4);
    for path in files {
        let recorded = std::fs::read_to_string(&path).expect("text");
        let now = replay(&recorded);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, now).expect("the file can be written");
        } else if now != recorded {
            wrong.push(format!("{}\n{now}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two sessions in a folder: what one saves the other loads, and a file that was changed is read anew.
#[test]
fn files_are_saved_and_read_anew() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("saved");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).display().to_string();
    std::fs::write(path("part.adl"), "fn scale(x) = 2 * x\n").expect("a file");
    let save = format!(
        "> import {part:?}
> fn f(x) = part.scale(x)
> let k = 3
> k + 1
> let m = ans + 1
> fn f(x) = part.scale(x) + k
> bad
> f(1)
> :save {saved}\n",
        part = path("part.adl"),
        saved = path("saved.adl")
    );
    assert!(replay(&save).contains("ans: i64 = 5\n"));
    let saved = std::fs::read_to_string(path("saved.adl")).expect("what was saved");
    let program = format!(
        "import {:?}\nlet k = 3\nlet ans = k + 1\nlet m = ans + 1\nfn f(x) = part.scale(x) + k\n",
        path("part.adl")
    );
    assert_eq!(saved, program);
    // The function of the module changes between two entries.
    let lines = [format!(":load {}", path("saved.adl")), "f(1)".into(), ":reload".into(), "f(1)".into()];
    let transcript = Transcript::default();
    let change = path("part.adl");
    let mut count = 0;
    let mut input = Changing {
        lines: lines.to_vec(),
        before: &mut |_| {
            count += 1;
            if count == 3 {
                std::fs::write(&change, "fn scale(x) = 10 * x\n").expect("a file");
            }
        },
    };
    let (mut out, mut err) = (transcript.clone(), transcript.clone());
    run(["adl", "repl"], Streams::new(&mut input, &mut out, &mut err), Default::default());
    let said = transcript.0.take();
    assert!(said.contains("ans: i64 = 5\n") && said.contains("ans: i64 = 13\n"), "{said}");
}

/// Lines with something to be done before each.
struct Changing<'f> {
    lines: Vec<String>,
    before: &'f mut dyn FnMut(&str),
}

impl Read for Changing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.lines.is_empty() {
            return Ok(0);
        }
        let text = self.lines.remove(0) + "\n";
        (self.before)(&text);
        buffer[..text.len()].copy_from_slice(text.as_bytes());
        Ok(text.len())
    }
}
