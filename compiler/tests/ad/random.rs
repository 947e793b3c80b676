//! Random programs: forward mode against differences and reverse mode against forward mode, to second order in all four
//! mixtures. Scalars, arrays, updates, picks, branches, loops, maps, calls and requests, nested.

use crate::support::{Dice, check};
use adl_compiler::interp::Data;
use adl_compiler::ir::{Block, Builder, Func, FuncId, Kind, Module, Type, Value};
use adl_lang::ops::{Const, Op, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::source::Span;
use adl_lang::types::{DType, Dim, Sym, Ty};

const N: usize = 4;

/// What a statement may name.
#[derive(Clone)]
struct Scope {
    numbers: Vec<Value>,
    arrays: Vec<Value>,
    /// Never negative.
    indices: Vec<Value>,
}

/// Writes one function; calls only earlier ones, all of type `(f64, f64[n], i64) -> (f64, f64[n])`.
struct Writer<'a> {
    to: Builder<'a>,
    dice: &'a mut Dice,
    earlier: &'a [FuncId],
}

fn number() -> Type {
    Type::Data(Ty::scalar(DType::F64))
}

fn index() -> Type {
    Type::Data(Ty::scalar(DType::I64))
}

fn array() -> Type {
    Type::Data(Ty::array(DType::F64, [Dim::sym(Sym(0))]))
}

