"""Writes arrays.txt: functions of arrays along curves, with their derivatives to third order.

    python3 arrays.py > arrays.txt          (needs mpmath)

Each row is a function of one number, `f(t) = sum(W * F(A(t)))` on a curve of matrices, as an expression of the language, and its value
and first three derivatives at 0: differences of high order of an implementation with 60 digits and more that knows no rule.
"""
from mpmath import mp, mpf, matrix, diff, eye, diag, exp, log, sqrt, inf
import mpmath

mp.dps = 60


def M(rows):
    return matrix([[mpf(float(x)) for x in row] for row in rows])


def V(row):
    return [mpf(float(x)) for x in row]


# Curves: name, value, first and second coefficient.
D3 = [[0.3, -1.1, 0.7], [0.9, 0.4, -0.2], [-0.6, 0.8, 1.3]]
E3 = [[-0.5, 0.2, 0.9], [1.2, -0.7, 0.1], [0.4, 0.6, -0.3]]
W3 = [[0.8, -0.3, 1.1], [0.5, 1.4, -0.9], [-1.2, 0.2, 0.7]]
D4 = [[0.3, -1.1, 0.7, 0.2], [0.9, 0.4, -0.2, 1.5], [-0.6, 0.8, 1.3, -0.4], [0.1, -0.5, 0.6, 1.2]]
E4 = [[-0.5, 0.2, 0.9, 0.4], [1.2, -0.7, 0.1, 0.3], [0.4, 0.6, -0.3, -0.8], [0.7, -1.3, 0.5, 0.2]]
D53 = [[0.3, -1.1, 0.7], [0.9, 0.4, -0.2], [-0.6, 0.8, 1.3], [0.5, -0.4, 0.2], [1.1, 0.6, -0.7]]
E53 = [[-0.5, 0.2, 0.9], [1.2, -0.7, 0.1], [0.4, 0.6, -0.3], [0.3, 1.0, -0.8], [-0.2, 0.1, 0.6]]
CURVES = {
    "R": ([[2.1, 0.3, -1.4], [-0.9, 2.6, 1.1], [-0.6, 1.2, 2.7]], D3, E3),
    "rank2": ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], D3, E3),
    "rank1": ([[1, 2, -1], [2, 4, -2], [-3, -6, 3]], D3, E3),
    "rank0": ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], D3, E3),
    "near1": ([[1, 2, 3], [4, 5, 6], [7, 8, "9.00001"]], D3, E3),
    "scaled": ([["2.1e8", "0.3", "-1.4e-6"], ["-0.9e2", "2.6e-6", "1.1e-12"], ["-0.6e5", "1.2e-3", "2.7e-9"]],
               [["0.3e8", "-1.1", "0.7e-6"], ["0.9e2", "0.4e-6", "-0.2e-12"], ["-0.6e5", "0.8e-3", "1.3e-9"]],
               [["0.2e8", "0.5", "0.1e-6"], ["0.3e2", "-0.4e-6", "0.6e-12"], ["0.1e5", "0.2e-3", "0.7e-9"]]),
    "rank2of4": ([[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], D4, E4),
    "tiny": ([["1e-120", 0, 0], [0, "1e-120", 0], [0, 0, "1e-120"]], D3, E3),
    "S": ([[4.2, 0.7, -0.5], [0.7, 2.3, 0.9], [-0.5, 0.9, 6.1]], D3, E3),
    "S_one": ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], D3, E3),
    "S_two": ([[3, 0, 0], [0, 1, 0], [0, 0, 1]], D3, E3),
    "S_near": ([[3, 0, 0], [0, "1.0000001", 0], [0, 0, 1]], D3, E3),
    "T": ([[1.2, 0.4, -0.3], [0.1, 2.2, 0.5], [-0.7, 0.3, 3.1], [0.6, -0.2, 0.4], [0.9, 0.8, -0.1]], D53, E53),
    "T_same": ([[2, 0, 0], [0, 2, 0], [0, 0, 2], [0, 0, 0], [0, 0, 0]], D53, E53),
    "Z": ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], D3, E3),
    "large": ([[-49.0, 24.0, 3.0], [-64.0, 31.0, 1.0], [2.0, -5.0, -8.0]], D3, E3),
    "far": ([[1, "1e10", 0], [0, -1, 0], [0, 0, "0.5"]], [["0.3", "0.2", "0.1"], ["1e-11", "0.4", "0.6"], ["0.3", "0.1", "-0.2"]],
            [["0.1", "0.5", "0.3"], ["2e-11", "-0.2", "0.7"], ["0.4", "0.2", "0.1"]]),
    "cyclic": ([[0, "1e-8", 0], ["-20066666666.666668", -3, "2e10"], ["66.66666666666667", 0, "-66.66666666666667"]],
               [["0.3", "1e-9", "0.7"], ["0.9", "0.4", "-0.2"], ["0.6", "1e-9", "1.3"]],
               [["0.1", "2e-9", "0.2"], ["0.5", "0.3", "0.4"], ["0.2", "1e-9", "0.3"]]),
}


