//! A place in the text, and the small things that are read from there: names, numbers, dimensions, types.

use super::{ParseError, Parsed};
use crate::ir::func::Type;
use crate::ir::print::is_symbol;
use adl_lang::ops::Const;
use adl_lang::types::{DType, Dim, Sym, Ty};

/// Where the parser stands. Blanks and comments before each item are skipped, ends of lines are not.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// The size parameters of the function that is read.
    pub sizes: Vec<String>,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Self {
        Cursor { text, at: 0, sizes: Vec::new() }
    }

    pub fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        let line = 1 + self.text[..self.at].matches('\n').count();
        Err(ParseError { line, message: message.into() })
    }

    fn rest(&mut self) -> &'t str {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            let comment = if rest.starts_with(';') { rest.find('\n').unwrap_or(rest.len()) } else { 0 };
            if blank + comment == 0 {
                return rest;
            }
            self.at += blank + comment;
        }
    }

    /// The next character.
    pub fn peek(&mut self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn at_end(&mut self) -> bool {
        self.rest().is_empty()
    }

    /// Skips ends of lines.
    pub fn lines(&mut self) {
        while self.eat("\n") {}
    }

    pub fn newline(&mut self) -> Parsed<()> {
        if self.eat("\n") { Ok(()) } else { self.fail("the line should end here") }
    }

    pub fn eat(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    pub fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) { Ok(()) } else { self.fail(format!("`{symbol}` is missing")) }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    pub fn at_ident(&mut self) -> bool {
        self.peek().is_some_and(|c| c.is_alphabetic() || c == '_')
    }

    pub fn ident(&mut self) -> Parsed<&'t str> {
        if !self.at_ident() {
            return self.fail("a name is missing");
        }
        Ok(self.take(|c| c.is_alphanumeric() || matches!(c, '_' | '.')))
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let start = self.at;
        let found = self.at_ident() && self.ident() == Ok(word);
        if !found {
            self.at = start;
        }
        found
    }

    pub fn word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { self.fail(format!("`{word}` is missing")) }
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[(&str, T)]) -> Parsed<T> {
        let word = self.ident()?;
        match choices.iter().find(|(name, _)| *name == word) {
            Some((_, choice)) => Ok(*choice),
            None => self.fail(format!("`{word}` is none of the words for this place")),
        }
    }

    fn digits(&mut self) -> Parsed<i128> {
        let digits = self.take(|c| c.is_ascii_digit());
        digits.parse().or_else(|_| self.fail("a number is missing"))
    }

    pub fn index(&mut self) -> Parsed<usize> {
        let value = self.digits()?;
        usize::try_from(value).or_else(|_| self.fail("the number is too large"))
    }

    pub fn int(&mut self) -> Parsed<i64> {
        let sign = if self.eat("-") { -1 } else { 1 };
        let value = sign * self.digits()?;
        i64::try_from(value).or_else(|_| self.fail("the number is too large"))
    }

    /// Items between brackets, separated by commas.
    pub fn list<T>(&mut self, open: &str, close: &str, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut out = Vec::new();
        self.expect(open)?;
        while !self.eat(close) {
            if !out.is_empty() {
                self.expect(",")?;
            }
            out.push(item(self)?);
        }
        Ok(out)
    }

    pub fn indices(&mut self) -> Parsed<Vec<usize>> {
        self.list("[", "]", Self::index)
    }

    pub fn dims(&mut self) -> Parsed<Vec<Dim>> {
        self.list("[", "]", Self::dim)
    }

    pub fn ty(&mut self) -> Parsed<Type> {
        let name = self.ident()?;
        if name == "tape" {
            return Ok(Type::Tape);
        }
        let Some(dtype) = DType::named(name) else {
            return self.fail(format!("no type `{name}`"));
        };
        let dims = if self.peek() == Some('[') { self.dims()? } else { Vec::new() };
        Ok(Type::Data(Ty::array(dtype, dims)))
    }

    /// Sums of products; divisions stand in parentheses.
    pub fn dim(&mut self) -> Parsed<Dim> {
        let mut sum = Dim::constant(0);
        let mut sign = if self.eat("-") { -1 } else { 1 };
        loop {
            let mut product = Dim::constant(1);
            loop {
                product = product * self.factor(&mut sign)?;
                if !self.eat("*") {
                    break;
                }
            }
            sum = sum + product * Dim::constant(sign);
            sign = match () {
                () if self.eat("+") => 1,
                () if self.eat("-") => -1,
                () => return Ok(sum),
            };
        }
    }

    fn factor(&mut self, sign: &mut i64) -> Parsed<Dim> {
        if self.eat("(") {
            let left = self.dim()?;
            let dim = match () {
                () if self.eat("//") => left.floor_div(&self.dim()?),
                () if self.eat("%") => left.rem(&self.dim()?),
                () => left,
            };
            return self.expect(")").map(|()| dim);
        }
        if self.at_ident() {
            let name = self.ident()?;
            let position = self.sizes.iter().position(|s| s == name);
            let number = || {
                if is_symbol(name) { name[1..].parse().ok() } else { None }
            };
            return match position.map(|p| p as u32).or_else(number) {
                Some(k) => Ok(Dim::sym(Sym(k))),
                None => self.fail(format!("no size parameter `{name}`")),
            };
        }
        let value = self.digits()?;
        match i64::try_from(value) {
            Ok(value) => Ok(Dim::constant(value)),
            // The least number takes the sign that stands before it.
            Err(_) if value == 1 << 63 && *sign < 0 => {
                *sign = 1;
                Ok(Dim::constant(i64::MIN))
            }
            Err(_) => self.fail("the number is too large"),
        }
    }

    pub fn constant(&mut self) -> Parsed<Const> {
        let word = self.take(|c| !c.is_whitespace() && !matches!(c, ';' | ','));
        let parsed = match (word, word.strip_prefix("nan:"), word.strip_suffix("f32")) {
            ("true", ..) => Some(Const::Bool(true)),
            ("false", ..) => Some(Const::Bool(false)),
            ("nan", ..) => Some(Const::F64(f64::NAN)),
            (_, Some(hex), _) if hex.len() == 16 => {
                u64::from_str_radix(hex, 16).ok().map(|bits| Const::F64(f64::from_bits(bits)))
            }
            (_, Some(hex), Some(_)) => {
                let bits = u32::from_str_radix(&hex[..hex.len() - 3], 16).ok();
                bits.map(|bits| Const::F32(f32::from_bits(bits)))
            }
            (_, None, Some("nan")) => Some(Const::F32(f32::NAN)),
            (_, None, Some(number)) => number.parse().ok().map(Const::F32),
            (_, _, None) if word.contains(['.', 'e', 'i']) => word.parse().ok().map(Const::F64),
            (_, _, None) => word.parse().ok().map(Const::I64),
        };
        match parsed {
            Some(constant) => Ok(constant),
            None => self.fail(format!("no constant `{word}`")),
        }
    }

    /// A quoted string with escapes.
    pub fn string(&mut self) -> Parsed<String> {
        self.expect("\"")?;
        let mut out = String::new();
        let text = &self.text[self.at..];
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            let escaped = match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(out);
                }
                '\\' => chars.next().map(|(_, c)| c),
                other => {
                    out.push(other);
                    continue;
                }
            };
            out.push(match escaped {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some('u') => {
                    let hex: String = chars.by_ref().map(|(_, c)| c).take_while(|&c| c != '}').collect();
                    let code = u32::from_str_radix(hex.trim_start_matches('{'), 16).ok();
                    match code.and_then(char::from_u32) {
                        Some(c) => c,
                        None => return self.fail("no such character"),
                    }
                }
                Some(other) => other,
                None => break,
            });
        }
        self.fail("the string has no end")
    }
}
