"""Floating point: exact in all roundings, and the approximate instructions within their bounds."""

import math

import exact
from exact import NAN, add, divide, flush, fma, is_nan, mask, multiply, negate, number, one, saturate, square_root, subtract
from values import BF16, F16, F32, FLOATS, f32_bits, f32_value, pairs, triples

ROUNDINGS = ("rn", "rz", "rm", "rp")


def write_rounded(out):
    for kind, values in FLOATS.items():
        for mode in ROUNDINGS:
            for name, function in (("add", add), ("sub", subtract), ("mul", multiply), ("div", divide)):
                out.write("floating_point", f"{name}_{mode}_{kind}", f"{name}.{mode}.{kind} {{d}}, {{a}}, {{b}}", kind, [kind] * 2,
                          [(a, b, function(a, b, kind, mode)) for a, b in pairs(values)])
            out.write("floating_point", f"fma_{mode}_{kind}", f"fma.{mode}.{kind} {{d}}, {{a}}, {{b}}, {{c}}", kind, [kind] * 3,
                      [(a, b, c, fma(a, b, c, kind, mode)) for a, b, c in triples(values)])
            out.write("floating_point", f"rcp_{mode}_{kind}", f"rcp.{mode}.{kind} {{d}}, {{a}}", kind, [kind],
                      [(a, divide(one(kind), a, kind, mode)) for a in values])
            out.write("floating_point", f"sqrt_{mode}_{kind}", f"sqrt.{mode}.{kind} {{d}}, {{a}}", kind, [kind],
                      [(a, square_root(a, kind, mode)) for a in values])


def smaller(a, b, kind, pick=min):
    """min and max: a NaN loses against a number, -0 is below +0."""
    if is_nan(a, kind) or is_nan(b, kind):
        return NAN if is_nan(a, kind) and is_nan(b, kind) else (b if is_nan(a, kind) else a)
    key = lambda v: (number(v, kind), -(v >> exact.width(kind) - 1))
    return pick((a, b), key=key)


def write_sign_and_order(out):
    for kind, values in FLOATS.items():
        sign = 1 << exact.width(kind) - 1
        unary = {"neg": lambda a: negate(a, kind), "abs": lambda a: a & ~sign}
        for name, function in unary.items():
            out.write("floating_point", f"{name}_{kind}", f"{name}.{kind} {{d}}, {{a}}", kind, [kind],
                      [(a, NAN if is_nan(a, kind) else function(a)) for a in values])
        binary = {
            "min": lambda a, b: smaller(a, b, kind),
            "max": lambda a, b: smaller(a, b, kind, max),
            "copysign": lambda a, b: b & ~sign | a & sign,
        }
        for name, function in binary.items():
            out.write("floating_point", f"{name}_{kind}", f"{name}.{kind} {{d}}, {{a}}, {{b}}", kind, [kind] * 2,
                      [(a, b, function(a, b)) for a, b in pairs(values)])


def write_flush_and_saturate(out):
    for name, function in (("add", add), ("mul", multiply)):
        out.write("floating_point", f"{name}_ftz_f32", f"{name}.ftz.f32 {{d}}, {{a}}, {{b}}", "f32", ["f32"] * 2,
                  [(a, b, flush(function(flush(a), flush(b), "f32"))) for a, b in pairs(F32)])
        out.write("floating_point", f"{name}_sat_f32", f"{name}.sat.f32 {{d}}, {{a}}, {{b}}", "f32", ["f32"] * 2,
                  [(a, b, saturate(function(a, b, "f32"))) for a, b in pairs(F32)])
    out.write("floating_point", "fma_rn_sat_f32", "fma.rn.sat.f32 {d}, {a}, {b}, {c}", "f32", ["f32"] * 3,
              [(a, b, c, saturate(fma(a, b, c, "f32"))) for a, b, c in triples(F32)])


def write_half(out):
    for name, function in (("add", add), ("sub", subtract), ("mul", multiply)):
        rows = [(a, b, function(a, b, "f16")) for a, b in pairs(F16)]
        out.write("half", f"{name}_f16", f"{name}.f16 {{d}}, {{a}}, {{b}}", "b16", ["b16"] * 2, [r for r in rows if r[-1] != NAN])
    for kind, values, target in (("f16", F16, "sm_75"), ("bf16", BF16, "sm_80")):
        rows = [(a, b, c, fma(a, b, c, kind)) for a, b, c in triples(values)]
        out.write("half", f"fma_rn_{kind}", f"fma.rn.{kind} {{d}}, {{a}}, {{b}}, {{c}}", "b16", ["b16"] * 3,
                  [r for r in rows if r[-1] != NAN], target=target)
    rows = [(a << 16 | b, b << 16 | a, add(a, b, "f16")) for a, b in pairs(F16)]
    out.write("half", "add_f16x2", "add.f16x2 {d}, {a}, {b}", "b32", ["b32"] * 2,
              [(a, b, r << 16 | r) for a, b, r in rows if r != NAN])


POSITIVE = [0.001, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.14159, 10.0, 100.0, 12345.678]
EXPONENTS = [-126, -20.5, -1, -0.5, 0, 0.001, 0.5, 1, 2.5, 10.25, 100.125, 127]
# name: (function, bound in ulp that the manual's bound allows on these inputs, inputs)
APPROXIMATE = {
    "rcp.approx": (lambda x: 1 / x, 1, POSITIVE),
    "rcp.approx.ftz": (lambda x: 1 / x, 1, POSITIVE),
    "sqrt.approx": (math.sqrt, 2, POSITIVE),
    "rsqrt.approx": (lambda x: 1 / math.sqrt(x), 2, POSITIVE),
    "ex2.approx": (lambda x: 2.0**x, 2, EXPONENTS),
    "ex2.approx.ftz": (lambda x: 2.0**x, 2, EXPONENTS),
    "lg2.approx": (math.log2, 8, [0.001, 0.1, 0.25, 3.0, 10.0, 100.0, 12345.678]),
    "lg2.approx.ftz": (math.log2, 8, [0.25, 4.0, 1024.0, 10.0]),
    "sin.approx": (math.sin, 64, [-1.5, -0.5, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5]),
    "cos.approx": (math.cos, 64, [-1.0, -0.5, 0.25, 0.5, 1.0, 2.0, 2.5, 3.0]),
    "tanh.approx": (math.tanh, 8192, [-3, -1, -0.25, 0.1, 0.5, 1, 2, 5]),
}


def write_approximate(out):
    for name, (function, ulp, inputs) in APPROXIMATE.items():
        rows = [(f32_bits(x), f32_bits(function(f32_value(f32_bits(x))))) for x in inputs]
        out.write("floating_point", f"{name}_f32".replace(".", "_"), f"{name}.f32 {{d}}, {{a}}", "f32", ["f32"], rows, ulp=ulp)
    for form in ("approx", "full"):
        rows = [(a, b, divide(a, b, "f32")) for a in map(f32_bits, POSITIVE) for b in map(f32_bits, (0.3, 1.7, 9.9))]
        out.write("floating_point", f"div_{form}_f32", f"div.{form}.f32 {{d}}, {{a}}, {{b}}", "f32", ["f32"] * 2, rows, ulp=2)


def write(out):
    for part in (write_rounded, write_sign_and_order, write_flush_and_saturate, write_half, write_approximate):
        part(out)