def at(name, t):
    a, d, e = (M(x) for x in CURVES[name])
    return a + t * d + t * t * e


def sym(a):
    return (a + a.T) / 2


def weigh(x):
    """The sum of the entries times 1, -0.7, 0.4, 1.1, -0.3 in turn, row by row."""
    w = V(["1", "-0.7", "0.4", "1.1", "-0.3"])
    entries = [x[i, j] for i in range(x.rows) for j in range(x.cols)] if isinstance(x, mpmath.matrix) else list(x)
    return sum(w[k % 5] * y for k, y in enumerate(entries))


def spectral(f, a):
    e, v = mpmath.eigsy(sym(a))
    return v * diag([f(x) for x in e]) * v.T


def first_large_positive(v):
    """Columns with the sign of the language: the first large entry is positive."""
    v = v.copy()
    for j in range(v.cols):
        top = max(abs(v[i, j]) for i in range(v.rows))
        i = next(i for i in range(v.rows) if abs(v[i, j]) >= mpf(0.3719) * top)
        if v[i, j] < 0:
            for k in range(v.rows):
                v[k, j] = -v[k, j]
    return v


def eigh(a):
    e, v = mpmath.eigsy(sym(a))
    return list(e), first_large_positive(v)


def singular(a):
    return [sqrt(x) for x in reversed(list(mpmath.eigsy(a.T * a, eigvals_only=True)))]


def svd(a):
    e, v = mpmath.eigsy(a.T * a)
    order = list(range(a.cols))[::-1]
    v = first_large_positive(matrix([[v[i, j] for j in order] for i in range(a.cols)]))
    s = [sqrt(e[j]) for j in order]
    return a * v * diag([1 / x for x in s]), s, v


def qr(a):
    """Gram and Schmidt; the diagonal of R is positive."""
    q, r = matrix(a.rows, a.cols), matrix(a.cols, a.cols)
    for j in range(a.cols):
        x = a[:, j]
        for k in range(j):
            r[k, j] = (q[:, k].T * x)[0]
            x = x - r[k, j] * q[:, k]
        r[j, j] = sqrt((x.T * x)[0])
        q[:, j] = x / r[j, j]
    return q, r


def expm(a):
    """By the series, after so many halvings that it converges at once."""
    n = 60
    b, total, term = a / mpf(2) ** n, eye(a.rows), eye(a.rows)
    for k in range(1, 40):
        term = term * b / k
        total = total + term
    for _ in range(n):
        total = total * total
    return total


def power(a, k):
    x = eye(a.rows)
    for _ in range(abs(k)):
        x = x * a
    return x if k >= 0 else mpmath.inverse(x)


def pinv(a):
    return mpmath.inverse(a.T * a) * a.T if a.rows >= a.cols else a.T * mpmath.inverse(a * a.T)


def norm_columns(a, p):
    return max(sum(abs(a[i, j]) ** p for i in range(a.rows)) for j in range(a.cols))


B3 = V(["1.1", "-0.4", "0.9"])
B5 = V(["1.1", "-0.4", "0.9", "0.3", "-1.6"])


def col(v):
    return matrix(v)


def flat(a):
    return [a[i, j] for i in range(a.rows) for j in range(a.cols)]


def row(a, i):
    return [a[i, j] for j in range(a.cols)]


def mean(x):
    return sum(x) / len(x)


def variance(x):
    m = mean(x)
    return sum((y - m) ** 2 for y in x) / len(x)


def lse(x):
    return log(sum(exp(y) for y in x))


def running(f, x):
    return [f(x[: k + 1]) for k in range(len(x))]


def product(x):
    p = mpf(1)
    for y in x:
        p *= y
    return p


def convolve(a, b):
    return [sum(a[i] * b[k - i] for i in range(len(a)) if 0 <= k - i < len(b)) for k in range(len(a) + len(b) - 1)]


# Name of the curve, expression of its matrix `A`, reference, and the tolerance where it is not 1e-9; a row whose numbers mean nothing
# in f32 has `no f32`.
ROWS = []


def add(curve, expression, f, tol=1e-9, single=True):
    ROWS.append((curve, expression, f, tol, single))


for curve in ["R", "rank2", "rank1", "rank0", "near1", "rank2of4", "tiny", "scaled"]:
    add(curve, "det(A)", mpmath.det, 1e-9, curve not in ["near1", "tiny", "scaled"])
