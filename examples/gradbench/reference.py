#!/usr/bin/env python3
"""Inputs and answers for GradBench's problems at small sizes, by numbers that know no derivative rules.

    python3 examples/gradbench/reference.py > examples/gradbench/reference.jsonl

The problems are written again, entry by entry, over complex numbers: the derivative of f along d is Im f(x + i h d) / h, exact to
rounding for h = 1e-100, as no difference is taken (Squire and Trapp 1998). Where a problem compares numbers it compares real parts.
`kmeans` has a closed form, `saddle` and `particle` have one answer each, which GradBench states.
"""

import cmath
import json
import math
import random

H = 1e-100
dice = random.Random(7)


def uniform(*shape):
    return [uniform(*shape[1:]) for _ in range(shape[0])] if shape else dice.uniform(0.0, 1.0)


def normal(*shape):
    return [normal(*shape[1:]) for _ in range(shape[0])] if shape else dice.gauss(0.0, 1.0)


def flat(x):
    return [entry for part in x for entry in flat(part)] if isinstance(x, list) else [x]


def like(x, entries):
    """The entries of an iterator in the shape of x."""
    return [like(part, entries) for part in x] if isinstance(x, list) else next(entries)


def real(x):
    return [real(part) for part in x] if isinstance(x, list) else complex(x).real


def derivatives(f, x):
    """For each entry of x, the derivative of f, which gives a number or a flat list."""
    entries = flat(x)
    for k in range(len(entries)):
        moved = iter([complex(e, H if j == k else 0.0) for j, e in enumerate(entries)])
        y = f(like(x, moved))
        yield [part.imag / H for part in y] if isinstance(y, list) else complex(y).imag / H


def gradient(f, x):
    return like(x, iter(list(derivatives(f, x))))


def columns(f, x):
    """The Jacobian of a flat list, one column for each entry of x."""
    return [list(row) for row in zip(*derivatives(f, x))]


def llsq(x, n):
    total = 0
    for i in range(n):
        t = -1 + 2 * i / (n - 1)
        total += ((t > 0) - (t < 0) - sum(c * t**j for j, c in enumerate(x))) ** 2
    return total / 2


def lse(x):
    top = max(x, key=lambda e: complex(e).real)
    return top + cmath.log(sum(cmath.exp(e - top) for e in x))


def ode(x, s):
    def rhs(y):
        return [x[i] * (y[i - 1] if i else 1) for i in range(len(x))]

    h, y = 2 / s, [0] * len(x)
    for _ in range(s):
        k1 = rhs(y)
        k2 = rhs([a + h / 2 * b for a, b in zip(y, k1)])
        k3 = rhs([a + h / 2 * b for a, b in zip(y, k2)])
        k4 = rhs([a + h * b for a, b in zip(y, k3)])
        y = [a + h / 6 * (p + 2 * q + 2 * r + t) for a, p, q, r, t in zip(y, k1, k2, k3, k4)]
    return y


def det(a):
    if len(a) == 1:
        return a[0][0]
    return sum((-1) ** j * a[0][j] * det([row[:j] + row[j + 1 :] for row in a[1:]]) for j in range(len(a)))


def gmm(p, x, gamma, m):
    alpha, mu, q, l = p["alpha"], p["mu"], p["q"], p["l"]
    n, d, k = len(x), len(x[0]), len(alpha)
    total = 0
    for point in x:
        beta = []
        for c in range(k):
            z = [point[j] - mu[c][j] for j in range(d)]
            y = [cmath.exp(q[c][j]) * z[j] for j in range(d)]
            packed = iter(l[c])
            for j in range(d):
                for r in range(j + 1, d):
                    y[r] += next(packed) * z[j]
            beta.append(alpha[c] + sum(q[c]) - sum(e * e for e in y) / 2)
        total += lse(beta)
    wide = d + m + 1
    constant = wide * d * (math.log(gamma) - math.log(2) / 2) - d * (d - 1) / 4 * math.log(math.pi)
    constant -= sum(math.lgamma((wide + 1 - j) / 2) for j in range(1, d + 1))
    prior = k * constant
    for c in range(k):
        prior -= gamma**2 / 2 * (sum(cmath.exp(2 * e) for e in q[c]) + sum(e * e for e in l[c])) - m * sum(q[c])
    return -n * d / 2 * math.log(2 * math.pi) + total - n * lse(alpha) + prior


