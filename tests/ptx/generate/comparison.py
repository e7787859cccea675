"""setp, set, selp, slct."""

import operator

from case import bits_of
from exact import FORMATS, flush, is_nan, mask, number, one, signed
from integer import reader
from values import BF16, F16, F32, FLOATS, integers, pairs

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


SET_FLOATS = {"u32": ["f32", "f64", "f16", "bf16"], "s32": ["f32", "f64", "f16", "bf16"], "u16": ["f16", "bf16"], "s16": ["f16", "bf16"],
              "f32": ["f32", "f64"], "f16": ["f32", "f64", "f16"], "bf16": ["f32", "f64", "f16", "bf16"]}
SET_INTEGERS = ["u32", "s32", "f32", "f16", "bf16"]
VALUES = FLOATS | {"f16": F16, "bf16": BF16}
FLOAT_NAMES = [*ORDERED, *(f"{n}u" for n in ORDERED), "num", "nan"]
UNSIGNED_NAMES = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}


BOTH = "selp.u32 %r5, 1, 0, {p}; selp.u32 %r6, 2, 0, {q}; or.b32 {d}, %r5, %r6"


def stored(kind):
    """A half lives in a 16-bit register."""
    return "b16" if kind in ("f16", "bf16") else kind


def truth(value, kind):
    """What set writes for true and false."""
    return (one(kind) if kind in FORMATS else mask(bits_of(kind))) * value


def set_forms(dtype, stype, names, results, third):
    """Forms of set with all comparisons in turn, alone and combined with a third predicate."""
    forms = []
    for i, name in enumerate(names):
        forms.append((f"set.{name}.{dtype}.{stype} {{d}}, {{a}}, {{b}}", stored(dtype), [truth(r, dtype) for r in results[name]]))
        combine = list(BOOLEAN)[i % 3]
        values = [truth(BOOLEAN[combine](r, int(c != 0)), dtype) for r, c in zip(results[name], third)]
        text = f"setp.ne.u32 {{p}}, {{c}}, 0; set.{name}.{combine}.{dtype}.{stype} {{d}}, {{a}}, {{b}}, {{p}}"
        forms.append((text, stored(dtype), values))
    return forms


def write_set(out):
    for stype in ("u16", "s16", "b16", "u32", "s32", "b32", "u64", "s64", "b64"):
        read, values = reader(stype), integers(bits_of(stype))
        rows = [(a, b, i % 2) for i, (a, b) in enumerate(pairs(values, 5) + [(v, v) for v in values])]
        names = ["eq", "ne"] if stype[0] == "b" else list(ORDERED)
        results = {name: [int(ORDERED[name](read(a), read(b))) for a, b, _ in rows] for name in names}
        if stype[0] == "u":
            results |= {name: results[same] for name, same in UNSIGNED_NAMES.items()}
        for dtype in SET_INTEGERS:
            forms = set_forms(dtype, stype, list(results), results, [row[2] for row in rows])
            out.write_group("comparison", f"set_{dtype}_{stype}", [stype, stype, "u32"], rows, forms, target="sm_90", version="8.0")


def write_set_floats(out):
    for dtype, stypes in SET_FLOATS.items():
        for stype in stypes:
            values = VALUES[stype]
            rows = [(a, b, i % 2) for i, (a, b) in enumerate(pairs(values) + [(v, v) for v in values])]
            results = {name: [compare(name, a, b, stype) for a, b, _ in rows] for name in FLOAT_NAMES}
            forms = set_forms(dtype, stype, FLOAT_NAMES, results, [row[2] for row in rows])
            out.write_group("comparison", f"set_{dtype}_{stype}", [stored(stype)] * 2 + ["u32"], rows, forms, target="sm_90", version="8.0")