add("R", "det(stack(A, A.T)) @ [1.0, 2.0]", lambda a: 3 * mpmath.det(a))
for curve in ["R", "scaled"]:
    add(curve, "slogdet(A).1", lambda a: log(abs(mpmath.det(a))), 1e-9, curve == "R")
add("S", "logdet(A)", lambda a: log(mpmath.det(a)))
add("R", "inv(A)", mpmath.inverse)
add("R", "solve(A, b)", lambda a: mpmath.lu_solve(a, col(B3)))
add("R", "solve(A, A.T @ A)", lambda a: mpmath.inverse(a) * a.T * a)
add("R", "solve_lower(A, b)", lambda a: mpmath.inverse(matrix([[a[i, j] if j <= i else 0 for j in range(3)] for i in range(3)])) * col(B3))
add("R", "solve_upper(A, b, unit = true, transposed = true)", lambda a: mpmath.inverse(matrix([[a[i, j] if j > i else (1 if i == j else 0) for j in range(3)] for i in range(3)]).T) * col(B3))
for curve in ["T", "T_same"]:
    add(curve, "lstsq(A, c)", lambda a: pinv(a) * col(B5))
    add(curve, "lstsq(A.T, b)", lambda a: pinv(a.T) * col(B3))
    add(curve, "pinv(A)", pinv)
    add(curve, "pinv(A.T)", lambda a: pinv(a.T))
    add(curve, "qr(A).0", lambda a: qr(a)[0])
    add(curve, "qr(A).1", lambda a: qr(a)[1])
add("T", "qr(A.T).1", lambda a: qr(a.T[:, 0:3])[0].T * a.T)
add("R", "pinv(A)", mpmath.inverse)
for curve in ["S", "S_one", "S_two"]:
    add(curve, "cholesky(A)", lambda a: mpmath.cholesky(sym(a)))
add("S", "eigh(A).0", lambda a: eigh(a)[0])
add("S", "eigh(A).1", lambda a: eigh(a)[1])
add("S", "eigvalsh(A)", lambda a: eigh(a)[0])
add("T", "svd(A).0", lambda a: svd(a)[0])
add("T", "svd(A).2", lambda a: svd(a)[2])
add("T", "svd(A.T).0", lambda a: svd(a)[2])
add("T", "svdvals(A)", singular)
add("R", "svdvals(A)", singular)
add("T", 'norm(A, "nuc")', lambda a: sum(singular(a)))
add("R", 'norm(A, "nuc")', lambda a: sum(singular(a)))
add("T", "norm(A, 2)", lambda a: singular(a)[0])
add("T", "norm(A, -2)", lambda a: singular(a)[-1])
add("T", "norm(A)", lambda a: sqrt(sum(x * x for x in flat(a))))
add("T", "norm(A, 1)", lambda a: norm_columns(a, 1))
add("T", "norm(A, inf)", lambda a: norm_columns(a.T, 1))
add("T", "norm(A, 3, axis = 1)", lambda a: [sum(abs(x) ** 3 for x in row(a, i)) ** (mpf(1) / 3) for i in range(5)])
add("R", "cond(A)", lambda a: singular(a)[0] / singular(a)[-1])
add("R", "cond(A, 1)", lambda a: norm_columns(a, 1) * norm_columns(mpmath.inverse(a), 1))
for curve in ["R", "Z", "large", "far", "cyclic"]:
    add(curve, "expm(A)", expm, {"large": 1e-6, "far": 1e-8, "cyclic": 1e-6}.get(curve, 1e-9), curve not in ["far", "cyclic", "large"])
add("R", "matrix_power(A, 5)", lambda a: power(a, 5))
add("R", "matrix_power(A, -3)", lambda a: power(a, -3))
for curve in ["S", "S_one", "S_two", "S_near"]:
    add(curve, "matrix_function(exp, A)", lambda a: spectral(exp, a), 1e-9, curve != "S_near")
    add(curve, "matrix_function(log, A)", lambda a: spectral(log, a), 1e-9, curve != "S_near")
