//! The functions that compiled code may call, by name.
//!
//! Their parameters are in the crate's documentation, the contracts with the functions themselves.

use crate::abi;
use crate::kernels::{elementary, factor, matmul, memory, random, reduce, sort};

/// Name and address of every function, in the order of the documentation.
pub fn symbols() -> &'static [(&'static str, *const u8)] {
    SYMBOLS
}

macro_rules! table {
    ($($module:ident :: { $($name:ident),* $(,)? };)*) => {
        const SYMBOLS: &[(&str, *const u8)] =
            &[$($((stringify!($name), $module::$name as *const u8),)*)*];
    };
}

table! {
    abi::{
        adl_arena_grow, adl_arena_release, adl_tape_new, adl_tape_grow, adl_tape_free,
        adl_fail, adl_fail_with, adl_host, adl_print,
    };
    matmul::{ adl_matmul_f64, adl_matmul_f32 };
    factor::{
        adl_lu_f64, adl_lu_f32, adl_cholesky_f64, adl_cholesky_f32, adl_qr_f64, adl_qr_f32,
        adl_eigh_f64, adl_eigh_f32, adl_svd_f64, adl_svd_f32,
        adl_lu_solve_f64, adl_lu_solve_f32, adl_triangular_solve_f64, adl_triangular_solve_f32,
    };
    elementary::{
        adl_each_exp_f64, adl_each_exp_f32, adl_each_tanh_f64, adl_each_tanh_f32,
        adl_each_cosh_f64, adl_each_cosh_f32, adl_each_sigmoid_f64, adl_each_sigmoid_f32,
        adl_each_log_f64, adl_each_log_f32, adl_each_log1p_f64, adl_each_log1p_f32,
        adl_each_sin_f64, adl_each_sin_f32, adl_each_cos_f64, adl_each_cos_f32,
    };
    reduce::{ adl_dot_f64, adl_dot_f32, adl_sum_f64, adl_sum_f32 };
    sort::{ adl_argsort_f64, adl_argsort_f32, adl_argsort_i64 };
    random::{
        adl_random_bits, adl_random_keys, adl_random_int,
        adl_random_uniform_f64, adl_random_uniform_f32,
        adl_random_normal_f64, adl_random_normal_f32,
    };
    memory::{
        adl_fill_1, adl_fill_4, adl_fill_8, adl_copy,
        adl_transpose_1, adl_transpose_4, adl_transpose_8,
        adl_copy_strided_1, adl_copy_strided_4, adl_copy_strided_8,
    };
}
