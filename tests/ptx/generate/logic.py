"""Logic, shifts and byte permutation."""

import operator

from case import bits_of
from exact import mask, signed
from values import integers, pairs, triples

SHIFTS = [0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 255, 0xFFFFFFFF]
PRMT_MODES = {
    "f4e": lambda c: [(c + i) % 8 for i in range(4)],
    "b4e": lambda c: [(c - i) % 8 for i in range(4)],
    "rc8": lambda c: [c] * 4,
    "ecl": lambda c: [max(c, i) for i in range(4)],
    "ecr": lambda c: [min(c, i) for i in range(4)],
    "rc16": lambda c: [2 * (c & 1) + (i & 1) for i in range(4)],
}


def write_bitwise(out):
    functions = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}
    for kind in ("b16", "b32", "b64"):
        values = integers(bits_of(kind))
        for name, function in functions.items():
            out.write("logic", f"{name}_{kind}", f"{name}.{kind} {{d}}, {{a}}, {{b}}", kind, [kind] * 2,
                      [(a, b, function(a, b)) for a, b in pairs(values)])
        out.write("logic", f"not_{kind}", f"not.{kind} {{d}}, {{a}}", kind, [kind], [(a, ~a) for a in values])
        out.write("logic", f"cnot_{kind}", f"cnot.{kind} {{d}}, {{a}}", kind, [kind], [(a, int(a == 0)) for a in values])


def write_shifts(out):
    for kind in ("b16", "b32", "b64", "u16", "s16", "u32", "s32", "u64", "s64"):
        bits = bits_of(kind)
        values = integers(bits)[3:10]
        if kind[0] == "b":
            out.write("logic", f"shl_{kind}", f"shl.{kind} {{d}}, {{a}}, {{b}}", kind, [kind, "u32"],
                      [(a, n, a << min(n, bits)) for a in values for n in SHIFTS])
        out.write("logic", f"shr_{kind}", f"shr.{kind} {{d}}, {{a}}, {{b}}", kind, [kind, "u32"],
                  [(a, n, (signed(a, bits) if kind[0] == "s" else a) >> min(n, bits)) for a in values for n in SHIFTS])


def funnel(a, b, shift, direction, mode):
    shift = shift & 31 if mode == "wrap" else min(shift, 32)
    both = b << 32 | a
    return (both << shift) >> 32 if direction == "l" else both >> shift


def write_funnel_shifts(out):
    for direction in "lr":
        for mode in ("wrap", "clamp"):
            rows = [(a, b, n, funnel(a, b, n, direction, mode)) for a, b in pairs(integers(32))[:12] for n in SHIFTS]
            out.write("logic", f"shf_{direction}_{mode}", f"shf.{direction}.{mode}.b32 {{d}}, {{a}}, {{b}}, {{c}}", "b32",
                      ["b32", "b32", "u32"], rows)


def lookup(a, b, c, table):
    index = [(a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1) for i in range(32)]
    return sum((table >> index[i] & 1) << i for i in range(32))


def permute(a, b, selectors):
    both = b << 32 | a
    result = 0
    for i, selector in enumerate(selectors):
        byte = both >> 8 * (selector & 7) & 0xFF
        if selector & 8:
            byte = 0xFF if byte & 0x80 else 0
        result |= byte << 8 * i
    return result


def write_permutations(out):
    for table in (0x00, 0x96, 0xE8, 0xCA, 0x1B, 0xFF):
        out.write("logic", f"lop3_{table:02x}", f"lop3.b32 {{d}}, {{a}}, {{b}}, {{c}}, 0x{table:02x}", "b32", ["b32"] * 3,
                  [(a, b, c, lookup(a, b, c, table)) for a, b, c in triples(integers(32))])
    words = [(0x44332211, 0x88776655), (0xDEADBEEF, 0x01234567)]
    selectors = (0x3210, 0x7654, 0x0123, 0x6420, 0xBA98, 0xFEDC, 0x5140)
    out.write("logic", "prmt", "prmt.b32 {d}, {a}, {b}, {c}", "b32", ["b32"] * 3,
              [(a, b, s, permute(a, b, [s >> 4 * i & 15 for i in range(4)])) for a, b in words for s in selectors])
    for mode, function in PRMT_MODES.items():
        out.write("logic", f"prmt_{mode}", f"prmt.b32.{mode} {{d}}, {{a}}, {{b}}, {{c}}", "b32", ["b32"] * 3,
                  [(a, b, c, permute(a, b, function(c & 3))) for a, b in words for c in range(5)])


def write(out):
    for part in (write_bitwise, write_shifts, write_funnel_shifts, write_permutations):
        part(out)
