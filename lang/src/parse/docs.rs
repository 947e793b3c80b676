//! Doc comments: which `##` lines belong to the file, and which to a definition.

use crate::token::Comment;

/// The doc comments of a file.
pub(super) struct Docs {
    /// The lines at the head, if an empty line follows.
    pub(super) file: Option<String>,
    blocks: Vec<DocBlock>,
}

/// `##` lines one below the other.
struct DocBlock {
    end: usize,
    /// Where the first text behind the block begins that is neither blank nor a comment.
    next: usize,
    text: String,
}

impl Docs {
    pub(super) fn new(text: &str, comments: &[Comment]) -> Docs {
        let mut blocks: Vec<DocBlock> = Vec::new();
        let mut head = 0;
        for comment in comments {
            let (start, end) = (comment.span.start as usize, comment.span.end as usize);
            let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
            if !comment.doc || !text[line..start].trim().is_empty() {
                continue;
            }
            let body = text[start + 2..end].trim_end();
            let body = body.strip_prefix(' ').unwrap_or(body);
            match blocks.last_mut() {
                Some(last) if is_line_end(&text[last.end..start]) => {
                    last.text.push('\n');
                    last.text.push_str(body);
                    last.end = end;
                }
                _ => {
                    if blocks.is_empty() {
                        head = start;
                    }
                    blocks.push(DocBlock { end, next: 0, text: body.to_string() });
                }
            }
        }
        for block in &mut blocks {
            block.next = next_text(text, block.end);
        }
        let at_head = head < next_text(text, 0);
        let first = blocks.first().is_some_and(|block| is_followed_by_empty_line(&text[block.end..]));
        let file = (at_head && first).then(|| blocks.remove(0).text);
        Docs { file, blocks }
    }

    /// The documentation of a definition that begins at `start`.
    pub(super) fn before(&self, start: u32) -> Option<String> {
        let at = self.blocks.partition_point(|block| block.end <= start as usize);
        let block = self.blocks.get(at.checked_sub(1)?)?;
        (block.next == start as usize).then(|| block.text.clone())
    }
}

fn is_line_end(gap: &str) -> bool {
    gap.trim().is_empty() && gap.matches('\n').count() == 1
}

fn is_followed_by_empty_line(rest: &str) -> bool {
    let blank = &rest[..rest.len() - rest.trim_start().len()];
    blank.matches('\n').count() >= 2 || blank.len() == rest.len()
}

/// Where the first text from `at` on begins that is neither blank nor a comment.
fn next_text(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}