add("S_two", "matrix_function(|x| x^5 * A[0, 1], A)", lambda a: spectral(lambda x: x**5 * a[0, 1], a))
add("T", "logsumexp(A, axis = 1)", lambda a: [lse(row(a, i)) for i in range(5)])
add("T", "softmax(A)", lambda a: [exp(x - lse(row(a, i))) for i in range(5) for x in row(a, i)])
add("T", "log_softmax(A, axis = 0)", lambda a: flat(matrix([[a[i, j] - lse([a[k, j] for k in range(5)]) for j in range(3)] for i in range(5)])))
add("T", "logcumsumexp(A, axis = 1)", lambda a: [y for i in range(5) for y in running(lse, row(a, i))])
add("T", "variance(A, axis = 0)", lambda a: [variance(row(a.T, j)) for j in range(3)])
add("T", "std(A, axis = 1)", lambda a: [sqrt(variance(row(a, i))) for i in range(5)])
add("T_same", "prod(A, axis = 1)", lambda a: [product(row(a, i)) for i in range(5)])
add("Z", "prod(A)", lambda a: product(flat(a)))
add("Z", "cumprod(A)", lambda a: flat(matrix([[product([a[k, j] for k in range(i + 1)]) for j in range(3)] for i in range(3)])))
add("T", "convolve(A[0], A[1])", lambda a: convolve(row(a, 0), row(a, 1)))
add("T", "polyval(A[0], A[1, 2])", lambda a: [a[0, 0] * a[1, 2] ** 2 + a[0, 1] * a[1, 2] + a[0, 2]])
add("T", "polyfit(A[.., 0], A[.., 1], 2)", lambda a: pinv(matrix([[a[i, 0] ** 2, a[i, 0], 1] for i in range(5)])) * a[:, 1])
add("T", "interp(A[0, 1], [0.0, 1.0], [A[0, 0] - 1.2, A[0, 0] - 1.2 + t * A[1, 2]])", None)
add("T", "quantile([A[0, 0], A[0, 0] + 0 * t, 9.0], 0.25 + 0.1 * t)", None)
add("T", "kron(A, A)", lambda a: [a[i, j] * a[k, l] for i in range(5) for k in range(5) for j in range(3) for l in range(3)])
add("T", "geomspace(A[0, 0], A[1, 1], 4)", lambda a: [a[0, 0] * (a[1, 1] / a[0, 0]) ** (mpf(k) / 3) for k in range(4)])
add("T", "logspace(A[0, 0], A[1, 1], 4)", lambda a: [mpf(10) ** (a[0, 0] + (a[1, 1] - a[0, 0]) * k / 3) for k in range(4)])
add("T", "trapezoid(A[.., 0], A[.., 1])", lambda a: [sum((a[i + 1, 1] - a[i, 1]) * (a[i + 1, 0] + a[i, 0]) / 2 for i in range(4))])
add("T", "cumulative_trapezoid(A[.., 0], A[.., 1])", lambda a: [sum((a[i + 1, 1] - a[i, 1]) * (a[i + 1, 0] + a[i, 0]) / 2 for i in range(k)) for k in range(5)])
add("R", "cross(A[0], A[1])", lambda a: [a[0, 1] * a[1, 2] - a[0, 2] * a[1, 1], a[0, 2] * a[1, 0] - a[0, 0] * a[1, 2], a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]])

# Of the number itself: points of equal values, whose slopes are not those of one of them.
SPECIAL = {
    "interp(": lambda t: (lambda a: (a[0, 0] - mpf(1.2)) + a[0, 1] * t * a[1, 2])(at("T", t)),
    "quantile(": lambda t: at("T", t)[0, 0],
}


def literal(rows):
    return "[" + ", ".join("[" + ", ".join(str(float(x)) for x in row) + "]" for row in rows) + "]"


def value(curve, expression, f):
    if f is None:
        return SPECIAL[expression.split("(")[0] + "("]
    def g(t):
        x = f(at(curve, t))
        return weigh(x) if isinstance(x, (list, mpmath.matrix)) else x
    return g


def main():
    for name, rows in CURVES.items():
        print("curve", name, "|", " | ".join(literal(x) for x in rows))
    for curve, expression, f, tol, single in ROWS:
        g = value(curve, expression, f)
        h = mpf(10) ** -18 if curve not in ["tiny"] else mpf(10) ** -130
        if curve == "S_near":
            h = mpf(10) ** -20
        if curve == "tiny":
            mp.dps = 700
        else:
            mp.dps = 160
        # Differences of eight points.
        v = {k: g(k * h) for k in range(-4, 5)}
        first = sum(c * (v[k] - v[-k]) for k, c in [(1, mpf(4) / 5), (2, -mpf(1) / 5), (3, mpf(4) / 105), (4, -mpf(1) / 280)]) / h
        second = (sum(c * (v[k] + v[-k]) for k, c in [(1, mpf(8) / 5), (2, -mpf(1) / 5), (3, mpf(8) / 315), (4, -mpf(1) / 560)]) - mpf(205) / 72 * v[0]) / h**2
        third = sum(c * (v[k] - v[-k]) for k, c in [(1, -mpf(61) / 30), (2, mpf(169) / 120), (3, -mpf(3) / 10), (4, mpf(7) / 240)]) / h**3
        numbers = " ".join(mpmath.nstr(+x, 17) if abs(x) > mpf(10) ** -40 or curve == "tiny" else "0.0" for x in [v[0], first, second, third])
        mp.dps = 60
        print(" | ".join(["row", curve, expression, numbers, f"{tol:g}", "" if single else "no f32"]).strip())


main()
