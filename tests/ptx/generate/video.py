"""Video instructions: scalar, and on two or four lanes. Python's integers never overflow, so each result is cut or clamped at the end."""

import operator
from itertools import product

from exact import mask, signed

KINDS = ("u32", "s32")
ROWS = [(0x80FF7F01, 0x017F80FE, 0x12345678), (0, 0, 0), (0xFFFFFFFF, 0xFFFFFFFF, 1), (0x7FFFFFFF, 1, 0x7FFF8001),
        (0x80000000, 0xFFFFFFFF, 0xFFFF0000), (0x12345678, 0x9ABCDEF0, 0x0F0F0F0F), (1, 0x80000000, 0x00FF00FF),
        (0xDEADBEEF, 0x00010203, 0x80018001), (0x00050004, 0x00040005, 7), (0xFF00FF00, 0x00FF00FF, 0x7FFFFFFF)]
COMPARISONS = {name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def average(a, b):
    total = a + b
    return (total + (total >= 0)) >> 1


OPERATIONS = {
    "vadd": operator.add,
    "vsub": operator.sub,
    "vabsdiff": lambda a, b: abs(a - b),
    "vmin": min,
    "vmax": max,
}


def extend(value, bits, kind):
    return signed(value, bits) if kind[0] == "s" else value & mask(bits)


def clamp(value, bits, kind):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind[0] == "s" else (0, mask(bits))
    return max(low, min(high, value))


# --- Lanes

def lanes(value, count, selector, kind):
    """The lanes of a 64-bit pair {b, a}, lowest first."""
    bits = 32 // count
    return [extend(value >> bits * int(digit), bits, kind) for digit in reversed(selector)]


def defaults(count):
    return ("10", "32") if count == 2 else ("3210", "7654")


def merge(results, c, count):
    bits = 32 // count
    return sum((result & mask(bits)) << bits * i for i, result in enumerate(results))


def simd(function, count, a, b, atype, btype, selectors):
    pair = b << 32 | a
    return [function(x, y) for x, y in zip(lanes(pair, count, selectors[0], atype), lanes(pair, count, selectors[1], btype))]


def write_simd(out):
    for count, (name, function) in product((2, 4), (OPERATIONS | {"vavrg": average}).items()):
        results, bits = [], 32 // count
        for dtype, atype, btype in product(KINDS, KINDS, KINDS):
            raw = [simd(function, count, a, b, atype, btype, defaults(count)) for a, b, _ in ROWS]
            text = f"{name}{count}.{dtype}.{atype}.{btype}"
            results.append((text + " {d}, {a}, {b}, {c}", "u32", [merge(r, c, count) for r, (_, _, c) in zip(raw, ROWS)]))
            results.append((text + ".sat {d}, {a}, {b}, {c}", "u32",
                            [merge([clamp(x, bits, dtype) for x in r], c, count) for r, (_, _, c) in zip(raw, ROWS)]))
            results.append((text + ".add {d}, {a}, {b}, {c}", "u32", [sum(r) + c for r, (_, _, c) in zip(raw, ROWS)]))
        out.write_group("video", f"{name}{count}", ["u32"] * 3, ROWS, results)


def write_simd_comparison(out):
    for count in (2, 4):
        results = []
        for (name, function), (atype, btype) in product(COMPARISONS.items(), product(KINDS, KINDS)):
            raw = [[int(x) for x in simd(function, count, a, b, atype, btype, defaults(count))] for a, b, _ in ROWS]
            text = f"vset{count}.{atype}.{btype}.{name}"
            results.append((text + " {d}, {a}, {b}, {c}", "u32", [merge(r, c, count) for r, (_, _, c) in zip(raw, ROWS)]))
            results.append((text + ".add {d}, {a}, {b}, {c}", "u32", [sum(r) + c for r, (_, _, c) in zip(raw, ROWS)]))
        out.write_group("video", f"vset{count}", ["u32"] * 3, ROWS, results)


def write_selectors(out):
    """Sources chosen lane by lane, and a mask of the lanes that are written."""
    def halves(a, b, c):
        x, y = simd(operator.add, 2, a, b, "u32", "s32", ("31", "20"))
        return c & 0xFFFF | (y & 0xFFFF) << 16

    def quarters(a, b, c):
        r = simd(operator.sub, 4, a, b, "s32", "s32", ("7410", "3265"))
        return c & 0xFF00FF00 | r[0] & 0xFF | (r[2] & 0xFF) << 16

    out.write_group("video", "simd_selectors", ["u32"] * 3, ROWS, [
        ("vadd2.u32.u32.s32 {d}.h1, {a}.h31, {b}.h20, {c}", "u32", [halves(*row) for row in ROWS]),
        ("vsub4.s32.s32.s32 {d}.b20, {a}.b7410, {b}.b3265, {c}", "u32", [quarters(*row) for row in ROWS]),
    ])


# --- Scalar

PARTS = {"": (32, 0)} | {f".b{i}": (8, 8 * i) for i in range(4)} | {f".h{i}": (16, 16 * i) for i in range(2)}
SECOND = {"add": operator.add, "min": min, "max": max}


def source(value, selector, kind):
    bits, shift = PARTS[selector]
    return extend(value >> shift, bits, kind)


def place(result, selector, c):
    bits, shift = PARTS[selector]
    return c & ~(mask(bits) << shift) | (result & mask(bits)) << shift


def secondary(name, result, c, kind):
    return SECOND[name](extend(result, 32, kind), extend(c, 32, kind))


def scalar_forms(text, dtype, exact):
    """The forms of one scalar instruction: `exact(row, asel, bsel)` is its result before saturation."""
    forms = []
    for sat in ("", ".sat"):
        def value(row, asel, bsel, bits=32, sat=sat):
            result = exact(row, asel, bsel)
            return clamp(result, bits, dtype) if sat else result

        head = text.format(sat=sat, op2="{op2}")
        for asel, bsel in (("", ""), (".b3", ".h0"), (".h1", ".b0")):
            forms.append((head.format(op2="") + f" {{d}}, {{a}}{asel}, {{b}}{bsel}", "u32", [value(r, asel, bsel) for r in ROWS]))
        forms.append((head.format(op2="") + " {d}.b1, {a}.b2, {b}.h1, {c}", "u32",
                      [place(value(r, ".b2", ".h1", 8), ".b1", r[2]) for r in ROWS]))
        forms.append((head.format(op2="") + " {d}.h1, {a}, {b}.b1, {c}", "u32",
                      [place(value(r, "", ".b1", 16), ".h1", r[2]) for r in ROWS]))
        for op2 in SECOND:
            values = [value(r, ".h0", ".b2") for r in ROWS]
            if op2 != "add" and any(clamp(v, 32, dtype) != v for v in values):
                continue  # what a result that the type does not hold is compared as, the manual does not say
            forms.append((head.format(op2=f".{op2}") + " {d}, {a}.h0, {b}.b2, {c}", "u32",
                          [secondary(op2, v, r[2], dtype) for v, r in zip(values, ROWS)]))
    return forms


def write_scalar(out):
    for name, function in OPERATIONS.items():
        for atype, btype in product(KINDS, KINDS):
            results = []
            for dtype in KINDS:
                results += scalar_forms(f"{name}.{dtype}.{atype}.{btype}{{sat}}{{op2}}", dtype,
                                        lambda r, x, y: function(source(r[0], x, atype), source(r[1], y, btype)))
            out.write_group("video", f"{name}_{atype}_{btype}", ["u32"] * 3, ROWS, results)


def write_shifts(out):
    for (name, function), mode in product({"vshl": operator.lshift, "vshr": operator.rshift}.items(), ("clamp", "wrap")):
        def exact(row, asel, bsel, atype):
            amount = source(row[1], bsel, "u32")
            return function(source(row[0], asel, atype), amount & 31 if mode == "wrap" else min(amount, 32))

        for atype in KINDS:
            results = []
            for dtype in KINDS:
                results += scalar_forms(f"{name}.{dtype}.{atype}.u32{{sat}}.{mode}{{op2}}", dtype,
                                        lambda r, x, y: exact(r, x, y, atype))
            results = [r for r in results if "min" not in r[0] and "max" not in r[0] or ".sat" in r[0] or name == "vshr"]
            out.write_group("video", f"{name}_{mode}_{atype}", ["u32"] * 3, ROWS, results)


def write_comparisons(out):
    for (name, function), (atype, btype) in product(COMPARISONS.items(), product(KINDS, KINDS)):
        forms = scalar_forms(f"vset.{atype}.{btype}.{name}{{sat}}{{op2}}", "u32",
                             lambda r, x, y: int(function(source(r[0], x, atype), source(r[1], y, btype))))
        forms = [form for form in forms if ".sat" not in form[0]]
        out.write_group("video", f"vset_{name}_{atype}_{btype}", ["u32"] * 3, ROWS, forms)


def write_multiply_add(out):
    rows = [(a, b, c & 0x7FFFFFFF) for a, b, c in ROWS]  # what sign a subtracted c has, the manual says in two ways
    for atype, btype in product(KINDS, KINDS):
        results = []
        for dtype, sat, scale in product(KINDS, ("", ".sat"), ("", ".shr7", ".shr15")):
            for a_sign, c_sign, one in (("", "", ""), ("-", "", ""), ("", "-", ""), ("", "", ".po")):
                is_signed = "s32" in (atype, btype) or a_sign or c_sign
                for asel, bsel in (("", ""), (".b1", ".h1")):
                    def exact(row):
                        result = source(row[0], asel, atype) * source(row[1], bsel, btype)
                        result = (-result if a_sign else result) + (-row[2] if c_sign else row[2]) + bool(one)
                        result >>= int(scale[4:] or 0)
                        return clamp(result, 32, "s32" if is_signed else "u32") if sat else result

                    if asel and a_sign:
                        continue
                    text = f"vmad.{dtype}.{atype}.{btype}{one}{sat}{scale} {{d}}, {a_sign}{{a}}{asel}, {{b}}{bsel}, {c_sign}{{c}}"
                    results.append((text, "u32", [exact(r) for r in rows]))
        out.write_group("video", f"vmad_{atype}_{btype}", ["u32"] * 3, rows, results)


def write(out):
    for part in (write_simd, write_simd_comparison, write_selectors, write_scalar, write_shifts, write_comparisons, write_multiply_add):
        part(out)
