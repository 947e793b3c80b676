//! The functions that compiled code may call: name, address and types.
//!
//! The types are read from the Rust functions, so a function and a call of it cannot disagree.
//! Who asks for a function names a [`Symbol`], so there are no names of functions that are none.
//! What each function does with its parameters, and what it returns, is said where it is defined.

use crate::abi::{self, Context, PrintValue, Tape};
use crate::kernels::reduce::{self, Columns, LEVELS, Stream};
use crate::kernels::{elementary, factor, matmul, memory, random, sort};

/// The machine type of a parameter or a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The address of the context of a call.
    Context,
    /// Another address, of data or of a function.
    Address,
    /// A whole number of 64 bits.
    Word,
    /// A whole number of 32 bits: a status, a site, a kind.
    Half,
    /// A float of 64 bits.
    Double,
    /// A float of 32 bits.
    Single,
}

/// The line of a function in the table.
struct Row {
    name: &'static str,
    address: *const u8,
    params: &'static [Part],
    result: Option<Part>,
}

impl Symbol {
    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The function of a name.
    pub fn named(name: &str) -> Option<Symbol> {
        Symbol::ALL.iter().copied().find(|symbol| symbol.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Where it is.
    pub const fn address(self) -> *const u8 {
        self.row().address
    }

    /// What it takes.
    pub const fn params(self) -> &'static [Part] {
        self.row().params
    }

    /// What it gives.
    pub const fn result(self) -> Option<Part> {
        self.row().result
    }

    /// Whether it takes the context of the call.
    pub fn takes_context(self) -> bool {
        self.params().contains(&Part::Context)
    }
}

/// A type that compiled code passes.
trait Passed {
    const PART: Part;
}

/// A type that compiled code gets back.
trait Returned {
    const RESULT: Option<Part>;
}

macro_rules! parts {
    ($($part:ident: $($ty:ty),*;)*) => {
        $($(impl Passed for $ty {
            const PART: Part = Part::$part;
        })*)*
    };
}

parts! {
    Context: *mut Context;
    Address: *mut u8, *mut u32, *mut u64, *mut i64, *mut f64, *mut f32, *mut Tape,
        *const u8, *const u32, *const u64, *const i64, *const f64, *const f32, *const PrintValue, elementary::One,
        *mut [f64; LEVELS], *mut [f32; LEVELS], *mut Stream<f64>, *mut Stream<f32>,
        *mut Columns<f64, 32>, *mut Columns<f32, 64>;
    Word: i64, u64;
    Half: u32;
    Double: f64;
    Single: f32;
}

impl Returned for () {
    const RESULT: Option<Part> = None;
}

impl<T: Passed> Returned for T {
    const RESULT: Option<Part> = Some(T::PART);
}

/// A function that compiled code can call.
trait Callable: Copy {
    const PARAMS: &'static [Part];
    const RESULT: Option<Part>;
}

macro_rules! callable {
    ($($param:ident)*) => {
        impl<R: Returned, $($param: Passed),*> Callable for unsafe extern "C" fn($($param),*) -> R {
            const PARAMS: &'static [Part] = &[$($param::PART),*];
            const RESULT: Option<Part> = R::RESULT;
        }
    };
}

callable! { A }
callable! { A B }
callable! { A B C }
callable! { A B C D }
callable! { A B C D E }
callable! { A B C D E F }
callable! { A B C D E F G }
callable! { A B C D E F G H }
callable! { A B C D E F G H I }

const fn row<F: Callable>(name: &'static str, address: *const u8, _function: F) -> Row {
    Row { name, address, params: F::PARAMS, result: F::RESULT }
}

/// Each group of functions is preceded by one `_` for each parameter; the compiler knows the types.
macro_rules! table {
    ($($module:ident { $($params:tt { $($name:ident),* $(,)? })* })*) => {
        /// A function that compiled code may call, by the name of the Rust function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(non_camel_case_types, reason = "the names of functions")]
        pub enum Symbol {
            $($($(
                #[doc = concat!("In `", stringify!($module), "`.")]
                $name,
            )*)*)*
        }

        impl Symbol {
            /// Every function, grouped by module.
            pub const ALL: &[Symbol] = &[$($($( Symbol::$name, )*)*)*];
        }

        const ROWS: &[Row] = &[$($($(
            row(
                stringify!($name),
                $module::$name as *const u8,
                $module::$name as unsafe extern "C" fn $params -> _,
            ),
        )*)*)*];
    };
}

table! {
    abi {
        (_) { adl_tape_new }
        (_, _) { adl_arena_grow, adl_tape_free }
        (_, _, _) { adl_arena_release, adl_tape_grow }
        (_, _, _, _) { adl_print, adl_stop }
        (_, _, _, _, _) { adl_fail_with }
        (_, _, _, _, _, _, _) { adl_fail, adl_host }
    }
    matmul {
        (_, _, _, _, _, _, _, _, _) { adl_matmul_f64, adl_matmul_f32 }
    }
    factor {
        (_, _, _, _, _) {
            adl_lu_f64, adl_lu_f32, adl_cholesky_f64, adl_cholesky_f32, adl_qr_f64, adl_qr_f32,
            adl_eigh_f64, adl_eigh_f32, adl_svd_f64, adl_svd_f32,
        }
        (_, _, _, _, _, _, _) {
            adl_lu_solve_f64, adl_lu_solve_f32, adl_triangular_solve_f64, adl_triangular_solve_f32,
        }
    }
    elementary {
        (_, _) { adl_one_tanh, adl_one_sigmoid, adl_one_sin, adl_one_cos }
        (_, _, _) {
            adl_each_exp_f64, adl_each_exp_f32, adl_each_tanh_f64, adl_each_tanh_f32,
            adl_each_cosh_f64, adl_each_cosh_f32, adl_each_sigmoid_f64, adl_each_sigmoid_f32,
            adl_each_log_f64, adl_each_log_f32, adl_each_log1p_f64, adl_each_log1p_f32,
            adl_each_sin_f64, adl_each_sin_f32, adl_each_cos_f64, adl_each_cos_f32,
        }
    }
    reduce {
        (_, _, _) { adl_stream_f64, adl_stream_f32 }
        (_, _, _, _) { adl_pairwise_f64, adl_pairwise_f32, adl_columns_f64, adl_columns_f32 }
    }
    sort {
        (_, _, _, _, _) { adl_argsort_f64, adl_argsort_f32, adl_argsort_i64 }
    }
    random {
        (_, _, _, _, _) { adl_random_bits, adl_random_uniform_f64, adl_random_normal_f64 }
    }
    memory {
        (_, _, _) { adl_copy }
    }
}
