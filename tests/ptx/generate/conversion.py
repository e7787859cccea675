"""cvt between integers, floating point, and both."""

from case import bits_of
from exact import INFINITY, NAN, decode, encode, is_nan, mask, number, saturate, signed, to_integer
from integer import reader
from values import F16, F32, F64, f32_bits, f64_bits, integers

INTEGERS = ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"]
INTEGER_ROUNDINGS = ("rni", "rzi", "rmi", "rpi")
ROUNDINGS = ("rn", "rz", "rm", "rp")
TIES = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.7, -3.7]
LARGE = [2147483648.0, -2147483648.0, 4294967296.0, 1e10, -1e10, 1e20, 255.6, -129.4]
VALUES = {
    "f32": F32 + [f32_bits(x) for x in TIES + LARGE],
    "f64": F64 + [f64_bits(x) for x in TIES + LARGE + [2147483647.5, -2147483649.0, 1.8e19, 9.3e18, -9.3e18, 1e30]],
}


def limits(kind):
    bits = bits_of(kind)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if kind[0] == "s" else (0, mask(bits))


def clamp(value, kind):
    low, high = limits(kind)
    return max(low, min(high, value))


def register(kind):
    """An 8-bit value lives in a 16-bit register."""
    return "b16" if bits_of(kind) == 8 else kind


def write_float_to_integer(out):
    for source, values in VALUES.items():
        numbers = [v for v in values if not is_nan(v, source)]
        for kind in ("s32", "u32", "s64", "u64"):
            for mode in INTEGER_ROUNDINGS:
                def convert(value, source=source, kind=kind, mode=mode):
                    magnitude, sign = decode(value, source)
                    if magnitude == INFINITY:
                        return limits(kind)[0 if sign else 1]
                    return clamp(to_integer(number(value, source), mode), kind)

                out.write("conversion", f"cvt_{mode}_{kind}_{source}", f"cvt.{mode}.{kind}.{source} {{d}}, {{a}}", kind, [source],
                          [(v, convert(v)) for v in numbers])


def write_integer_to_float(out):
    for kind in ("f32", "f64"):
        for source in INTEGERS[2:]:
            bits, read = bits_of(source), reader(source)
            values = integers(bits) + [v & mask(bits) for v in (0x0FFFFFFF, 0x7FFFFF81, 0x1FFFFFFFFFFFFF01)]
            for mode in ROUNDINGS:
                out.write("conversion", f"cvt_{mode}_{kind}_{source}", f"cvt.{mode}.{kind}.{source} {{d}}, {{a}}", kind, [source],
                          [(v, encode(abs(read(v)) * _ONE, int(read(v) < 0), kind, mode)) for v in values])


def write_float_to_float(out):
    near_limits = [0x47EFFFFFE0000000, 0x47EFFFFFF0000000, 0x36A0000000000000, 0x3690000000000001, 0x380FFFFFC0000000]
    for mode in ROUNDINGS:
        out.write("conversion", f"cvt_{mode}_f32_f64", f"cvt.{mode}.f32.f64 {{d}}, {{a}}", "f32", ["f64"],
                  [(v, encode(*decode(v, "f64"), "f32", mode)) for v in F64 + near_limits])
    out.write("conversion", "cvt_f64_f32", "cvt.f64.f32 {d}, {a}", "f64", ["f32"], [(v, encode(*decode(v, "f32"), "f64")) for v in F32])
    out.write("conversion", "cvt_sat_f32_f32", "cvt.sat.f32.f32 {d}, {a}", "f32", ["f32"], [(v, saturate(v)) for v in F32])
    out.write("conversion", "cvt_f32_f16", "cvt.f32.f16 {d}, {a}", "f32", ["b16"], [(v, encode(*decode(v, "f16"), "f32")) for v in F16])
    ties = [f32_bits(x) for x in (65504.0, 65519.9, 65520.0, 1e-8, 6e-8, 2.0**-25, 2.0**-24, 1.0009765625, 1.00048828125, 1.00146484375)]
    narrow = [v for v in F32 + ties if not is_nan(v, "f32")]
    for mode in ("rn", "rz"):
        for kind, target in (("f16", "sm_75"), ("bf16", "sm_90")):
            out.write("conversion", f"cvt_{mode}_{kind}_f32", f"cvt.{mode}.{kind}.f32 {{d}}, {{a}}", "b16", ["f32"],
                      [(v, encode(*decode(v, "f32"), kind, mode)) for v in narrow], target=target, version="7.8")


def write_to_integral(out):
    for kind, values in VALUES.items():
        for mode in INTEGER_ROUNDINGS:
            def convert(value, kind=kind, mode=mode):
                magnitude, sign = decode(value, kind)
                if magnitude in (NAN, INFINITY):
                    return encode(magnitude, sign, kind)
                return encode(abs(to_integer(number(value, kind), mode)) * _ONE, sign, kind)

            out.write("conversion", f"cvt_{mode}_{kind}_{kind}", f"cvt.{mode}.{kind}.{kind} {{d}}, {{a}}", kind, [kind],
                      [(v, convert(v)) for v in values])


def write_integer_to_integer(out):
    for kind in INTEGERS:
        for source in INTEGERS:
            if kind == source:
                continue
            bits, source_bits = bits_of(kind), bits_of(source)

            def read(value, source=source, bits=source_bits):
                return signed(value, bits) if source[0] == "s" else value & mask(bits)

            def extend(value, kind=kind, bits=bits):
                return signed(value, bits) if kind[0] == "s" else value & mask(bits)

            values = integers(max(source_bits, 16))
            text = f"{kind}.{source} {{d}}, {{a}}"
            out.write("conversion", f"cvt_{kind}_{source}", f"cvt.{text}", register(kind), [register(source)],
                      [(v, extend(read(v))) for v in values])
            if limits(source)[0] < limits(kind)[0] or limits(source)[1] > limits(kind)[1]:
                out.write("conversion", f"cvt_sat_{kind}_{source}", f"cvt.sat.{text}", register(kind), [register(source)],
                          [(v, clamp(read(v), kind)) for v in values])


_ONE = decode(0x3F800000, "f32")[0]


def write(out):
    for part in (write_float_to_integer, write_integer_to_float, write_float_to_float, write_to_integral, write_integer_to_integer):
        part(out)
