"""atom and red in every operation, type, order and scope, one thread: what memory holds afterwards and what atom returns.

Floating-point sums are exact, so that no rounding is in question.
"""

from exact import encode, mask, number, signed
from memory import Body, register

SPACES = {".global": "%m", ".shared": "window", ".shared::cta": "window", ".shared::cluster": "window", "": "%m"}
ORDERS = [""] + [f".{order}.{scope}" for order in ("relaxed", "acquire", "release", "acq_rel") for scope in ("cta", "cluster", "gpu", "sys")]
RED_ORDERS = [""] + [f".{order}.{scope}" for order in ("relaxed", "release") for scope in ("cta", "cluster", "gpu", "sys")]
FLOATS = {"f16": (0x3E00, 0xC080), "bf16": (0x3FC0, 0xC010), "f32": (0x3FC00000, 0xC0100000), "f64": (0x3FF8000000000000, 0xC002000000000000)}
PACKED = {"f16x2": "f16", "bf16x2": "bf16"}


def bits_of(kind):
    return 32 if kind in PACKED else 16 if kind == "bf16" else int(kind[1:])


def operands(kind):
    """A first value in memory, and another."""
    if kind in PACKED:
        a, b = FLOATS[PACKED[kind]]
        return a | b << 16, b | b << 16
    if kind in FLOATS:
        return FLOATS[kind]
    return 0x8123456789ABCDEF & mask(bits_of(kind)) | 1 << bits_of(kind) - 1, 0x13579BDF02468ACE & mask(bits_of(kind))


def updated(op, kind, a, b):
    bits = bits_of(kind)
    if kind in PACKED:
        return updated(op, PACKED[kind], a & 0xFFFF, b & 0xFFFF) | updated(op, PACKED[kind], a >> 16, b >> 16) << 16
    if kind in FLOATS:
        x, y = number(a, kind), number(b, kind)
        value = {"add": x + y, "min": min(x, y), "max": max(x, y)}.get(op)
        return b if op == "exch" else encode(abs(value), int(value < 0), kind)
    x, y = (signed(a, bits), signed(b, bits)) if kind[0] == "s" else (a, b)
    return {"and": a & b, "or": a | b, "xor": a ^ b, "add": x + y, "min": min(x, y), "max": max(x, y), "exch": b,
            "inc": 0 if a >= b else a + 1, "dec": b if a == 0 or a > b else a - 1}[op] & mask(bits)


FORMS = [(op, kind) for ops, kinds in (
    (("and", "or", "xor"), ("b32", "b64")), (("exch",), ("b32", "b64")), (("inc", "dec"), ("u32",)),
    (("add",), ("u32", "s32", "u64", "f32", "f64", "f16", "bf16", "f16x2", "bf16x2")), (("min", "max"), ("u32", "s32", "u64", "s64")),
) for op in ops for kind in kinds]


def plain(kind):
    return f"b{bits_of(kind)}"


def suffixed(op, kind):
    return f".{op}.noftz.{kind}" if kind in ("f16", "bf16", *PACKED) else f".{op}.{kind}"


def load_immediate(body, kind, index, value):
    body.lines.append(f"mov.b{bits_of(kind)} {register(plain(kind), index)}, {value:#x}")


def value_register(kind, index):
    return register(kind, index) if kind in ("f32", "f64") else register(plain(kind), index)


def set_value(body, kind, index, value):
    load_immediate(body, kind, index, value)
    if kind in ("f32", "f64"):
        body.lines.append(f"mov.b{bits_of(kind)} {register(kind, index)}, {register(plain(kind), index)}")


def one_form(body, head, space, base, op, kind, hint=""):
    a, b = operands(kind)
    if op in ("inc", "dec"):
        a, b = (b, a) if op == "inc" else (a, b)
    set_value(body, kind, 1, a)
    set_value(body, kind, 2, b)
    body.lines.append(f"st{space}.b{bits_of(kind)} [{base}], {register(plain(kind), 1)}")
    cache, policy = (".L2::cache_hint", ", %policy") if hint else ("", "")
    words = suffixed(op, kind)
    words = f".{op}{cache}" + words[len(op) + 1 :]
    if head.startswith("atom"):
        body.lines.append(f"{head}{space}{words} {value_register(kind, 3)}, [{base}], {value_register(kind, 2)}{policy}")
        body.keep(kind if kind in ("f32", "f64") else plain(kind), 3, [a])
    else:
        body.lines.append(f"{head}{space}{words} [{base}], {value_register(kind, 2)}{policy}")
    body.lines.append(f"ld{space}.b{bits_of(kind)} {register(plain(kind), 4)}, [{base}]")
    body.keep(plain(kind), 4, [updated(op, kind, a, b)])


