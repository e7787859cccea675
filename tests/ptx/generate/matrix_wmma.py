"""wmma.load, wmma.mma and wmma.store in every shape, type and layout: from matrices in memory to a matrix in memory, since the manual
leaves open what the registers hold."""

import itertools
import random as random_module

import warp_case
from matrix import draw_double, multiply_double, numbers
from matrix_numbers import BITS, accumulator, clamp, draw
from warp_case import Buffer

CHAPTER = "matrix_wmma"
LARGE = ((16, 16, 16), (8, 32, 16), (32, 8, 16))


class Matrix:
    """A matrix of patterns and how it lies in memory."""

    def __init__(self, rows, kind, layout, padding, random):
        self.rows, self.kind, self.layout, self.padding = rows, kind, layout, padding
        lines = rows if layout == "row" else list(zip(*rows))
        self.stride = len(lines[0]) + padding
        filler = (lambda: 0) if random is None else (lambda: draw(random, kind))
        self.patterns = [p for line in lines for p in (*line, *(filler() for _ in range(padding)))]

    def buffer(self, name):
        bits = BITS[self.kind]
        if bits >= 8:
            return Buffer(name, self.patterns, bits)
        each = 8 // bits
        packed = [sum(p << bits * i for i, p in enumerate(self.patterns[at:at + each])) for at in range(0, len(self.patterns), each)]
        return Buffer(name, packed, 8)

    @property
    def operand(self):
        """The stride as an operand; left out where it is the default."""
        return f", {self.stride}" if self.padding else ""


class Form:
    def __init__(self, shape, kind, c_kind, d_kind, a_layout="row", b_layout="col", extra="", target="sm_80"):
        self.shape, self.kind, self.c_kind, self.d_kind = shape, kind, c_kind, d_kind
        self.a_layout, self.b_layout, self.extra, self.target = a_layout, b_layout, extra, target
        _, self.n, self.k = shape
        self.random = random_module.Random(self.name)

    def draw(self, kind):
        return draw_double(self.random) if kind == "f64" else draw(self.random, kind)

    @property
    def layouts(self):
        return self.a_layout, self.b_layout

    @property
    def shape_name(self):
        return "m{}n{}k{}".format(*self.shape)

    @property
    def name(self):
        parts = ["wmma", self.shape_name, self.kind, self.c_kind, self.d_kind, self.a_layout, self.b_layout, self.extra]
        return "_".join(part for part in parts if part)

    @property
    def multiply(self):
        head = f"wmma.mma.{self.extra}.popc.sync.aligned" if self.kind == "b1" else "wmma.mma.sync.aligned"
        rounding = f".{self.extra}" if self.kind == "f64" and self.extra else ""
        types = f"{self.d_kind}.{self.c_kind}" if self.kind == "f16" else f"{self.d_kind}.{self.kind}.{self.kind}.{self.c_kind}"
        saturate = ".satfinite" if self.extra == "satfinite" else ""
        return f"{head}.{self.a_layout}.{self.b_layout}.{self.shape_name}{rounding}.{types}{saturate}"


def registers_of(kind, elements, spare):
    """How many registers a fragment has (section 9.7.14.4.1)."""
    if spare:
        return 8
    return elements // 32 * BITS[kind] // (64 if BITS[kind] == 64 else 32)


def vector(name, count):
    return "{" + ", ".join(f"%{name}{i}" for i in range(count)) + "}"


def result(form, a, b, c):
    if form.kind == "f64":
        return multiply_double(form, a, b, c)
    operation = {"xor": lambda x, y: x ^ y, "and": lambda x, y: x & y}.get(form.extra, lambda x, y: x * y)
    x, y, z = numbers(a, form.kind), numbers(b, form.kind), numbers(c, form.c_kind)
    totals = [[z[i][j] + sum(operation(line[e], y[e][j]) for e in range(form.k)) for j in range(form.n)] for i, line in enumerate(x)]
    if form.extra == "satfinite":
        totals = [[clamp(total) for total in row] for row in totals]
    return [[accumulator(total, form.d_kind) for total in row] for row in totals]


def copy(buffer, size, offset, inward):
    """Lines that copy a buffer into the window, or back."""
    lines = ["mul.wide.u32 %rd1, %lane, 4", f"add.s64 %rd1, %rd1, %{buffer}", "mov.u32 %w2, window", "mad.lo.u32 %w2, %lane, 4, %w2"]
    for at in range(0, size, 128):
        inside, outside = f"[%w2+{offset + at}]", f"[%rd1+{at}]"
        lines += [f"ld.global.b32 %w3, {outside}", f"st.shared.b32 {inside}, %w3"] if inward else [
            f"ld.shared.b32 %w3, {inside}", f"st.global.b32 {outside}, %w3"]
    return lines


