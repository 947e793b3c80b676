//! Random numbers as functions of a key and a position.
//!
//! Number `i` of a key is 64 bits of the ChaCha stream cipher with 8 rounds (D. J. Bernstein, *ChaCha,
//! a variant of Salsa20*, 2008). Its 256-bit key is the `i64` in little-endian order, then eight bytes 0,
//! then the 16 bytes `ADL random v1...`; the bits are those at bytes `8 i` to `8 i + 8` of the stream with nonce 0,
//! read in little-endian order. So an entry depends neither on how many are asked for nor on the machine,
//! and different keys give streams that nobody can tell from independent ones.
//!
//! Each entry uses the one number at its position:
//!
//! - uniform: the upper 53 bits over 2⁵³, in [0, 1);
//! - normal: the upper bit is the sign, the next 52 bits `b` the probability `p = (b + ½) / 2⁵³` in
//!   (0, ½) whose quantile is taken (algorithm AS 241, M. J. Wichura, *The percentage points of the
//!   normal distribution*, Appl. Statist. 37, 1988; relative error about 10⁻¹⁶). Only basic
//!   arithmetic and the portable `libm` logarithm, so the bits are the same everywhere; |x| < 8.3;
//! - whole numbers below a bound: the upper half of the 128-bit product with the bound; the bias is
//!   below 2⁻⁶⁴ times the bound.
#![allow(unsafe_code, reason = "raw pointers from native code")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::result;
use crate::abi::{Context, Status, interrupted, size};

/// How many entries are made between two looks at the interrupt.
const STRETCH: usize = 1 << 16;

/// The numbers of `key` from position `start` on.
pub fn bits(key: i64, start: u64) -> impl Iterator<Item = u64> {
    let mut seed = *b"................ADL random v1...";
    seed[..8].copy_from_slice(&key.to_le_bytes());
    seed[8..16].fill(0);
    let mut rng = ChaCha8Rng::from_seed(seed);
    rng.set_word_pos(2 * u128::from(start));
    core::iter::repeat_with(move || rng.next_u64())
}

/// A number in [0, 1).
pub fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A number of the standard normal distribution.
pub fn normal(bits: u64) -> f64 {
    let tail = ((bits << 1 >> 12) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
    let size = -lower_quantile(tail);
    if bits >> 63 == 1 { -size } else { size }
}

/// The number below which a standard normal variable stays with probability `p`, for `p` in (0, ½].
fn lower_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q >= -0.425 {
        return q * ratio(0.180625 - q * q, &CENTRE);
    }
    let r = libm::sqrt(-libm::log(p));
    -if r <= 5.0 { ratio(r - 1.6, &TAIL) } else { ratio(r - 5.0, &FAR_TAIL) }
}

/// A quotient of polynomials, the coefficients from the constant up; the denominator begins with 1.
fn ratio(x: f64, [above, below]: &[[f64; 8]; 2]) -> f64 {
    let at = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    at(above) / at(below)
}

const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_6,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_66e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];
const TAIL: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

/// Fills a result from the stream of a key.
///
/// # Safety
/// As for the kernels.
unsafe fn fill<T>(ctx: *mut Context, out: *mut T, key: i64, start: i64, n: i64, entry: impl Fn(u64) -> T) -> u32 {
    // SAFETY: the contract above.
    let out = unsafe { result(out, size(n)) };
    let mut numbers = bits(key, size(start) as u64);
    for stretch in out.chunks_mut(STRETCH) {
        for (entry_out, bits) in stretch.iter_mut().zip(&mut numbers) {
            *entry_out = entry(bits);
        }
        // SAFETY: the contract above.
        if unsafe { interrupted(ctx) } {
            return Status::Interrupted as u32;
        }
    }
    Status::Done as u32
}

macro_rules! export {
    ($($(#[$doc:meta])* $name:ident, $t:ty, $entry:expr;)*) => {
        $($(#[$doc])*
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $name(ctx: *mut Context, out: *mut $t, key: i64, start: i64, n: i64) -> u32 {
            // SAFETY: the contract above.
            unsafe { fill(ctx, out, key, start, n, $entry) }
        })*
    };
}

export! {
    /// The `n` numbers of `key` from position `start` on.
    adl_random_bits, i64, |bits| bits as i64;
    /// `n` numbers in [0, 1).
    adl_random_uniform_f64, f64, uniform;
    /// `n` numbers of the standard normal distribution.
    adl_random_normal_f64, f64, normal;
}