def scratch():
    """A body with the buffer `in` as memory to work on."""
    body = Body()
    body.lines.append("mov.b64 %m, %g")
    return body


def write_operations(out):
    for opcode, orders in (("atom", ORDERS), ("red", RED_ORDERS)):
        for number_of_space, (space, base) in enumerate(SPACES.items()):
            body = scratch()
            for i, (op, kind) in enumerate(FORMS):
                if opcode == "red" and op == "exch":
                    continue
                one_form(body, opcode + orders[(i + 5 * number_of_space) % len(orders)], space, base, op, kind)
            if space == ".global":
                for order in orders:
                    one_form(body, opcode + order, space, base, "add", "u32")
                for op, kind in (("add", "u32"), ("and", "b32"), ("inc", "u32"), ("max", "s32"), ("add", "f16x2")):
                    one_form(body, opcode, space, base, op, kind, hint=True)
            name = f"{opcode}{space}".replace(".", "_").replace("::", "_")
            body.write(out, "atomic", f"{name}_forms", f"{opcode}{space} in all operations", "sm_90")


def write_exchange(out):
    body = scratch()
    for i, (space, base) in enumerate(SPACES.items()):
        for j, kind in enumerate(("b16", "b32", "b64")):
            a, b = operands(kind)
            for compare in (a, a ^ 1):
                for index, value in ((1, a), (2, compare), (3, b)):
                    set_value(body, kind, index, value)
                r = [register(kind, k) for k in range(6)]
                order = ORDERS[(3 * i + j) % len(ORDERS)]
                body.lines += [f"st{space}.{kind} [{base}], {r[1]}", f"atom{order}{space}.cas.{kind} {r[4]}, [{base}], {r[2]}, {r[3]}",
                               f"ld{space}.{kind} {r[5]}, [{base}]"]
                body.keep(kind, 4, [a])
                body.keep(kind, 5, [b if compare == a else a])
        a, b = [0x0123456789ABCDEF, 0xFEDCBA9876543210], [0x1111222233334444, 0x5555666677778888]
        body.lines += [f"mov.b64 %d{k}, {value:#x}" for k, value in zip((1, 2, 3, 4), a + b)]
        body.lines += ["mov.b128 %q1, {%d1, %d2}", "mov.b128 %q2, {%d3, %d4}", f"st{space}.b128 [{base}], %q1",
                       f"atom{space}.exch.b128 %q3, [{base}], %q2", f"atom{space}.cas.b128 %q4, [{base}], %q2, %q1", f"ld{space}.b128 %q5, [{base}]"]
        for index, words in ((3, a), (4, b), (5, a)):
            body.keep("b128", index, words)
    body.write(out, "atomic", "atom_cas_and_wide", "atom.cas in all widths, atom.exch.b128", "sm_90")


def write_vectors(out):
    body = scratch()
    for opcode in ("atom", "red"):
        for kind, counts, ops in (("f32", (2, 4), ("add",)), ("f16", (2, 4, 8), ("add", "min", "max")), ("bf16", (2, 4, 8), ("add", "min", "max")),
                                  ("f16x2", (2, 4), ("add", "min", "max")), ("bf16x2", (2, 4), ("add", "min", "max"))):
            for count in counts:
                for op in ops:
                    a, b = operands(kind)
                    values = [(a, b) if i % 2 else (b, b) for i in range(count)]
                    set_value(body, kind, 0, b)
                    for i, (first, _) in enumerate(values):
                        set_value(body, kind, 1, first)
                        body.lines.append(f"st.global.b{bits_of(kind)} [%m+{i * bits_of(kind) // 8}], {register(plain(kind), 1)}")
                    vector = "{" + ", ".join([value_register(kind, 0)] * count) + "}"
                    result = "{" + ", ".join(value_register(kind, i + 1) for i in range(count)) + "}, " if opcode == "atom" else ""
                    words = suffixed(op, kind)
                    words = words[: -len(kind)] + f"v{count}.{kind}"
                    body.lines.append(f"{opcode}.global{words} {result}[%m], {vector}")
                    if opcode == "atom":
                        for i, (first, _) in enumerate(values):
                            body.keep(kind if kind == "f32" else plain(kind), i + 1, [first])
                    for i, (first, second) in enumerate(values):
                        body.lines.append(f"ld.global.b{bits_of(kind)} {register(plain(kind), 1)}, [%m+{i * bits_of(kind) // 8}]")
                        body.keep(plain(kind), 1, [updated(op, kind, first, second)])
    body.write(out, "atomic", "vector_forms", "atom and red of vectors", "sm_90")


def write(out):
    for part in (write_operations, write_exchange, write_vectors):
        part(out)
