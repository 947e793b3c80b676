//! Long texts in several lines.

/// A text in lines no wider than `room` and of about one width, broken between words or, where one word is too long,
/// within it. Of more than `most` lines the rest is left out, and dots say so.
pub fn lines(text: &str, room: f64, most: usize, width: &dyn Fn(&str) -> f64) -> Vec<String> {
    let mut lines = broken(text, room, width);
    if lines.len() > most.max(1) {
        lines.truncate(most.max(1));
        if let Some(last) = lines.last_mut() {
            while last.chars().count() > 1 && width(last) + width("…") > room {
                last.pop();
            }
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    } else if lines.len() > 1 {
        // As narrow as so many lines can be.
        let (mut narrow, mut wide) = (0.0, room);
        for _ in 0..8 {
            let middle = f64::midpoint(narrow, wide);
            let tried = broken(text, middle, width);
            if tried.len() > lines.len() {
                narrow = middle;
            } else {
                (wide, lines) = (middle, tried);
            }
        }
    }
    lines
}

fn broken(text: &str, room: f64, width: &dyn Fn(&str) -> f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let before = line.len();
            line.push_str(if before == 0 { "" } else { " " });
            line.push_str(word);
            if width(&line) <= room {
                continue;
            }
            line.truncate(before);
            if before > 0 {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if width(&line) > room && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        lines.push(line);
    }
    lines
}
