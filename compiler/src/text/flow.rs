//! Branches, loops and comprehensions as statements.

use super::Unwritable;
use super::expr::{Bin, Expr, Part};
use super::ops::typed;
use super::writer::{Writer, change_of};
use crate::ir::{Block, Inst, Type, Value};
use adl_lang::types::Dim;

impl Writer<'_> {
    /// `if`: an expression, or a statement that gives several values.
    pub(super) fn branch(
        &mut self,
        args: &[Value],
        (then, otherwise): (Block, Block),
        results: &[Value],
    ) -> Result<(), Unwritable> {
        let cond = self.operand(args[0]);
        let start = self.names.enter();
        let (yes, yes_values) = self.apart(then)?;
        self.follow_tapes(then, results);
        let (no, no_values) = self.apart(otherwise)?;
        self.end(start);
        // What both branches leave in one variable is there already.
        let mut chosen = Vec::new();
        for (k, &result) in results.iter().enumerate() {
            if self.func.ty(result) == &Type::Tape {
                continue;
            }
            if yes_values[k] == no_values[k] {
                self.values.insert(result, yes_values[k].clone());
            } else {
                chosen.push(k);
            }
        }
        let pick = |values: &[Expr]| match chosen.as_slice() {
            [one] => values[*one].clone(),
            many => Expr::Tuple(many.iter().map(|&k| values[k].clone()).collect()),
        };
        if chosen.is_empty() {
            if !yes.is_empty() || !no.is_empty() {
                self.out.push(format!("if {} {{", cond.text()));
                self.out.extend(yes);
                if !no.is_empty() {
                    self.out.push("} else {".into());
                    self.out.extend(no);
                }
                self.out.push("}".into());
            }
            return Ok(());
        }
        let plain = yes.is_empty() && no.is_empty();
        let then = Expr::Block(yes, Box::new(pick(&yes_values)));
        let otherwise = Expr::Block(no, Box::new(pick(&no_values)));
        let e = Expr::If(Box::new(cond), Box::new(then), Box::new(otherwise));
        match chosen.as_slice() {
            [one] if plain => self.define(results[*one], e),
            many => {
                let results: Vec<Value> = many.iter().map(|&k| results[k]).collect();
                self.bind_all(&results, &e);
            }
        }
        Ok(())
    }

    /// Variables for what a loop carries, `None` for tapes; the parameters of the blocks stand for them.
    fn carries(&mut self, at: (Block, Inst), init: &[Value], blocks: &[(Block, usize)]) -> Vec<Option<String>> {
        let mut names = Vec::new();
        for (k, &value) in init.iter().enumerate() {
            let params: Vec<Value> = blocks.iter().map(|(b, skip)| self.func.blocks[*b].params[skip + k]).collect();
            if self.func.ty(value) == &Type::Tape {
                params.iter().for_each(|&p| self.tapes.follow(value, p));
                names.push(None);
                continue;
            }
            let name = self.own(value, Some(at), &params);
            params.iter().for_each(|&p| {
                self.values.insert(p, Expr::name(&name));
            });
            names.push(Some(name));
        }
        names
    }

    /// The end of a round: all variables change at once.
    fn next_round(names: &[Option<String>], values: &[Expr], out: &mut Vec<String>) {
        let changes: Vec<(&String, &Expr)> = names
            .iter()
            .zip(values)
            .filter_map(|(n, e)| n.as_ref().map(|n| (n, e)))
            .filter(|(n, e)| **e != Expr::name(n.as_str()))
            .collect();
        let free = |k: usize| changes[k + 1..].iter().all(|(_, later)| !later.mentions(changes[k].0));
        if (0..changes.len()).all(free) {
            for (name, e) in changes {
                let place = Expr::name(name.as_str());
                match e {
                    Expr::Bin(Bin::Add, a, b) if **a == place => out.push(change_of(&place, true, (**b).clone())),
                    Expr::Bin(Bin::Add, a, b) if **b == place => out.push(change_of(&place, true, (**a).clone())),
                    e => out.push(change_of(&place, false, e.clone())),
                }
            }
            return;
        }
        let places: Vec<&str> = changes.iter().map(|(n, _)| n.as_str()).collect();
        let values: Vec<String> = changes.iter().map(|(_, e)| e.text()).collect();
        out.push(format!("({}) = ({})", places.join(", "), values.join(", ")));
    }

    /// After a loop its results are in the variables.
    fn leave(&mut self, names: &[Option<String>], yields: &[Value], results: &[Value]) {
        for ((name, &y), &result) in names.iter().zip(yields).zip(results) {
            match name {
                Some(name) => {
                    self.values.insert(result, Expr::name(name));
                }
                None => self.tapes.follow(y, result),
            }
        }
    }

    pub(super) fn counted(
        &mut self,
        at: (Block, Inst),
        args: &[Value],
        body: Block,
        results: &[Value],
    ) -> Result<(), Unwritable> {
        let count = self.operand(args[0]);
        let names = self.carries(at, &args[1..], &[(body, 1)]);
        let start = self.names.enter();
        let param = self.func.blocks[body].params[0];
        let index = self.index_for(param);
        self.values.insert(param, Expr::name(&index));
        self.rounds.push(self.known(&count));
        self.bounds.insert(index.clone(), count.clone());
        let (mut lines, values) = self.apart(body)?;
        self.rounds.pop();
        Self::next_round(&names, &values, &mut lines);
        let used = lines.iter().any(|l| has_word(l, &index));
        let index = if used { index } else { "_".into() };
        let range = Expr::Range(Box::new(Expr::Int(0)), Box::new(count));
        self.out.push(format!("for {index} in {} {{", range.text()));
        self.out.extend(lines);
        self.out.push("}".into());
        self.end(start);
        let yields = self.func.blocks[body].yields.clone();
        self.leave(&names, &yields, results);
        Ok(())
    }

    pub(super) fn conditional(
        &mut self,
        at: (Block, Inst),
        args: &[Value],
        (test, body): (Block, Block),
        results: &[Value],
    ) -> Result<(), Unwritable> {
        let names = self.carries(at, args, &[(test, 0), (body, 0)]);
        let start = self.names.enter();
        let (before, cond) = self.apart(test)?;
        self.rounds.push(None);
        let (mut lines, values) = self.apart(body)?;
        self.rounds.pop();
        Self::next_round(&names, &values, &mut lines);
        if before.is_empty() {
            self.out.push(format!("while {} {{", cond[0].text()));
        } else {
            self.out.push("while true {".into());
            self.out.extend(before);
            self.out.push(format!("if {} {{ break }}", Expr::Not(Box::new(cond[0].clone())).text()));
        }
        self.out.extend(lines);
        self.out.push("}".into());
        self.end(start);
        let yields = self.func.blocks[body].yields.clone();
        self.leave(&names, &yields, results);
        Ok(())
    }

    /// A comprehension; with accumulators, loops that fill arrays.
    pub(super) fn lanes(
        &mut self,
        at: (Block, Inst),
        args: &[Value],
        (extents, body, accs): (&[Dim], Block, usize),
        results: &[Value],
    ) -> Result<(), Unwritable> {
        let params = self.func.blocks[body].params.clone();
        let (arrays, sums) = results.split_at(results.len() - accs);
        let names: Vec<String> =
            args.iter().zip(&params[extents.len()..]).map(|(&a, &param)| self.own(a, Some(at), &[param])).collect();
        for (&param, name) in params[extents.len()..].iter().zip(&names) {
            self.values.insert(param, Expr::name(name));
        }
        let mut filled = Vec::new();
        for &array in arrays.iter().filter(|_| accs > 0) {
            let ty = self.func.data(array).clone();
            let name = self.variable_for(&[array]);
            let zeros = Expr::call("full", vec![self.shape(&ty.dims), typed(Expr::Num(0.0), ty.dtype)]);
            self.out.push(format!("var {name} = {}", zeros.text()));
            self.variables.insert(name.clone());
            self.values.insert(array, Expr::name(&name));
            filled.push(name);
        }
        let start = self.names.enter();
        let indices: Vec<String> = params[..extents.len()].iter().map(|&p| self.index_for(p)).collect();
        for (&param, index) in params.iter().zip(&indices) {
            self.values.insert(param, Expr::name(index));
        }
        let ranges: Vec<Expr> =
            extents.iter().map(|d| Expr::Range(Box::new(Expr::Int(0)), Box::new(self.dim(d)))).collect();
        if accs == 0 {
            self.rounds.push(None);
            let (lines, values) = self.apart(body)?;
            self.rounds.pop();
            self.end(start);
            let element = match values.as_slice() {
                [one] => one.clone(),
                many => Expr::Tuple(many.to_vec()),
            };
            let element = if lines.is_empty() { element } else { Expr::Block(lines, Box::new(element)) };
            let e = Expr::For(Box::new(element), indices.into_iter().zip(ranges).collect());
            match arrays {
                [one] => self.define(*one, e),
                many => self.bind_all(many, &e),
            }
            return Ok(());
        }
        for (index, range) in indices.iter().zip(&ranges) {
            self.out.push(format!("for {index} in {} {{", range.text()));
        }
        let outer: Vec<Option<Expr>> = extents.iter().map(|d| Some(self.dim(d))).collect();
        let depth = self.rounds.len();
        self.rounds.extend(outer);
        let (lines, values) = self.apart(body)?;
        self.rounds.truncate(depth);
        self.end(start);
        self.out.extend(lines);
        let place: Vec<Part> = indices.iter().map(|i| Part::At(Expr::name(i))).collect();
        for (name, value) in filled.iter().zip(&values) {
            let place = Expr::Index(Box::new(Expr::name(name)), place.clone());
            self.out.push(change_of(&place, false, value.clone()));
        }
        extents.iter().for_each(|_| self.out.push("}".into()));
        for (&result, name) in sums.iter().zip(&names) {
            self.values.insert(result, Expr::name(name));
        }
        Ok(())
    }

    /// The greatest number of rounds, made of sizes and literals; the index of a loop around stays below its count.
    fn known(&self, count: &Expr) -> Option<Expr> {
        match count {
            Expr::Int(_) => Some(count.clone()),
            Expr::Name(n) if self.sizes.contains(n) || n.starts_with('(') => Some(count.clone()),
            Expr::Name(n) => self.known(self.bounds.get(n)?),
            Expr::Bin(Bin::Sub, a, b) if self.bounds.keys().any(|index| b.mentions(index)) => self.known(a),
            Expr::Bin(op, a, b) => Some(Expr::Bin(*op, Box::new(self.known(a)?), Box::new(self.known(b)?))),
            _ => None,
        }
    }
}

/// Whether a name stands in a text as a word.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(k, _)| {
        let before = text[..k].chars().next_back().is_some_and(part);
        let after = text[k + word.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}
