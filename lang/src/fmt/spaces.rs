//! The space between the words of a line.

use super::Word;
use crate::token::Token;

/// What is known of the brackets and lambdas that are open.
#[derive(Default)]
pub(super) struct Spaces {
    /// The open brackets, each with whether a `|` has opened the parameters of a lambda in it.
    open: Vec<(Role, bool)>,
    /// The same outside of all brackets.
    outside: bool,
    /// The last word of the line before, if the statement may go on.
    last: Option<Role>,
}

/// What a word is in its place.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Role {
    /// A sign or `@` of a rule: it belongs to what follows.
    Prefix,
    /// An operator between two values.
    Operator,
    /// An operator between two values of a bound of a range, `0..n-1`.
    Tight,
    /// `|` before and behind the parameters of a lambda.
    Opens,
    Closes,
    /// A word that begins something, and is no value: `in`, `return`, `=` …
    Word,
    /// A name, number, string or closing bracket.
    Value,
    Comma,
    Open,
    Brace,
    Dots,
    Colon,
    /// `.` and `^` and `'`.
    Joint,
    /// `fixpoint` before its options.
    Options,
}

impl Spaces {
    /// Appends the words of a line.
    pub(super) fn line(&mut self, words: &[Word<'_>], out: &mut String) {
        let mut before: Option<(Role, Token)> = None;
        let tight = tight(words);
        for (k, word) in words.iter().enumerate() {
            let previous = before.map(|(role, _)| role).or(self.last);
            let role = self.role(words, k, previous, tight[k]);
            if let Some((left, token)) = before
                && gap((left, token), (role, word.token))
            {
                out.push(' ');
            }
            out.push_str(word.text);
            before = Some((role, word.token));
        }
        let in_block = self.open.last().is_none_or(|(open, _)| *open == Role::Brace);
        self.last = before.map(|(role, _)| role).or(self.last).filter(|_| !in_block);
    }

    fn role(&mut self, words: &[Word<'_>], k: usize, previous: Option<Role>, tight: bool) -> Role {
        use Token::*;
        let after_value = previous == Some(Role::Value);
        let next = |n: usize| words.get(k + n).map(|w| w.token);
        match words[k].token {
            LParen | LBracket => {
                self.open.push((Role::Open, false));
                Role::Open
            }
            LBrace => {
                self.open.push((Role::Brace, false));
                Role::Brace
            }
            RParen | RBracket | RBrace => {
                self.open.pop();
                Role::Value
            }
            Pipe => {
                let open = self.open.last_mut().map_or(&mut self.outside, |(_, lambda)| lambda);
                *open = !*open && !after_value;
                if *open { Role::Opens } else { Role::Closes }
            }
            PipePipe => Role::Closes,
            Minus | Plus | At if !after_value => Role::Prefix,
            Plus | Minus | Star | Slash | SlashSlash | Percent | At if tight => Role::Tight,
            Plus | Minus | Star | Slash | SlashSlash | Percent | At => Role::Operator,
            Caret | Dot | Prime if words[k].token == Prime => Role::Value,
            Caret | Dot => Role::Joint,
            DotDot => Role::Dots,
            Colon => Role::Colon,
            Comma | Semicolon => Role::Comma,
            Fixpoint if next(1) == Some(LParen) && matches!(next(2), Some(Name(_))) && next(3) == Some(Assign) => {
                Role::Options
            }
            token if token.ends_value() => Role::Value,
            _ => Role::Word,
        }
    }
}

/// Which operators stand in a bound of a range, outside of any bracket of it.
fn tight(words: &[Word<'_>]) -> Vec<bool> {
    let mut out = vec![false; words.len()];
    let ends = |token: Token| {
        use Token::*;
        !matches!(token, Plus | Minus | Star | Slash | SlashSlash | Percent | At | Caret | Dot | Prime)
            && !token.ends_value()
    };
    for (k, word) in words.iter().enumerate() {
        if word.token != Token::DotDot {
            continue;
        }
        let left = (0..k).rev();
        let right = k + 1..words.len();
        for side in [&mut left.into_iter() as &mut dyn Iterator<Item = usize>, &mut right.into_iter()] {
            let mut depth = 0;
            for at in side {
                use Token::*;
                match words[at].token {
                    LParen | LBracket | LBrace => depth += if at < k { -1 } else { 1 },
                    RParen | RBracket | RBrace => depth += if at < k { 1 } else { -1 },
                    token if depth == 0 && ends(token) => break,
                    _ if depth == 0 => out[at] = true,
                    _ => {}
                }
                if depth < 0 {
                    break;
                }
            }
        }
    }
    out
}

/// Whether a space stands between two words.
fn gap((left, a): (Role, Token), (right, b): (Role, Token)) -> bool {
    use Role::*;
    match (left, right) {
        (Open | Opens | Prefix | Joint | Tight | Options, _) => false,
        (_, Joint | Tight | Comma) => false,
        (_, Closes) => b == Token::PipePipe && left != Open,
        (_, Value) if b == Token::RBrace => left != Brace,
        (_, Value) if matches!(b, Token::RParen | Token::RBracket | Token::Prime) => false,
        (Colon, _) => true,
        (_, Colon) => false,
        (Dots, _) => matches!(b, Token::By),
        (_, Dots) => matches!(left, Comma | Word | Operator | Closes | Brace),
        // A call or an index; a block is followed by neither.
        (Value, Open) => a == Token::RBrace,
        _ => true,
    }
}
