//! The code of a unit as text, for people who want to see what a program became.

use super::function::Translator;
use crate::ir::Inst;
use adl_lang::source::Span;
use cranelift_codegen::Context;
use cranelift_codegen::ir::SourceLoc;

/// What the code generator made of each function.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Cranelift's own IR; `@0003` before an instruction names a place.
    pub clif: String,
    /// Instructions of the machine.
    pub asm: String,
    /// The places, by number.
    pub places: Vec<Span>,
}

impl Listing {
    /// Asks for the text of the machine code too.
    pub(super) fn prepare(context: &mut Context) {
        context.set_disasm(true);
    }

    /// Takes a function before it is compiled.
    pub(super) fn before(&mut self, name: &str, context: &Context) {
        self.clif.push_str(&format!("; {name}\n{}\n", context.func.display()));
    }

    /// Takes a function after it was compiled.
    pub(super) fn after(&mut self, name: &str, context: &Context) {
        let text = context.compiled_code().and_then(|code| code.vcode.as_deref()).unwrap_or_default();
        self.asm.push_str(&format!("; {name}\n{text}\n"));
    }
}

impl Translator<'_, '_> {
    /// Blames what is written from now on upon an instruction of the IR; gives what was blamed before.
    pub(super) fn blame(&mut self, inst: Inst) -> SourceLoc {
        let before = self.b.srcloc();
        if let Some(listing) = &mut self.unit.listing {
            let span = self.func.insts[inst].span;
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
