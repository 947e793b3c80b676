//! Random programs: native code against the interpreter. What is tested is the sharing of memory,
//! so the programs update, carry, branch and call without end, and every value may be used again later.

use crate::support::{Numbers, compare, shape};
use adl_compiler::interp::Data;
use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::{Block, Builder, Func, FuncId, Kind, Module, Type, Value};
use adl_lang::ops::{Op, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::source::Span;
use adl_lang::types::{DType, Dim, Sym, Ty};

fn n() -> Dim {
    Dim::sym(Sym(0)) + Dim::constant(1)
}

fn scalar() -> Ty {
    Ty::scalar(DType::F64)
}

fn vector() -> Ty {
    Ty::array(DType::F64, [n()])
}

fn matrix() -> Ty {
    Ty::array(DType::F64, [n(), n()])
}

struct Maker<'f> {
    b: Builder<'f>,
    numbers: Numbers,
    /// What may be used, innermost last.
    pool: Vec<Value>,
    budget: usize,
    callee: Option<FuncId>,
}

impl Maker<'_> {
    fn below(&mut self, k: usize) -> usize {
        (self.numbers.bits() >> 20) as usize % k
    }

    fn ty(&mut self) -> Ty {
        match self.below(5) {
            0 => scalar(),
            1 | 2 => vector(),
            _ => matrix(),
        }
    }

    fn any(&mut self, ty: &Ty) -> Value {
        let fitting: Vec<Value> = self.pool.iter().copied().filter(|&v| self.b.func.data(v) == ty).collect();
        if fitting.is_empty() || self.below(12) == 0 {
            let x = self.below(7) as f64 * 0.25 - 0.75;
            return self.b.full(ty, x);
        }
        // Late values are more likely.
        let k = self.below(fitting.len()).max(self.below(fitting.len()));
        fitting[k]
    }

    fn position(&mut self) -> Value {
        let counters: Vec<Value> =
            self.pool.iter().copied().filter(|&v| self.b.func.data(v).dtype == DType::I64).collect();
        let size = self.b.size(n());
        let index = if counters.is_empty() || self.below(3) == 0 {
            let k = self.below(3) as i64;
            self.b.int(k)
        } else {
            let k = self.below(counters.len());
            counters[k]
        };
        self.b.prim(Prim::Rem, &[index, size])
    }

    fn condition(&mut self) -> Value {
        let (x, y) = (self.any(&scalar()), self.any(&scalar()));
        self.b.prim(Prim::Lt, &[x, y])
    }

    fn pure(&mut self, ty: &Ty) -> Value {
        let whole = vec![Sel::All; ty.rank()];
        match (ty.rank(), self.below(9)) {
            (0, 0 | 1) => {
                let (x, i) = (self.any(&vector()), self.position());
                self.b.pure(Op::Index(vec![Sel::At]), &[x, i])
            }
            (0, 2) => {
                let x = self.any(&matrix());
                self.b.pure(Op::Reduce(Reduction::Max, vec![0, 1]), &[x])
            }
            (0, 3) => {
                let x = self.any(&vector());
                let sum = self.b.sum(x, vec![0]);
                self.b.prim(Prim::Sin, &[sum])
            }
            (1, 0 | 1) => {
                let (x, y, i) = (self.any(ty), self.any(&scalar()), self.position());
                let sels = vec![Sel::At];
                let op = if self.below(2) == 0 { Op::Update(sels) } else { Op::Acc(sels) };
                self.b.pure(op, &[x, y, i])
            }
            (1, 2) => {
                let (x, i) = (self.any(&matrix()), self.position());
                let row = self.below(2) == 0;
                let sels = if row { vec![Sel::At, Sel::All] } else { vec![Sel::All, Sel::At] };
                self.b.pure(Op::Index(sels), &[x, i])
            }
            (1, 3) => {
                let (x, axis) = (self.any(&matrix()), self.below(2));
                self.b.pure(Op::Reduce(Reduction::Min, vec![axis]), &[x])
            }
            (1, 4) => {
                let x = self.any(ty);
                let last = self.b.size(Dim::sym(Sym(0)));
                self.b.pure(Op::Index(vec![Sel::Span { len: n(), step: -1 }]), &[x, last])
            }
            (1, 5) => {
                let x = self.any(&scalar());
                self.b.broadcast_scalar(x, &ty.dims)
            }
            (2, 0 | 1) => {
                let (x, y, i) = (self.any(ty), self.any(&vector()), self.position());
                let row = self.below(2) == 0;
                let sels = if row { vec![Sel::At, Sel::All] } else { vec![Sel::All, Sel::At] };
                let op = if self.below(2) == 0 { Op::Update(sels) } else { Op::Acc(sels) };
                self.b.pure(op, &[x, y, i])
            }
            (2, 2) => {
                let x = self.any(ty);
                self.b.pure(Op::Transpose(vec![1, 0]), &[x])
            }
            (2, 3) => {
                let (x, axis) = (self.any(&vector()), self.below(2));
                self.b.pure(Op::Broadcast { dims: vec![n(), n()], axes: vec![axis] }, &[x])
            }
            (2, 4) => {
                let (x, y) = (self.any(ty), self.any(ty));
                let op = if self.below(2) == 0 { Op::Update(whole) } else { Op::Acc(whole) };
                self.b.pure(op, &[x, y])
            }
            (2, 5) => {
                let x = self.any(ty);
                let flat = self.b.pure(Op::Reshape(vec![n() * n()]), &[x]);
                let flat = if self.below(2) == 0 { self.b.prim(Prim::Neg, &[flat]) } else { flat };
                self.b.pure(Op::Reshape(vec![n(), n()]), &[flat])
            }
            (_, 6) => {
                let x = self.any(ty);
                let prim = [Prim::Sin, Prim::Cos, Prim::Neg, Prim::Abs][self.below(4)];
                self.b.prim(prim, &[x])
            }
            (_, _) => {
                let (x, y) = (self.any(ty), self.any(ty));
                let prim = [Prim::Add, Prim::Sub, Prim::Min, Prim::Max][self.below(4)];
                self.b.prim(prim, &[x, y])
            }
        }
    }

    /// A block with the given parameters that yields values of the given types.
    fn region(&mut self, params: &[Type], yields: &[Ty]) -> Block {
        let block = self.b.func.block();
        let outer = std::mem::replace(&mut self.b.block, block);
        let kept = self.pool.len();
        for ty in params {
            let param = self.b.param(ty.clone());
            self.pool.push(param);
        }
        let count = 1 + self.below(5);
        self.statements(count);
        let values = yields.iter().map(|ty| self.any(ty)).collect();
        self.b.set_yields(values);
        self.b.block = outer;
        self.pool.truncate(kept);
        block
    }

    fn carried(&mut self) -> Vec<Ty> {
        (0..1 + self.below(3)).map(|_| self.ty()).collect()
    }

    fn statements(&mut self, count: usize) {
        for _ in 0..count {
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            self.statement();
        }
    }

    fn statement(&mut self) {
        let types = self.carried();
        let data: Vec<Type> = types.iter().cloned().map(Type::Data).collect();
        let counter = Type::Data(Ty::scalar(DType::I64));
        let results = match self.below(14) {
            0 => {
                let condition = self.condition();
                let then = self.region(&[], &types);
                let otherwise = self.region(&[], &types);
                self.b.results(Kind::If { then, otherwise }, vec![condition], data)
            }
            1 | 2 => {
                let rounds = self.below(4) as i64;
                let mut args = vec![self.b.int(rounds)];
                args.extend(types.iter().map(|ty| self.any(ty)).collect::<Vec<_>>());
                let params: Vec<Type> = std::iter::once(counter).chain(data.iter().cloned()).collect();
                let body = self.region(&params, &types);
                self.b.results(Kind::For { body }, args, data)
            }
            3 => self.open_loop(&types),
            4 => {
                let lane = if self.below(2) == 0 { scalar() } else { vector() };
                let body = self.region(&[counter], std::slice::from_ref(&lane));
                let mut dims = vec![n()];
                dims.extend(lane.dims);
                let result = Type::Data(Ty::array(DType::F64, dims));
                self.b.results(Kind::Map { extents: vec![n()], body, accs: 0 }, Vec::new(), vec![result])
            }
            5 if self.callee.is_some() => {
                let args = vec![self.any(&vector()), self.any(&matrix()), self.any(&scalar())];
                let types = [vector(), matrix(), scalar(), matrix()].map(Type::Data).to_vec();
                self.b.call(self.callee.unwrap_or(FuncId::new(0)), vec![Dim::sym(Sym(0))], args, types)
            }
            _ => {
                let ty = self.ty();
                vec![self.pure(&ty)]
            }
        };
        self.pool.extend(results);
    }

    fn open_loop(&mut self, types: &[Ty]) -> Vec<Value> {
        let rounds = self.below(4) as i64;
        let mut data: Vec<Type> = types.iter().cloned().map(Type::Data).collect();
        data.push(Type::Data(Ty::scalar(DType::I64)));
        let mut args: Vec<Value> = types.iter().map(|ty| self.any(ty)).collect();
        args.push(self.b.int(rounds));
        let test = self.b.func.block();
        let outer = std::mem::replace(&mut self.b.block, test);
        let params: Vec<Value> = data.iter().map(|ty| self.b.param(ty.clone())).collect();
        let zero = self.b.int(0);
        let more = self.b.prim(Prim::Gt, &[params[types.len()], zero]);
        self.b.set_yields(vec![more]);
        self.b.block = outer;
        let body = self.region(&data, types);
        let last = self.b.func.blocks[body].params[types.len()];
        let outer = std::mem::replace(&mut self.b.block, body);
        let one = self.b.int(1);
        let next = self.b.sub(last, one);
        self.b.block = outer;
        self.b.func.blocks[body].yields.push(next);
        let mut results = self.b.results(Kind::While { test, body }, args, data);
        results.pop();
        results
    }
}

