//! Runs an entry through the reference interpreter, with the same arrays, lines and failures as native code.

use super::call::{Signature, Trouble, runtime_dtype};
use super::limits::Setting;
use super::message::deliver;
use super::output::runtime_format;
use super::trail::Trail;
use crate::codegen::{CallFailure, Fault, Site, What};
use crate::interp::{self, Data, Failure, FailureKind, Hooks, Limits, Piece};
use crate::ir::{Call, Claim, FuncId, Module, Part};
use adl_lang::message::{Body, Message, Said, Topic};
use adl_lang::ops::{Const, Random};
use adl_lang::types::DType;
use adl_runtime::array::element_count;
use adl_runtime::buffer::Buffer;
use adl_runtime::display::format_array;
use adl_runtime::kernels::random;
use adl_runtime::view::{Leaf, Place};
use adl_runtime::workspace::Loan;
use adl_runtime::{Array, ArrayError};

/// Calls nested inside one another; each takes a good deal of the stack.
const DEPTH: usize = 10_000;

/// Calls a function of a module with arrays.
pub fn call(
    module: &Module,
    func: FuncId,
    signature: &Signature,
    args: &[&Array],
    setting: &Setting,
) -> Result<Vec<Array>, Trouble> {
    let leaves: Vec<Leaf<'_>> = args.iter().map(|a| Leaf::from(*a)).collect();
    let sizes = signature.sizes(&leaves)?;
    signature.check(args, &sizes)?;
    let data = args.iter().map(|a| data(a)).collect();
    let mut hooks = Host { setting };
    let limits = Limits { depth: DEPTH, ..Limits::default() };
    let (results, _) = interp::run_counted(module, func, &sizes, data, &mut hooks, limits);
    let results = results.map_err(|failure| trouble(module, failure))?;
    results.iter().map(|r| array(r).map_err(|_| Trouble::OutOfMemory)).collect()
}

struct Host<'a> {
    setting: &'a Setting,
}

impl Hooks for Host<'_> {
    fn print(&mut self, line: Vec<Piece>) {
        let text = text(&line, &mut |stop| self.setting.output.clock(stop));
        if !matches!(line.as_slice(), [Piece::Clock { stop: false }]) {
            self.setting.output.line(&text);
        }
    }

    fn tell(&mut self, topic: Topic, body: Body<Data>) -> Result<(), String> {
        let body = body.map(&mut |d| array(d).map_err(|problem| problem.to_string()))?;
        // The interpreter keeps no account of memory.
        deliver(topic, body, &self.setting.output, &mut |_| Ok(Loan::default()))
    }

    fn host(&mut self, name: &str, args: &[&Data], dtype: DType, shape: &[usize]) -> Result<Data, String> {
        let no_memory = |problem: ArrayError| problem.to_string();
        let arrays: Result<Vec<Array>, ArrayError> = args.iter().map(|a| array(a)).collect();
        let arrays = arrays.map_err(no_memory)?;
        let given: Vec<Leaf<'_>> = arrays.iter().map(Leaf::from).collect();
        let mut out = Array::zeros(runtime_dtype(dtype), shape).map_err(no_memory)?;
        self.setting.hosts.call(name, &given, Place::of(&mut out))?;
        Ok(data(&out))
    }

    fn random(&mut self, kind: Random, key: i64, count: usize) -> Option<Vec<Const>> {
        let bits = random::bits(key, 0).take(count);
        Some(match kind {
            Random::Uniform => bits.map(|b| Const::F64(random::uniform(b))).collect(),
            Random::Normal => bits.map(|b| Const::F64(random::normal(b))).collect(),
            Random::Bits => bits.map(|b| Const::I64(b as i64)).collect(),
        })
    }
}

fn text(line: &[Piece], clock: &mut dyn FnMut(bool) -> String) -> String {
    let mut out = String::new();
    for piece in line {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Clock { stop } => out.push_str(&clock(*stop)),
            Piece::Value(value, format) => {
                if let Ok(array) = array(value) {
                    let format = format.as_ref().map(runtime_format).unwrap_or_default();
                    // Writing to a string does not fail.
                    let _ = format_array(&mut out, &array, format);
                }
            }
        }
    }
    out
}

