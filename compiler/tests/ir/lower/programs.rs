//! Random typed trees over whole numbers, and their meaning.

use adl_lang::message::Message;
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use adl_lang::source::Span;
use adl_lang::typed::{Func, Local, Module, Piece, Stmt, StmtKind};
use adl_lang::types::{DType, Ty};

/// A source of random programs.
pub struct Programs {
    state: u64,
    func: Func,
    /// Variables in scope.
    variables: Vec<Local>,
    left: usize,
}

impl Programs {
    /// The programs that follow from a seed.
    pub fn new(seed: u64) -> Self {
        let func = Func {
            rules: Default::default(),
            apart: false,
            library: false,
            name: "main".into(),
            sizes: Vec::new(),
            params: Vec::new(),
            locals: Vec::new(),
            body: Vec::new(),
            results: vec![Ty::scalar(DType::I64); 2],
            span: Span::default(),
        };
        Programs {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678,
            func,
            variables: Vec::new(),
            left: 40,
        }
    }

    /// A module of one function.
    pub fn module(mut self) -> Module {
        let mut body = Vec::new();
        for _ in 0..3 {
            let value = self.constant(&mut body);
            let variable = self.local(DType::I64, true);
            push(&mut body, StmtKind::Set(variable, value));
            self.variables.push(variable);
        }
        self.stmts(&mut body, 0, false);
        if !matches!(body.last().map(|s| &s.kind), Some(StmtKind::Return(_))) {
            let values = vec![self.variables[0], self.variables[1]];
            push(&mut body, StmtKind::Return(values));
        }
        self.func.body = body;
        Module { funcs: vec![self.func] }
    }

    fn below(&mut self, n: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % n
    }

    fn local(&mut self, dtype: DType, mutable: bool) -> Local {
        self.func.local(Ty::scalar(dtype), mutable, None)
    }

    fn variable(&mut self) -> Local {
        let k = self.below(self.variables.len());
        self.variables[k]
    }

    fn op(&mut self, out: &mut Vec<Stmt>, op: Op, dtype: DType, args: Vec<Local>) -> Local {
        let local = self.local(dtype, false);
        push(out, StmtKind::Let(local, op, args));
        local
    }

    fn constant(&mut self, out: &mut Vec<Stmt>) -> Local {
        let value = self.below(6) as i64;
        self.op(out, Op::Const(Const::I64(value)), DType::I64, Vec::new())
    }

    fn number(&mut self, out: &mut Vec<Stmt>) -> Local {
        match self.below(3) {
            0 => self.constant(out),
            1 => self.variable(),
            _ => {
                let args = vec![self.variable(), self.constant(out)];
                self.op(out, Op::Prim(Prim::Add), DType::I64, args)
            }
        }
    }

    fn condition(&mut self, out: &mut Vec<Stmt>) -> Local {
        let args = vec![self.number(out), self.number(out)];
        self.op(out, Op::Prim(Prim::Lt), DType::Bool, args)
    }

    /// Statements; whether the end is reached is not known.
    fn stmts(&mut self, out: &mut Vec<Stmt>, depth: usize, in_loop: bool) {
        let scope = self.variables.len();
        for _ in 0..1 + self.below(5) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            self.stmt(out, depth, in_loop);
            if matches!(out.last().map(|s| &s.kind), Some(StmtKind::Break | StmtKind::Continue | StmtKind::Return(_))) {
                break;
            }
        }
        self.variables.truncate(scope);
    }

    fn stmt(&mut self, out: &mut Vec<Stmt>, depth: usize, in_loop: bool) {
        let simple = depth > 3;
        match self.below(if simple { 7 } else { 12 }) {
            0..=1 => {
                let (variable, value) = (self.variable(), self.number(out));
                push(out, StmtKind::Set(variable, value));
            }
            2 => {
                let value = self.number(out);
                let variable = self.local(DType::I64, true);
                push(out, StmtKind::Set(variable, value));
                self.variables.push(variable);
            }
            3 => {
                let value = self.number(out);
                push(out, StmtKind::Print { message: Message::Line(vec![Piece::Value(value, None)]) });
            }
            4 if in_loop => push(out, StmtKind::Break),
            5 if in_loop => push(out, StmtKind::Continue),
            6 if depth > 0 => {
                let values = vec![self.number(out), self.number(out)];
                push(out, StmtKind::Return(values));
            }
            4..=9 => {
                let cond = self.condition(out);
                let (mut then, mut otherwise) = (Vec::new(), Vec::new());
                self.stmts(&mut then, depth + 1, in_loop);
                if self.below(2) == 0 {
                    self.stmts(&mut otherwise, depth + 1, in_loop);
                }
                push(out, StmtKind::If { cond, then, otherwise });
            }
            10 => {
                let (count, index) = (self.number(out), self.local(DType::I64, false));
                let mut body = Vec::new();
                // The index is read through a variable of the body.
                let copy = self.local(DType::I64, true);
                push(&mut body, StmtKind::Set(copy, index));
                self.variables.push(copy);
                self.stmts(&mut body, depth + 1, true);
                self.variables.pop();
                push(out, StmtKind::For { index, count, body });
            }
            _ => {
                let (counter, zero) = (self.local(DType::I64, true), self.constant(out));
                push(out, StmtKind::Set(counter, zero));
                let (mut test, mut body) = (Vec::new(), Vec::new());
                let one = self.op(&mut test, Op::Const(Const::I64(1)), DType::I64, Vec::new());
                if self.below(2) == 0 {
                    let next = self.op(&mut test, Op::Prim(Prim::Add), DType::I64, vec![counter, one]);
                    push(&mut test, StmtKind::Set(counter, next));
                    push(&mut test, StmtKind::Print { message: Message::Line(vec![Piece::Value(counter, None)]) });
                } else {
                    let step = self.constant(&mut body);
                    let next = self.op(&mut body, Op::Prim(Prim::Add), DType::I64, vec![counter, step]);
                    push(&mut body, StmtKind::Set(counter, next));
                }
                let limit = self.constant(&mut test);
                let cond = self.op(&mut test, Op::Prim(Prim::Lt), DType::Bool, vec![counter, limit]);
                self.stmts(&mut body, depth + 1, true);
                push(out, StmtKind::While { test, cond, body });
            }
        }
    }
}

