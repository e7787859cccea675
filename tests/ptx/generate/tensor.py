"""Copies by tensor maps: cp.async.bulk.tensor and cp.reduce.async.bulk.tensor in every mode; one thread.

A tensor is a dictionary from byte address to value here: what is not in it is outside. The tensors hold small numbers, so that sums are exact in
every type.
"""

import struct
from itertools import product

TX = "mbarrier::complete_tx::bytes"

TEMPLATE = """\
// {comment}
{parameters}
.version {version}
.target {target}
.address_size 64

.visible .entry {name}({declarations})
{{
  .reg .pred %p<4>;
  .reg .b16 %h<4>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<12>;
  .reg .b64 %policy;
  .shared .align 1024 .b8 box[{bytes}];
  .shared .align 8 .b64 bar;
  createpolicy.fractional.L2::evict_last.b64 %policy, 1.0;
  mov.b16 %h1, 1;
{body}
  ret;
}}
"""

LOAD = """\
  mov.b64 %rd1, map;
  cvta.param.u64 %rd1, %rd1;
  prefetch.param.tensormap [map];
  {prefetch};
  mbarrier.init.shared::cta.b64 [bar], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared::cta.b64 %rd2, [bar], {transaction};
  {copy};
WAIT:
  mbarrier.try_wait.shared::cta.b64 %p1, [bar], %rd2;
  @!%p1 bra WAIT;
  ld.param.u64 %rd3, [out];
  mov.u32 %r1, 0;
  mov.u32 %r2, box;
NEXT:
  ld.shared.b32 %r3, [%r2];{unpad}
  st.global.b32 [%rd3], %r3;
  add.u32 %r2, %r2, 4;
  add.u64 %rd3, %rd3, 4;
  add.u32 %r1, %r1, 4;
  setp.lt.u32 %p1, %r1, {bytes};
  @%p1 bra NEXT;"""

STORE = """\
  mov.b64 %rd1, map;
  cvta.param.u64 %rd1, %rd1;
  ld.param.u64 %rd3, [in];
  mov.u32 %r1, 0;
  mov.u32 %r2, box;
NEXT:
  ld.global.b32 %r3, [%rd3];
  st.shared.b32 [%r2], %r3;
  add.u32 %r2, %r2, 4;
  add.u64 %rd3, %rd3, 4;
  add.u32 %r1, %r1, 4;
  setp.lt.u32 %p1, %r1, {bytes};
  @%p1 bra NEXT;
  fence.proxy.async.shared::cta;
  {copies};
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;"""

BYTES = {"u8": 1, "u16": 2, "u32": 4, "s32": 4, "u64": 8, "s64": 8, "f16": 2, "f32": 4, "f64": 8, "bf16": 2, "f32.ftz": 4, "tf32": 4, "tf32.ftz": 4}


# The tables of the manual's section "Swizzling Modes": which chunk of 16 bytes is where, line by line.
TURNS = ["01234567", "10325476", "23016745", "32107654", "45670123", "54761032", "67452301", "76543210"]
PATTERNS = {(0, 16): TURNS[:1], (32, 16): TURNS[:2], (96, 16): TURNS[:2], (64, 16): TURNS[:4], (128, 16): TURNS, (128, 64): TURNS[:8:4],
            (128, 32): ["01234567", "23016745", "45670123", "67452301"]}