def write_set_pairs(out):
    """set on f16x2 and bf16x2: each half of the result belongs to one lane."""
    for stype in ("f16", "bf16"):
        values = VALUES[stype]
        couples = pairs(values)
        lanes = list(zip(couples, reversed(couples)))
        rows = [(x[0] | y[0] << 16, x[1] | y[1] << 16, i % 2) for i, (x, y) in enumerate(lanes)]
        forms = []
        for i, name in enumerate(FLOAT_NAMES):
            combine = list(BOOLEAN)[i % 3]
            low = [compare(name, *x, stype) for x, _ in lanes]
            high = [compare(name, *y, stype) for _, y in lanes]
            for dtype in (f"{stype}x2", "u32", "s32"):
                unit = one(stype) if dtype.endswith("x2") else 0xFFFF
                both = lambda p, q: unit * p | unit * q << 16
                forms.append((f"set.{name}.{dtype}.{stype}x2 {{d}}, {{a}}, {{b}}", "u32", [both(p, q) for p, q in zip(low, high)]))
                function = BOOLEAN[combine]
                forms.append((f"setp.ne.u32 {{p}}, {{c}}, 0; set.{name}.{combine}.{dtype}.{stype}x2 {{d}}, {{a}}, {{b}}, {{p}}", "u32",
                              [both(function(p, r[2]), function(q, r[2])) for p, q, r in zip(low, high, rows)]))
            function = BOOLEAN[combine]
            forms.append((f"setp.{name}.{stype}x2 {{p}}|{{q}}, {{a}}, {{b}}; {BOTH}", "u32", [p | q << 1 for p, q in zip(low, high)]))
            forms.append((f"setp.ne.u32 {{p}}, {{c}}, 0; setp.{name}.{combine}.{stype}x2 {{p}}|{{q}}, {{a}}, {{b}}, {{p}}; {BOTH}", "u32",
                          [function(p, r[2]) | function(q, r[2]) << 1 for p, q, r in zip(low, high, rows)]))
        out.write_group("comparison", f"set_{stype}x2", ["u32"] * 3, rows, forms, target="sm_90", version="8.0")


def write_setp_combined(out):
    """setp with a third predicate: p and q, where q is of the opposite comparison; in bits 0 and 1. Halves have no q."""
    kinds = ["u16", "s16", "b16", "u32", "s32", "b32", "u64", "s64", "b64", "f32", "f64", "f16", "bf16"]
    for kind in kinds:
        is_float = kind in VALUES
        values = VALUES[kind] if is_float else integers(bits_of(kind))
        rows = [(a, b, i % 2) for i, (a, b) in enumerate(pairs(values, 7 if is_float else 5) + [(v, v) for v in values])]
        names = FLOAT_NAMES if is_float else ["eq", "ne"] if kind[0] == "b" else list(ORDERED)
        if kind[0] == "u":
            names = names + list(UNSIGNED_NAMES)
        read = None if is_float else reader(kind)
        forms = []
        for name in names:
            plain = UNSIGNED_NAMES.get(name, name)
            results = [compare(name, a, b, kind) if is_float else int(ORDERED[plain](read(a), read(b))) for a, b, _ in rows]
            target, keep = ("{p}|{q}", BOTH) if kind not in ("f16", "bf16") else ("{p}", "selp.u32 {d}, 1, 0, {p}")
            pairs_kept = keep == BOTH
            for combine, function in BOOLEAN.items():
                text = f"setp.ne.u32 {{p}}, {{c}}, 0; setp.{name}.{combine}.{kind} {target}, {{a}}, {{b}}, {{p}}; {keep}"
                forms.append((text, "u32", [function(r, row[2]) | pairs_kept * function(1 - r, row[2]) << 1
                                            for r, row in zip(results, rows)]))
            forms.append((f"setp.{name}.{kind} {target}, {{a}}, {{b}}; {keep}", "u32", [r | pairs_kept * (1 - r) << 1 for r in results]))
        out.write_group("comparison", f"setp_combined_{kind}", [stored(kind)] * 2 + ["u32"], rows, forms, target="sm_90", version="8.0")


def write_slct(out):
    for kind in ("b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"):
        values = integers(bits_of(kind))
        for selector, choices in (("s32", integers(32)), ("f32", F32)):
            rows = [(a, b, choices[i % len(choices)]) for i, (a, b) in enumerate(pairs(values, 5))]
            if selector == "s32":
                expected = [a if signed(c, 32) >= 0 else b for a, b, c in rows]
            else:  # NaN chooses b, -0 chooses a
                expected = [a if not is_nan(c, "f32") and number(c, "f32") >= 0 else b for a, b, c in rows]
            forms = [(f"slct.{kind}.{selector} {{d}}, {{a}}, {{b}}, {{c}}", kind, expected)]
            if selector == "f32":
                flushed = [a if not is_nan(c, "f32") and number(flush(c), "f32") >= 0 else b for a, b, c in rows]
                forms.append((f"slct.ftz.{kind}.f32 {{d}}, {{a}}, {{b}}, {{c}}", kind, flushed))
            out.write_group("comparison", f"slct_{kind}_{selector}", [kind, kind, selector], rows, forms)


def write(out):
    for part in (write_setp, write_boolean, write_select, write_set, write_set_floats, write_set_pairs, write_setp_combined, write_slct):
        part(out)
