"""The fragments of mma as sections 9.7.14.5 and 9.7.14.6 of the manual give them: (row, column) of element i of a lane.

One formula for each fragment of the manual, taken from there one by one; the translator has one rule for all of them.
"""


def _g(lane):
    return lane >> 2


def _t(lane):
    return lane % 4


def _lower(i, *ranges):
    """0 for the elements that the manual puts into row groupID, 8 for the others."""
    return 0 if any(first <= i < last for first, last in ranges) else 8


# (m, k, bits of an element): elements of a lane, place
A = {
    (8, 4, 64): (1, lambda l, i: (_g(l), _t(l))),
    (8, 16, 8): (4, lambda l, i: (_g(l), _t(l) * 4 + i)),
    (8, 32, 4): (8, lambda l, i: (_g(l), _t(l) * 8 + i)),
    (8, 128, 1): (32, lambda l, i: (_g(l), _t(l) * 32 + i)),
    (16, 4, 32): (2, lambda l, i: (_g(l) + 8 * i, _t(l))),
    (16, 4, 64): (2, lambda l, i: (_g(l) + 8 * i, _t(l))),
    (16, 8, 16): (4, lambda l, i: (_g(l) + _lower(i, (0, 2)), _t(l) * 2 + (i & 1))),
    (16, 8, 32): (4, lambda l, i: (_g(l) + 8 * (i in (1, 3)), _t(l) + 4 * (i in (2, 3)))),
    (16, 8, 64): (4, lambda l, i: (_g(l) + 8 * (i in (1, 3)), _t(l) + 4 * (i in (2, 3)))),
    (16, 16, 16): (8, lambda l, i: (_g(l) + _lower(i, (0, 2), (4, 6)), _t(l) * 2 + (i & 1) + (8 if i >= 4 else 0))),
    (16, 16, 64): (8, lambda l, i: (_g(l) + 8 * (i % 2), i * 2 + _t(l) if i % 2 == 0 else i * 2 - 2 + _t(l))),
    (16, 16, 8): (8, lambda l, i: (_g(l) + _lower(i, (0, 4)), _t(l) * 4 + (i & 3))),
    (16, 32, 4): (16, lambda l, i: (_g(l) + _lower(i, (0, 8)), _t(l) * 8 + (i & 7))),
    (16, 32, 8): (16, lambda l, i: (_g(l) + _lower(i, (0, 4), (8, 12)), _t(l) * 4 + (i & 3) + (16 if i >= 8 else 0))),
    (16, 64, 4): (32, lambda l, i: (_g(l) + _lower(i, (0, 8), (16, 24)), _t(l) * 8 + (i & 7) + (32 if i >= 16 else 0))),
    (16, 128, 1): (64, lambda l, i: (_g(l) + _lower(i, (0, 32)), _t(l) * 32 + (i & 31))),
    (16, 256, 1): (128, lambda l, i: (_g(l) + _lower(i, (0, 32), (64, 96)), _t(l) * 32 + (i & 31) + (128 if i >= 64 else 0))),
}

# (k, bits of an element)
B = {
    (4, 64): (1, lambda l, i: (_t(l), _g(l))),
    (4, 32): (1, lambda l, i: (_t(l), _g(l))),
    (8, 16): (2, lambda l, i: (_t(l) * 2 + i, _g(l))),
    (8, 32): (2, lambda l, i: (_t(l) + 4 * i, _g(l))),
    (8, 64): (2, lambda l, i: (_t(l) + 4 * i, _g(l))),
    (16, 16): (4, lambda l, i: (_t(l) * 2 + (i & 1) + (8 if i >= 2 else 0), _g(l))),
    (16, 64): (4, lambda l, i: (_t(l) + i * 4, _g(l))),
    (16, 32): (4, lambda l, i: (_t(l) + i * 4, _g(l))),  # sparse tf32
    (16, 8): (4, lambda l, i: (_t(l) * 4 + i, _g(l))),
    (32, 16): (8, lambda l, i: (_t(l) * 2 + (i & 1) + 8 * (i // 2), _g(l))),  # sparse f16
    (32, 8): (8, lambda l, i: (_t(l) * 4 + (i & 3) + (16 if i >= 4 else 0), _g(l))),
    (32, 4): (8, lambda l, i: (_t(l) * 8 + i, _g(l))),
    (64, 8): (16, lambda l, i: (_t(l) * 4 + (i & 3) + 16 * (i // 4), _g(l))),  # sparse
    (64, 4): (16, lambda l, i: (_t(l) * 8 + (i & 7) + (32 if i >= 8 else 0), _g(l))),
    (128, 4): (32, lambda l, i: (_t(l) * 8 + (i & 7) + 32 * (i // 8), _g(l))),  # sparse
    (128, 1): (32, lambda l, i: (_t(l) * 32 + i, _g(l))),
    (256, 1): (64, lambda l, i: (_t(l) * 32 + (i & 31) + (128 if i >= 32 else 0), _g(l))),
}

# m
C = {
    8: (2, lambda l, i: (_g(l), _t(l) * 2 + i)),
    16: (4, lambda l, i: (_g(l) + _lower(i, (0, 2)), _t(l) * 2 + (i & 1))),
}

# m8n8k4 with f16: four products, of the lanes 4p..4p+3 and 4p+16..4p+19 each.
QUAD_A = {
    "row": lambda l, i: (l % 4 if l < 16 else l % 4 + 4, i),
    "col": lambda l, i: (i % 4 if l < 16 else i % 4 + 4, l % 4),
}
QUAD_B = {
    "row": lambda l, i: (l % 4, i if l < 16 else i + 4),
    "col": lambda l, i: (i, l % 4 if l < 16 else l % 4 + 4),
}
QUAD_C = {
    "f16": lambda l, i: (l % 4 if l < 16 else l % 4 + 4, i),
    "f32": lambda l, i: ((l & 1) + (i & 2) + (0 if l < 16 else 4), (i & 4) + (l & 2) + (i & 1)),
}


def product_of(lane):
    """Which of the four products of m8n8k4 a lane takes part in."""
    return lane % 16 // 4


# Sparse metadata: lane of the group of four (counted from the first that contributes) and lowest bit of the indices of a chunk.
def metadata_wide(row, chunk):
    """f16, bf16, tf32: rows 0 to 7 in bits 0 to 15, rows 8 to 15 above; four chunks a lane."""
    return chunk // 4, 16 * (row >= 8) + 4 * (chunk % 4)


def metadata_narrow(row, chunk):
    """Bytes and nibbles: eight chunks of a row a lane; rows 8 to 15 in the odd lanes."""
    return 2 * (chunk // 8) + (row >= 8), 4 * (chunk % 8)