def swizzled(tensor, offset):
    pattern = PATTERNS[tensor.swizzle, tensor.atom]
    line = offset // 128
    within = offset % 16
    if tensor.flip and line % 2:
        within = (within + 8) % 16
    return line * 128 + pattern[line % len(pattern)].index(str(offset // 16 % 8)) * 16 + within


class Tensor:
    def __init__(self, kind, extents, box, steps=None, swizzle=0, nan=False, padding=0, corners=None, pixels=0, atom=16, flip=False, wide=""):
        self.kind, self.extents, self.box, self.swizzle, self.nan = kind, extents, box, swizzle, nan
        self.atom, self.flip, self.wide = atom, flip, wide
        self.steps = steps or [1] * len(extents)
        self.corners, self.pixels = corners, pixels
        self.element = BYTES[kind]
        self.strides, size = [], extents[0] * self.element
        for extent in extents[1:]:
            size = (size + 15) // 16 * 16 + padding
            self.strides.append(size)
            size *= extent
        self.bytes = size

    def address(self, at):
        """Of an element's first byte; None outside."""
        if any(not 0 <= c < e for c, e in zip(at, self.extents)):
            return None
        return at[0] * self.element + sum(c * s for c, s in zip(at[1:], self.strides))

    def rows(self, at):
        """The first elements of the rows of the box at `at`, tile mode."""
        ranges = [range(c, c + b, s) for c, b, s in zip(at[1:], self.box[1:], self.steps[1:])]
        for rest in product(*reversed(ranges)):
            yield (at[0], *reversed(rest))

    def columns(self, at, offsets):
        """The same of im2col: pixel after pixel."""
        lower, upper = self.corners
        spatial = [list(range(l, e + u, s)) for l, e, u, s in zip(lower, self.extents[1:], upper, self.steps[1:])]
        images = range(at[-1], at[-1] + self.pixels + 1)
        walk = [(*reversed(p), n) for n in images for p in product(*reversed(spatial))]
        begin = walk.index(tuple(at[1:]))
        for pixel in walk[begin:begin + self.pixels]:
            yield (at[0], *(c + o for c, o in zip(pixel, offsets)), pixel[-1])

    def widths(self, at, halo, shift):
        """The same of im2col::w (one group) and im2col::w::128 (groups of 32), each with the pixels after it."""
        (lower,), (upper,) = self.corners
        left, right = lower + shift, self.extents[1] - 1 + upper + shift
        walk, w, n = [], at[1] + shift, at[-1]
        while len(walk) < 1024:
            walk.append((at[0], w, *at[2:-1], n))
            w, n = (w + self.steps[1], n) if w + self.steps[1] <= right else (left, n + 1)
        group, count = (self.pixels, self.pixels) if self.wide == "wide" else (32, 128)
        for first in range(0, count, group):
            yield from walk[first:first + group + halo]

    def places(self, rows):
        """(offset in shared memory, address of the element or None) of each element, row after row."""
        for number, row in enumerate(rows):
            for i in range(self.box[0]):
                offset = (number * self.box[0] + i) * self.element
                yield swizzled(self, offset), self.address((row[0] + i, *row[1:]))

    def describe(self, buffer):
        words = [f"//! tensor {self.kind} over {buffer} extents {' '.join(map(str, self.extents))}"]
        if self.strides:
            words.append("strides " + " ".join(map(str, self.strides)))
        if self.corners:
            words += ["lower " + " ".join(map(str, self.corners[0])), "upper " + " ".join(map(str, self.corners[1]))]
            words.append(f"channels {self.box[0]} pixels {self.pixels}")
        else:
            words.append("box " + " ".join(map(str, self.box)))
        if any(s != 1 for s in self.steps):
            words.append("steps " + " ".join(map(str, self.steps)))
        if self.swizzle:
            words.append(f"swizzle {self.swizzle}")
        if self.atom != 16:
            words.append(f"atom {self.atom}")
        words += ["flip"] if self.flip else []
        words += [self.wide] if self.wide else []
        return " ".join(words + (["nan"] if self.nan else []))


def packed(kind, number):
    codes = {"u8": "B", "u16": "H", "u32": "I", "s32": "i", "u64": "Q", "s64": "q", "f16": "e", "f32": "f", "f64": "d", "f32.ftz": "f"}
    if kind == "bf16":
        return struct.pack("<f", number)[2:]
    return struct.pack("<" + codes[kind], number)


def words_of(data):
    return " ".join(f"{w:#x}" for w in struct.unpack(f"<{len(data) // 4}I", bytes(data)))


def coordinates(at):
    return "{" + ", ".join(map(str, at)) + "}"


def write_file(out, name, comment, parameters, declarations, body, byte_count, target):
    path = out.folder / "tensor" / f"{name}.ptx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.format(comment=comment, parameters="\n".join(parameters), version="8.8" if "sm_10" in target else "8.0", target=target,
                                    name=name, declarations=declarations, bytes=byte_count, body=body))
    out.count += 1


