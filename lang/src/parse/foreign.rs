//! Words and forms of other languages: recognised where the grammar stops, and said in the words of this one.

use super::errors::Place;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

/// What to do about a word that begins a statement.
#[derive(Clone, Copy)]
enum Cure {
    /// Another word stands here.
    Write(&'static str, &'static str),
    /// Nothing stands here.
    Drop,
    /// There is no such statement.
    Say(&'static str),
}

/// Words that begin a statement elsewhere.
const HEADS: &[(&[&str], Cure)] = &[
    (&["def", "function", "func", "fun", "define"], Cure::Write("fn", "a function is defined with `fn`")),
    (
        &["const", "val", "auto", "local", "int", "long", "float", "double", "real", "f64", "f32", "i64", "bool"],
        Cure::Write("let", "a value is bound with `let`"),
    ),
    (&["unless"], Cure::Write("if not", "write `if not`")),
    (&["loop", "forever"], Cure::Write("while true", "a loop without end is `while true { … }`")),
    (&["public", "private", "static", "async", "export", "pub", "inline", "extern"], Cure::Drop),
    (
        &["switch", "match", "case", "when"],
        Cure::Say("cases are told apart one after another: `if a { … } else if b { … } else { … }`"),
    ),
    (
        &["class", "struct", "enum", "type", "record", "interface", "trait"],
        Cure::Say("a record needs no declaration: `(width: 2.0, height: 3.0)` is one"),
    ),
    (
        &["try", "catch", "except"],
        Cure::Say("an error ends the program, and nothing catches it: test before, with `if`"),
    ),
    (&["raise", "throw"], Cure::Say("`assert(c, \"why\")` stops the program unless `c` holds")),
    (&["do", "repeat", "until"], Cure::Say("loops are `while c { … }` and `for i in 0..n { … }`")),
    (
        &["from", "using", "use", "include", "require", "library"],
        Cure::Say("modules and files are imported by `import name`; the functions of the library need no import"),
    ),
    (&["del", "delete", "global", "nonlocal"], Cure::Say("leave the line out: variables need no such declaration")),
    (&["new"], Cure::Say("values are written as they are: `[1.0, 2.0]`, `(width: 2.0, height: 3.0)`")),
];

/// Words that stand between two values elsewhere.
const OPERATORS: &[(&str, &str)] = &[("mod", "%"), ("div", "//"), ("xor", "!="), ("is", "==")];

impl Place<'_> {
    /// A form of another language, if it is one.
    pub(super) fn foreign(&self, classes: &[String]) -> Option<Diagnostic> {
        self.comment()
            .or_else(|| self.head())
            .or_else(|| self.word())
            .or_else(|| self.lambda())
            .or_else(|| self.definition())
            .or_else(|| self.parameter())
            .or_else(|| self.valueless())
            .or_else(|| self.counting_loop())
            .or_else(|| self.loop_head())
            .or_else(|| self.choice(classes))
            .or_else(|| self.bare_call())
            .or_else(|| self.bars())
    }

    fn no_word(&self, at: usize, word: &str) -> Diagnostic {
        Diagnostic::error("E0013", self.span_of(at), format!("`{word}` is no word of the language"))
    }

    /// `// text`, `% text`, `-- text`.
    fn comment(&self) -> Option<Diagnostic> {
        let dashes = self.token(Some(0)) == Some(Token::Minus) && self.token(Some(1)) == Some(Token::Minus);
        let sign = match (self.found?, self.before(2)) {
            (Token::SlashSlash | Token::Percent, _) if self.at == 0 => self.span_of(0),
            (Token::Name(_), Some(Token::SlashSlash)) if matches!(self.before(1), Some(Token::Name(_))) => {
                self.span_of(self.at - 2)
            }
            (Token::Name(_), _) if dashes && self.glued(1) => self.span_of(0).to(self.span_of(1)),
            _ => return None,
        };
        let text = self.text.get(sign.start as usize..sign.end as usize)?;
        let problem = Diagnostic::error("E0009", sign, format!("`{text}` begins no comment"));
        Some(problem.fix("a comment begins with `#`", vec![(sign, "#".into())]))
    }

