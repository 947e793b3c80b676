//! Asks questions of a case's program through the embedding interface.

use super::cases::{Case, Input, numbers, shape};
use adl_compiler::engine::{Backend, Engine};
use adl_runtime::{Array, Value};
use serde_json::Value as Json;

/// The element type of float inputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    F64,
    F32,
}

/// A compiled case with its inputs.
pub struct Program {
    program: adl_compiler::engine::Program,
    inputs: Vec<Value>,
    precision: Precision,
}

impl Program {
    /// Compiles the program and prepares the inputs in the order of the parameters.
    pub fn new(case: &Case, source: &str, precision: Precision, backend: Backend) -> Result<Program, String> {
        let program = Engine::new().with_backend(backend).compile(&case.id, source).map_err(|e| e.to_string())?;
        let inputs = case.params.iter().map(|p| value(&case.inputs[p], precision)).collect();
        Ok(Program { program, inputs, precision })
    }

    /// Calls a function expression with the inputs and further float arguments.
    pub fn ask(&self, expression: &str, extra: &[Json]) -> Result<Value, String> {
        let function = self.program.dynamic(expression).map_err(|e| e.to_string())?;
        let mut args = self.inputs.clone();
        for json in extra {
            let mut data = Vec::new();
            numbers(json, &mut data);
            args.push(value(&Input { shape: shape(json), dtype: "f64".into(), data }, self.precision));
        }
        function.call(&args).map_err(|e| e.to_string())
    }
}

fn value(input: &Input, precision: Precision) -> Value {
    let shape = &input.shape;
    let array = match (input.dtype.as_str(), precision) {
        ("i64", _) => Array::from_slice(shape, &input.data.iter().map(|&x| x as i64).collect::<Vec<_>>()),
        (_, Precision::F64) => Array::from_slice(shape, &input.data),
        (_, Precision::F32) => Array::from_slice(shape, &input.data.iter().map(|&x| x as f32).collect::<Vec<_>>()),
    };
    Value::Array(array.expect("the data fits the shape"))
}
