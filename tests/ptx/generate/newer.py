"""Forms that only newer targets have: stochastic rounding, fma.oob, redux of f32; and addresses, moves and what else stood alone."""

from fractions import Fraction

import exact
from exact import FORMATS, INFINITY, NAN, decode, encode, fma, is_nan, mask
from memory import Body, WORDS_OF_PATTERN, register
from values import BF16, F16, F32, f32_bits, triples
import warp_case

# type: (exponent bits, mantissa bits, largest pattern)
SMALL = {"e4m3": (4, 3, 0x7E), "e5m2": (5, 2, 0x7B), "e2m1": (2, 1, 0x7), "e2m3": (2, 3, 0x1F), "e3m2": (3, 2, 0x1F)}
NAN_PATTERN = {"e4m3": 0x7F, "e5m2": 0x7F, "e2m1": 0x7, "e2m3": 0x1F, "e3m2": 0x1F}


def stochastic(value, exponent_bits, mantissa_bits, random, random_bits):
    """The pattern (without sign, exponent unbounded) of an f32 to which the random fraction of a last place is added."""
    magnitude, _ = decode(value, "f32")
    bias = mask(exponent_bits - 1)
    exponent = 1 - bias
    while Fraction(2) ** (exponent + 1) <= magnitude:
        exponent += 1
    scaled = magnitude / Fraction(2) ** (exponent - mantissa_bits)
    integer = int(scaled + Fraction(random, 1 << random_bits))
    return integer + ((exponent + bias - 1) << mantissa_bits)


def to_half(value, kind, random, relu=False, finite=False):
    exponent_bits, mantissa_bits = FORMATS[kind]
    random_bits = 23 - mantissa_bits
    magnitude, sign = decode(value, "f32")
    infinity = mask(exponent_bits) << mantissa_bits
    if magnitude == NAN:
        return 0x7FFF
    if relu and sign:
        return 0
    if magnitude == INFINITY:
        pattern = infinity
    else:
        pattern = min(stochastic(value, exponent_bits, mantissa_bits, random & mask(random_bits), random_bits), infinity)
    return (min(pattern, infinity - 1) if finite else pattern) | sign << 15


def to_small(value, kind, random, relu=False):
    exponent_bits, mantissa_bits, largest = SMALL[kind]
    magnitude, sign = decode(value, "f32")
    if magnitude == NAN:
        return NAN_PATTERN[kind]
    if relu and sign:
        return 0
    pattern = largest if magnitude == INFINITY else min(stochastic(value, exponent_bits, mantissa_bits, random, 8), largest)
    return pattern | sign << exponent_bits + mantissa_bits


def write_stochastic(out):
    values = F32 + [f32_bits(x) for x in (0.3, -0.7, 1.1, 5.9, -6.1, 447.0, 449.0, -57344.5, 65504.0, 65519.0, 3e-5, -1.7e-8, 1e-3)]
    rows = [(a, values[(5 * i + 3) % len(values)], 0x9E3779B9 * (i + 1) & mask(32)) for i, a in enumerate(values)]
    rows += [(a, b, c) for a, b, _ in rows for c in (0, mask(32))]
    forms = []
    for kind in ("f16", "bf16"):
        for relu in ("", ".relu"):
            for finite in ("", ".satfinite"):
                forms.append((f"cvt.rs{relu}{finite}.{kind}x2.f32 {{d}}, {{a}}, {{b}}, {{c}}", "u32",
                              [to_half(a, kind, c >> 16, relu, finite) << 16 | to_half(b, kind, c & 0xFFFF, relu, finite) for a, b, c in rows]))
    out.write_group("conversion", "cvt_rs_halves", ["f32", "f32", "u32"], rows, forms, target="sm_100a", version="9.0")
    # How the random bits are shared among four, the manual shows in figures only: all clear is the cut-off, all set the other end.
    ends = [row for row in rows if row[2] in (0, mask(32))]
    forms = []
    for kind in SMALL:
        bits = 4 if kind == "e2m1" else 8
        for relu in ("", ".relu"):
            results = []
            for a, b, c in ends:
                x, y = (to_small(v, kind, c & 0xFF, relu) for v in (a, b))
                results.append(x << 3 * bits | y << 2 * bits | y << bits | x)
            forms.append((f"cvt.rs{relu}.satfinite.{kind}x4.f32 {{d}}, {{{{{{a}}, {{b}}, {{b}}, {{a}}}}}}, {{c}}", "b16" if bits == 4 else "u32", results))
    out.write_group("conversion", "cvt_rs_fours", ["f32", "f32", "u32"], ends, forms, target="sm_100a", version="9.0")


