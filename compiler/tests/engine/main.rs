//! The engine and the session: what hosts and people get to see.

mod embed;
mod handles;
mod rules;
mod session;
mod text;
mod world;
