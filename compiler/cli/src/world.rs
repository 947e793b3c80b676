//! The world as programs see it: what they print is reported, pictures are shown or kept,
//! files are those of the machine.

use crate::files::Files;
use crate::report::Report;
use adl_compiler::engine::Output;
use adl_plot::Screen;
use adl_runtime::{Figure, FileName, Interrupt, Value};

/// What a program prints, shows, reads and writes.
pub struct World {
    /// Where its lines go.
    pub report: Report,
    /// How it shows pictures that go to no file.
    pub screen: Screen,
    /// What it may read and write.
    pub files: Files,
    /// Ends the reading and writing of files.
    pub interrupt: Interrupt,
}

impl Output for World {
    fn line(&mut self, text: &str) {
        self.report.print(text);
    }

    fn progress(&mut self, done: i64, of: i64) {
        self.report.progress(done, of);
    }

    fn read(&mut self, file: &FileName, limit: Option<usize>) -> Result<Value, String> {
        self.files.read(file, limit, &self.interrupt)
    }

    fn write(&mut self, file: &FileName, value: &Value) -> Result<(), String> {
        self.files.write(file, value, &self.interrupt)
    }

    fn plot(&mut self, figure: &Figure) -> Result<(), String> {
        let notes = match &figure.save {
            None => {
                let picture = adl_plot::text(figure, self.screen)?;
                picture.content.lines().for_each(|line| self.report.print(line));
                picture.notes
            }
            Some(file) => {
                let end = file.path.rsplit_once('.').map_or("", |(_, end)| end);
                let picture = match end {
                    "svg" => adl_plot::svg(figure).map(|p| (p.content.into_bytes(), p.notes)),
                    "png" => adl_plot::png(figure).map(|p| (p.content, p.notes)),
                    _ => Err(format!("`{}` ends neither in `.svg` nor in `.png`", file.path)),
                };
                let (bytes, notes) = picture?;
                self.files.put(file, &bytes).map_err(|why| format!("`{}`: {why}", file.path))?;
                notes
            }
        };
        notes.iter().for_each(|note| self.report.note(&format!("note: {note}")));
        Ok(())
    }
}