impl Writer<'_> {
    fn pick(&mut self, values: &[Value]) -> Value {
        // Late values are likelier, so that programs are deep.
        let k = self.dice.below(values.len()).max(self.dice.below(values.len()));
        values[k]
    }

    /// An index in range.
    fn position(&mut self, scope: &Scope) -> Value {
        let i = self.pick(&scope.indices);
        let shift = self.dice.below(5) as i64;
        let shift = self.to.int(shift);
        let moved = self.to.add(i, shift);
        let n = self.to.size(Dim::sym(Sym(0)));
        self.to.prim(Prim::Rem, &[moved, n])
    }

    fn unary(&mut self, x: Value) -> Value {
        let prims = [Prim::Sin, Prim::Tanh, Prim::Cos, Prim::Atan, Prim::Neg, Prim::Sigmoid];
        let prim = prims[self.dice.below(prims.len())];
        self.to.prim(prim, &[x])
    }

    fn binary(&mut self, x: Value, y: Value) -> Value {
        let prims = [Prim::Mul, Prim::Mul, Prim::Add, Prim::Sub, Prim::Max, Prim::Hypot, Prim::Select];
        match prims[self.dice.below(prims.len())] {
            Prim::Select => {
                let half = self.to.full(&self.to.func.data(x).clone(), 0.37);
                let cond = self.to.prim(Prim::Lt, &[y, half]);
                self.to.prim(Prim::Select, &[cond, x, y])
            }
            prim => self.to.prim(prim, &[x, y]),
        }
    }

    /// Keeps values from growing.
    fn tame(&mut self, x: Value) -> Value {
        self.to.prim(Prim::Tanh, &[x])
    }

    fn statement(&mut self, scope: &mut Scope, depth: usize) {
        let kinds = if depth == 0 { 11 } else { 18 };
        match self.dice.below(kinds) {
            0 => {
                let x = self.pick(&scope.numbers);
                let y = self.unary(x);
                scope.numbers.push(y);
            }
            1 | 2 => {
                let (x, y) = (self.pick(&scope.numbers), self.pick(&scope.numbers));
                let z = self.binary(x, y);
                scope.numbers.push(z);
            }
            3 | 4 => {
                let (a, i) = (self.pick(&scope.arrays), self.position(scope));
                let x = self.to.pure(Op::Index(vec![Sel::At]), &[a, i]);
                scope.numbers.push(x);
            }
            5 | 6 => {
                let (a, i, x) = (self.pick(&scope.arrays), self.position(scope), self.pick(&scope.numbers));
                let op = if self.dice.below(3) == 0 { Op::Acc(vec![Sel::At]) } else { Op::Update(vec![Sel::At]) };
                let b = self.to.pure(op, &[a, x, i]);
                scope.arrays.push(b);
            }
            7 => {
                let (a, b) = (self.pick(&scope.arrays), self.pick(&scope.arrays));
                let c = self.binary(a, b);
                let c = self.tame(c);
                scope.arrays.push(c);
            }
            8 => {
                let a = self.pick(&scope.arrays);
                let kind = [Reduction::Sum, Reduction::Max][self.dice.below(2)];
                let x = self.to.pure(Op::Reduce(kind, vec![0]), &[a]);
                let x = self.tame(x);
                scope.numbers.push(x);
            }
            9 => {
                let (a, b) = (self.pick(&scope.arrays), self.pick(&scope.arrays));
                let c = self.picked(scope, a, b);
                scope.arrays.push(c);
            }
            10 => {
                let (x, a) = (self.pick(&scope.numbers), self.pick(&scope.arrays));
                let n = Dim::sym(Sym(0));
                let spread = self.to.broadcast_scalar(x, &[n]);
                let c = self.binary(spread, a);
                scope.arrays.push(c);
            }
            11 => self.branch(scope, depth),
            12 | 13 => self.count(scope, depth),
            14 => self.repeat(scope, depth),
            15 => self.lanes(scope, depth),
            16 => self.call(scope),
            _ => self.request(scope),
        }
    }

    /// An update at positions that repeat.
    fn picked(&mut self, scope: &Scope, a: Value, b: Value) -> Value {
        let (i, j) = (self.position(scope), self.position(scope));
        let spread = |to: &mut Builder<'_>, v| to.broadcast_scalar(v, &[Dim::constant(1)]);
        let (p, q) = (spread(&mut self.to, i), spread(&mut self.to, j));
        let at = self.to.pure(Op::Concat(0), &[p, q, p]);
        let part = self.to.pure(Op::Index(vec![Sel::Pick]), &[b, at]);
        let part = self.unary(part);
        let op = if self.dice.below(2) == 0 { Op::Acc(vec![Sel::Pick]) } else { Op::Update(vec![Sel::Pick]) };
        self.to.pure(op, &[a, part, at])
    }

    fn several(&mut self, scope: &mut Scope, depth: usize) {
        for _ in 0..2 + self.dice.below(4) {
            self.statement(scope, depth);
        }
    }

    /// Stands in a new block with these parameters while `f` runs; `f` says what is yielded.
    fn region(&mut self, params: &[Type], f: impl FnOnce(&mut Self, &[Value]) -> Vec<Value>) -> Block {
        let block = self.to.func.block();
        let outer = std::mem::replace(&mut self.to.block, block);
        let params: Vec<Value> = params.iter().map(|ty| self.to.param(ty.clone())).collect();
        let yields = f(self, &params);
        self.to.set_yields(yields);
        self.to.block = outer;
        block
    }

    /// A number and an array at the end of some statements.
    fn end(&mut self, mut scope: Scope, depth: usize) -> Vec<Value> {
        self.several(&mut scope, depth);
        let (x, a) = (self.pick(&scope.numbers), self.pick(&scope.arrays));
        vec![self.tame(x), a]
    }

    fn take(&mut self, scope: &mut Scope, results: &[Value]) {
        scope.numbers.push(results[0]);
        scope.arrays.push(results[1]);
    }

    fn branch(&mut self, scope: &mut Scope, depth: usize) {
        let (x, y) = (self.pick(&scope.numbers), self.pick(&scope.numbers));
        let shift = self.to.constant(Const::F64(0.13));
        let y = self.to.add(y, shift);
        let cond = self.to.prim(Prim::Lt, &[x, y]);
        let [then, otherwise] = [0, 1].map(|_| self.region(&[], |w, _| w.end(scope.clone(), depth - 1)));
        let results = self.to.results(Kind::If { then, otherwise }, vec![cond], vec![number(), array()]);
        self.take(scope, &results);
    }

    fn inits(&mut self, scope: &Scope) -> Vec<Value> {
        vec![self.pick(&scope.numbers), self.pick(&scope.arrays)]
    }

    fn count(&mut self, scope: &mut Scope, depth: usize) {
        let count = self.dice.below(4) as i64;
        let count = self.to.int(count);
        let args = [vec![count], self.inits(scope)].concat();
        let body = self.region(&[index(), number(), array()], |w, params| {
            let mut inner = scope.clone();
            inner.indices.push(params[0]);
            w.take(&mut inner, &params[1..]);
            w.end(inner, depth - 1)
        });
        let results = self.to.results(Kind::For { body }, args, vec![number(), array()]);
        self.take(scope, &results);
    }

    fn repeat(&mut self, scope: &mut Scope, depth: usize) {
        let rounds = self.dice.below(4) as i64;
        let (zero, rounds) = (self.to.int(0), self.to.int(rounds));
        let args = [self.inits(scope), vec![zero]].concat();
        let params = [number(), array(), index()];
        let test = self.region(&params, |w, params| vec![w.to.prim(Prim::Lt, &[params[2], rounds])]);
        let body = self.region(&params, |w, params| {
            let mut inner = scope.clone();
            inner.indices.push(params[2]);
            w.take(&mut inner, params);
            let mut yields = w.end(inner, depth - 1);
            let one = w.to.int(1);
            yields.push(w.to.add(params[2], one));
            yields
        });
        let results = self.to.results(Kind::While { test, body }, args, params.to_vec());
        self.take(scope, &results);
    }

    fn lanes(&mut self, scope: &mut Scope, depth: usize) {
        let n = Dim::sym(Sym(0));
        let body = self.region(&[index(), index()], |w, params| {
            let mut inner = scope.clone();
            inner.indices.extend(params);
            w.end(inner, depth - 1)
        });
        let wide = |rest: &[Dim]| Type::Data(Ty::array(DType::F64, [&[n.clone(), Dim::constant(2)], rest].concat()));
        let results = vec![wide(&[]), wide(std::slice::from_ref(&n))];
        let extents = vec![n.clone(), Dim::constant(2)];
        let wide = self.to.results(Kind::Map { extents, body, accs: 0 }, Vec::new(), results);
        let x = self.to.sum(wide[0], vec![0, 1]);
        let a = self.to.sum(wide[1], vec![0, 1]);
        let (x, a) = (self.tame(x), self.tame(a));
        self.take(scope, &[x, a]);
    }

    fn operands(&mut self, scope: &Scope) -> Vec<Value> {
        [self.inits(scope), vec![self.position(scope)]].concat()
    }

    fn call(&mut self, scope: &mut Scope) {
        if self.earlier.is_empty() {
            return;
        }
        let func = self.earlier[self.dice.below(self.earlier.len())];
        let args = self.operands(scope);
        let results = self.to.call(func, vec![Dim::sym(Sym(0))], args, vec![number(), array()]);
        self.take(scope, &results);
    }

    fn request(&mut self, scope: &mut Scope) {
        if self.earlier.is_empty() {
            return;
        }
        let func = self.earlier[self.dice.below(self.earlier.len())];
        let sizes = vec![Dim::sym(Sym(0))];
        let mut args = self.operands(scope);
        args.extend(self.inits(scope));
        let mut results = vec![number(), array(), number(), array()];
        let kind = if self.dice.below(2) == 0 {
            Kind::Jvp { func, sizes, active: vec![true, true, false], again: false }
        } else {
            let primal = self.dice.below(2) == 0;
            if !primal {
                results.truncate(2);
            }
            Kind::Vjp { func, sizes, seeds: vec![true, true], wrt: vec![true, true, false], primal }
        };
        let results = self.to.results(kind, args, results);
        for pair in results.chunks(2) {
            let (x, a) = (self.tame(pair[0]), self.tame(pair[1]));
            self.take(scope, &[x, a]);
        }
    }
}

