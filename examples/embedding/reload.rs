//! A model in a file that is edited while the program runs: a change is taken at once, a mistake is shown and the last
//! version that was right goes on.
//!
//! ```text
//! cargo run --example reload -- model.adl        # a file with `fn model(t: f64) = …`
//! ```

use adl::{Engine, Error, Function};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

type Model = Function<fn(f64) -> f64>;

/// A model and the file that it comes from.
pub struct Live {
    path: PathBuf,
    engine: Engine,
    seen: Option<(SystemTime, u64)>,
    /// The last version that was right.
    pub model: Option<Model>,
}

impl Live {
    /// Watches a file.
    pub fn new(path: &Path) -> Live {
        Live { path: path.into(), engine: Engine::new(), seen: None, model: None }
    }

    /// Looks at the file: nothing if it is as before, else the new model or what is wrong with it.
    pub fn look(&mut self) -> Option<Result<(), Error>> {
        let about = std::fs::metadata(&self.path).ok()?;
        let seen = (about.modified().ok()?, about.len());
        if self.seen == Some(seen) {
            return None;
        }
        let text = std::fs::read_to_string(&self.path).ok()?;
        self.seen = Some(seen);
        let program = self.engine.compile(&self.path.to_string_lossy(), &text);
        Some(program.and_then(|program| program.function("model")).map(|model| self.model = Some(model)))
    }
}

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        println!("which file is to be watched?");
        return;
    };
    let mut live = Live::new(Path::new(&path));
    loop {
        match live.look() {
            Some(Ok(())) => println!("taken"),
            Some(Err(problem)) => println!("{problem}"),
            None => {}
        }
        if let Some(Ok(value)) = live.model.as_ref().map(|model| model.call((1.0,))) {
            println!("model(1) = {value}");
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn changes_are_taken_and_mistakes_are_not() {
    let path = std::env::temp_dir().join(format!("adl-reload-{}.adl", std::process::id()));
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    let mut live = Live::new(&path);
    assert!(live.look().is_none());
    write("fn model(t: f64) = 2 * t");
    assert!(live.look().unwrap().is_ok());
    assert!(live.look().is_none());
    let value = |live: &Live| live.model.as_ref().unwrap().call((3.0,)).unwrap();
    assert_eq!(value(&live), 6.0);
    write("fn model(t: f64) = 2 * tt + 1");
    let problem = live.look().unwrap().unwrap_err().to_string();
    assert!(problem.contains("tt") && problem.contains("adl-reload"), "{problem}");
    assert_eq!(value(&live), 6.0);
    write("fn model(t: f64) = { let s = t^2\n s + 1 }");
    assert!(live.look().unwrap().is_ok());
    assert_eq!(value(&live), 10.0);
    std::fs::remove_file(&path).unwrap();
}
