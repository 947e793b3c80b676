//! Random modules for the tests of the optimizer: nested regions, accumulators, tapes, calls, checks that fail.

use adl_compiler::interp::Data;
use adl_compiler::ir::{Builder, Func, FuncId, Kind, Module, Part, Type, Value};
use adl_lang::message::Message;
use adl_lang::ops::{Const, Op, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::source::Span;
use adl_lang::typed::BoundsOf;
use adl_lang::types::{DType, Dim, Sym, Ty};

/// A small generator of random numbers (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

fn scalar(dtype: DType) -> Ty {
    Ty::scalar(dtype)
}

fn floats(dims: &[Dim]) -> Ty {
    Ty::array(DType::F64, dims.to_vec())
}

fn n() -> Dim {
    Dim::sym(Sym(0))
}

fn c(value: i64) -> Dim {
    Dim::constant(value)
}

/// The types that values of random programs have.
pub fn types() -> Vec<Ty> {
    vec![
        scalar(DType::F64),
        scalar(DType::F64),
        scalar(DType::I64),
        scalar(DType::Bool),
        floats(&[c(3)]),
        floats(&[c(3)]),
        floats(&[c(2), c(2)]),
        floats(&[n()]),
        floats(&[n(), c(2)]),
        floats(&[c(12)]),
    ]
}

struct Maker<'r, 'f> {
    random: &'r mut Random,
    to: Builder<'f>,
    /// Values in scope.
    pool: Vec<Value>,
    /// Functions that may be called.
    callees: &'r [(FuncId, Vec<Type>, Vec<Type>)],
    depth: usize,
}

impl Maker<'_, '_> {
    /// A value of a type, from the pool or made.
    fn value(&mut self, ty: &Ty) -> Value {
        let fitting: Vec<Value> =
            self.pool.iter().copied().filter(|&v| self.to.func.ty(v).data() == Some(ty)).collect();
        if !fitting.is_empty() && self.random.below(8) > 0 {
            // The latest values more often.
            let from = if self.random.below(2) == 0 { fitting.len() / 2 } else { 0 };
            return self.random.pick(&fitting[from..]);
        }
        let value = match ty.dtype {
            DType::F64 => Const::F64(self.random.pick(&[0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.25])),
            DType::I64 => Const::I64(self.random.below(5) as i64 - 1),
            _ => Const::Bool(self.random.below(2) == 0),
        };
        let value = self.to.constant(value);
        self.to.broadcast_scalar(value, &ty.dims)
    }

    fn float(&mut self) -> Value {
        self.value(&scalar(DType::F64))
    }

    fn int(&mut self) -> Value {
        self.value(&scalar(DType::I64))
    }

    fn truth(&mut self) -> Value {
        self.value(&scalar(DType::Bool))
    }

    fn some_type(&mut self) -> Ty {
        self.random.pick(&types())
    }

    /// A position in an axis, checked; sometimes constant, sometimes in range for all to see.
    fn position(&mut self, len: &Dim) -> Value {
        let at = match (len.as_const(), self.random.below(4)) {
            (Some(len), 0 | 1) => {
                let at = self.random.below(len as usize) as i64;
                self.to.int(at)
            }
            _ if self.random.below(12) == 0 => {
                let (at, offset) = (self.int(), self.random.below(3) as i64 - 1);
                let offset = self.to.int(offset);
                self.to.add(at, offset)
            }
            _ => {
                let at = self.int();
                let size = self.to.size(len.clone());
                self.to.prim(Prim::Rem, &[at, size])
            }
        };
        let what = BoundsOf::Index;
        let len = len.clone();
        self.to.inst(Kind::Bounds { len, what }, vec![at], vec![]);
        at
    }

    /// An array type and selectors with positions.
    fn part(&mut self) -> (Ty, Vec<Sel>, Vec<Value>) {
        let arrays: Vec<Ty> = types().into_iter().filter(|t| !t.is_scalar()).collect();
        let ty = self.random.pick(&arrays);
        let (mut sels, mut positions) = (Vec::new(), Vec::new());
        for dim in &ty.dims {
            match self.random.below(6) {
                0 => sels.push(Sel::All),
                1 if dim.is(3) => {
                    let start = self.position(&c(2));
                    sels.push(Sel::Span { len: c(2), step: 1 });
                    positions.push(start);
                }
                _ => {
                    sels.push(Sel::At);
                    positions.push(self.position(dim));
                }
            }
        }
        (ty, sels, positions)
    }

    fn pure(&mut self) -> Option<Value> {
        use Prim::{Abs, Add, Cos, Div, Eq, Ge, Lt, Max, Min, Mul, Ne, Neg, Not, Or, Pow, Rem, Sin, Sub};
        let array = self.some_type().with(DType::F64);
        Some(match self.random.below(22) {
            0..=3 => {
                let prim = self.random.pick(&[Add, Add, Sub, Mul, Mul, Div, Min, Max]);
                let (a, b) = (self.value(&array), self.value(&array));
                self.to.prim(prim, &[a, b])
            }
            // The power 0 of NaN is left out: the table of primitives says NaN.
            4 if self.random.below(2) == 0 => {
                let (a, b) = (self.int(), self.float());
                let a = self.to.convert(a, DType::F64);
                self.to.prim(Pow, &[a, b])
            }
            4 | 5 => {
                let prim = self.random.pick(&[Neg, Neg, Abs, Sin, Cos]);
                let a = self.value(&array);
                self.to.prim(prim, &[a])
            }
            6 => {
                let (a, b) = (self.float(), self.float());
                let prim = self.random.pick(&[Lt, Ge, Eq, Ne]);
                self.to.prim(prim, &[a, b])
            }
            7 => {
                let (a, b) = (self.int(), self.int());
                let prim = self.random.pick(&[Lt, Ge, Eq, Ne]);
                self.to.prim(prim, &[a, b])
            }
            8 => {
                let (a, b) = (self.truth(), self.truth());
                let prim = self.random.pick(&[Prim::And, Or]);
                self.to.prim(prim, &[a, b])
            }
            9 => {
                let a = self.truth();
                self.to.prim(Not, &[a])
            }
            10 | 11 => {
                let (a, b) = (self.int(), self.int());
                let prim = self.random.pick(&[Add, Sub, Mul, Min, Max]);
                let value = self.to.prim(prim, &[a, b]);
                // Numbers stay small.
                let by = self.to.int(1009);
                self.to.prim(Rem, &[value, by])
            }
            12 => {
                let (cond, a, b) = (self.truth(), self.float(), self.float());
                self.to.prim(Prim::Select, &[cond, a, b])
            }
            13 => {
                let a = self.int();
                self.to.convert(a, DType::F64)
            }
            14 => {
                let a = self.value(&floats(&[c(2), c(2)]));
                self.to.pure(Op::Transpose(vec![1, 0]), &[a])
            }
            15 => {
                let (a, b) = (self.value(&floats(&[c(2), c(2)])), self.value(&floats(&[c(2), c(2)])));
                let (ta, tb) = (self.random.below(2) == 0, self.random.below(2) == 0);
                self.to.pure(Op::MatMul { ta, tb }, &[a, b])
            }
            16 => {
                if array.is_scalar() {
                    return None;
                }
                let a = self.value(&array);
                let axes = (0..array.rank()).collect();
                let kind = self.random.pick(&[Reduction::Sum, Reduction::Sum, Reduction::Max]);
                if kind == Reduction::Sum { self.to.sum(a, axes) } else { self.to.pure(Op::Reduce(kind, axes), &[a]) }
            }
            17 => {
                let (a, b) = (self.float(), self.value(&floats(&[c(2), c(2)])));
                let one = self.to.broadcast_scalar(a, &[c(1)]);
                let row = self.to.sum(b, vec![1]);
                self.to.pure(Op::Concat(0), &[row, one])
            }
            18 => {
                let a = self.value(&floats(&[c(3)]));
                self.to.pure(Op::Broadcast { dims: vec![n(), c(3)], axes: vec![1] }, &[a])
            }
            _ => {
                let (ty, sels, positions) = self.part();
                let base = self.value(&ty);
                let mut args = vec![base];
                args.extend(&positions);
                let what = self.random.below(5);
                if what < 3 {
                    return Some(self.to.pure(Op::Index(sels), &args));
                }
                let types: Vec<Ty> = args.iter().map(|&a| self.to.func.data(a).clone()).collect();
                let part = Op::Index(sels.clone()).result(&types.iter().collect::<Vec<_>>()).ok()?;
                let value = self.value(&part);
                args.insert(1, value);
                self.to.pure(if what == 3 { Op::Update(sels) } else { Op::Acc(sels) }, &args)
            }
        })
    }

    /// A block: parameters, contents, yields of the given types.
    fn region(&mut self, params: &[Type], yields: &[Type]) -> adl_compiler::ir::Block {
        let block = self.to.func.block();
        let outer = std::mem::replace(&mut self.to.block, block);
        let mark = self.pool.len();
        for ty in params {
            let param = self.to.param(ty.clone());
            self.pool.push(param);
        }
        self.contents();
        let yields = yields.iter().map(|ty| self.value(ty.data().expect("data"))).collect();
        self.to.set_yields(yields);
        self.pool.truncate(mark);
        self.to.block = outer;
        block
    }

    fn some_types(&mut self) -> Vec<Type> {
        (0..self.random.below(4)).map(|_| Type::Data(self.some_type())).collect()
    }

    fn values(&mut self, types: &[Type]) -> Vec<Value> {
        types.iter().map(|ty| self.value(ty.data().expect("data"))).collect()
    }

    fn structured(&mut self) -> Vec<Value> {
        let int = Type::Data(scalar(DType::I64));
        let types = self.some_types();
        match self.random.below(5) {
            0 => {
                let cond = self.truth();
                let then = self.region(&[], &types);
                let otherwise = self.region(&[], &types);
                self.to.results(Kind::If { then, otherwise }, vec![cond], types)
            }
            1 => {
                let count = match self.random.below(3) {
                    0 => self.to.size(n()),
                    _ => {
                        let few = self.random.below(4) as i64;
                        self.to.int(few)
                    }
                };
                let mut args = vec![count];
                args.extend(self.values(&types));
                let params: Vec<Type> = std::iter::once(int).chain(types.iter().cloned()).collect();
                let body = self.region(&params, &types);
                self.to.results(Kind::For { body }, args, types)
            }
            2 => {
                // Counts up to three rounds; the condition may look at other carries too.
                let carried: Vec<Type> = std::iter::once(int).chain(types.iter().cloned()).collect();
                let zero = self.to.int(0);
                let mut args = vec![zero];
                args.extend(self.values(&types));
                let boolean = Type::Data(scalar(DType::Bool));
                let test = self.region(&carried, &[boolean]);
                self.limit(test);
                let body = self.region(&carried, &carried);
                self.count_up(body);
                self.to.results(Kind::While { test, body }, args, carried)
            }
            3 => {
                let extents = self.random.pick(&[vec![n()], vec![c(3)], vec![c(2), c(2)], vec![n(), c(2)]]);
                let lanes: Vec<Type> = self.some_types().into_iter().take(2).collect();
                let mut params = vec![int; extents.len()];
                let accumulates = self.random.below(2) == 0;
                let ty = self.random.pick(&[scalar(DType::F64), floats(&[c(3)]), floats(&[n()])]);
                let body = self.region(&params.split_off(0), &lanes);
                let mut args = Vec::new();
                if accumulates {
                    self.accumulate(body, &ty);
                    args.push(self.value(&ty));
                }
                let mut results: Vec<Type> = lanes
                    .iter()
                    .map(|lane| {
                        let lane = lane.data().expect("data");
                        let dims: Vec<Dim> = extents.iter().chain(&lane.dims).cloned().collect();
                        Type::Data(Ty::array(lane.dtype, dims))
                    })
                    .collect();
                results.extend(accumulates.then_some(Type::Data(ty)));
                let accs = args.len();
                self.to.results(Kind::Map { extents, body, accs }, args, results)
            }
            _ => self.tape(),
        }
    }

    /// Adds `counter < 3` to the condition that a test yields.
    fn limit(&mut self, test: adl_compiler::ir::Block) {
        let outer = std::mem::replace(&mut self.to.block, test);
        let (counter, cond) = (self.to.func.blocks[test].params[0], self.to.func.blocks[test].yields[0]);
        let three = self.to.int(3);
        let below = self.to.prim(Prim::Lt, &[counter, three]);
        let both = self.to.prim(Prim::And, &[below, cond]);
        self.to.set_yields(vec![both]);
        self.to.block = outer;
    }

    /// Makes the first yield `counter + 1`.
    fn count_up(&mut self, body: adl_compiler::ir::Block) {
        let outer = std::mem::replace(&mut self.to.block, body);
        let one = self.to.int(1);
        let next = self.to.add(self.to.func.blocks[body].params[0], one);
        self.to.func.blocks[body].yields[0] = next;
        self.to.block = outer;
    }

    /// Adds an accumulator to the body of a map: added to directly, in a loop, and in a branch.
    fn accumulate(&mut self, body: adl_compiler::ir::Block, ty: &Ty) {
        let outer = std::mem::replace(&mut self.to.block, body);
        let acc = self.to.param(Type::Data(ty.clone()));
        let (value, two, cond) = (self.float(), self.to.int(2), self.truth());
        let step = |maker: &mut Self, acc: Value| {
            let mut args = vec![acc, value];
            args.extend(ty.dims.iter().map(|d| maker.position(d)).collect::<Vec<_>>());
            maker.to.pure(Op::Acc(vec![Sel::At; ty.rank()]), &args)
        };
        let acc = step(self, acc);
        let inner = self.to.func.block();
        let here = std::mem::replace(&mut self.to.block, inner);
        self.to.param(Type::Data(scalar(DType::I64)));
        let carried = self.to.param(Type::Data(ty.clone()));
        let carried = step(self, carried);
        self.to.set_yields(vec![carried]);
        self.to.block = here;
        let acc = self.to.results(Kind::For { body: inner }, vec![two, acc], vec![Type::Data(ty.clone())])[0];
        let then = self.to.func.block();
        let here = std::mem::replace(&mut self.to.block, then);
        let added = step(self, acc);
        self.to.set_yields(vec![added]);
        self.to.block = here;
        let otherwise = self.to.func.block();
        self.to.func.blocks[otherwise].yields = vec![acc];
        let acc = self.to.results(Kind::If { then, otherwise }, vec![cond], vec![Type::Data(ty.clone())])[0];
        self.to.func.blocks[body].yields.push(acc);
        self.to.block = outer;
    }

    /// Pushes rows in a loop and pops them in another.
    fn tape(&mut self) -> Vec<Value> {
        let row = self.some_types();
        let (float, int) = (Type::Data(scalar(DType::F64)), Type::Data(scalar(DType::I64)));
        let (count, start) = (self.to.size(n()), self.float());
        let tape = self.to.results(Kind::TapeNew, vec![], vec![Type::Tape])[0];
        let block = self.region(&[int.clone(), float.clone()], std::slice::from_ref(&float));
        let outer = std::mem::replace(&mut self.to.block, block);
        let carried = self.to.param(Type::Tape);
        let yielded = self.to.func.blocks[block].yields[0];
        let mut args = vec![carried];
        self.pool.push(yielded);
        args.extend(self.values(&row));
        self.pool.pop();
        let pushed = self.to.results(Kind::Push, args, vec![Type::Tape])[0];
        self.to.set_yields(vec![yielded, pushed]);
        self.to.block = outer;
        let forward =
            self.to.results(Kind::For { body: block }, vec![count, start, tape], vec![float.clone(), Type::Tape]);
        let block = self.to.func.block();
        let outer = std::mem::replace(&mut self.to.block, block);
        let mark = self.pool.len();
        let params = [int, float.clone(), Type::Tape].map(|ty| self.to.param(ty));
        let mut results = vec![Type::Tape];
        results.extend(row);
        let popped = self.to.results(Kind::Pop, vec![params[2]], results);
        self.pool.extend(&popped[1..]);
        self.pool.push(params[1]);
        self.contents();
        let next = self.float();
        self.to.set_yields(vec![next, popped[0]]);
        self.pool.truncate(mark);
        self.to.block = outer;
        let back =
            self.to.results(Kind::For { body: block }, vec![count, forward[0], forward[1]], vec![float, Type::Tape]);
        self.to.inst(Kind::TapeEnd, vec![back[1]], vec![]);
        vec![forward[0], back[0]]
    }

    fn contents(&mut self) {
        self.depth += 1;
        for _ in 0..2 + self.random.below(6) {
            match self.random.below(12) {
                0 | 1 if self.depth < 4 => {
                    let values = self.structured();
                    self.pool.extend(values);
                }
                2 if !self.callees.is_empty() => {
                    let (func, params, results) = self.random.pick(self.callees);
                    let args = self.values(&params);
                    let values = self.to.call(func, vec![n()], args, results);
                    self.pool.extend(values);
                }
                3 if self.random.below(4) == 0 => {
                    let value = self.float();
                    self.to.inst(Kind::Print(Message::Line(vec![Part::Value(0, None)])), vec![value], vec![]);
                }
                _ => {
                    let value = self.pure();
                    self.pool.extend(value);
                }
            }
        }
        self.depth -= 1;
    }
}

pub fn random_module(seed: u64) -> Module {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut module = Module::default();
    let mut callees = Vec::new();
    for k in 0..1 + random.below(3) {
        let mut func = Func::new(format!("f{k}"), vec![None], Span::default());
        let mut to = Builder::new(&mut func);
        let params: Vec<Type> = types().into_iter().map(Type::Data).collect();
        let pool = params.iter().map(|ty| to.param(ty.clone())).collect();
        let mut maker = Maker { random: &mut random, to, pool, callees: &callees, depth: 0 };
        (0..2).for_each(|_| maker.contents());
        let results = maker.some_types();
        let results = if results.is_empty() { vec![params[0].clone()] } else { results };
        let yields = maker.values(&results);
        maker.to.set_yields(yields);
        callees.push((module.funcs.next_key(), params, results));
        module.funcs.push(func);
    }
    module
}

pub fn random_data(random: &mut Random, ty: &Ty, n: i64) -> Data {
    let shape: Vec<usize> = ty.dims.iter().map(|d| d.eval(&|_| n).expect("a size") as usize).collect();
    let count = shape.iter().product();
    let elems = (0..count)
        .map(|_| match ty.dtype {
            DType::F64 => Const::F64(random.pick(&[0.0, -0.0, 1.0, 0.3, -1.7, 2.5, f64::INFINITY, f64::NAN, -3.1])),
            DType::I64 => Const::I64(random.below(9) as i64 - 3),
            _ => Const::Bool(random.below(2) == 0),
        })
        .collect();
    Data::new(ty.dtype, shape, elems)
}