    /// `def f(x)`, `switch x`, `const x`.
    fn head(&self) -> Option<Diagnostic> {
        let head = self.at.checked_sub(1)?;
        let Some(Token::Name(word)) = self.token(Some(head)) else {
            return None;
        };
        let after_assign = head > 0 && matches!(self.token(Some(head - 1)), Some(Token::Assign | Token::Return));
        let &(_, cure) = HEADS.iter().find(|(words, _)| words.contains(&word))?;
        let defines = matches!(self.found?, Token::Fn | Token::Let | Token::Var);
        let names = matches!(self.found?, Token::Name(_));
        let begins = names || matches!(self.found?, Token::Int(_) | Token::Float(_) | Token::Quote | Token::Block(_));
        if head > 0 && !(after_assign && matches!(cure, Cure::Say(_))) {
            return None;
        }
        let problem = self.no_word(head, word);
        let span = self.span_of(head);
        match cure {
            Cure::Write("fn" | "let", _) if !names => None,
            // `function y = f(x)`: the name of the result has no place here.
            Cure::Write("fn", help) if self.token(Some(2)) == Some(Token::Assign) => {
                Some(problem.help(format!("{help}, and gives the value of its last line: `fn f(x) {{ … }}`")))
            }
            Cure::Write("let", _) if self.token(Some(2)) == Some(Token::LParen) => {
                Some(problem.fix("a function is defined with `fn`", vec![(span, "fn".into())]))
            }
            Cure::Write(by, help) if begins => Some(problem.fix(help, vec![(span, by.into())])),
            Cure::Drop if defines => {
                let gap = Span { end: self.span.start, ..span };
                Some(problem.fix("leave it out", vec![(gap, String::new())]))
            }
            Cure::Say(help) if begins => Some(problem.help(help)),
            _ => None,
        }
    }

    /// `let mut`, `elif`, `a mod b`, `x as f64`.
    fn word(&self) -> Option<Diagnostic> {
        if let (Some(Token::Name("mut")), Some(Token::Name(_)), 2) = (self.before(1), self.found, self.at) {
            let whole = self.span_of(0).to(self.span_of(1));
            let help = "a variable that may be assigned again is bound with `var`";
            return Some(self.no_word(1, "mut").fix(help, vec![(whole, "var".into())]));
        }
        for at in [Some(self.at), self.at.checked_sub(1)].into_iter().flatten() {
            if let Some(Token::Name(word @ ("elif" | "elsif" | "elseif"))) = self.token(Some(at)) {
                return Some(self.no_word(at, word).fix("write `else if`", vec![(self.span_of(at), "else if".into())]));
            }
        }
        let Some(Token::Name(word)) = self.found else {
            return None;
        };
        if !self.after_value() {
            return None;
        }
        if let Some((_, meant)) = OPERATORS.iter().find(|(other, _)| *other == word) {
            let help = format!("write `{meant}`");
            return Some(self.no_word(self.at, word).fix(help, vec![(self.span, meant.to_string())]));
        }
        match (word, self.token(Some(self.at + 1)), self.before(1)) {
            ("as", Some(Token::Name(ty)), Some(Token::Name(_) | Token::Int(_) | Token::Float(_))) => {
                let value = self.span_of(self.at - 1);
                let rest = Span { start: value.end, end: self.span_of(self.at + 1).end, ..value };
                let patches = vec![(Span { end: value.start, ..value }, format!("{ty}(")), (rest, ")".into())];
                Some(self.no_word(self.at, word).fix("a type is called like a function", patches))
            }
            ("then", ..) => {
                let problem = self.no_word(self.at, word);
                let help = "what an `if` chooses stands in braces";
                let last = self.tokens.len() - 1;
                let Some(other) = self.position(self.at, Token::Else).filter(|&other| other < last) else {
                    return Some(problem.help(format!("{help}: `if c {{ a }} else {{ b }}`")));
                };
                let end = Span { start: self.span_of(last).end, ..self.span_of(last) };
                let patches =
                    vec![(self.span, "{".into()), (self.span_of(other), "} else {".into()), (end, " }".into())];
                Some(problem.fix(help, patches))
            }
            _ => None,
        }
    }

    /// `sin x`, `print "text"`, `assert a == b, "text"`.
    fn bare_call(&self) -> Option<Diagnostic> {
        let Some(Token::Name(name)) = self.before(1) else {
            return None;
        };
        if !matches!(self.found?, Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Quote)
            || !crate::library::all_names().contains(&name)
        {
            return None;
        }
        let mut last = match self.found? {
            // These begin a statement and take the rest of it.
            _ if self.at == 1 && matches!(name, "print" | "assert") => self.tokens.len() - 1,
            Token::Quote => self.position(self.at, Token::QuoteEnd)?,
            _ => self.at,
        };
        while matches!(self.token(Some(last + 1)), Some(Token::LParen | Token::LBracket)) && self.glued(last + 1) {
            last = self.closing(last + 1)?;
        }
        let problem = Diagnostic::error("E0010", self.span, "the arguments of a function stand in brackets")
            .label(self.span_of(self.at - 1), "this is a function");
        let gap = Span { start: self.span_of(self.at - 1).end, end: self.span.start, ..self.span };
        let end = Span { start: self.span_of(last).end, ..self.span_of(last) };
        let more = self.token(Some(last + 1)).is_some_and(|next| {
            matches!(next, Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Quote | Token::Block(_))
        });
        Some(if more {
            problem.help(format!("write `{name}(…)`"))
        } else {
            problem.fix("write the brackets", vec![(gap, "(".into()), (end, ")".into())])
        })
    }
}