fn make(name: &str, seed: u64, callee: Option<FuncId>, budget: usize) -> Func {
    let mut func = Func::new(name, vec![None], Span::default());
    let types = [vector(), matrix(), scalar()].map(Type::Data);
    let params: Vec<Value> = types.iter().map(|ty| func.param(func.body, ty.clone())).collect();
    let mut maker = Maker { b: Builder::new(&mut func), numbers: Numbers(seed), pool: params, budget, callee };
    maker.statements(14);
    let results = [vector(), matrix(), scalar(), matrix()].iter().map(|ty| maker.any(ty)).collect();
    maker.b.set_yields(results);
    func
}

fn check(seed: u64, budget: usize, size: i64) {
    let mut module = Module::default();
    module.funcs.push(make("main", seed * 77_777 + budget as u64, Some(FuncId::new(1)), budget));
    module.funcs.push(make("callee", seed * 99_991 + 5, None, budget.min(12)));
    let mut numbers = Numbers(seed);
    let types = [vector(), matrix(), scalar()];
    let args: Vec<Data> = types.iter().map(|ty| numbers.data(DType::F64, &shape(ty, &[size]))).collect();
    compare(&module.to_string(), &[size], &args, 1e-9);
}

#[test]
fn small_programs() {
    for budget in 3..12 {
        (1..=60).for_each(|seed| check(seed, budget, 2));
    }
}

#[test]
fn large_programs() {
    for size in [0, 3, 10] {
        (1..=40).for_each(|seed| check(seed, 40, size));
    }
}