/// A program of three functions, and the last of them.
fn program(seed: u64) -> (Module, FuncId) {
    let mut dice = Dice(seed);
    let mut module = Module::default();
    let mut earlier = Vec::new();
    for k in 0..3 {
        let mut func = Func::new(format!("f{k}"), vec![None], Span::default());
        let mut to = Builder::new(&mut func);
        let params: Vec<Value> = [number(), array(), index()].map(|ty| to.param(ty)).to_vec();
        let scope = Scope { numbers: vec![params[0]], arrays: vec![params[1]], indices: vec![params[2]] };
        let mut writer = Writer { to, dice: &mut dice, earlier: &earlier };
        let results = writer.end(scope, k.min(2));
        writer.to.set_yields(results);
        earlier.push(module.funcs.push(func));
    }
    (module, earlier[2])
}

fn programs(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        println!("seed {seed}");
        let (module, func) = program(seed);
        let mut dice = Dice(seed ^ 0xabcd);
        let args = [
            Data::scalar(Const::F64(dice.float())),
            Data::f64s(&[N], &(0..N).map(|_| dice.float()).collect::<Vec<_>>()),
            Data::scalar(Const::I64(dice.below(N) as i64)),
        ];
        check(&module, func, &[N as i64], &args, 2, &mut dice);
    }
}

#[test]
fn first_hundred() {
    programs(0..100);
}

#[test]
fn second_hundred() {
    programs(100..200);
}

/// Programs that showed a fault: a row was left on the tape where a branch gave nothing back.
#[test]
fn faults_found() {
    programs(278..279);
}
