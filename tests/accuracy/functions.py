"""Writes `functions.txt` beside itself: functions of one number with three derivatives, by mpmath.

A section begins with `= ` and an expression in `x`; its lines are x, f, f', f'' and f'''. Derivatives are central
differences at 70 digits and more, so no rule of differentiation goes into them.
"""
from pathlib import Path
import math
import mpmath as mp
from mpmath import mpf

SIZES = [5e-324, 3e-320, 7e-310, 1e-300, 1.3e-200, 1.7e-160, 2.1e-100, 3e-40, 1.9e-17, 2.3e-10, 1.1e-8, 1.7e-5, 1.3e-3, 0.02, 0.11]
MIDDLE = [0.3, 0.41, 0.5, 0.73, 0.9, 0.99, 1.0, 1.1, 1.46, 1.9, 2.5, 3.3, 5.1, 7.7]
LARGE = [11.3, 17.0, 26.1, 37.3, 41.0, 97.0, 371.9, 703.1, 744.2]
HUGE = [1.3e3, 1.1e4, 3.3e5, 1.2e8, 1.7e10, 1.1e15, 3e50, 1.1e102, 1.9e154, 1.1e160, 2e200, 1e300, 1.7e308]
POSITIVE = SIZES + MIDDLE + LARGE + HUGE


def both(points):
    return [-x for x in points] + list(points)


REAL = both(POSITIVE)
UNIT = both([x for x in POSITIVE if x < 1] + [1 - 1e-5, 1 - 1e-10, 1 - 2.0**-53])
NEAR_ONE = [1 + 2.0**-52, 1 + 1e-10, 1 + 1e-5] + [x for x in POSITIVE if x > 1]
SMALL = [x for x in POSITIVE if x < 800]

functions = []


def add(text, f, points, slow=False, ends=()):
    """`slow`: for large x it varies on the scale of x; `ends`: points near which it varies on the scale of the distance."""
    functions.append((text, f, points, slow, ends))


