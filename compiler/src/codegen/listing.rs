//! The code of a unit as text, for people who want to see what a program became.

use super::disassembly::disassembly;
use super::function::Translator;
use crate::ir::Inst;
use adl_lang::source::Span;
use cranelift_codegen::Context;
use cranelift_codegen::ir::{ExternalName, SourceLoc};

/// What the code generator made of each function.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Cranelift's own IR; `@0003` before an instruction names a place.
    pub clif: String,
    /// Instructions of the machine, with places in the same way.
    pub asm: String,
    /// The places, by number.
    pub places: Vec<Span>,
}

impl Listing {
    /// Takes a function before it is compiled; `called` gives the name of what it calls by the number in `u0:…`.
    pub(super) fn before(&mut self, name: &str, context: &mut Context, called: &dyn Fn(u32) -> String) {
        // Where nobody reads the bytes again.
        context.set_disasm(!cfg!(all(target_arch = "x86_64", feature = "disassembly")));
        let text = context.func.display().to_string();
        self.clif.push_str(&format!("; {name}\n"));
        for line in text.lines() {
            let number =
                line.trim_start().strip_prefix("fn").and_then(|rest| rest.split_once("u0:")?.1.split(' ').next());
            let target = number.and_then(|n| n.parse().ok()).map_or(String::new(), |n| format!("  ; {}", called(n)));
            self.clif.push_str(&format!("{line}{target}\n"));
        }
        self.clif.push('\n');
    }

    /// Takes a function after it was compiled.
    pub(super) fn after(&mut self, name: &str, context: &Context, called: &dyn Fn(u32) -> String) {
        let Some(code) = context.compiled_code() else { return };
        let names = context.func.params.user_named_funcs();
        let text = disassembly(code, &|target| match target {
            ExternalName::User(user) => called(names[*user].index),
            other => format!("{other:?}"),
        });
        self.asm.push_str(&format!("; {name}\n{text}\n"));
    }
}

impl Translator<'_, '_> {
    /// Blames what is written from now on upon an instruction of the IR; gives what was blamed before.
    pub(super) fn blame(&mut self, inst: Inst) -> SourceLoc {
        let before = self.b.srcloc();
        if let Some(listing) = &mut self.unit.listing {
            let span = self.func.insts[inst].place.span;
            let known = listing.places.iter().rposition(|s| *s == span);
            let number = known.unwrap_or_else(|| {
                listing.places.push(span);
                listing.places.len() - 1
            });
            self.b.set_srcloc(SourceLoc::new(number as u32));
        }
        before
    }
}
