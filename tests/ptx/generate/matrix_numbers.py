"""Elements of matrices: bit patterns to draw from, and what they mean.

Floating-point patterns are chosen so that every sum of products is exact in f32: then the order of the sum, which the manual leaves
open, cannot matter.
"""

from fractions import Fraction

from exact import encode, number, signed

# type: (exponent bits, mantissa bits); infinities and NaN are not drawn
SMALL = {"e4m3": (4, 3), "e5m2": (5, 2), "e2m1": (2, 1), "e2m3": (2, 3), "e3m2": (3, 2)}
BITS = {"f16": 16, "bf16": 16, "tf32": 32, "f32": 32, "f64": 64, "s8": 8, "u8": 8, "s4": 4, "u4": 4, "b1": 1, "s32": 32,
        "e4m3": 8, "e5m2": 8, "e2m1": 4, "e2m3": 6, "e3m2": 6}
INTEGERS = ("s8", "u8", "s4", "u4", "s32")


def small_value(pattern, kind):
    exponent_bits, mantissa_bits = SMALL[kind]
    sign = -1 if pattern >> (exponent_bits + mantissa_bits) & 1 else 1
    exponent = pattern >> mantissa_bits & ((1 << exponent_bits) - 1)
    fraction = Fraction(pattern & ((1 << mantissa_bits) - 1), 1 << mantissa_bits)
    bias = (1 << (exponent_bits - 1)) - 1
    magnitude = fraction * Fraction(2) ** (1 - bias) if exponent == 0 else (1 + fraction) * Fraction(2) ** (exponent - bias)
    return sign * magnitude


def value(pattern, kind):
    """The number of a pattern, as a Fraction or an integer."""
    if kind in SMALL:
        return small_value(pattern, kind)
    if kind in ("s8", "s4", "s32"):
        return signed(pattern, BITS[kind])
    if kind in ("u8", "u4", "b1"):
        return pattern
    return number(pattern, "f32" if kind == "tf32" else kind)


def _float_pattern(exact_number, kind):
    return encode(abs(Fraction(exact_number)), int(exact_number < 0), "f32" if kind == "tf32" else kind)


_SMALL_POOLS = {
    kind: [p for p in range(1 << BITS[kind]) if p != 0 and Fraction(1, 2) <= abs(small_value(p, kind)) <= 4] + [0] for kind in SMALL
}


def draw(random, kind):
    """A random pattern."""
    if kind in SMALL:
        return random.choice(_SMALL_POOLS[kind])
    if kind in ("f16", "bf16", "tf32", "f32"):
        return _float_pattern(Fraction(random.randint(-31, 31), 8), kind)
    if kind == "f64":
        return _float_pattern(Fraction(random.randint(-(1 << 20), 1 << 20), 1 << random.randint(0, 10)), kind)
    return random.getrandbits(BITS[kind])


def accumulator(total, kind):
    """The pattern of an exact sum."""
    if kind == "s32":
        return total & 0xFFFFFFFF
    return encode(abs(Fraction(total)), int(total < 0), kind)


def clamp(total):
    return max(-(1 << 31), min((1 << 31) - 1, total))
