"""IEEE 754 arithmetic on bit patterns, exact by rational numbers, in all four roundings.

Slow and obvious on purpose: it is the oracle of the generated PTX tests and shares nothing with the translator. A result that is a NaN
is the string NAN: PTX leaves its payload open in most instructions.
"""

import math
from fractions import Fraction

NAN = "nan"
INFINITY = "inf"

# type: (exponent bits, mantissa bits)
FORMATS = {"f16": (5, 10), "bf16": (8, 7), "f32": (8, 23), "f64": (11, 52)}


def mask(bits):
    return (1 << bits) - 1


def signed(value, bits):
    value &= mask(bits)
    return value - (1 << bits) if value >> (bits - 1) else value


def width(kind):
    exponent, mantissa = FORMATS[kind]
    return 1 + exponent + mantissa


def decode(bits, kind):
    """(magnitude, sign): the magnitude is a Fraction, INFINITY or NAN."""
    exponent_bits, mantissa_bits = FORMATS[kind]
    sign = bits >> (exponent_bits + mantissa_bits)
    exponent = bits >> mantissa_bits & mask(exponent_bits)
    fraction = Fraction(bits & mask(mantissa_bits), 1 << mantissa_bits)
    bias = mask(exponent_bits - 1)
    if exponent == mask(exponent_bits):
        return (NAN if fraction else INFINITY), sign
    if exponent == 0:
        return fraction * Fraction(2) ** (1 - bias), sign
    return (1 + fraction) * Fraction(2) ** (exponent - bias), sign


def is_nan(bits, kind):
    return decode(bits, kind)[0] == NAN


def number(bits, kind):
    """The signed value; infinities as floats, so that it can be compared."""
    magnitude, sign = decode(bits, kind)
    magnitude = math.inf if magnitude == INFINITY else magnitude
    return -magnitude if sign else magnitude


def _round_up(remainder, odd, sign, mode):
    half = Fraction(1, 2)
    return {
        "rn": remainder > half or (remainder == half and odd),
        "rz": False,
        "rm": remainder > 0 and sign == 1,
        "rp": remainder > 0 and sign == 0,
    }[mode]


def _overflow(sign, infinity, mode):
    rounds_away = mode == "rn" or (mode == "rp" and not sign) or (mode == "rm" and sign)
    return infinity if rounds_away else infinity - 1


def encode(magnitude, sign, kind, mode="rn"):
    """The nearest value of the type in the given rounding, as bits."""
    exponent_bits, mantissa_bits = FORMATS[kind]
    bias = mask(exponent_bits - 1)
    sign_bit = sign << (exponent_bits + mantissa_bits)
    infinity = mask(exponent_bits) << mantissa_bits
    if magnitude == NAN:
        return NAN
    if magnitude == INFINITY:
        return sign_bit | infinity
    if magnitude == 0:
        return sign_bit
    exponent = max(1 - bias, magnitude.numerator.bit_length() - magnitude.denominator.bit_length() - 1)
    while Fraction(2) ** (exponent + 1) <= magnitude:
        exponent += 1
    scaled = magnitude / Fraction(2) ** (exponent - mantissa_bits)
    integer = scaled.numerator // scaled.denominator
    integer += _round_up(scaled - integer, integer & 1, sign, mode)
    if integer == 2 << mantissa_bits:
        integer, exponent = integer >> 1, exponent + 1
    if integer < 1 << mantissa_bits:
        return sign_bit | integer  # subnormal
    if exponent > bias:
        return sign_bit | _overflow(sign, infinity, mode)
    return sign_bit | (exponent + bias) << mantissa_bits | (integer - (1 << mantissa_bits))


def _signed_result(value, zero_sign, kind, mode):
    return encode(abs(value), int(value < 0) if value else zero_sign, kind, mode)


def negate(bits, kind):
    return bits ^ 1 << (width(kind) - 1)


def fma(a, b, c, kind, mode="rn"):
    (x, x_sign), (y, y_sign), (z, z_sign) = (decode(v, kind) for v in (a, b, c))
    sign = x_sign ^ y_sign
    if NAN in (x, y, z):
        return NAN
    if INFINITY in (x, y):
        invalid = 0 in (x, y) or (z == INFINITY and z_sign != sign)
        return NAN if invalid else encode(INFINITY, sign, kind)
    if z == INFINITY:
        return encode(INFINITY, z_sign, kind)
    product = -x * y if sign else x * y
    exact_zero_sign = sign if product == 0 and z == 0 and sign == z_sign else int(mode == "rm")
    return _signed_result(product + (-z if z_sign else z), exact_zero_sign, kind, mode)


def one(kind):
    return encode(Fraction(1), 0, kind)


def add(a, b, kind, mode="rn"):
    return fma(a, one(kind), b, kind, mode)


def subtract(a, b, kind, mode="rn"):
    return add(a, negate(b, kind), kind, mode)


def multiply(a, b, kind, mode="rn"):
    (x, x_sign), (y, y_sign) = decode(a, kind), decode(b, kind)
    sign = x_sign ^ y_sign
    if NAN in (x, y) or (INFINITY in (x, y) and 0 in (x, y)):
        return NAN
    return encode(INFINITY if INFINITY in (x, y) else x * y, sign, kind, mode)


def divide(a, b, kind, mode="rn"):
    (x, x_sign), (y, y_sign) = decode(a, kind), decode(b, kind)
    sign = x_sign ^ y_sign
    if NAN in (x, y) or x == y == INFINITY or x == y == 0:
        return NAN
    if x == INFINITY or y == 0:
        return encode(INFINITY, sign, kind)
    return encode(Fraction(0) if y == INFINITY else x / y, sign, kind, mode)


def square_root(a, kind, mode="rn"):
    x, sign = decode(a, kind)
    if x in (NAN, 0, INFINITY) or sign:
        return a if x == 0 or (x == INFINITY and not sign) else NAN
    shift = 1200  # far below the smallest subnormal and far beyond any type's precision; the lowest bit says "not exact"
    scaled, rest = divmod(x.numerator << 2 * shift, x.denominator)
    root = math.isqrt(scaled)
    sticky = int(rest != 0 or root * root != scaled)
    return encode(Fraction(2 * root + sticky, 2 << shift), 0, kind, mode)


def to_integer(value, mode):
    """A Fraction to an integer: rni, rzi, rmi, rpi."""
    floor = value.numerator // value.denominator
    rest = value - floor
    nearest = floor + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and floor & 1))
    return {"rmi": floor, "rpi": floor + (rest > 0), "rni": nearest, "rzi": floor + (value < 0 and rest > 0)}[mode]


def flush(bits):
    """Subnormal f32 to zero of the same sign (.ftz)."""
    return bits if bits == NAN or bits >> 23 & 0xFF else bits & 0x80000000


def saturate(bits):
    """f32 clamped to [0, 1], NaN to 0 (.sat)."""
    if bits == NAN or is_nan(bits, "f32") or bits >> 31:
        return 0
    return min(bits, one("f32"))
