"""mma and mma.sp in every shape and type."""

import itertools
import random as random_module

import exact
import matrix_layout as layout
import warp_case
from matrix_numbers import BITS, INTEGERS, SMALL, accumulator, clamp, draw, value
from warp_case import LANES, Operand

F8 = ("e4m3", "e5m2")
F8F6F4 = ("e4m3", "e5m2", "e3m2", "e2m3", "e2m1")
CHAPTER = "matrix"


class Form:
    """One product: shape, types, and what the instruction says beside them."""

    def __init__(self, m, k, a, b, acc, extra="", kind="", sparse="", selector=0, scale=None, target="sm_80", n=8):
        self.m, self.n, self.k, self.a, self.b, self.acc = m, n, k, a, b, acc
        self.extra, self.kind, self.sparse, self.selector, self.scale, self.target = extra, kind, sparse, selector, scale, target
        self.in_byte = kind in ("kind::f8f6f4", "kind::mxf8f6f4")
        self.random = random_module.Random(self.name)

    @property
    def name(self):
        parts = ["mma", self.sparse, f"m{self.m}n{self.n}k{self.k}", self.kind, self.extra, self.acc, self.a, self.b]
        parts += [*self.scale] if self.scale else []
        parts += [f"s{self.selector}"] if self.sparse else []
        return "_".join(p.replace("::", "_").replace(".", "_") for p in parts if p)

    def bits(self, kind):
        return 8 if self.in_byte and kind in SMALL else BITS[kind]

    def contain(self, pattern, kind):
        """The pattern in its place in the register."""
        return pattern << 2 if self.in_byte and kind == "e2m1" else pattern

    @property
    def spelling(self):
        words = ["mma", self.sparse, f"sync.aligned.m{self.m}n{self.n}k{self.k}.row.col", self.kind]
        words += ["block_scale", self.scale[0]] if self.scale else []
        bit = self.a == "b1"
        words += ["" if bit else self.extra, self.acc, self.a, self.b, self.acc, f"{self.extra}.popc" if bit else ""]
        words += [self.scale[1]] if self.scale else []
        return ".".join(w for w in words if w)


def draw_double(random):
    """Of any mantissa: sums are inexact, so that order and rounding show."""
    return random.getrandbits(1) << 63 | random.randint(1021, 1025) << 52 | random.getrandbits(52)


def matrix(form, rows, columns, kind):
    pick = draw_double if kind == "f64" and form.extra else lambda random: draw(random, kind)
    return [[pick(form.random) for _ in range(columns)] for _ in range(rows)]