OUTSIDE = 0x7FF7


def write_oob(out):
    """The result is fma's, but that a factor which is the out-of-bounds NaN makes it zero; the summand does not."""
    for kind, values in (("f16", F16), ("bf16", BF16)):
        rows = [(a, b, c, fma(a, b, c, kind)) for a, b, c in triples(values)]
        rows = [row for row in rows if row[3] != NAN]
        rows += [(OUTSIDE, values[0], values[1], 0), (values[2], OUTSIDE, values[0], 0), (OUTSIDE, OUTSIDE, OUTSIDE, 0), (values[0], values[1], OUTSIDE, 0x7FFF),
                 (OUTSIDE | 0x8000, values[0], values[1], 0x7FFF)]
        relu = [0 if r >> 15 else r for *_, r in rows]
        out.write_group("half", f"fma_oob_{kind}", ["b16"] * 3, rows, [
            (f"fma.rn.oob.{kind} {{d}}, {{a}}, {{b}}, {{c}}", "b16", [r for *_, r in rows]),
            (f"fma.rn.oob.relu.{kind} {{d}}, {{a}}, {{b}}, {{c}}", "b16", relu)], target="sm_90", version="8.1")
        wide = [tuple(x | x << 16 for x in row) for row in rows]
        out.write_group("half", f"fma_oob_{kind}x2", ["u32"] * 3, wide, [
            (f"fma.rn.oob.{kind}x2 {{d}}, {{a}}, {{b}}, {{c}}", "u32", [r for *_, r in wide]),
            (f"fma.rn.oob.relu.{kind}x2 {{d}}, {{a}}, {{b}}, {{c}}", "u32", [r | r << 16 for r in relu])], target="sm_90", version="8.1")


def reduced(values, pick, magnitudes, nan_wins):
    numbers = [v for v in values if not is_nan(v, "f32")]
    if not numbers or (nan_wins and len(numbers) < len(values)):
        return 0x7FFFFFFF
    if magnitudes:
        numbers = [v & 0x7FFFFFFF for v in numbers]
    return pick(numbers, key=lambda v: (exact.number(v, "f32"), -(v >> 31)))


def write_redux(out):
    tables = {"numbers": [v for v in F32 if not is_nan(v, "f32")] * 2, "some_nan": F32 * 2, "zeros": [0, 0x80000000] * 16, "nan": [0x7FC00001, 0xFF800001] * 16}
    for name, table in tables.items():
        lanes = [[table[lane % len(table)]] for lane in range(32)]
        source = warp_case.Operand("a", lanes)
        body, results = [], []
        for i, (op, magnitudes, nan) in enumerate((o, m, n) for o in ("min", "max") for m in ("", ".abs") for n in ("", ".NaN")):
            value = reduced([lane[0] for lane in lanes], min if op == "min" else max, magnitudes, nan)
            results.append(warp_case.Operand(f"d{i}x", [[value]] * 32))
            body += ["mov.b32 %f0, %a0", f"redux.sync.{op}{magnitudes}{nan}.f32 %f1, %f0, -1", f"mov.b32 %d{i}x0, %f1"]
        warp_case.write(out, "warp", f"redux_f32_{name}", [source], results, body, "sm_100a", registers=[".reg .f32 %f<2>"], comment="redux.sync of f32")


