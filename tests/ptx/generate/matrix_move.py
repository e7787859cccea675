"""ldmatrix, stmatrix and movmatrix in every shape, number and format.

The row addresses are the 32 pieces of 16 bytes of a window of shared memory in a mixed order.
"""

import random as random_module

import warp_case
from warp_case import LANES, Buffer, Operand

CHAPTER = "matrix_move"
WINDOW = 512  # bytes


def row_of(lane):
    """The offset of the row whose address the lane gives."""
    return 16 * ((lane * 5 + 3) % 32)


ROW_ADDRESS = [
    "mad.lo.u32 %w0, %lane, 5, 3",
    "and.b32 %w0, %w0, 31",
    "shl.b32 %w0, %w0, 4",
    "mov.u32 %w1, window",
    "add.u32 %w1, %w1, %w0",
]


def copy(load, store):
    """Every lane copies 16 bytes of its own place: %w2 window, %rd1 global."""
    lines = ["mul.wide.u32 %rd0, %lane, 16", "add.s64 %rd1, %buffer, %rd0", "mov.u32 %w2, window", "mad.lo.u32 %w2, %lane, 16, %w2"]
    for offset in range(0, 16, 4):
        lines += [f"ld.{load}.b32 %w3, [{'%rd1' if load == 'global' else '%w2'}+{offset}]"]
        lines += [f"st.{store}.b32 [{'%rd1' if store == 'global' else '%w2'}+{offset}], %w3"]
    return [*lines, "bar.warp.sync 0xffffffff"]


def generic(text):
    """Without .shared the address is a generic one."""
    return ["cvt.u64.u32 %rd2, %w1", "cvta.shared.u64 %rd2, %rd2", text.replace("%w1", "%rd2")]


def element(memory, row, column, bits):
    """An element of a row of packed elements of so many bits."""
    whole = int.from_bytes(memory[row:row + 16], "little")
    return whole >> column * bits & (1 << bits) - 1


# (matrix, register of the matrix, element in the register): lane whose row it is in, column
def place_b16(lane, matrix, _, i):
    return 8 * matrix + lane // 4, 2 * (lane % 4) + i


def place_b16_transposed(lane, matrix, _, i):
    return 8 * matrix + 2 * (lane % 4) + i, lane // 4


def place_m8n16(lane, matrix, _, i):
    return 8 * matrix + lane // 4, 4 * (lane % 4) + i


def place_m16n16(lane, matrix, register, i):
    return 16 * matrix + 4 * (lane % 4) + i, lane // 4 + 8 * register


def place_m16n8(lane, matrix, _, i):
    return 8 * matrix + 2 * (lane % 4) + i % 2, lane // 4 + 8 * (i // 2)


def fragment(memory, lane, matrix, register, place, bits, container):
    word = 0
    for i in range(32 // container):
        row_lane, column = place(lane, matrix, register, i)
        word |= element(memory, row_of(row_lane), column, bits) << container * i
    return word


def write_load(out, shape, number, words, place, bits, container, registers, target):
    """`words` is what stands after the number, with the state space last but the type."""
    name = "ldmatrix_" + "_".join([shape, f"x{number}", *(w for w in words if w)])
    random = random_module.Random(name)
    memory = bytes(random.getrandbits(8) for _ in range(WINDOW))
    lanes = [[fragment(memory, lane, m, r, place, bits, container) for m in range(number) for r in range(registers)] for lane in LANES]
    result = Operand("d", lanes)
    for space in (".shared", ".shared::cta", ""):
        trans, kind = words
        text = f"ldmatrix.sync.aligned.{shape}.x{number}{'.trans' if trans else ''}{space}.{kind} {result.vector}, [%w1]"
        body = [*copy("global", "shared"), *ROW_ADDRESS, *([text] if space else generic(text))]
        suffix = {".shared": "", ".shared::cta": "_cta", "": "_generic"}[space]
        full = (name + suffix).replace(".", "_")
        warp_case.write(out, CHAPTER, full, [Buffer("buffer", memory, 8)], [result], body, target, comment=text, shared=WINDOW)


def write_store(out, shape, number, trans, kind, place, container, target):
    name = f"stmatrix_{shape}_x{number}{'_trans' if trans else ''}_{kind}"
    random = random_module.Random(name)
    lanes = [[random.getrandbits(32) for _ in range(number)] for _ in LANES]
    memory = bytearray(WINDOW)
    size = container // 8
    for lane in LANES:
        for matrix in range(number):
            for i in range(32 // container):
                row_lane, column = place(lane, matrix, 0, i)
                at = row_of(row_lane) + column * size
                memory[at:at + size] = (lanes[lane][matrix] >> container * i & (1 << container) - 1).to_bytes(size, "little")
    source = Operand("r", lanes)
    clear = ["mov.u32 %w2, window", "mad.lo.u32 %w2, %lane, 16, %w2", "mov.b32 %w3, 0"]
    clear += [f"st.shared.b32 [%w2+{offset}], %w3" for offset in range(0, 16, 4)] + ["bar.warp.sync 0xffffffff"]
    for space in (".shared", ""):
        text = f"stmatrix.sync.aligned.{shape}.x{number}{'.trans' if trans else ''}{space}.{kind} [%w1], {source.vector}"
        body = [*clear, *ROW_ADDRESS, *([text] if space else generic(text)), *copy("shared", "global")]
        full = name + ("" if space else "_generic")
        warp_case.write(out, CHAPTER, full, [source], [Buffer("buffer", memory, 8)], body, target, comment=text, shared=WINDOW)


def write_transpose(out):
    random = random_module.Random("movmatrix")
    rows = [[random.getrandbits(16) for _ in range(8)] for _ in range(8)]
    source = Operand("a", [[rows[l // 4][2 * (l % 4)] | rows[l // 4][2 * (l % 4) + 1] << 16] for l in LANES])
    result = Operand("d", [[rows[2 * (l % 4)][l // 4] | rows[2 * (l % 4) + 1][l // 4] << 16] for l in LANES])
    warp_case.write(out, CHAPTER, "movmatrix", [source], [result], ["movmatrix.sync.aligned.m8n8.trans.b16 %d0, %a0"], "sm_75")


def write(out):
    for number in (1, 2, 4):
        write_load(out, "m8n8", number, ("", "b16"), place_b16, 16, 16, 1, "sm_75")
        write_load(out, "m8n8", number, ("trans", "b16"), place_b16_transposed, 16, 16, 1, "sm_75")
        write_load(out, "m8n16", number, ("", "b8x16.b6x16_p32"), place_m8n16, 6, 8, 1, "sm_100a")
        write_load(out, "m8n16", number, ("", "b8x16.b4x16_p64"), place_m8n16, 4, 8, 1, "sm_120a")
        write_store(out, "m8n8", number, False, "b16", place_b16, 16, "sm_90")
        write_store(out, "m8n8", number, True, "b16", place_b16_transposed, 16, "sm_90")
        write_store(out, "m16n8", number, True, "b8", place_m16n8, 8, "sm_100a")
    for number in (1, 2):
        write_load(out, "m16n16", number, ("trans", "b8"), place_m16n16, 8, 8, 2, "sm_100a")
        write_load(out, "m16n16", number, ("trans", "b8x16.b6x16_p32"), place_m16n16, 6, 8, 2, "sm_120a")
        write_load(out, "m16n16", number, ("trans", "b8x16.b4x16_p64"), place_m16n16, 4, 8, 2, "sm_100a")
    write_transpose(out)