def pack(form, rows, place, count, kind):
    """Registers of every lane."""
    bits = form.bits(kind)
    width = 64 if bits == 64 else 32
    lanes = []
    for lane in LANES:
        words = [0] * (count * bits // width)
        for i in range(count):
            row, column = place(lane, i)
            words[i * bits // width] |= form.contain(rows[row][column], kind) << (i * bits % width)
        lanes.append(words)
    return lanes


# --- Sparse

ORDERED = (0b0100, 0b1000, 0b1001, 0b1100, 0b1101, 0b1110)


class Sparsity:
    """Which columns the stored elements of A stand for, and the metadata that says so."""

    def __init__(self, form):
        wide = BITS[form.a] >= 16
        self.single, self.pairs = form.a == "tf32", form.bits(form.a) == 4
        self.stored_of_chunk = 1 if self.single else 4 if self.pairs else 2
        chunks = form.k // 2 // self.stored_of_chunk
        choices = (0b1110, 0b0100) if self.single else ORDERED
        self.indices = [[form.random.choice(choices) for _ in range(chunks)] for _ in range(16)]
        place = layout.metadata_wide if wide else layout.metadata_narrow
        first = form.selector * (chunks // 4)
        words = [form.random.getrandbits(32) for _ in LANES]  # of lanes that do not contribute: anything
        for row in range(16):
            for chunk in range(chunks):
                lane, bit = place(row, chunk)
                lane += row % 8 * 4 + first
                words[lane] = words[lane] & ~(15 << bit) | self.indices[row][chunk] << bit
        self.words = [[word] for word in words]

    def column(self, row, stored):
        chunk, within = divmod(stored, self.stored_of_chunk)
        nibble = self.indices[row][chunk]
        if self.single:
            return 2 * chunk + (nibble == 0b1110)
        if self.pairs:
            return 8 * chunk + 2 * (nibble >> 2 * (within // 2) & 3) + within % 2
        return 4 * chunk + (nibble >> 2 * within & 3)

    def expand(self, stored):
        rows = [[0] * (2 * len(stored[0])) for _ in stored]
        for row, patterns in enumerate(stored):
            for i, pattern in enumerate(patterns):
                rows[row][self.column(row, i)] = pattern
        return rows


# --- Block scales


class Scales:
    """Scale factors of A and B, their data words and selectors."""

    def __init__(self, form):
        vector, self.kind = form.scale
        self.count = {"scale_vec::1X": 1, "scale_vec::2X": 2, "scale_vec::4X": 4, "": 1 if form.in_byte else 2}[vector]
        self.group = form.k // self.count
        self.byte_a = form.random.choice(range(0, 4, self.count) if self.count < 4 else [0])
        self.byte_b = form.random.choice(range(0, 4, self.count) if self.count < 4 else [0])
        self.thread_a, self.thread_b = form.random.randrange(2), form.random.randrange(4)
        self.a, self.a_words = self.side(form, 16, lambda row: 4 * (row % 8) + 2 * self.thread_a + row // 8, self.byte_a)
        self.b, self.b_words = self.side(form, 8, lambda column: 4 * column + self.thread_b, self.byte_b)

    def side(self, form, lines, lane_of, byte):
        words = [form.random.getrandbits(32) for _ in LANES]
        factors = []
        for line in range(lines):
            patterns = [self.draw(form.random) for _ in range(self.count)]
            factors.append([self.factor(p) for p in patterns])
            for i, pattern in enumerate(patterns):
                shift, lane = 8 * (byte + i), lane_of(line)
                words[lane] = words[lane] & ~(255 << shift) | pattern << shift
        return factors, [[word] for word in words]

    def draw(self, random):
        return random.randint(126, 128) if self.kind == "ue8m0" else random.randint(0x30, 0x3F)

    def factor(self, pattern):
        return 2.0 ** (pattern - 127) if self.kind == "ue8m0" else float(value(pattern, "e4m3"))

    def of(self, row, column, k):
        return self.a[row][k // self.group] * self.b[column][k // self.group]

    @property
    def operands(self):
        return f"%sa0, {{{self.byte_a}, {self.thread_a}}}, %sb0, {{{self.byte_b}, {self.thread_b}}}"


# --- The oracle


def multiply(form, a, b, c, scales):
    """Exact, of numbers."""
    operation = {"xor": lambda x, y: x ^ y, "and": lambda x, y: x & y}.get(form.extra, lambda x, y: x * y)
    rows = []
    for i, line in enumerate(a):
        row = []
        for j in range(form.n):
            products = [operation(line[k], b[k][j]) * (scales.of(i, j, k) if scales else 1) for k in range(form.k)]
            row.append(c[i][j] + sum(products))
        rows.append(row)
    return rows


def multiply_double(form, a, b, c):
    """By fma in the order of k, in the instruction's rounding."""
    mode = form.extra or "rn"
    rows = []
    for i, line in enumerate(a):
        row = []
        for j in range(form.n):
            total = c[i][j]
            for k in range(form.k):
                total = exact.fma(line[k], b[k][j], total, "f64", mode)
            row.append(total)
        rows.append(row)
    return rows


def numbers(rows, kind):
    """Integers, or floats: those of matrix_numbers and all sums of their products are exact as such, and quicker than fractions."""
    convert = int if kind in INTEGERS or kind == "b1" else float
    return [[convert(value(pattern, kind)) for pattern in row] for row in rows]


def result(form, a, b, c, scales):
    if form.acc == "f64":
        return multiply_double(form, a, b, c)
    totals = multiply(form, numbers(a, form.a), numbers(b, form.b), numbers(c, form.acc), scales)
    if form.extra == "satfinite":
        totals = [[clamp(total) for total in row] for row in totals]
    return [[accumulator(total, form.acc) for total in row] for row in totals]


def addends(form):
    """C; near the ends of the range where the sum saturates."""
    rows = matrix(form, form.m, form.n, form.acc)
    if form.extra != "satfinite":
        return rows
    return [[form.random.choice((0x7FFFFF00, 0x80000100, pattern)) for pattern in row] for row in rows]


def write_form(out, form):
    stored = form.k // 2 if form.sparse else form.k
    a, b, c = matrix(form, form.m, stored, form.a), matrix(form, form.k, form.n, form.b), addends(form)
    sparsity = Sparsity(form) if form.sparse else None
    scales = Scales(form) if form.scale else None
    d = result(form, sparsity.expand(a) if sparsity else a, b, c, scales)
    width = 64 if form.acc == "f64" else 32
    (a_count, a_place), (b_count, b_place) = layout.A[form.m, stored, form.bits(form.a)], layout.B[form.k, form.bits(form.b)]
    c_count, c_place = layout.C[form.m]
    inputs = [
        Operand("a", pack(form, a, a_place, a_count, form.a), width),
        Operand("b", pack(form, b, b_place, b_count, form.b), width),
        Operand("c", pack(form, c, c_place, c_count, form.acc), width),
    ]
    results = [Operand("d", pack(form, d, c_place, c_count, form.acc), width)]
    tail = ""
    if sparsity:
        inputs.append(Operand("e", sparsity.words))
        tail += f", %e0, {form.selector}"
    if scales:
        inputs += [Operand("sa", scales.a_words), Operand("sb", scales.b_words)]
        tail += ", " + scales.operands
    vectors = ", ".join(operand.vector for operand in [results[0], *inputs[:3]])
    warp_case.write(out, CHAPTER, form.name, inputs, results, [f"{form.spelling} {vectors}{tail}"], form.target)


# --- m8n8k4 with f16


def write_quad(out, a_layout, b_layout, d_kind, c_kind):
    form = Form(8, 4, "f16", "f16", d_kind, extra=f"{a_layout}.{b_layout}.{c_kind}", target="sm_75")
    products = [(matrix(form, 8, 4, "f16"), matrix(form, 4, 8, "f16"), matrix(form, 8, 8, c_kind)) for _ in range(4)]
    totals = [multiply(form, numbers(a, "f16"), numbers(b, "f16"), numbers(c, c_kind), None) for a, b, c in products]
    results = [[[accumulator(total, d_kind) for total in row] for row in rows] for rows in totals]

    def gather(matrices, place, count, kind):
        return [pack(form, matrices[layout.product_of(lane)], place, count, kind)[lane] for lane in LANES]

    a = Operand("a", gather([p[0] for p in products], layout.QUAD_A[a_layout], 4, "f16"))
    b = Operand("b", gather([p[1] for p in products], layout.QUAD_B[b_layout], 4, "f16"))
    c = Operand("c", gather([p[2] for p in products], layout.QUAD_C[c_kind], 8, c_kind))
    d = Operand("d", gather(results, layout.QUAD_C[d_kind], 8, d_kind))
    body = f"mma.sync.aligned.m8n8k4.{a_layout}.{b_layout}.{d_kind}.f16.f16.{c_kind} {d.vector}, {a.vector}, {b.vector}, {c.vector}"
    warp_case.write(out, CHAPTER, form.name, [a, b, c], [d], [body], "sm_75")


# --- Which forms there are


def dense_forms():
    for shape, acc in itertools.product((8, 16), ("f16", "f32")):
        yield Form(16, shape, "f16", "f16", acc)
    for k in (4, 8):
        yield Form(16, k, "tf32", "tf32", "f32")
    for k in (8, 16):
        yield Form(16, k, "bf16", "bf16", "f32")
    for k, a, b, acc in itertools.product((16, 32), F8, F8, ("f16", "f32")):
        yield Form(16, k, a, b, acc, target="sm_89")
    for a, b, acc in itertools.product(F8F6F4, F8F6F4, ("f16", "f32")):
        yield Form(16, 32, a, b, acc, kind="kind::f8f6f4", target="sm_120a")
    for (m, k), rounding in itertools.product(((8, 4), (16, 4), (16, 8), (16, 16)), ("", "rn", "rz", "rm", "rp")):
        yield Form(m, k, "f64", "f64", "f64", extra=rounding, target="sm_90")
    for (m, k), a, b, saturate in itertools.product(((8, 16), (16, 16), (16, 32)), ("s8", "u8"), ("s8", "u8"), ("", "satfinite")):
        yield Form(m, k, a, b, "s32", extra=saturate)
    for (m, k), a, b, saturate in itertools.product(((8, 32), (16, 32), (16, 64)), ("s4", "u4"), ("s4", "u4"), ("", "satfinite")):
        yield Form(m, k, a, b, "s32", extra=saturate)
    for (m, k), operation in itertools.product(((8, 128), (16, 128), (16, 256)), ("xor", "and")):
        yield Form(m, k, "b1", "b1", "s32", extra=operation)


def sparse_forms():
    variants = ("sp", "sp::ordered_metadata")
    for variant, selector, acc in itertools.product(variants, range(4), ("f16", "f32")):
        yield Form(16, 16, "f16", "f16", acc, sparse=variant, selector=selector)
    for variant, selector, acc in itertools.product(variants, range(2), ("f16", "f32")):
        yield Form(16, 32, "f16", "f16", acc, sparse=variant, selector=selector)
    for variant, kind, k, selector in (*itertools.product(variants, ("bf16",), (16,), (0, 3)), *itertools.product(variants, ("bf16",), (32,), (0, 1)),
                                       *itertools.product(variants, ("tf32",), (8,), (0, 2)), *itertools.product(variants, ("tf32",), (16,), (0, 1))):
        yield Form(16, k, kind, kind, "f32", sparse=variant, selector=selector)
    for variant, a, b in itertools.product(variants, F8, F8):
        yield Form(16, 64, a, b, "f32", sparse=variant, target="sm_89")
    for a, b in itertools.product(F8, F8):
        yield Form(16, 64, a, b, "f16", sparse="sp::ordered_metadata", target="sm_120a")
    for a, b, acc in itertools.product(F8F6F4, F8F6F4, ("f16", "f32")):
        yield Form(16, 64, a, b, acc, kind="kind::f8f6f4", sparse="sp::ordered_metadata", target="sm_120a")
    for kinds, (k, selectors) in (*itertools.product((("s8", "u8"),), ((32, (0, 1)), (64, (0,)))),
                                  *itertools.product((("s4", "u4"),), ((64, (0, 1)), (128, (0,))))):
        for variant, selector, a, b, saturate in itertools.product(variants, selectors, kinds, kinds, ("", "satfinite")):
            yield Form(16, k, a, b, "s32", extra=saturate, sparse=variant, selector=selector)


def scaled_forms():
    for sparse, factor in (("", 1), ("sp::ordered_metadata", 2)):
        common = {"sparse": sparse, "target": "sm_120a"}
        for vector in ("", "scale_vec::2X"):
            yield Form(16, 64 * factor, "e2m1", "e2m1", "f32", kind="kind::mxf4", scale=(vector, "ue8m0"), **common)
        for scale in (("scale_vec::2X", "ue8m0"), ("scale_vec::4X", "ue4m3")):
            yield Form(16, 64 * factor, "e2m1", "e2m1", "f32", kind="kind::mxf4nvf4", scale=scale, **common)
        yield Form(16, 32 * factor, "e4m3", "e4m3", "f32", kind="kind::mxf8f6f4", scale=("", "ue8m0"), **common)
        for a, b in itertools.product(F8F6F4, F8F6F4):
            yield Form(16, 32 * factor, a, b, "f32", kind="kind::mxf8f6f4", scale=("scale_vec::1X", "ue8m0"), **common)


def write(out):
    for layouts in itertools.product(("row", "col"), ("row", "col"), (("f16", "f16"), ("f32", "f16"), ("f32", "f32"))):
        write_quad(out, *layouts[:2], *layouts[2])
    for form in (*dense_forms(), *sparse_forms(), *scaled_forms()):
        write_form(out, form)