def lstm(main, extra, state, sequence):
    sigmoid = lambda x: 1 / (1 + cmath.exp(-x))
    l, b = len(main) // 2, len(extra[0])
    h, cell = [list(state[2 * i]) for i in range(l)], [list(state[2 * i + 1]) for i in range(l)]
    total = 0
    for t in range(len(sequence) - 1):
        x = [sequence[t][j] * extra[0][j] for j in range(b)]
        for i in range(l):
            w, v = main[2 * i], main[2 * i + 1]
            for j in range(b):
                forget = sigmoid(x[j] * w[j] + v[j])
                enter = sigmoid(h[i][j] * w[b + j] + v[b + j])
                leave = sigmoid(x[j] * w[2 * b + j] + v[2 * b + j])
                change = cmath.tanh(h[i][j] * w[3 * b + j] + v[3 * b + j])
                cell[i][j] = forget * cell[i][j] + enter * change
                h[i][j] = leave * cmath.tanh(cell[i][j])
            x = list(h[i])
        p = [x[j] * extra[1][j] + extra[2][j] for j in range(b)]
        norm = cmath.log(2 + sum(cmath.exp(e) for e in p))
        total += sum(sequence[t + 1][j] * (p[j] - norm) for j in range(b))
    return -total / (b * (len(sequence) - 1))


def product(a, b):
    return [[sum(row[k] * b[k][j] for k in range(len(b))) for j in range(len(b[0]))] for row in a]