def in_window(body, matrices, space):
    """The same with all matrices in shared memory, one after another."""
    before, after, offset = [], [], 0
    for name, matrix in matrices.items():
        size = len(matrix.patterns) * BITS[matrix.kind] // 8
        if name == "d":
            after = copy(name, size, offset, False)
        else:
            before += copy(name, size, offset, True)
        body = [line.replace(f"[%{name}]", f"[%w1+{offset}]").replace(".global", space) for line in body]
        offset += size
    return [*before, "bar.warp.sync 0xffffffff", "mov.u32 %w1, window", *body, *after], offset


def write_form(out, form, space=".global"):
    m, n, k = form.shape
    random = form.random
    patterns = [[[form.draw(kind) for _ in range(columns)] for _ in range(rows)]
                for rows, columns, kind in ((m, k, form.kind), (k, n, form.kind), (m, n, form.c_kind))]
    if form.extra == "satfinite":
        patterns[2] = [[random.choice((0x7FFFFFFF, 0x80000000, p)) for p in row] for row in patterns[2]]
    shared = space.startswith(".shared")
    padding = 0 if shared or form.layouts == ("row", "row") or BITS[form.kind] < 8 else 32
    a = Matrix(patterns[0], form.kind, form.a_layout, padding, random)
    b = Matrix(patterns[1], form.kind, form.b_layout, padding, random)
    c = Matrix(patterns[2], form.c_kind, form.a_layout, padding, random)
    d = Matrix(result(form, *patterns), form.d_kind, form.b_layout, padding, None)
    half = form.kind == "f16"
    counts = {"fa": registers_of(form.kind, m * k, half), "fb": registers_of(form.kind, k * n, half),
              "fc": registers_of(form.c_kind, m * n, False), "fd": registers_of(form.d_kind, m * n, False)}
    ra, rb, rc, rd = (vector(name, count) for name, count in counts.items())
    load = f"sync.aligned.{{}}.{form.shape_name}{'.global' if shared else space}"
    body = [
        f"wmma.load.a.{load.format(a.layout)}.{form.kind} {ra}, [%a]{a.operand}",
        f"wmma.load.b.{load.format(b.layout)}.{form.kind} {rb}, [%b]{b.operand}",
        f"wmma.load.c.{load.format(c.layout)}.{form.c_kind} {rc}, [%c]{c.operand}",
        f"{form.multiply} {rd}, {ra}, {rb}, {rc}",
        f"wmma.store.d.{load.format(d.layout)}.{form.d_kind} [%d], {rd}{d.operand}",
    ]
    width = 64 if form.kind == "f64" else 32
    registers = [f".reg .b{width} %{name}<{count}>" for name, count in counts.items()]
    inputs = [a.buffer("a"), b.buffer("b"), c.buffer("c")]
    name, window = form.name, 0
    if shared:
        body, window = in_window(body, {"a": a, "b": b, "c": c, "d": d}, space)
        name += space.replace(".", "_").replace("::", "_")
    warp_case.write(out, CHAPTER, name, inputs, [d.buffer("d")], body, form.target, comment=form.multiply, registers=registers, shared=window)


def forms():
    layouts = list(itertools.product(("row", "col"), repeat=2))
    for shape, (a, b), c, d in itertools.product(LARGE, layouts, ("f16", "f32"), ("f16", "f32")):
        yield Form(shape, "f16", c, d, a, b)
    for shape, (a, b) in itertools.product(LARGE, layouts):
        yield Form(shape, "bf16", "f32", "f32", a, b)
    for shape, (a, b), kind, saturate in itertools.product(LARGE, layouts, ("s8", "u8"), ("", "satfinite")):
        yield Form(shape, kind, "s32", "s32", a, b, saturate)
    for a, b in layouts:
        yield Form((16, 16, 8), "tf32", "f32", "f32", a, b)
    for (a, b), rounding in itertools.product(layouts, ("", "rn", "rz", "rm", "rp")):
        yield Form((8, 8, 4), "f64", "f64", "f64", a, b, rounding)
    for kind, saturate in itertools.product(("s4", "u4"), ("", "satfinite")):
        yield Form((8, 8, 32), kind, "s32", "s32", extra=saturate)
    for operation in ("xor", "and"):
        yield Form((8, 8, 128), "b1", "s32", "s32", extra=operation)


def write(out):
    for form in forms():
        generic = form.layouts == ("col", "col")
        write_form(out, form, "" if generic else ".global")
        if form.layouts == ("row", "col") and form.shape != (32, 8, 16):
            write_form(out, form, ".shared" if form.shape[0] == 16 else ".shared::cta")