/// The failure as native code reports it.
fn trouble(module: &Module, failure: Failure) -> Trouble {
    let place = failure.place;
    let calls: Vec<&Call> = module.calls.path(place.within).chain(&failure.calls).collect();
    let trail = Trail::at(place, &calls);
    let site = |fault, values| CallFailure::Failed {
        site: Box::new(Site { place, what: What::Fault(fault) }),
        values,
        arrays: Vec::new(),
    };
    let failure = match failure.kind {
        FailureKind::IndexOutOfRange { index, len, what } => site(Fault::Bounds(what), [index, len, 0, 0]),
        FailureKind::NegativeSize(size) => site(Fault::NegativeSize, [size, 0, 0, 0]),
        FailureKind::SizeMismatch(a, b) => site(Fault::SizesDiffer, [a, b, 0, 0]),
        FailureKind::IntOverflow => site(Fault::Overflow, [0; 4]),
        FailureKind::DivideByZero => site(Fault::DivisionByZero, [0; 4]),
        FailureKind::NegativeExponent(k) => site(Fault::NegativeExponent, [k, 0, 0, 0]),
        FailureKind::ConversionRange(x) => site(Fault::NotWhole, [x.to_bits() as i64, 0, 0, 0]),
        FailureKind::Assert(said) => {
            let plain = |line: &[Piece]| match text(line, &mut |_| String::new()) {
                text if text.is_empty() => Vec::new(),
                text => vec![Part::Text(text)],
            };
            let said = Said { code: said.code, line: plain(&said.line), help: plain(&said.help) };
            CallFailure::Failed {
                site: Box::new(Site { place, what: What::Assert(Claim::Said(said)) }),
                values: [0; 4],
                arrays: Vec::new(),
            }
        }
        FailureKind::Host(name, error) => {
            CallFailure::Host { site: Box::new(Site { place, what: What::Host(name) }), error: Some(error) }
        }
        FailureKind::Refused(topic, why) => CallFailure::Host {
            site: Box::new(Site { place, what: What::Print(Message::Tell(topic, Body::None)) }),
            error: Some(why),
        },
        FailureKind::TooDeep => CallFailure::StackOverflow,
        FailureKind::OutOfFuel => CallFailure::OutOfFuel,
        FailureKind::Internal(problem) => return Trouble::Defect(problem),
    };
    Trouble::Code(failure, trail)
}

fn data(array: &Array) -> Data {
    let shape = array.shape().to_vec();
    match (array.as_f64(), array.as_f32(), array.as_i64()) {
        (Some(x), ..) => Data::new(DType::F64, shape, x.iter().map(|&x| Const::F64(x)).collect()),
        (_, Some(x), _) => Data::new(DType::F32, shape, x.iter().map(|&x| Const::F32(x)).collect()),
        (.., Some(n)) => Data::new(DType::I64, shape, n.iter().map(|&n| Const::I64(n)).collect()),
        (None, None, None) => {
            let bools = array.as_bool().unwrap_or_default();
            let bools = bools.iter().map(|&b| Const::Bool(b != 0)).collect();
            Data::new(DType::Bool, shape, bools)
        }
    }
}

fn array(data: &Data) -> Result<Array, ArrayError> {
    let count = element_count(data.shape()).ok_or_else(|| ArrayError::TooLarge(data.shape().to_vec()))?;
    let width = data.dtype().bytes();
    let mut buffer = Buffer::zeroed(count * width).ok_or(ArrayError::OutOfMemory(count * width))?;
    for (place, &elem) in buffer.as_mut_slice::<u8>().chunks_exact_mut(width).zip(data.elems()) {
        match elem {
            Const::Bool(b) => place.copy_from_slice(&[u8::from(b)]),
            Const::I64(n) => place.copy_from_slice(&n.to_le_bytes()),
            Const::F32(x) => place.copy_from_slice(&x.to_le_bytes()),
            Const::F64(x) => place.copy_from_slice(&x.to_le_bytes()),
        }
    }
    Array::from_buffer(runtime_dtype(data.dtype()), data.shape(), buffer)
}