def hand(theta, us, data):
    model = data["model"]
    bones = len(model["parents"])
    pose = [[0] * 3 for _ in range(bones + 3)]
    pose[0], pose[1], pose[2] = theta[:3], [1, 1, 1], theta[3:6]
    rest = iter(theta[6:])
    for finger in range(5):
        row = 5 + 4 * finger
        pose[row][0], pose[row][1] = next(rest), next(rest)
        pose[row + 1][0], pose[row + 2][0] = next(rest), next(rest)
    absolute, transforms = [], []
    for bone in range(bones):
        x, z, y = pose[bone + 3]
        sx, cx, sy, cy, sz, cz = cmath.sin(x), cmath.cos(x), cmath.sin(y), cmath.cos(y), cmath.sin(z), cmath.cos(z)
        about_x = [[1, 0, 0], [0, cx, -sx], [0, sx, cx]]
        about_y = [[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]
        about_z = [[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]
        turn = [row + [0] for row in product(product(about_z, about_y), about_x)] + [[0, 0, 0, 1]]
        relative = product(model["base_relatives"][bone], turn)
        parent = model["parents"][bone]
        absolute.append(relative if parent < 0 else product(absolute[parent], relative))
        transforms.append(product(absolute[bone], model["inverse_base_absolutes"][bone]))
    angle = cmath.sqrt(sum(e * e for e in pose[0]))
    turn = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    if angle.real >= 1e-4:
        x, y, z = [e / angle for e in pose[0]]
        s, c = cmath.sin(angle), cmath.cos(angle)
        turn = [
            [x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s],
            [x * z * (1 - c) - y * s, z * y * (1 - c) + x * s, z * z + (1 - z * z) * c],
        ]
    at = []
    for base, weights in zip(model["base_positions"], model["weights"]):
        moved = [sum(w * sum(t[r][k] * base[k] for k in range(4)) for w, t in zip(weights, transforms)) for r in range(3)]
        at.append([sum(turn[r][k] * pose[1][k] * moved[k] for k in range(3)) + pose[2][r] for r in range(3)])
    errors = []
    for i, place in enumerate(data["correspondences"]):
        if us:
            a, b, c = model["triangles"][place]
            u, v = us[i]
            found = [u * at[a][k] + v * at[b][k] + (1 - u - v) * at[c][k] for k in range(3)]
        else:
            found = at[place]
        errors += [data["points"][i][k] - found[k] for k in range(3)]
    return errors


def hand_columns(theta, us, data):
    first = []
    for side in range(2 if us else 0):
        moved = [[complex(e, H if k == side else 0) for k, e in enumerate(row)] for row in us]
        first.append([e.imag / H for e in hand(theta, moved, data)])
    rest = columns(lambda theta: hand(theta, us, data), theta)
    return [[column[i] for column in first] + row for i, row in enumerate(rest)]


def seen(cam, point, w, feat):
    z = [point[k] - cam[3 + k] for k in range(3)]
    r = cam[:3]
    square = sum(e * e for e in r)
    cross = lambda a, b: [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    if complex(square).real == 0:
        y = [z[k] + cross(r, z)[k] for k in range(3)]
    else:
        angle = cmath.sqrt(square)
        a = [e / angle for e in r]
        along = sum(a[k] * z[k] for k in range(3))
        y = [z[k] * cmath.cos(angle) + cross(a, z)[k] * cmath.sin(angle) + a[k] * along * (1 - cmath.cos(angle)) for k in range(3)]
    e = [y[0] / y[2], y[1] / y[2]]
    rho = e[0] ** 2 + e[1] ** 2
    bent = 1 + cam[9] * rho + cam[10] * rho**2
    return [w * (e[k] * bent * cam[6] + cam[7 + k] - feat[k]) for k in range(2)]


def bundle(n, m, p, cam, x, w, feat):
    rows = columns(lambda v: seen(v[:11], v[11:14], v[14], feat), [*cam, *x, w])
    cols, vals = [], []
    for i in range(p):
        of = [11 * (i % n) + k for k in range(11)] + [11 * n + 3 * (i % m) + k for k in range(3)] + [11 * n + 3 * m + i]
        cols += of + of
        vals += rows[0] + rows[1]
    cols += [11 * n + 3 * m + i for i in range(p)]
    vals += [-2 * w] * p
    starts = [15 * i for i in range(2 * p)] + [30 * p + i for i in range(p + 1)]
    return {name: (part[:30] + part[-1:]) for name, part in (("rows", starts), ("cols", cols), ("vals", vals))}


def cases():
    yield "hello", {"square": 1.7 * 1.7, "double": 3.4}, 1.7
    for m, n in ((1, 2), (7, 21), (20, 64)):
        x = uniform(m)
        yield "llsq", {"primal": llsq(x, n), "gradient": gradient(lambda x: llsq(x, n), x)}, {"x": x, "n": n}
    for n in (1, 3, 9, 100):
        x = [10 * e for e in normal(n)]
        yield "lse", {"primal": lse(x).real, "gradient": gradient(lse, x)}, {"x": x}
    for n, s in ((1, 1), (5, 3), (9, 4), (30, 20)):
        x = uniform(n)
        yield "ode", {"primal": ode(x, s), "gradient": gradient(lambda x: ode(x, s)[-1], x)}, {"x": x, "s": s}
    for n in (1, 2, 3, 5, 6):
        a = uniform(n, n)
        yield "det", {"primal": det(a), "gradient": flat(gradient(det, a))}, {"A": flat(a), "ell": n}
    for d, k, n, gamma, m in ((2, 3, 4, 1.0, 0), (3, 4, 11, 1.3, 2), (9, 5, 12, 0.7, 1)):
        p = {"alpha": normal(k), "mu": uniform(k, d), "q": normal(k, d), "l": normal(k, d * (d - 1) // 2)}
        x = normal(n, d)
        slopes = {name: gradient(lambda part: gmm({**p, name: part}, x, gamma, m), p[name]) for name in p}
        yield "gmm", {"objective": gmm(p, x, gamma, m).real, "jacobian": slopes}, {**p, "x": x, "gamma": gamma, "m": m, "d": d, "k": k, "n": n}
    for l, b, c in ((1, 3, 2), (2, 5, 9), (2, 14, 12)):
        main, extra, state = normal(2 * l, 4 * b), normal(3, b), normal(2 * l, b)
        sequence = [[float(dice.randrange(2)) for _ in range(b)] for _ in range(c)]
        slopes = gradient(lambda p: lstm(*p, state, sequence), [main, extra])
        yield "lstm", {"objective": lstm(main, extra, state, sequence).real, "jacobian": flat(slopes)}, {
            "main_params": main, "extra_params": extra, "state": state, "sequence": sequence}
    for k, n, d in ((2, 10, 2), (7, 60, 3), (9, 80, 12)):
        points = uniform(n, d)
        centroids = [[e + 0.01 for e in point] for point in points[-k:]]
        squares = [[sum((c - p) ** 2 for c, p in zip(centre, point)) for centre in centroids] for point in points]
        nearest = [min(range(k), key=row.__getitem__) for row in squares]
        members = [[p for p, near in zip(points, nearest) if near == c] for c in range(k)]
        step = [[centroids[c][j] - sum(p[j] for p in members[c]) / len(members[c]) for j in range(d)] for c in range(k)]
        yield "kmeans", {"cost": sum(map(min, squares)), "dir": step}, {"points": points, "centroids": centroids}
    for c, inside in ((4, True), (12, True), (5, False)):
        bones, vertices, triangles = 22, 30, 12
        data = {
            "correspondences": [dice.randrange(triangles if inside else vertices) for _ in range(c)],
            "points": normal(c, 3),
            "model": {
                "parents": [-1] + [dice.randrange(b) for b in range(1, bones)],
                "base_relatives": normal(bones, 4, 4),
                "inverse_base_absolutes": [[[0.3 * e for e in row] for row in part] for part in normal(bones, 4, 4)],
                "base_positions": normal(vertices, 4),
                "weights": uniform(vertices, bones),
                "triangles": [[dice.randrange(vertices) for _ in range(3)] for _ in range(triangles)],
            },
        }
        theta, us = normal(26), uniform(c, 2) if inside else []
        yield "ht", {"objective": hand(theta, us, data), "jacobian": hand_columns(theta, us, data)}, {"theta": theta, "us": us, "data": data}
    for n, m, p, turn in ((1, 1, 1, 1), (3, 5, 15, 1), (2, 2, 4, 0)):
        cam = normal(11)
        cam = [turn * e for e in cam[:3]] + cam[3:]
        part = {"cam": cam, "x": [0.3, -0.2, 5.0], "w": 0.7, "feat": normal(2)}
        value = {"reproj_error": {"elements": seen(**{"cam": cam, "point": part["x"], "w": part["w"], "feat": part["feat"]}), "repeated": p},
                 "w_err": {"element": 1 - part["w"] ** 2, "repeated": p}}
        yield "ba", {"objective": value, "jacobian": bundle(n, m, p, **part)}, {"n": n, "m": m, "p": p, **part}
    four = ("ff", "fr", "rf", "rr")
    yield "saddle", {name: [8.246324826140356e-06] * 4 for name in four}, {"start": [1.0, 1.0]}
    yield "particle", {name: 0.20719187464861194 for name in four}, {"w": 0.0}


def numbers(x):
    if isinstance(x, dict):
        return {name: numbers(part) for name, part in x.items()}
    if isinstance(x, (list, tuple)):
        return [numbers(part) for part in x]
    return x if isinstance(x, int) else complex(x).real


for module, answers, given in cases():
    print(json.dumps({"module": module, "input": numbers(given), "answers": numbers(answers)}))