fn push(out: &mut Vec<Stmt>, kind: StmtKind) {
    out.push(Stmt { kind, span: Span::default() });
}

/// What the program prints, then what it returns; `None` if it does not end soon.
pub fn run(module: &Module) -> Option<Vec<i64>> {
    let func = &module.funcs[0];
    let mut run = Run { values: vec![0; func.locals.len()], out: Vec::new(), fuel: 2000 };
    match run.stmts(&func.body)? {
        Flow::Return(values) => run.out.extend(values),
        Flow::Next | Flow::Break | Flow::Continue => panic!("a path without return"),
    }
    Some(run.out)
}

enum Flow {
    Next,
    Break,
    Continue,
    Return(Vec<i64>),
}

struct Run {
    values: Vec<i64>,
    out: Vec<i64>,
    fuel: usize,
}

impl Run {
    fn get(&self, local: Local) -> i64 {
        self.values[local.0 as usize]
    }

    fn set(&mut self, local: Local, value: i64) {
        self.values[local.0 as usize] = value;
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> Option<Flow> {
        for stmt in stmts {
            self.fuel = self.fuel.checked_sub(1)?;
            match self.stmt(stmt)? {
                Flow::Next => {}
                other => return Some(other),
            }
        }
        Some(Flow::Next)
    }

    fn stmt(&mut self, stmt: &Stmt) -> Option<Flow> {
        match &stmt.kind {
            StmtKind::Let(local, op, args) => {
                let value = match op {
                    Op::Const(Const::I64(c)) => *c,
                    Op::Prim(Prim::Add) => self.get(args[0]).wrapping_add(self.get(args[1])),
                    Op::Prim(Prim::Lt) => i64::from(self.get(args[0]) < self.get(args[1])),
                    other => panic!("{other:?}"),
                };
                self.set(*local, value);
            }
            StmtKind::Set(variable, value) => self.set(*variable, self.get(*value)),
            StmtKind::If { cond, then, otherwise } => {
                return self.stmts(if self.get(*cond) != 0 { then } else { otherwise });
            }
            StmtKind::For { index, count, body } => {
                for i in 0..self.get(*count) {
                    self.set(*index, i);
                    match self.stmts(body)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        Flow::Return(values) => return Some(Flow::Return(values)),
                    }
                }
            }
            StmtKind::While { test, cond, body } => loop {
                self.stmts(test)?;
                if self.get(*cond) == 0 {
                    break;
                }
                match self.stmts(body)? {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => break,
                    Flow::Return(values) => return Some(Flow::Return(values)),
                }
            },
            StmtKind::Print { message } => {
                let mut said = Vec::new();
                message.each(&mut |local| said.push(self.get(*local)));
                self.out.extend(said);
            }
            StmtKind::Break => return Some(Flow::Break),
            StmtKind::Continue => return Some(Flow::Continue),
            StmtKind::Return(values) => {
                return Some(Flow::Return(values.iter().map(|&v| self.get(v)).collect()));
            }
            other => panic!("{other:?}"),
        }
        Some(Flow::Next)
    }
}
