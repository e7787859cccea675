"""Integer arithmetic, bit fields and carry chains."""

from case import bits_of
from exact import mask, signed
from values import integers, pairs, triples

ALL = ["u16", "s16", "u32", "s32", "u64", "s64"]


def reader(kind):
    bits = bits_of(kind)
    return (lambda value: signed(value, bits)) if kind[0] == "s" else (lambda value: value)


def clamp(value, bits):
    return max(-(1 << bits - 1), min((1 << bits - 1) - 1, value))


def truncated_quotient(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


# name: (types, value of a and b)
BINARY = {
    "add": (ALL, lambda a, b, n: a + b),
    "add.sat": (["s32"], lambda a, b, n: clamp(a + b, n)),
    "sub": (ALL, lambda a, b, n: a - b),
    "sub.sat": (["s32"], lambda a, b, n: clamp(a - b, n)),
    "mul.lo": (ALL, lambda a, b, n: a * b),
    "mul.hi": (ALL, lambda a, b, n: a * b >> n),
    "min": (ALL, lambda a, b, n: min(a, b)),
    "max": (ALL, lambda a, b, n: max(a, b)),
    "div": (ALL, lambda a, b, n: truncated_quotient(a, b) if b else None),
    "rem": (ALL, lambda a, b, n: a - truncated_quotient(a, b) * b if b else None),
}


def write_binary(out):
    for name, (kinds, function) in BINARY.items():
        for kind in kinds:
            read = reader(kind)
            rows = [(a, b, function(read(a), read(b), bits_of(kind))) for a, b in pairs(integers(bits_of(kind)), 5)]
            rows = [row for row in rows if row[-1] is not None]
            out.write("integer", f"{name}_{kind}".replace(".", "_"), f"{name}.{kind} {{d}}, {{a}}, {{b}}", kind, [kind] * 2, rows)


def write_multiply_add(out):
    for kind in ALL:
        bits, read = bits_of(kind), reader(kind)
        rows = triples(integers(bits))
        out.write("integer", f"mad_lo_{kind}", f"mad.lo.{kind} {{d}}, {{a}}, {{b}}, {{c}}", kind, [kind] * 3,
                  [(a, b, c, a * b + c) for a, b, c in rows])
        out.write("integer", f"mad_hi_{kind}", f"mad.hi.{kind} {{d}}, {{a}}, {{b}}, {{c}}", kind, [kind] * 3,
                  [(a, b, c, (read(a) * read(b) >> bits) + c) for a, b, c in rows])
        if bits == 64:
            continue
        wide = f"{kind[0]}{2 * bits}"
        out.write("integer", f"mul_wide_{kind}", f"mul.wide.{kind} {{d}}, {{a}}, {{b}}", wide, [kind] * 2,
                  [(a, b, read(a) * read(b)) for a, b, _ in rows])
        out.write("integer", f"mad_wide_{kind}", f"mad.wide.{kind} {{d}}, {{a}}, {{b}}, {{c}}", wide, [kind, kind, wide],
                  [(a, b, c * 77, read(a) * read(b) + c * 77) for a, b, c in rows])


def highest_bit(value, kind):
    bits = bits_of(kind)
    if kind[0] == "s" and signed(value, bits) < 0:
        value = ~value & mask(bits)
    return value.bit_length() - 1 if value else mask(32)


def highest_bit_shift(value, kind):
    found = highest_bit(value, kind)
    return found if found == mask(32) else bits_of(kind) - 1 - found


# name: (types, result type or None for the same, function of value and type)
UNARY = {
    "neg": (["s16", "s32", "s64"], None, lambda a, kind: -a),
    "abs": (["s16", "s32", "s64"], None, lambda a, kind: abs(signed(a, bits_of(kind)))),
    "popc": (["b32", "b64"], "u32", lambda a, kind: bin(a).count("1")),
    "clz": (["b32", "b64"], "u32", lambda a, kind: bits_of(kind) - a.bit_length()),
    "brev": (["b32", "b64"], None, lambda a, kind: int(format(a, f"0{bits_of(kind)}b")[::-1], 2)),
    "bfind": (["u32", "s32", "u64", "s64"], "u32", highest_bit),
    "bfind.shiftamt": (["u32", "s32", "u64", "s64"], "u32", highest_bit_shift),
}


def write_unary(out):
    for name, (kinds, result, function) in UNARY.items():
        for kind in kinds:
            rows = [(a, function(a, kind)) for a in integers(bits_of(kind))]
            out.write("integer", f"{name}_{kind}".replace(".", "_"), f"{name}.{kind} {{d}}, {{a}}", result or kind, [kind], rows)


def extract(value, position, length, kind):
    bits, position, length = bits_of(kind), position & 0xFF, length & 0xFF
    fill = value >> min(position + length - 1, bits - 1) & 1 if kind[0] == "s" and length else 0
    inside = [i < length and position + i < bits for i in range(bits)]
    return sum((value >> position + i & 1 if inside[i] else fill) << i for i in range(bits))


def insert(field, value, position, length, bits):
    for i in range(length):
        if position + i < bits:
            value = value & ~(1 << position + i) | (field >> i & 1) << position + i
    return value


FIELDS = [(0, 8), (4, 8), (0, 0), (31, 1), (28, 8), (8, 32), (40, 8), (63, 4), (0, 64), (16, 16), (200, 3), (3, 255)]


def write_bit_fields(out):
    for kind in ("u32", "s32", "u64", "s64"):
        rows = [(a, p, n, extract(a, p, n, kind)) for a in integers(bits_of(kind))[3:10] for p, n in FIELDS]
        out.write("integer", f"bfe_{kind}", f"bfe.{kind} {{d}}, {{a}}, {{b}}, {{c}}", kind, [kind, "u32", "u32"], rows)
    for kind in ("b32", "b64"):
        for length in (0, 1, 8, 40):
            rows = [(a, b, p, insert(a, b, p, length, bits_of(kind)))
                    for a, b in pairs(integers(bits_of(kind)))[:12] for p in (0, 5, 31, 60, 255)]
            out.write("integer", f"bfi_{kind}_length_{length}", f"bfi.{kind} {{d}}, {{a}}, {{b}}, {{c}}, {length}", kind,
                      [kind, kind, "u32"], rows)
    places = [(a, b) for a in (0, 1, 5, 31, 32, 40) for b in (0, 1, 8, 31, 32, 33)]
    out.write("integer", "bmsk_clamp", "bmsk.clamp.b32 {d}, {a}, {b}", "b32", ["u32"] * 2,
              [(a, b, mask(min(b, 32)) << min(a, 32)) for a, b in places])
    out.write("integer", "bmsk_wrap", "bmsk.wrap.b32 {d}, {a}, {b}", "b32", ["u32"] * 2,
              [(a, b, mask(b & 31) << (a & 31)) for a, b in places])


def write_carry_chains(out):
    rows = pairs(integers(32))
    out.write("integer", "add_carry", "add.cc.u32 {d}, {a}, {b}; addc.u32 {d}, {a}, {b}", "u32", ["u32"] * 2,
              [(a, b, a + b + (a + b >> 32)) for a, b in rows])
    out.write("integer", "sub_borrow", "sub.cc.u32 {d}, {a}, {b}; subc.u32 {d}, {a}, {b}", "u32", ["u32"] * 2,
              [(a, b, a - b - (a < b)) for a, b in rows])
    out.write("integer", "mad_carry", "mad.lo.cc.u32 {d}, {a}, {b}, {c}; madc.hi.u32 {d}, {a}, {b}, {c}", "u32", ["u32"] * 3,
              [(a, b, c, (a * b >> 32) + c + ((a * b & mask(32)) + c >> 32)) for a, b, c in triples(integers(32))])


def write(out):
    for part in (write_binary, write_multiply_add, write_unary, write_bit_fields, write_carry_chains):
        part(out)
