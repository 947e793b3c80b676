//! What a program says to its host: lines to print, pictures to show, files to keep. The typed tree, the IR and the
//! interpreter say it with values of their own (`V`); what a message means is known to its two ends alone, the library
//! and the host.

use crate::ast::{Format, Name};

/// Part of a line of text.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece<V> {
    /// Text.
    Text(String),
    /// A value, and how it is written.
    Value(V, Option<Format>),
    /// A clock of the host: starts one, which is all of its line and prints nothing; or stops the one started last and
    /// prints the time it ran.
    Clock {
        /// Stops it.
        stop: bool,
    },
}

/// What an assertion says if it does not hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Said<V> {
    /// The code of the failure: `E0410` for assertions of programs; those of the library may have another.
    pub code: &'static str,
    /// What is wrong.
    pub line: Vec<Piece<V>>,
    /// What to do about it; empty if there is nothing to say.
    pub help: Vec<Piece<V>>,
}

impl<V> Said<V> {
    /// The code of assertions that have none of their own.
    pub const PLAIN: &'static str = "E0410";

    /// A line, without a code of its own and without advice.
    pub fn plain(line: Vec<Piece<V>>) -> Said<V> {
        Said { code: Self::PLAIN, line, help: Vec::new() }
    }

    /// The same with other values.
    pub fn map<W, E>(&self, f: &mut dyn FnMut(&V) -> Result<W, E>) -> Result<Said<W>, E> {
        Ok(Said { code: self.code, line: map_line(&self.line, f)?, help: map_line(&self.help, f)? })
    }

    /// All parts.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece<V>> {
        self.line.iter().chain(&self.help)
    }
}

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Topic {
    /// A picture to show or keep.
    Plot,
    /// A file to write.
    Save,
    /// How far a loop is: a pair of the rounds that are done and of all rounds. For who watches; nothing is kept of it.
    Progress,
}

impl Topic {
    /// All topics.
    pub const ALL: [Topic; 3] = [Topic::Plot, Topic::Save, Topic::Progress];

    /// As the text forms call it.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Plot => "plot",
            Topic::Save => "save",
            Topic::Progress => "progress",
        }
    }
}

/// What is told of a topic: a structure of values and texts.
#[derive(Clone, PartialEq, Debug)]
pub enum Body<V> {
    /// `none`.
    None,
    /// A text, perhaps with values in it.
    Text(Vec<Piece<V>>),
    /// A scalar or array.
    Value(V),
    /// A tuple, or a record if the parts have names.
    Tuple(Vec<(Option<Name>, Body<V>)>),
}

/// What a program says.
#[derive(Clone, PartialEq, Debug)]
pub enum Message<V> {
    /// A line to print.
    Line(Vec<Piece<V>>),
    /// Something else for the host.
    Tell(Topic, Body<V>),
}

/// The same line with other values.
pub fn map_line<V, W, E>(line: &[Piece<V>], f: &mut dyn FnMut(&V) -> Result<W, E>) -> Result<Vec<Piece<W>>, E> {
    line.iter()
        .map(|piece| match piece {
            Piece::Text(text) => Ok(Piece::Text(text.clone())),
            Piece::Value(v, format) => Ok(Piece::Value(f(v)?, *format)),
            Piece::Clock { stop } => Ok(Piece::Clock { stop: *stop }),
        })
        .collect()
}

impl<V> Body<V> {
    /// The same with other values.
    pub fn map<W, E>(&self, f: &mut dyn FnMut(&V) -> Result<W, E>) -> Result<Body<W>, E> {
        Ok(match self {
            Body::None => Body::None,
            Body::Text(line) => Body::Text(map_line(line, f)?),
            Body::Value(v) => Body::Value(f(v)?),
            Body::Tuple(parts) => {
                let part = |(name, body): &(Option<Name>, Body<V>)| Ok((name.clone(), body.map(f)?));
                Body::Tuple(parts.iter().map(part).collect::<Result<_, E>>()?)
            }
        })
    }
}

impl<V> Body<V> {
    /// Calls `f` with every value.
    pub fn each(&self, f: &mut dyn FnMut(&V)) {
        let visit = &mut |v: &V| {
            f(v);
            Ok::<(), std::convert::Infallible>(())
        };
        let Ok(_) = self.map(visit);
    }
}

impl<V> Message<V> {
    /// The same with other values, in the order in which they are met.
    pub fn map<W, E>(&self, f: &mut dyn FnMut(&V) -> Result<W, E>) -> Result<Message<W>, E> {
        Ok(match self {
            Message::Line(line) => Message::Line(map_line(line, f)?),
            Message::Tell(topic, body) => Message::Tell(*topic, body.map(f)?),
        })
    }

    /// Calls `f` with every value.
    pub fn each(&self, f: &mut dyn FnMut(&V)) {
        let visit = &mut |v: &V| {
            f(v);
            Ok::<(), std::convert::Infallible>(())
        };
        let Ok(_) = self.map(visit);
    }
}
