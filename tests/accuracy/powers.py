"""Writes `powers.txt` beside itself: all partial derivatives of `a^b` up to the third order, by mpmath.

The columns are a, b, and the derivatives of the orders (i, j) by a and b in the order of ORDERS. At a = 0 they are the
limits from the right, below it there is none by b.
"""
from math import comb
from pathlib import Path
import mpmath as mp

mp.mp.dps = 50
ORDERS = [(i, n - i) for n in range(4) for i in range(n, -1, -1)]
BASES = [1e-60, 1e-8, 0.25, 0.7, 1.0, 1 + 2.0**-10, 1.5, 2.0, 3.0, 10.0, 1e5, 1e40, 0.0, -1e-3, -0.7, -1.0, -2.0, -10.0]
EXPONENTS = [-3.0, -2.0, -1.0, -0.5, 0.0, 1e-10, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 7.0]


def falling(b, i, k):
    """The k-th derivative of b (b - 1) ... (b - i + 1)."""
    polynomial = [mp.mpf(1)]
    for root in range(i):
        shifted = polynomial + [mp.mpf(0)]
        polynomial = [x - root * y for x, y in zip(shifted, [mp.mpf(0)] + polynomial)]
    for _ in range(k):
        degree = len(polynomial) - 1
        polynomial = [c * (degree - n) for n, c in enumerate(polynomial[:-1])] or [mp.mpf(0)]
    return mp.polyval(polynomial, b)


def partial(a, b, i, j):
    # a^(b - i) times a polynomial in log a: its coefficients from the highest power.
    weights = [comb(j, k) * falling(b, i, k) for k in range(j + 1)]
    a, power = mp.mpf(a), b - i
    if a > 0:
        return a**power * mp.polyval(weights, mp.log(a))
    if a < 0:
        return weights[0] * a ** int(power) if j == 0 and b == int(b) else mp.nan
    degree, leading = next(((j - n, w) for n, w in enumerate(weights) if w), (0, mp.mpf(0)))
    if leading == 0 or power > 0:
        return mp.mpf(0)
    if power == 0 and degree == 0:
        return leading
    return mp.inf * leading * (-1) ** degree


def number(x):
    if mp.isnan(x):
        return "NaN"
    return repr(float(x)) if abs(x) < mp.mpf(2) ** 1025 else ("inf" if x > 0 else "-inf")


lines = ["# a, b, and the derivatives of a^b by a and b of the orders " + " ".join(f"{i}{j}" for i, j in ORDERS)]
for a in BASES:
    for b in EXPONENTS:
        if a < 0 and b != int(b):
            continue
        lines.append(" ".join([repr(a), repr(b)] + [number(partial(a, b, i, j)) for i, j in ORDERS]))
Path(__file__).with_name("powers.txt").write_text("\n".join(lines) + "\n")