MAP = ".param .align 64 .b8 map[128]"


def load(out, name, tensor, at, form="", rows=None, more="", target="sm_90", space="shared::cluster", dims=None, prefetch=None, offsets="", memory=None, convert=bytes):
    if memory is None:
        memory = bytearray()
        while len(memory) < tensor.bytes:
            memory += packed(tensor.kind, len(memory) // tensor.element % 100)
    rows = list(rows or tensor.rows(at))
    box = bytearray(len(rows) * tensor.box[0] * tensor.element)
    outside = (b"\xf7\x7f" * 4)[:tensor.element] if tensor.nan else bytes(tensor.element)
    for offset, address in tensor.places(rows):
        assert offset < len(box), "a swizzle needs whole lines"
        box[offset:offset + tensor.element] = outside if address is None else convert(memory[address:address + tensor.element])
    dims = dims or len(tensor.extents)
    mode = form.split(".multicast")[0].split(".L2")[0]
    copy = f"cp.async.bulk.tensor.{dims}d.{space}.global{mode}.{TX}{form[len(mode):]} [box], [%rd1, {coordinates(at)}], [bar]{offsets}{more}"
    fetch = f"cp.async.bulk.prefetch.tensor.{dims}d.L2.global{mode}"
    if "L2::cache_hint" in form:
        prefetch = f"{fetch}.L2::cache_hint [%rd1, {coordinates(at)}]{offsets}, %policy"
    body = LOAD.format(bytes=len(box), transaction=len(box), unpad="", copy=copy, prefetch=prefetch or f"{fetch} [%rd1, {coordinates(at)}]{offsets}")
    write_file(out, name, copy, [f"//! in u32: {words_of(memory)}", tensor.describe(0), f"//! out u32: {words_of(box)}"],
               f".param .u64 in, {MAP}, .param .u64 out", body, len(box), target)


def reduce(op, a, b):
    return {"store": b, "add": a + b, "min": min(a, b), "max": max(a, b), "inc": 0 if a >= b else a + 1,
            "dec": b if a == 0 or a > b else a - 1, "and": int(a) & int(b), "or": int(a) | int(b), "xor": int(a) ^ int(b)}[op]


def store(out, name, tensor, steps, rows=None, target="sm_90", dims=None):
    """`steps`: (operation, coordinates, form); all of them with the same box."""
    numbers, touched = {}, []
    box = bytearray()
    all_rows = [list(rows(at) if rows else tensor.rows(at)) for _, at, _ in steps]
    elements = len(all_rows[0]) * tensor.box[0]
    for i in range(elements):
        box += packed(tensor.kind, (i * 7 + 3) % 50)
    values = {i * tensor.element: (i * 7 + 3) % 50 for i in range(elements)}
    for (op, _, _), these in zip(steps, all_rows):
        for offset, address in tensor.places(these):
            if address is not None:
                numbers[address] = reduce(op, numbers.get(address, 0), values[offset])
    memory = bytearray(tensor.bytes)
    for address, number in numbers.items():
        memory[address:address + tensor.element] = packed(tensor.kind, number)
    dims = dims or len(tensor.extents)
    copies = []
    for op, at, form in steps:
        policy = ", %policy" if "cache_hint" in form else ""
        mode = form.split(".L2")[0]
        tail = f"{mode}.bulk_group{form[len(mode):]} [%rd1, {coordinates(at)}], [box]{policy}"
        copies.append(f"cp.async.bulk.tensor.{dims}d.global.shared::cta{tail}" if op == "store"
                      else f"cp.reduce.async.bulk.tensor.{dims}d.global.shared::cta.{op}{tail}")
    body = STORE.format(bytes=len(box), copies=";\n  ".join(copies))
    write_file(out, name, copies[-1], [f"//! in u32: {words_of(box)}", f"//! out u32: {words_of(memory)}", tensor.describe(1)],
               f".param .u64 in, .param .u64 out, {MAP}", body, len(box), target)


SHAPES = {1: ([24], [8], [20]), 2: ([10, 6], [8, 4], [-3, 4]), 3: ([8, 4, 3], [4, 3, 2], [2, -1, 2]),
          4: ([4, 3, 3, 2], [4, 2, 3, 2], [0, 1, -1, 1]), 5: ([4, 2, 3, 2, 2], [4, 2, 2, 2, 2], [0, 0, 2, 1, -1])}


# Numbers of f32 where loads of f32.ftz, tf32 and tf32.ftz differ: subnormal ones, ties, overflow, NaNs.
AT_EDGES = [0x3F800000, 0x3F801000, 0x3F803000, 0x3F801001, 0x3F800FFF, 0x7F7FFFFF, 0x7F7FEFFF, 0xFF7FF000, 0x7F800000, 0xFF800000, 0x7F800001, 0xFFC12345,
            0x00000001, 0x807FFFFF, 0x00001000, 0x00003000, 0x80000000, 0x007FF000, 0x00800000, 0x80800FFF, 0xBF9FF000, 0x42C83000, 0x7FFFFFFF, 0x7FF77FF7]


def on_word(function):
    return lambda data: struct.pack("<I", function(*struct.unpack("<I", data)))


def flushed(word):
    return word & 0x80000000 if word & 0x7F800000 == 0 else word


def to_tf32(word):
    """Nearest, ties to even: the lower 13 bits are dropped."""
    if word & 0x7FFFFFFF > 0x7F800000:
        return 0x7FFFE000
    kept, dropped = word >> 13, word & 0x1FFF
    return (kept + (dropped > 0x1000 or (dropped == 0x1000 and kept & 1))) << 13


WORDS = {"f32.ftz": on_word(flushed), "tf32": on_word(to_tf32), "tf32.ftz": on_word(lambda word: to_tf32(flushed(word)))}


def write_tiles(out):
    for dims, (extents, box, at) in SHAPES.items():
        load(out, f"tensor_load_{dims}d", Tensor("u32", extents, box, padding=16), at, [".tile", ""][dims % 2])
        store(out, f"tensor_store_{dims}d", Tensor("u32", extents, box, padding=16), [("store", at, [".tile", ""][dims % 2])])
        store(out, f"tensor_reduce_{dims}d", Tensor("u32", extents, box), [("store", at, ""), ("add", [0] * dims, [".tile", ""][dims % 2])])
    for kind, element in BYTES.items():
        tensor = Tensor(kind, [40, 5], [16 // element * 2, 3], nan=kind[0] in "fb")
        if kind not in WORDS:
            load(out, f"tensor_load_{kind}".replace(".", "_"), tensor, [33, -1])
    for kind, convert in WORDS.items():
        memory = b"".join(struct.pack("<I", w) for w in AT_EDGES)
        load(out, f"tensor_load_{kind}".replace(".", "_"), Tensor(kind, [12, 2], [8, 2], nan=True), [6, 0], memory=memory, convert=convert)
        load(out, f"tensor_load_{kind}_start".replace(".", "_"), Tensor(kind, [12, 2], [8, 2]), [0, 0], memory=memory, convert=convert)
    load(out, "tensor_load_steps", Tensor("u32", [8, 9, 4], [4, 5, 4], steps=[1, 2, 3]), [1, 1, 0])
    for swizzle in (32, 64, 128):
        for kind in ("u32", "f16"):
            tensor = Tensor(kind, [swizzle, 20], [swizzle // BYTES[kind], 18], swizzle=swizzle)
            load(out, f"tensor_load_swizzle_{swizzle}_{kind}", tensor, [4, 1])
        store(out, f"tensor_store_swizzle_{swizzle}", Tensor("u32", [40, 12], [swizzle // 4, 9], swizzle=swizzle), [("store", [3, 2], "")])
    tensor = Tensor("u32", [10, 6], [8, 4])
    load(out, "tensor_load_hints", tensor, [1, 2], ".tile.multicast::cluster.L2::cache_hint", more=", %h1, %policy")
    load(out, "tensor_load_policy", tensor, [1, 2], ".L2::cache_hint", more=", %policy")
    load(out, "tensor_load_cta", tensor, [1, 2], "", space="shared::cta", target="sm_100")
    for group in (1, 2):
        load(out, f"tensor_load_group_{group}", tensor, [1, 2], f".multicast::cluster.cta_group::{group}", more=", %h1", target="sm_100a")
    store(out, "tensor_store_policy", tensor, [("store", [1, 2], ".L2::cache_hint"), ("add", [2, 2], ".tile.L2::cache_hint")])


def write_reductions(out):
    for kind, ops in (("u32", "add min max inc dec and or xor"), ("s32", "add min max and or xor"), ("u64", "add min max and or xor"),
                      ("s64", "add min max and or xor"), ("f16", "add min max"), ("bf16", "add min max"), ("f32", "add"), ("f64", "add")):
        for op in ops.split():
            tensor = Tensor(kind, [20, 4], [32 // BYTES[kind], 3])
            store(out, f"tensor_reduce_{op}_{kind}", tensor, [("store", [0, 0], ""), (op, [1, 1], ""), (op, [-2, 2], "")])


def write_rows(out):
    tensor = Tensor("u32", [16, 9], [8, 1])
    at = [10, 3, 8, 9, 0]
    rows = [(10, row) for row in at[1:]]
    load(out, "tensor_gather4", tensor, at, ".tile::gather4", rows=rows, target="sm_100a")
    load(out, "tensor_gather4_hints", tensor, at, ".tile::gather4.multicast::cluster.cta_group::1.L2::cache_hint", rows=rows, target="sm_100a", dims=2,
         more=", %h1, %policy")
    load(out, "tensor_gather4_cta", tensor, at, ".tile::gather4", rows=rows, target="sm_100a", dims=2, space="shared::cta")
    store(out, "tensor_scatter4_policy", tensor, [("store", at, ".tile::scatter4.L2::cache_hint")], rows=lambda a: [(a[0], row) for row in a[1:]],
          target="sm_100a", dims=2)
    store(out, "tensor_scatter4", tensor, [("store", at, ".tile::scatter4")], rows=lambda a: [(a[0], row) for row in a[1:]], target="sm_100a", dims=2)


def write_columns(out):
    shapes = {3: ([8, 6, 3], ([-1], [-1]), [2, 4, 1], [2]), 4: ([8, 5, 4, 2], ([-1, 0], [-1, -2]), [0, -1, 1, 0], [2, 1]),
              5: ([4, 3, 3, 2, 2], ([0, -1, 0], [-1, -1, 0]), [0, 1, 0, 1, 0], [1, 2, 0])}
    for dims, (extents, corners, at, offsets) in shapes.items():
        tensor = Tensor("u32", extents, [4], corners=corners, pixels=9)
        load(out, f"tensor_im2col_{dims}d", tensor, at, ".im2col", rows=tensor.columns(at, offsets), dims=dims,
             offsets=", {" + ", ".join(map(str, offsets)) + "}")
        for op in ("store", "add"):
            store(out, f"tensor_im2col_{op}_{dims}d", tensor, [("store", at, ".im2col_no_offs"), (op, at, ".im2col_no_offs")],
                  rows=lambda a, t=tensor, d=dims: t.columns(a, [0] * (d - 2)), dims=dims)
    tensor = Tensor("u32", [8, 6, 3], [4], corners=([-1], [-1]), pixels=9)
    rows = list(tensor.columns([2, 4, 1], [2]))
    load(out, "tensor_im2col_hints", tensor, [2, 4, 1], ".im2col.multicast::cluster.cta_group::2.L2::cache_hint", rows=rows, dims=3, offsets=", {2}",
         more=", %h1, %policy", target="sm_100a")
    load(out, "tensor_im2col_group", tensor, [2, 4, 1], ".im2col.multicast::cluster.cta_group::1", rows=rows, dims=3, offsets=", {2}", more=", %h1",
         target="sm_100a")
    load(out, "tensor_im2col_cta", tensor, [2, 4, 1], ".im2col", rows=rows, dims=3, offsets=", {2}", target="sm_100a", space="shared::cta")
    store(out, "tensor_im2col_policy", tensor, [("store", [2, 4, 1], ".im2col_no_offs.L2::cache_hint"), ("add", [2, 4, 1], ".im2col_no_offs.L2::cache_hint")],
          rows=lambda a: tensor.columns(a, [0]), dims=3)
    for op in ("min", "max", "inc", "dec", "and", "or", "xor"):
        store(out, f"tensor_im2col_{op}", tensor, [("store", [2, 4, 1], ".im2col_no_offs"), (op, [1, 3, 1], ".im2col_no_offs")],
              rows=lambda a: tensor.columns(a, [0]), dims=3)
    tensor = Tensor("u32", [8, 9, 9, 2], [4], steps=[1, 2, 2, 1], corners=([-1, -1], [-1, -1]), pixels=12)
    load(out, "tensor_im2col_steps", tensor, [0, 3, -1, 0], ".im2col", rows=tensor.columns([0, 3, -1, 0], [1, 1]), dims=4,
         offsets=", {1, 1}")


def write_swizzles(out):
    for atom, flip in ((32, False), (32, True), (64, False)):
        name = f"{atom}{'_flip' * flip}"
        for kind in ("u32", "u8"):
            tensor = Tensor(kind, [160, 20], [128 // BYTES[kind], 18], swizzle=128, atom=atom, flip=flip)
            load(out, f"tensor_load_swizzle_atom_{name}_{kind}", tensor, [4, 1], target="sm_100a")
        if not flip:
            tensor = Tensor("u32", [40, 12], [32, 9], swizzle=128, atom=atom)
            store(out, f"tensor_store_swizzle_atom_{name}", tensor, [("store", [3, 2], ""), ("add", [-2, 1], "")], target="sm_100a")


def write_widths(out):
    """Examples of the manual's section on im2col::w, made smaller; at the edges, too."""
    def one(name, dims, mode, at, halo, shift, corners, extents, pixels=0, steps=1, swizzle=64, form="", **more):
        wide = {"im2col::w": "wide", "im2col::w::128": "wide128"}[mode]
        tensor = Tensor("u32", extents, [swizzle // 8], steps=[1, steps] + [1] * (dims - 2), swizzle=swizzle, corners=corners, pixels=pixels, wide=wide)
        load(out, name, tensor, at, f".{mode}{form}", rows=tensor.widths(at, halo, shift), dims=dims, target="sm_100a", offsets=f", {{{halo}, {shift}}}", **more)

    for dims in (3, 4, 5):
        at = [0, 3] + [2, 1][:dims - 3] + [1]
        one(f"tensor_im2col_w_{dims}d", dims, "im2col::w", at, 2, 0, ([0], [0]), [8, 9] + [4, 3][:dims - 3] + [4], pixels=14)
        one(f"tensor_im2col_w_128_{dims}d", dims, "im2col::w::128", at, 2, 1, ([-1], [-1]), [8, 40] + [3, 2][:dims - 3] + [4])
    one("tensor_im2col_w_stride_2_first", 4, "im2col::w", [0, -1, 2, 0], 1, 0, ([-1], [0]), [8, 17, 3, 3], pixels=11, steps=2, swizzle=128)
    one("tensor_im2col_w_stride_2_second", 4, "im2col::w", [0, -1, 2, 0], 0, 1, ([-1], [0]), [8, 17, 3, 3], pixels=12, steps=2, swizzle=128)
    for shift in range(3):
        one(f"tensor_im2col_w_stride_3_{shift}", 4, "im2col::w", [0, -1, 2, 0], 0, shift, ([-1], [-1]), [8, 7, 3, 4], pixels=12, steps=3)
    one("tensor_im2col_w_left_of_the_box", 3, "im2col::w", [0, -3, 1], 0, 0, ([-1], [0]), [8, 6, 3], pixels=12)
    one("tensor_im2col_w_hints", 3, "im2col::w", [0, 0, 0], 1, 2, ([0], [0]), [8, 9, 2], pixels=7, form=".multicast::cluster.cta_group::1.L2::cache_hint",
        more=", %h1, %policy")
    one("tensor_im2col_w_128_hints", 3, "im2col::w::128", [0, 0, 0], 31, 31, ([0], [0]), [8, 60, 4], form=".multicast::cluster.cta_group::2", more=", %h1",
        space="shared::cluster")
    one("tensor_im2col_w_cta", 3, "im2col::w", [0, 0, 0], 0, 0, ([0], [0]), [8, 9, 2], pixels=8, space="shared::cta")


# Of packed elements: bits in global memory, bytes of 16 bytes of shared memory that hold elements, bits of an element there in stores.
PACKED = {"b4x16": (4, 16, 4), "b4x16_p64": (4, 8, None), "b6x16_p32": (6, 12, 8)}
UNPAD = """
  and.b32 %r4, %r2, 12;
  setp.ge.u32 %p2, %r4, {bytes};
  @%p2 mov.u32 %r3, 0;"""


class Packed(Tensor):
    """Elements smaller than bytes; addresses count bits."""

    def __init__(self, kind, extents, box, **more):
        super().__init__("u8", extents, box, **more)
        self.kind = kind
        self.bits, self.used, self.store_bits = PACKED[kind]
        self.strides, size = [], extents[0] * self.bits // 8
        for extent in extents[1:]:
            size = (size + 31) // 32 * 32 + 32
            self.strides.append(size)
            size *= extent
        self.bytes = (size + 3) // 4 * 4
        self.image = int.from_bytes(bytes((i * 37 + i // 7 * 11 + 5) % 256 for i in range(self.bytes)), "little")

    def bit(self, at):
        if any(not 0 <= c < e for c, e in zip(at, self.extents)):
            return None
        return at[0] * self.bits + 8 * sum(c * s for c, s in zip(at[1:], self.strides))

    def places(self, rows, stores=False):
        """(bit in shared memory, bit in global memory or None) of each element."""
        bits = self.store_bits if stores else self.bits
        number = 0
        for row in rows:
            for i in range(self.box[0]):
                if self.used == 16:
                    bit = number * bits
                else:
                    bit = number // 16 * 128 + number % 16 * bits
                yield swizzled(self, bit // 8) * 8 + bit % 8, self.bit((row[0] + i, *row[1:]))
                number += 1

    def shared_bytes(self, rows):
        return rows * self.box[0] * self.bits // 8 * 16 // self.used


def load_packed(out, name, tensor, at, target="sm_100a", form="", rows=None, dims=None, offsets=""):
    rows = list(rows or tensor.rows(at))
    box, mask = 0, (1 << tensor.bits) - 1
    for to, start in tensor.places(rows):
        box |= (0 if start is None else tensor.image >> start & mask) << to
    size = tensor.shared_bytes(len(rows))
    dims = dims or len(tensor.extents)
    copy = f"cp.async.bulk.tensor.{dims}d.shared::cta.global{form}.{TX} [box], [%rd1, {coordinates(at)}], [bar]{offsets}"
    body = LOAD.format(bytes=size, transaction=size * tensor.used // 16, copy=copy, unpad="" if tensor.used == 16 else UNPAD.format(bytes=tensor.used),
                       prefetch=f"cp.async.bulk.prefetch.tensor.{dims}d.L2.global{form} [%rd1, {coordinates(at)}]{offsets}")
    write_file(out, name, copy, [f"//! in u32: {words_of(tensor.image.to_bytes(tensor.bytes, 'little'))}", tensor.describe(0),
                                 f"//! out u32: {words_of(box.to_bytes(size, 'little'))}"], f".param .u64 in, {MAP}, .param .u64 out", body, size, target)


def store_packed(out, name, tensor, at, target="sm_100a"):
    rows = list(tensor.rows(at))
    size = tensor.shared_bytes(len(rows))
    box = int.from_bytes(bytes((i * 53 + i // 5 * 29 + 3) % 256 for i in range(size)), "little")
    memory, mask = 0, (1 << tensor.bits) - 1
    for start, to in tensor.places(rows, stores=True):
        if to is not None:
            memory |= (box >> start & mask) << to
    copy = f"cp.async.bulk.tensor.{len(at)}d.global.shared::cta.bulk_group [%rd1, {coordinates(at)}], [box]"
    write_file(out, name, copy, [f"//! in u32: {words_of(box.to_bytes(size, 'little'))}", f"//! out u32: {words_of(memory.to_bytes(tensor.bytes, 'little'))}",
                                 tensor.describe(1)], f".param .u64 in, .param .u64 out, {MAP}", STORE.format(bytes=size, copies=copy), size, target)


def write_packed(out):
    load_packed(out, "tensor_load_b4x16", Packed("b4x16", [70, 6], [64, 4]), [10, 3])
    load_packed(out, "tensor_load_b4x16_odd", Packed("b4x16", [70, 6], [32, 4]), [-3, -1])
    load_packed(out, "tensor_load_b4x16_swizzle", Packed("b4x16", [128, 20], [128, 16], swizzle=64), [0, 2])
    store_packed(out, "tensor_store_b4x16", Packed("b4x16", [70, 6], [64, 4], swizzle=32), [20, 3])
    store_packed(out, "tensor_store_b4x16_odd", Packed("b4x16", [70, 6], [32, 4]), [-3, -1])
    for kind in ("b4x16_p64", "b6x16_p32"):
        load_packed(out, f"tensor_load_{kind}", Packed(kind, [256, 5], [128, 3]), [128, 3])
        load_packed(out, f"tensor_load_{kind}_outside", Packed(kind, [256, 5], [128, 3]), [256, -1])
        for atom in (16, 32):
            load_packed(out, f"tensor_load_{kind}_swizzle_{atom}", Packed(kind, [256, 9], [128, 9], swizzle=128, atom=atom), [0, 1])
        tensor = Packed(kind, [128, 5, 2], [128], swizzle=128, corners=([-1], [0]), pixels=7, wide="wide")
        load_packed(out, f"tensor_im2col_w_{kind}", tensor, [0, 2, 0], form=".im2col::w", rows=tensor.widths([0, 2, 0], 1, 0), offsets=", {1, 0}")
    store_packed(out, "tensor_store_b6p2x16", Packed("b6x16_p32", [256, 5], [128, 3]), [128, 3])
    for atom in (16, 32, 64):
        store_packed(out, f"tensor_store_b6p2x16_swizzle_{atom}", Packed("b6x16_p32", [256, 9], [128, 9], swizzle=128, atom=atom), [0, 2])


def write(out):
    write_swizzles(out)
    write_widths(out)
    write_packed(out)
    write_tiles(out)
    write_reductions(out)
    write_rows(out)
    write_columns(out)
