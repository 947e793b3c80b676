//! The command: what it says to people, terminals and programs, and what it lets programs touch.
//!
//! One test works in the folder of the dialogues, so all others name their files in full.

mod command;
mod dialogue;
mod files;
mod json;
mod sandbox;
mod terminal;
