"""setp, set, selp, slct."""

import operator

from case import bits_of
from exact import is_nan, mask, number, signed
from integer import reader
from values import F32, FLOATS, integers, pairs

ORDERED = {"eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}
BOOLEAN = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}


def compare(name, a, b, kind):
    either_nan = is_nan(a, kind) or is_nan(b, kind)
    if name in ("num", "nan"):
        return int(either_nan == (name == "nan"))
    if either_nan:
        return int(name.endswith("u") and len(name) == 3)
    return int(ORDERED[name[:2]](number(a, kind), number(b, kind)))


def write_setp(out):
    text = "setp.{0}.{1} {{p}}, {{a}}, {{b}}; selp.u32 {{d}}, 1, 0, {{p}}"
    for kind in ("u16", "s16", "u32", "s32", "u64", "s64"):
        values, read = integers(bits_of(kind)), reader(kind)
        rows = pairs(values, 5) + [(v, v) for v in values]
        for name, function in ORDERED.items():
            out.write("comparison", f"setp_{name}_{kind}", text.format(name, kind), "u32", [kind] * 2,
                      [(a, b, int(function(read(a), read(b)))) for a, b in rows])
    for kind, values in FLOATS.items():
        rows = pairs(values) + [(v, v) for v in values]
        for name in [*ORDERED, *(f"{n}u" for n in ORDERED), "num", "nan"]:
            out.write("comparison", f"setp_{name}_{kind}", text.format(name, kind), "u32", [kind] * 2,
                      [(a, b, compare(name, a, b, kind)) for a, b in rows])


def write_boolean(out):
    """Both destinations of setp, combined with a third predicate: p in bit 0, q in bit 1."""
    for name, function in BOOLEAN.items():
        def expected(a, b, c, function=function):
            less = int(signed(a, 32) < signed(b, 32))
            return function(less, c) | function(1 - less, c) << 1

        text = (f"setp.ne.u32 {{p}}, {{c}}, 0; setp.lt.{name}.s32 {{p}}|{{q}}, {{a}}, {{b}}, {{p}}; "
                "selp.u32 %r5, 1, 0, {p}; selp.u32 %r6, 2, 0, {q}; or.b32 {d}, %r5, %r6")
        out.write("comparison", f"setp_lt_{name}_s32", text, "u32", ["s32", "s32", "u32"],
                  [(a, b, c, expected(a, b, c)) for a, b in pairs(integers(32)) for c in (0, 1)])


def write_select(out):
    rows = pairs(integers(32))
    out.write("comparison", "slct_s32", "slct.u32.s32 {d}, {a}, {b}, {c}", "u32", ["u32", "u32", "s32"],
              [(a, b, c, a if signed(c, 32) >= 0 else b) for a, b in rows[:10] for c in (0, 1, mask(32), 1 << 31)])
    out.write("comparison", "set_lt_u32_s32", "set.lt.u32.s32 {d}, {a}, {b}", "u32", ["s32"] * 2,
              [(a, b, mask(32) if signed(a, 32) < signed(b, 32) else 0) for a, b in rows])
    out.write("comparison", "set_gt_f32_f32", "set.gt.f32.f32 {d}, {a}, {b}", "f32", ["f32"] * 2,
              [(a, b, 0x3F800000 * compare("gt", a, b, "f32")) for a, b in pairs(F32)])


def write(out):
    for part in (write_setp, write_boolean, write_select):
        part(out)
