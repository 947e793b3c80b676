//! Values of the host as inputs of an entry.

use crate::ast::Name;
use crate::check::state::elab::{Elab, Mode, SymInfo};
use crate::check::state::host::{Input, LeafInfo, SizeSource, Stored};
use crate::check::state::value::{LeafTy, Val};
use crate::defect;
use crate::types::{DType, Dim, Sym, Ty};

impl Elab<'_> {
    /// Turns what the host keeps into inputs of the entry.
    pub fn import(&mut self, val: &Val) -> Val {
        let mut globals = Vec::new();
        val.map(
            &mut |v| {
                if let Val::Global(g) = v {
                    globals.push(*g);
                }
                v.clone()
            },
            &mut Dim::clone,
        );
        if globals.is_empty() {
            return val.clone();
        }
        if self.mode == Mode::Definition {
            return Val::Error;
        }
        for g in globals {
            if !self.imported.contains_key(&g) {
                let info = self.host.info(g);
                let v = self.input(&info, Input::Global(g), true);
                self.imported.insert(g, v);
            }
        }
        val.map(
            &mut |v| match v {
                Val::Global(g) => self.imported.get(g).cloned().unwrap_or_else(|| defect!("{g:?} is not imported")),
                other => other.clone(),
            },
            &mut Dim::clone,
        )
    }

    /// What a file holds, kept by the host.
    pub fn load(&mut self, path: &str, from: &str) -> Result<Stored, String> {
        self.host.load(path, from, &mut || self.world.fresh())
    }

    pub fn input_size(&mut self, n: usize, source: SizeSource) -> Dim {
        if n <= 8 || self.mode == Mode::Constant {
            return Dim::constant(n as i64);
        }
        if let Some(&s) = self.size_syms.get(&n) {
            return Dim::sym(s);
        }
        let sym = self.new_sym(None, true);
        self.sizes.push(source);
        self.size_syms.insert(n, sym);
        Dim::sym(sym)
    }

    pub fn new_sym(&mut self, name: Option<Name>, natural: bool) -> Sym {
        self.f.syms.push(SymInfo { name, natural });
        Sym(self.f.syms.len() as u32 - 1)
    }

    /// A parameter of the entry. A whole number is known as a size unless `whole` is off.
    pub fn input(&mut self, info: &LeafInfo, source: Input, whole: bool) -> Val {
        let param = self.f.params.len();
        let whole = info.whole.filter(|_| whole && info.dtype == DType::I64 && info.shape.is_empty());
        if let Some(n) = whole
            && ((0..=8).contains(&n) || self.mode == Mode::Constant)
        {
            return Val::Size(Dim::constant(n));
        }
        let mut dims = Vec::new();
        for (axis, &n) in info.shape.iter().enumerate() {
            dims.push(self.input_size(n, SizeSource::Axis { param, axis }));
        }
        let weak = matches!(source, Input::Global(g) if self.world.weak.contains(&g));
        let local = self.local(LeafTy { ty: Ty::array(info.dtype, dims), weak }, false, None);
        self.f.params.push(local);
        self.inputs.push(source);
        match whole {
            Some(n) if n >= 0 => Val::Size(self.input_size(n as usize, SizeSource::Value { param })),
            Some(_) => {
                let sym = self.new_sym(None, false);
                self.sizes.push(SizeSource::Value { param });
                Val::Size(Dim::sym(sym))
            }
            None => Val::Leaf(local),
        }
    }
}
