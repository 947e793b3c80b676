//! Machine code as text: one line for each instruction, with labels,
//! the names of what is called, and numbers of places.
//!
//! Cranelift can print what it emits, but not which place of the program an instruction came from; so for x86-64, with
//! the feature `disassembly`, its bytes are read again by `iced-x86`. Elsewhere Cranelift's own text is given, without
//! places.

use cranelift_codegen::CompiledCode;
use cranelift_codegen::ir::ExternalName;

/// The text of a function. `name` gives what the target of a relocation is called.
/// A line begins with `@` and the number of its place in four hexadecimal digits, if there is one.
#[cfg(all(target_arch = "x86_64", feature = "disassembly"))]
pub(super) fn disassembly(code: &CompiledCode, name: &dyn Fn(&ExternalName) -> String) -> String {
    use cranelift_codegen::FinalizedRelocTarget as Target;
    let bytes = code.code_buffer();
    let names = code.buffer.relocs().iter().filter_map(|reloc| match &reloc.target {
        Target::ExternalName(target) => Some((u64::from(reloc.offset), name(target))),
        Target::Func(_) => None,
    });
    let names = names.collect();
    let found = x86::instructions(bytes);
    let labels = x86::labels(&found);
    let places = code.buffer.get_srclocs_sorted();
    let place = |at: u64| {
        let at = at as u32;
        let after = places.partition_point(|p| p.start <= at);
        let range = places.get(after.wrapping_sub(1)).filter(|p| at < p.end && !p.loc.is_default())?;
        Some(range.loc.bits())
    };
    let mut formatter = x86::formatter(names, labels.clone(), bytes.len() as u64);
    let mut out = String::new();
    for (&at, instruction) in &found {
        if let Some(label) = labels.get(&at) {
            out.push_str(&format!("{label}:\n"));
        }
        let text = x86::line(&mut formatter, instruction);
        let place = place(at).map_or(String::new(), |place| format!("@{place:04x}"));
        out.push_str(&format!("{place:5} {text}\n"));
    }
    out.push_str(&x86::constants(&found, bytes));
    out
}

#[cfg(not(all(target_arch = "x86_64", feature = "disassembly")))]
pub(super) fn disassembly(code: &CompiledCode, _: &dyn Fn(&ExternalName) -> String) -> String {
    code.vcode.clone().unwrap_or_default()
}

#[cfg(all(target_arch = "x86_64", feature = "disassembly"))]
mod x86 {
    use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, Mnemonic};
    use iced_x86::{SymbolResolver, SymbolResult};
    use std::collections::{BTreeMap, BTreeSet};

    /// The instructions that control can get to from the first one, by offset: constants lie behind them.
    pub fn instructions(bytes: &[u8]) -> BTreeMap<u64, Instruction> {
        let mut found = BTreeMap::new();
        let mut work = vec![0];
        while let Some(start) = work.pop() {
            let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
            if decoder.set_position(start as usize).is_err() {
                continue;
            }
            decoder.set_ip(start);
            while decoder.can_decode() && !found.contains_key(&decoder.ip()) {
                let instruction = decoder.decode();
                found.insert(instruction.ip(), instruction);
                if jumps(&instruction) {
                    work.push(instruction.near_branch_target());
                }
                if matches!(instruction.mnemonic(), Mnemonic::Jmp | Mnemonic::Ret | Mnemonic::Ud2) {
                    break;
                }
            }
        }
        found
    }

    fn jumps(instruction: &Instruction) -> bool {
        instruction.near_branch_target() != 0 && instruction.mnemonic() != Mnemonic::Call
    }

    /// A label for each target of a jump.
    pub fn labels(found: &BTreeMap<u64, Instruction>) -> BTreeMap<u64, String> {
        let mut targets: Vec<u64> = found.values().filter(|i| jumps(i)).map(Instruction::near_branch_target).collect();
        targets.sort_unstable();
        targets.dedup();
        targets.into_iter().enumerate().map(|(k, at)| (at, format!("block{}", k + 1))).collect()
    }

    /// What addresses are called.
    pub struct Names {
        relocations: BTreeMap<u64, String>,
        labels: BTreeMap<u64, String>,
        end: u64,
    }

    impl SymbolResolver for Names {
        fn symbol(
            &mut self,
            instruction: &Instruction,
            _: u32,
            _: Option<u32>,
            address: u64,
            _: u32,
        ) -> Option<SymbolResult<'_>> {
            let within = self.relocations.range(instruction.ip()..instruction.next_ip()).next();
            let found = within.map(|(_, name)| name.clone()).or_else(|| self.labels.get(&address).cloned());
            let constant = || {
                let relative = instruction.is_ip_rel_memory_operand() && address < self.end;
                relative.then(|| format!("const_{address:x}"))
            };
            Some(SymbolResult::with_string(address, found.or_else(constant)?))
        }
    }

    pub fn formatter(relocations: BTreeMap<u64, String>, labels: BTreeMap<u64, String>, end: u64) -> IntelFormatter {
        let mut formatter = IntelFormatter::with_options(Some(Box::new(Names { relocations, labels, end })), None);
        let options = formatter.options_mut();
        options.set_space_after_operand_separator(true);
        options.set_show_branch_size(false);
        options.set_rip_relative_addresses(false);
        formatter
    }

    pub fn line(formatter: &mut IntelFormatter, instruction: &Instruction) -> String {
        let mut text = String::new();
        formatter.format(instruction, &mut text);
        text
    }

    /// What instructions read from behind them, 8 bytes each.
    pub fn constants(found: &BTreeMap<u64, Instruction>, bytes: &[u8]) -> String {
        let read = found.values().filter(|i| i.is_ip_rel_memory_operand()).map(Instruction::ip_rel_memory_address);
        let shown = read.collect::<BTreeSet<u64>>().into_iter().filter_map(|at| {
            let word = bytes.get(at as usize..)?.first_chunk()?;
            let bits = u64::from_le_bytes(*word);
            Some(format!("const_{at:x}:\n      {bits:#018x} = {:?}\n", f64::from_bits(bits)))
        });
        shown.collect()
    }
}
