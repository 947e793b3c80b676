//! The codes of all problems that the tool reports: what each means, with a program that has the problem and one that
//! has it no more. The texts stand in `codes/*.md`, one section for each code.

/// What there is to say about a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// `E0201`.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// The whole text, with programs between fences.
    pub text: &'static str,
}

/// The texts, by what the codes are about.
const TEXTS: &[&str] = &[
    include_str!("codes/syntax.md"),
    include_str!("codes/names.md"),
    include_str!("codes/types.md"),
    include_str!("codes/derivatives.md"),
    include_str!("codes/fixpoints.md"),
    include_str!("codes/running.md"),
    include_str!("codes/embedding.md"),
    include_str!("codes/warnings.md"),
];

/// All codes in order.
pub fn all() -> impl Iterator<Item = Code> {
    let sections = TEXTS.iter().flat_map(|text| text.split("\n## ").skip(1));
    sections.filter_map(|section| {
        let (head, text) = section.split_once('\n')?;
        let (code, title) = head.split_once(": ")?;
        Some(Code { code, title, text: text.trim() })
    })
}

/// What a code means.
///
/// ```
/// let code = adl_lang::codes::find("E0101").unwrap();
/// assert_eq!(code.title, "there is nothing of this name");
/// ```
pub fn find(code: &str) -> Option<Code> {
    all().find(|known| known.code.eq_ignore_ascii_case(code))
}

/// A program in an explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
    /// Its text.
    pub text: &'static str,
    /// Whether it has the problem.
    pub wrong: bool,
    /// The options of the command that it is meant for.
    pub options: &'static str,
}

impl Code {
    /// The programs: one that has the problem, one that has it no more.
    pub fn programs(&self) -> impl Iterator<Item = Program> {
        let fences = self.text.split("```adl ").skip(1);
        fences.filter_map(|part| {
            let (head, rest) = part.split_once('\n')?;
            let (kind, options) = head.split_once(' ').unwrap_or((head, ""));
            let (text, _) = rest.split_once("```")?;
            Some(Program { text, wrong: kind == "wrong", options })
        })
    }
}