def phi(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def sigma(x):
    return 1 / (1 + mp.exp(-x))


def log_gamma(x):
    return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


LOG_2PI = lambda: mp.log(2 * mp.pi)

add("sqrt(x)", mp.sqrt, POSITIVE, True, (0,))
add("cbrt(x)", lambda x: mp.cbrt(x) if x > 0 else -mp.cbrt(-x), REAL, True, (0,))
add("exp(x)", mp.exp, REAL)
add("expm1(x)", mp.expm1, REAL)
add("exp2(x)", lambda x: mpf(2) ** x, both(SMALL) + [1023.7, 1024.0000000000002, -1022.5, -1060.3, -1074.2])
add("log(x)", mp.log, POSITIVE, True, (0,))
add("log2(x)", lambda x: mp.log(x, 2), POSITIVE, True, (0,))
add("log10(x)", mp.log10, POSITIVE, True, (0,))
add("log1p(x)", lambda x: mp.log(1 + x), [-x for x in UNIT if 0 < x] + POSITIVE, True, (-1,))
add("sin(x)", mp.sin, REAL)
add("cos(x)", mp.cos, REAL)
add("tan(x)", mp.tan, both([x for x in POSITIVE if x < 1e6]) + [1.57])
add("sinpi(x)", mp.sinpi, both([x for x in POSITIVE if x < 1e10]))
add("cospi(x)", mp.cospi, both([x for x in POSITIVE if x < 1e10]))
add("asin(x)", mp.asin, UNIT, False, (-1, 1))
add("acos(x)", mp.acos, UNIT, False, (-1, 1))
add("atan(x)", mp.atan, REAL, True)
add("sinh(x)", mp.sinh, both(SMALL))
add("cosh(x)", mp.cosh, both(SMALL))
add("tanh(x)", mp.tanh, both(SMALL) + [371.0, 372.3])
add("asinh(x)", mp.asinh, REAL, True)
add("acosh(x)", mp.acosh, NEAR_ONE, True, (1,))
add("atanh(x)", mp.atanh, UNIT, False, (-1, 1))
add("erf(x)", mp.erf, both(SMALL) + [26.6, 27.1])
add("erfc(x)", mp.erfc, both(SMALL) + [26.6, 27.1])
add("erfcx(x)", lambda x: mp.exp(x * x) * mp.erfc(x), [-x for x in POSITIVE if x < 26] + [x for x in POSITIVE if x < 2e5], True)
add("erfinv(x)", mp.erfinv, [x for x in UNIT if 1e-10 < abs(x) < 0.9999], False, (-1, 1))
add("gamma(x)", mp.gamma, [x for x in POSITIVE if x < 170] + [-0.3, -1.7, -2.5, -10.2, -50.7], False, (0,))
add("lgamma(x)", log_gamma, POSITIVE + [-0.3, -1.7, -2.5, -10.2, -50.7], True, (0, -1, -2, -3, -10, -51))
add("digamma(x)", mp.digamma, POSITIVE + [-0.3, -1.7, -2.5, -10.2, -50.7], True, (0, -1, -2, -3, -10, -51))
add("polygamma(1, x)", lambda x: mp.polygamma(1, x), [x for x in POSITIVE if 1e-160 < x < 1e102], True, (0,))
add("sigmoid(x)", sigma, both(SMALL))
add("logit(x)", lambda x: mp.log(x / (1 - x)), [x for x in UNIT if x > 0], True, (0, 1))
add("softplus(x)", lambda x: mp.log1p(mp.exp(x)), both(SMALL))
add("log_sigmoid(x)", lambda x: -mp.log1p(mp.exp(-x)), both(SMALL))
add("sinc(x)", lambda x: mp.sinpi(x) / (mp.pi * x), both([x for x in POSITIVE if 1e-40 < x < 1e10]))
add("hypot(x, 1.5)", lambda x: mp.sqrt(x * x + mpf(1.5) ** 2), REAL, True)
add("atan2(x, 1.5)", lambda x: mp.atan(x / mpf(1.5)), REAL, True)
add("atan2(1.5, x)", lambda x: mp.acot(x / mpf(1.5)) if x > 0 else mp.pi + mp.acot(x / mpf(1.5)), both([x for x in POSITIVE if 1e-40 < x]), True)
add("logaddexp(x, 1.5)", lambda x: mp.log(mp.exp(x) + mp.exp(mpf(1.5))), both(SMALL))
add("xlogy(x, x)", lambda x: x * mp.log(x), [x for x in POSITIVE if x > 1e-307], True, (0,))
add("beta(x, 2.5)", lambda x: mp.exp(log_beta(x, mpf(2.5))), [x for x in POSITIVE if 1e-160 < x < 1e10], True, (0,))
add("beta(x, 1e-5)", lambda x: mp.exp(log_beta(x, mpf(1e-5))), [x for x in POSITIVE if 1e-160 < x < 1e10], True, (0,))
add("lbeta(x, 2.5)", lambda x: log_beta(x, mpf(2.5)), [x for x in POSITIVE if x < 1e102], True, (0,))
add("lbeta(x, 1e8)", lambda x: log_beta(x, mpf(1e8)), [x for x in POSITIVE if x < 1e102], True, (0,))
add("x ^ 2.5", lambda x: x ** mpf(2.5), POSITIVE, True, (0,))
add("x ^ -3", lambda x: x ** -3, REAL, True, (0,))
add("x ^ x", lambda x: x**x, [x for x in POSITIVE if 1e-307 < x < 140], True, (0,))
add("10.0 ^ x", lambda x: mpf(10) ** x, [-323.0, -320.0, -315.5, -310.0, -308.3, -308.0, -307.0, -300.2, -250.1, -3.0, 0.5, 250.3, 308.2])
add("nn.gelu(x)", lambda x: x * phi(x), both([x for x in SMALL if x < 37]) + [41.0, 97.0])
add("nn.silu(x)", lambda x: x * sigma(x), both(SMALL))
add("nn.elu(x)", lambda x: x if x > 0 else mp.expm1(x), both(SMALL), False, (0,))
add("stats.normal_logpdf(x)", lambda x: -x * x / 2 - LOG_2PI() / 2, REAL, True)
add("stats.normal_logpdf(1.5, 0.0, x)", lambda x: -(mpf(1.5) / x) ** 2 / 2 - mp.log(x) - LOG_2PI() / 2, [x for x in POSITIVE if 1e-40 < x], True, (0,))
add("stats.normal_cdf(x)", phi, both([x for x in SMALL if x < 37.2]) + [41.0])
add("stats.normal_cdf(1.5, 0.0, x)", lambda x: phi(mpf(1.5) / x), [x for x in POSITIVE if 0.1 < x < 1e102], True, (0,))
add("stats.normal_logcdf(x)", lambda x: mp.log(phi(x)), both([x for x in SMALL if x < 37.2]) + [-41.0, -97.3, -371.0, -1.3e3, -1.1e4, -3.3e7], True)
add("stats.lognormal_logpdf(x)", lambda x: -mp.log(x) ** 2 / 2 - mp.log(x) - LOG_2PI() / 2, [x for x in POSITIVE if 1e-150 < x < 1e150], True, (0,))
add("stats.cauchy_logpdf(x)", lambda x: -mp.log(mp.pi) - mp.log1p(x * x), REAL, True)
add("stats.student_t_logpdf(x, 3.5)", lambda x: mp.loggamma(mpf(2.25)) - mp.loggamma(mpf(1.75)) - mp.log(mpf(3.5) * mp.pi) / 2 - mpf(2.25) * mp.log1p(x * x / mpf(3.5)), [x for x in REAL if abs(x) < 1e102], True)
add("stats.student_t_logpdf(1.5, x)", lambda x: mp.loggamma((x + 1) / 2) - mp.loggamma(x / 2) - mp.log(x * mp.pi) / 2 - (x + 1) / 2 * mp.log1p(mpf(2.25) / x), [x for x in POSITIVE if 1e-40 < x < 1e17], True, (0,))
add("stats.student_t_logpdf(1e-4, x)", lambda x: mp.loggamma((x + 1) / 2) - mp.loggamma(x / 2) - mp.log(x * mp.pi) / 2 - (x + 1) / 2 * mp.log1p(mpf(1e-4) ** 2 / x), [x for x in POSITIVE if 1e-3 < x < 1e17], True, (0,))
add("stats.gamma_logpdf(x, 2.5, 1.5)", lambda x: mpf(2.5) * mp.log(mpf(1.5)) + mpf(1.5) * mp.log(x) - mpf(1.5) * x - mp.loggamma(mpf(2.5)), POSITIVE, True, (0,))
add("stats.gamma_logpdf(1.5, x, 1.5)", lambda x: x * mp.log(mpf(1.5)) + (x - 1) * mp.log(mpf(1.5)) - mpf(2.25) - mp.loggamma(x), [x for x in POSITIVE if x < 1e102], True, (0,))
add("stats.gamma_logpdf(1e6, x)", lambda x: (x - 1) * mp.log(mpf(10) ** 6) - mpf(10) ** 6 - mp.loggamma(x), [0.5, 1.0, 17.3, 1e3, 9e5, 999999.0, 1000321.5, 1e9], True, (0,))
add("stats.beta_logpdf(x, 2.5, 1.5)", lambda x: mpf(1.5) * mp.log(x) + mp.log(1 - x) / 2 - log_beta(mpf(2.5), mpf(1.5)), [x for x in UNIT if x > 0], True, (0, 1))
add("stats.beta_logpdf(0.3, x, 1.5)", lambda x: (x - 1) * mp.log(mpf(0.3)) + mp.log(1 - mpf(0.3)) / 2 - log_beta(x, mpf(1.5)), [x for x in POSITIVE if x < 1e102], True, (0,))
add("stats.poisson_logpmf(3, x)", lambda x: 3 * mp.log(x) - x - mp.log(6), POSITIVE, True, (0,))
add("stats.poisson_logpmf(1000000, x)", lambda x: 10**6 * mp.log(x) - x - mp.loggamma(10**6 + 1), [1.0, 17.3, 9e5, 999999.0, 1000321.5, 1e9], True, (0,))
add("stats.bernoulli_logpmf(1, x)", mp.log, [x for x in UNIT if x > 0], True, (0,))
add("stats.bernoulli_logit_logpmf(1, x)", lambda x: -mp.log1p(mp.exp(-x)), both(SMALL))
add("stats.binomial_logpmf(3, 10, x)", lambda x: mp.log(120) + 3 * mp.log(x) + 7 * mp.log(1 - x), [x for x in UNIT if x > 0], True, (0, 1))
add("stats.exponential_logpdf(1.5, x)", lambda x: mp.log(x) - mpf(1.5) * x, POSITIVE, True, (0,))


def number(value):
    x = float(value) if abs(value) < mpf(2) ** 1025 else math.copysign(math.inf, value)
    return repr(x)


def line(f, x, slow, ends):
    """`x` with value and derivatives, by steps that are small beside the scale on which f varies."""
    size = math.log10(abs(x))
    scale = max(1, abs(mpf(x))) if slow else 1 / min(max(1, abs(mpf(x))), 1000)
    step = mpf(10) ** -15 * min([scale] + [abs(mpf(x) - end) for end in ends])
    # The tails of what goes to 1 are seen beside it.
    tail = 400 if 10 < abs(x) < 800 else 0
    with mp.workdps(120 + tail + int((2 if slow or size < 0 else 1) * abs(size))):
        x = mpf(x)
        low2, low, at, high, high2 = (f(x + k * step) for k in (-2, -1, 0, 1, 2))
        first = (high - low) / (2 * step)
        second = (high - 2 * at + low) / step**2
        third = (high2 - 2 * high + 2 * low - low2) / (2 * step**3)
        return " ".join(map(number, (x, at, first, second, third)))


lines = ["# Values, first, second and third derivatives of functions, made by `functions.py`."]
for text, f, points, slow, ends in functions:
    lines.append(f"= {text}")
    for x in points:
        lines.append(line(f, x, slow, ends))
Path(__file__).with_name("functions.txt").write_text("\n".join(lines) + "\n")
