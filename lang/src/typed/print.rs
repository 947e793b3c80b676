//! Typed modules as text, for tests and for people.

use super::{Func, FuncId, Local, Module, Piece, Rules, Stmt, StmtKind};
use crate::message::Message;
use std::fmt::{self, Write};

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, func) in self.funcs.iter().enumerate() {
            writeln!(f, "func {k} {func}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<String> = self.params.iter().map(|p| format!("l{}: {}", p.0, self.ty(*p))).collect();
        let results: Vec<String> = self.results.iter().map(ToString::to_string).collect();
        writeln!(
            f,
            "{} sizes {} params [{}] results [{}]{} {{",
            self.name,
            self.sizes.len(),
            params.join(", "),
            results.join(", "),
            rules(&self.rules) + if self.apart { " apart" } else { "" }
        )?;
        block(f, self, &self.body, 1)?;
        f.write_str("}")
    }
}

fn rules(rules: &Rules<FuncId>) -> String {
    let jvp = rules.jvp.map_or(String::new(), |f| format!(" jvp {}", f.0));
    let vjp = rules.vjp.map_or(String::new(), |(f, b)| format!(" vjp {} {}", f.0, b.0));
    jvp + &vjp
}

fn list(locals: &[Local]) -> String {
    locals.iter().map(|l| format!("l{}", l.0)).collect::<Vec<_>>().join(", ")
}

fn maybe(locals: &[Option<Local>]) -> String {
    locals.iter().map(|l| l.map_or("_".into(), |l| format!("l{}", l.0))).collect::<Vec<_>>().join(", ")
}

fn pieces(ps: &[Piece]) -> String {
    let mut out = String::new();
    for p in ps {
        match p {
            Piece::Text(t) => out.push_str(t),
            Piece::Value(l, _) => {
                let _ = write!(out, "{{l{}}}", l.0);
            }
            Piece::Clock { stop } => out.push_str(if *stop { "{elapsed}" } else { "{start}" }),
        }
    }
    format!("{out:?}")
}

fn block(f: &mut fmt::Formatter<'_>, func: &Func, body: &[Stmt], depth: usize) -> fmt::Result {
    let pad = "  ".repeat(depth);
    for s in body {
        f.write_str(&pad)?;
        match &s.kind {
            StmtKind::Let(l, op, args) => writeln!(f, "l{}: {} = {op:?} [{}]", l.0, func.ty(*l), list(args))?,
            StmtKind::Set(a, b) => writeln!(f, "set l{} = l{}", a.0, b.0)?,
            StmtKind::If { cond, then, otherwise } => {
                writeln!(f, "if l{} {{", cond.0)?;
                block(f, func, then, depth + 1)?;
                writeln!(f, "{pad}}} else {{")?;
                block(f, func, otherwise, depth + 1)?;
                writeln!(f, "{pad}}}")?;
            }
            StmtKind::For { index, count, body } => {
                writeln!(f, "for l{} in 0..l{} {{", index.0, count.0)?;
                block(f, func, body, depth + 1)?;
                writeln!(f, "{pad}}}")?;
            }
            StmtKind::While { test, cond, body } => {
                writeln!(f, "while {{")?;
                block(f, func, test, depth + 1)?;
                writeln!(f, "{pad}  l{} }} {{", cond.0)?;
                block(f, func, body, depth + 1)?;
                writeln!(f, "{pad}}}")?;
            }
            StmtKind::Map { extents, indices, body, yields, results } => {
                let extents: Vec<String> = extents.iter().map(ToString::to_string).collect();
                writeln!(f, "[{}] = map [{}] over [{}] {{", list(results), list(indices), extents.join(", "))?;
                block(f, func, body, depth + 1)?;
                writeln!(f, "{pad}  yield [{}]", list(yields))?;
                writeln!(f, "{pad}}}")?;
            }
            StmtKind::Call { func, sizes, args, results } => {
                let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
                writeln!(f, "[{}] = call {} <{}> [{}]", list(results), func.0, sizes.join(", "), list(args))?;
            }
            StmtKind::Jvp { func, args, tangents, results, result_tangents, again, .. } => {
                writeln!(
                    f,
                    "[{}] [{}] = jvp {} [{}] [{}]{}",
                    list(results),
                    maybe(result_tangents),
                    func.0,
                    list(args),
                    maybe(tangents),
                    if *again { " again" } else { "" }
                )?;
            }
            StmtKind::Vjp { func, args, cotangents, results, param_cotangents, .. } => {
                let results = results.as_ref().map_or("_".into(), |r| list(r));
                writeln!(
                    f,
                    "[{results}] [{}] = vjp {} [{}] [{}]",
                    maybe(param_cotangents),
                    func.0,
                    list(args),
                    maybe(cotangents)
                )?;
            }
            StmtKind::Break => writeln!(f, "break")?,
            StmtKind::Continue => writeln!(f, "continue")?,
            StmtKind::Return(ls) => writeln!(f, "return [{}]", list(ls))?,
            StmtKind::Bounds { index, len, what } => writeln!(f, "bounds l{} < {len} {what:?}", index.0)?,
            StmtKind::NonNegative { size } => writeln!(f, "natural {size}")?,
            StmtKind::SameSize { left, right } => writeln!(f, "same {left} {right}")?,
            StmtKind::Assert { cond, said } => writeln!(f, "assert l{} {}", cond.0, pieces(&said.line))?,
            StmtKind::Print { message: Message::Line(ps) } => writeln!(f, "print {}", pieces(ps))?,
            StmtKind::Print { message: Message::Tell(topic, _) } => writeln!(f, "tell {}", topic.name())?,
        }
    }
    Ok(())
}
