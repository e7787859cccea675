"""Inputs: edge values of every type, and ways to pair them."""

import struct

from exact import mask

F32 = [
    0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x40490FDB, 0x7F7FFFFF, 0x00000001, 0x80000001, 0x007FFFFF,
    0x00800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x3F800001, 0x4B7FFFFF, 0x33800000, 0xC2F6E979, 0x3EAAAAAB,
]
F64 = [
    0x0000000000000000, 0x8000000000000000, 0x3FF0000000000000, 0xBFF0000000000000, 0x400921FB54442D18,
    0x7FEFFFFFFFFFFFFF, 0x0000000000000001, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FF0000000000000,
    0xFFF0000000000000, 0x7FF8000000000000, 0x3FF0000000000001, 0x3CA0000000000000, 0xC05EDD2F1A9FBE77,
    0x3FD5555555555555,
]
F16 = [0x0000, 0x8000, 0x3C00, 0xBC00, 0x7BFF, 0x0001, 0x03FF, 0x0400, 0x7C00, 0xFC00, 0x3C01, 0x1400, 0xD640]
BF16 = [value >> 16 for value in F32]
FLOATS = {"f32": F32, "f64": F64}


def integers(bits):
    top = 1 << (bits - 1)
    return [0, 1, 2, mask(bits), mask(bits) - 1, top, top - 1, top + 1, 0x5A5A5A5A5A5A5A5A & mask(bits),
            0x123456789ABCDEF0 & mask(bits), 31, 7]


def pairs(values, step=7):
    return [(a, values[(i * step + 3 * j + 1) % len(values)]) for i, a in enumerate(values) for j in range(3)]


def triples(values):
    n = len(values)
    return [(a, values[(i * 5 + j) % n], values[(i * 3 + 2 * j + 1) % n]) for i, a in enumerate(values) for j in range(4)]


def f32_bits(number):
    return struct.unpack("<I", struct.pack("<f", number))[0]


def f32_value(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def f64_bits(number):
    return struct.unpack("<Q", struct.pack("<d", number))[0]