def write_moves(out):
    body = Body()
    for kind in ("b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64", "b128"):
        body.lines += [f"ld.global.{'b' + kind[1:] if kind[0] in 'us' else kind} {register(kind, 1)}, [%g]", f"mov.{kind} {register(kind, 2)}, {register(kind, 1)}"]
        bits = int(kind[1:])
        body.keep(kind, 2, WORDS_OF_PATTERN[:2] if bits == 128 else [WORDS_OF_PATTERN[0] & mask(bits)])
    body.lines += ["setp.eq.u64 %p1, %g, %g", "mov.pred %p2, %p1", "selp.u32 %r1, 1, 0, %p2"]
    body.keep("b32", 1, [1])
    # Addresses as values, with offsets; generic ones and back; what they lie in.
    body.lines += ["mov.u32 %r1, window+8", "mov.u32 %r2, window", "sub.u32 %r1, %r1, %r2"]
    body.keep("b32", 1, [8])
    body.lines += ["mov.u64 %d1, table+16", "ld.const.b64 %d2, [%d1]"]
    body.keep("b64", 2, [WORDS_OF_PATTERN[2]])
    body.lines += ["mov.u64 %d1, table", "cvta.const.u64 %d1, %d1", "ld.b64 %d2, [%d1+8]"]
    body.keep("b64", 2, [WORDS_OF_PATTERN[1]])
    body.lines += ["cvta.to.const.u64 %d1, %d1", "ld.const.b64 %d2, [%d1+24]"]
    body.keep("b64", 2, [WORDS_OF_PATTERN[3]])
    for space in ("shared", "shared::cta", "shared::cluster", "local"):
        place = "frame" if space == "local" else "window"
        body.lines += [f"mov.u64 %d1, {place}", f"st.{space}.b64 [{place}+8], 77", f"cvta.{space}.u64 %d1, %d1", "ld.b64 %d2, [%d1+8]"]
        body.keep("b64", 2, [77])
        body.lines += [f"cvta.to.{space}.u64 %d1, %d1", f"ld.{space}.b64 %d2, [%d1+8]"]
        body.keep("b64", 2, [77])
    body.lines += ["mov.u64 %d1, block", "cvta.param.u64 %d1, %d1", "ld.b64 %d2, [%d1]"]
    body.keep("b64", 2, WORDS_OF_PATTERN[:1])
    body.lines += ["cvta.to.param.u64 %d1, %d1", "ld.param.b64 %d2, [%d1]"]
    body.keep("b64", 2, WORDS_OF_PATTERN[:1])
    body.lines += ["cvta.global.u64 %d1, %g", "cvta.to.global.u64 %d1, %d1", "ld.global.b64 %d2, [%d1+8]"]
    body.keep("b64", 2, WORDS_OF_PATTERN[1:2])
    body.lines += ["mov.u64 %d1, window", "cvta.shared.u64 %d1, %d1"]
    for space, address, answer in (("shared", "%d1", 1), ("shared::cta", "%d1", 1), ("shared::cluster", "%d1", 1), ("global", "%d1", 0), ("local", "%d1", 0),
                                   ("global", "%g", 1), ("shared", "%g", 0), ("const", "%d1", 0), ("param", "%d1", 0), ("param::entry", "%d1", 0)):
        body.lines += [f"isspacep.{space} %p1, {address}", "selp.u32 %r1, 1, 0, %p1"]
        body.keep("b32", 1, [answer])
    # The block is the only one of its cluster.
    body.lines += ["mov.u32 %r2, window", "mapa.shared::cluster.u32 %r1, %r2, 0", "sub.u32 %r1, %r1, %r2"]
    body.keep("b32", 1, [0])
    body.lines += ["mapa.u64 %d2, %d1, 0", "sub.u64 %d2, %d2, %d1"]
    body.keep("b64", 2, [0])
    for text in ("getctarank.shared::cluster.u32 %r1, %r2", "getctarank.u64 %r1, %d1"):
        body.lines.append(text)
        body.keep("b32", 1, [0])
    body.write(out, "memory", "moves_and_addresses", "mov of all types, cvta, isspacep, mapa, getctarank", "sm_90")


def write(out):
    for part in (write_stochastic, write_oob, write_redux, write_moves):
        part(out)
