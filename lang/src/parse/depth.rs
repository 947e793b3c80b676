//! A bound on the height of the tree that tokens will become, found without building it.
//!
//! Between two separators an expression is operands joined by operators. A chain of one precedence
//! is one node if it is long, so that it counts for no more than [`CHAIN`] however long it is;
//! other operators count one each. Below hangs the highest operand, whose own height is its prefixes,
//! powers and postfixes plus the highest bracket in it.

use super::expr::CHAIN;
use crate::token::Token;

/// The height of what stands in one bracket.
#[derive(Default)]
pub(super) struct Depth {
    /// Operators since the last separator.
    operators: u32,
    /// Those of them that chain.
    chained: u32,
    /// Steps of the current operand: signs, powers, calls, fields.
    steps: u32,
    /// The highest bracket in the current operand.
    bracket: u32,
    /// The highest operand since the last separator.
    operand: u32,
    /// The highest part before the last separator.
    part: u32,
}

impl Depth {
    /// Counts a token that is no bracket.
    pub(super) fn token(&mut self, token: Token, after_value: bool) {
        use Token::*;
        match token {
            Comma | Semicolon | Newline => self.separator(),
            Plus | Star | Slash | SlashSlash | Percent | At | And | Or => self.chain(),
            PipeInto | Pipe | Arrow | Else => self.operator(),
            Minus if after_value => self.chain(),
            Minus | Not | Caret | Prime | Dot | If | Fixpoint => self.steps += 1,
            LParen | LBracket if after_value => self.steps += 1,
            _ => {}
        }
    }

    fn operator(&mut self) {
        self.end_operand();
        self.operators += 1;
    }

    /// One of the operators of four precedences that chain.
    fn chain(&mut self) {
        self.end_operand();
        self.chained = (self.chained + 1).min(4 * CHAIN as u32);
    }

    fn end_operand(&mut self) {
        self.operand = self.operand.max(self.steps.saturating_add(self.bracket));
        (self.steps, self.bracket) = (0, 0);
    }

    /// At a `,` or at the end of a statement.
    pub(super) fn separator(&mut self) {
        self.end_operand();
        self.part = self.part.max((self.operators + self.chained).saturating_add(self.operand));
        (self.operators, self.chained, self.operand) = (0, 0, 0);
    }

    /// A bracket has been closed whose inside is `height` high.
    pub(super) fn inside(&mut self, height: u32) {
        self.bracket = self.bracket.max(height.saturating_add(1));
    }

    /// The height of all parts; after [`Depth::separator`].
    pub(super) fn height(&self) -> u32 {
        self.part
    }

    /// Whether the height is above `limit`; it then counts as nothing from here on, as the part is refused.
    pub(super) fn take_excess(&mut self, limit: u32) -> bool {
        let excess = self.part > limit;
        if excess {
            self.part = 0;
        }
        excess
    }
}
