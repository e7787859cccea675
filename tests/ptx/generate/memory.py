"""ld, st, ldu and atom, red in all types, with the modifiers that change nothing here: caches, eviction, scopes and orders.

One thread runs the forms one after another on a known pattern; each result gets places of its own in a buffer.
"""

import pathlib
import struct

PATTERN = bytes((37 * i + 129) & 0xFF for i in range(64))
WORDS_OF_PATTERN = list(struct.unpack("<8Q", PATTERN))
TYPES = ["b8", "b16", "b32", "b64", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64"]
WIDE = [*TYPES, "b128"]
SPACES = {"": "%g", ".global": "%g", ".shared": "window", ".shared::cta": "window", ".shared::cluster": "window", ".local": "frame",
          ".const": "table", ".param": "block", ".param::entry": "block"}

TEMPLATE = """\
// {comment}
//! in b64: {pattern}
//! value b64: {first}
//! out b64: {results}
.version {version}
.target {target}
.address_size 64

.const .align 32 .b8 table[64] = {{{table}}};
.visible .entry {name}(.param .u64 in, .param .align 32 .b64 block, .param .u64 out)
{{
  .reg .pred %p<4>;
  .reg .b16 %h<9>;
  .reg .b32 %r<9>;
  .reg .b64 %d<9>;
  .reg .f32 %s<9>;
  .reg .f64 %t<9>;
  .reg .b128 %q<9>;
  .reg .b64 %g, %o, %w, %x, %m, %policy;
  .shared .align 32 .b8 window[256];
  .local .align 32 .b8 frame[128];
  ld.param.u64 %g, [in];
  ld.param.u64 %o, [out];
  cvta.to.global.u64 %g, %g;
  cvta.to.global.u64 %o, %o;
  mov.b64 %policy, 0;
{body}
  ret;
}}
"""


def width(kind):
    return int(kind[1:])


def register(kind, index=0):
    """A register that the type fits: bytes live in wider ones."""
    if kind[0] == "f":
        return f"%{'s' if kind == 'f32' else 't'}{index}"
    return {8: "%r", 16: "%h", 32: "%r", 64: "%d", 128: "%q"}[width(kind)] + str(index)


def extended(data, kind):
    """What a load of the bytes leaves in its register, as 64-bit words."""
    if width(kind) == 128:
        return list(struct.unpack("<QQ", data))
    value = int.from_bytes(data, "little", signed=kind == "s8")
    return [value & ((1 << max(32, width(kind)) if width(kind) in (8, 32) else 1 << width(kind)) - 1)]


class Body:
    """Collects instructions and the 64-bit words that they leave in the buffer."""

    def __init__(self):
        self.lines, self.words = [], []

    def keep(self, kind, index, values):
        place = 8 * len(self.words)
        if width(kind) == 128:
            self.lines += [f"mov.b128 {{%w, %x}}, {register(kind, index)}", f"st.global.b64 [%o+{place}], %w", f"st.global.b64 [%o+{place + 8}], %x"]
        else:
            bits = max(32, width(kind)) if width(kind) == 8 else width(kind)
            self.lines.append(f"st.global.{kind if kind[0] == 'f' else f'b{bits}'} [%o+{place}], {register(kind, index)}")
        self.words += values

    def keep_memory(self, address, words, space="global"):
        for i, word in enumerate(words):
            self.lines += [f"ld.{space}.b64 %w, [{address}+{8 * i}]", f"st.global.b64 [%o+{8 * len(self.words)}], %w"]
            self.words.append(word)

    def write(self, out, chapter, name, comment, target, version="9.0"):
        words = struct.unpack("<8Q", PATTERN)
        text = TEMPLATE.format(
            comment=comment, name=name, target=target, version=version, table=", ".join(map(str, PATTERN)),
            pattern=" ".join(f"{w:#x}" for w in words), first=f"{words[0]:#x}", results=" ".join(f"{w:#x}" for w in self.words),
            body="\n".join(f"  {line};" for line in self.lines))
        path = pathlib.Path(out.folder) / chapter / f"{name}.ptx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        out.count += 1


def fill(body, space):
    """Copies the pattern to shared or local memory."""
    if space in ("window", "frame"):
        kind = "shared" if space == "window" else "local"
        for i in range(0, 64, 8):
            body.lines += [f"ld.global.b64 %w, [%g+{i}]", f"st.{kind}.b64 [{space}+{i}], %w"]


def load(body, opcode, space, kind, count, suffix=""):
    """Loads from the pattern, not from its start where the space is large enough."""
    offset = 0 if space == "block" else 32 if count * width(kind) > 128 else 16
    registers = [register(kind, i) for i in range(count)]
    target = registers[0] if count == 1 else "{" + ", ".join(registers) + "}"
    base = f"[{space}+{offset}]" if offset else f"[{space}]"
    body.lines.append(f"{opcode}{'' if count == 1 else f'.v{count}'}.{kind} {target}, {base}{suffix}")
    step = width(kind) // 8
    for i in range(count):
        body.keep(kind, i, extended(PATTERN[offset + i * step : offset + (i + 1) * step], kind))


def write_loads(out):
    for space, base in SPACES.items():
        body = Body()
        fill(body, base)
        for kind in TYPES if base == "block" else WIDE:
            load(body, f"ld{space}", base, kind, 1)
        if base != "block":
            for kind, count in (("b8", 4), ("u16", 2), ("b32", 4), ("f32", 2), ("s64", 2), ("f64", 2)):
                load(body, f"ld.weak{space}", base, kind, count)
        body.write(out, "memory", f"ld{space}".replace(".", "_").replace("::", "_"), f"ld{space} of all types", "sm_90")


def write_ordered_loads(out):
    orders = [f".{order}.{scope}" for order in ("relaxed", "acquire") for scope in ("cta", "cluster", "gpu", "sys")]
    for space in ("", ".global", ".shared", ".shared::cta", ".shared::cluster"):
        body = Body()
        fill(body, SPACES[space])
        forms = orders + [".volatile"] + ([".mmio.relaxed.sys"] if space in ("", ".global") else [])
        for i, kind in enumerate(TYPES * 2):
            form = forms[i % len(forms)]
            load(body, f"ld{form}{space}", SPACES[space], kind, 1)
        for form in (".relaxed.gpu", ".volatile"):
            load(body, f"ld{form}{space}", SPACES[space], "b32", 4)
        load(body, f"ld.relaxed.gpu{space}", SPACES[space], "b128", 1)
        body.write(out, "memory", f"ld_ordered{space}".replace(".", "_").replace("::", "_"), f"ld{space} with orders and scopes", "sm_90")


LOAD_HINTS = [".ca", ".cg", ".cs", ".lu", ".cv", ".L1::evict_normal", ".L1::evict_unchanged", ".L1::evict_first", ".L1::evict_last",
              ".L1::no_allocate", ".L2::64B", ".L2::128B", ".L2::256B"]


def write_hinted_loads(out):
    body = Body()
    for i, hint in enumerate(LOAD_HINTS):
        load(body, f"ld.global{hint}", "%g", TYPES[i % len(TYPES)], 1)
    load(body, "ld.global.L2::cache_hint", "%g", "u32", 1, ", %policy")
    load(body, "ld.global.L1::evict_last.L2::cache_hint.L2::128B", "%g", "u32", 2, ", %policy")
    for i, kind in enumerate(WIDE):
        load(body, f"ld.global{('', '.ca', '.cg', '.cs')[i % 4]}.nc", "%g", kind, 1)
        load(body, f"ldu{('', '.global')[i % 2]}", "%g", kind, 1)
    for kind, count in (("b32", 4), ("f64", 2), ("u8", 2)):
        load(body, "ld.global.nc", "%g", kind, count)
        load(body, "ldu.global", "%g", kind, count)
    for hint in LOAD_HINTS[5:]:
        load(body, f"ld.global.nc{hint}", "%g", "u32", 1)
    load(body, "ld.global.nc.L2::cache_hint", "%g", "u32", 1, ", %policy")
    body.write(out, "memory", "ld_hints", "ld.global, ld.global.nc and ldu with hints", "sm_90")
    body = Body()
    for hint in (".L2::evict_normal", ".L2::evict_first", ".L2::evict_last"):
        load(body, f"ld.global{hint}", "%g", "b32", 8)
        load(body, f"ld.global.nc{hint}", "%g", "f32", 8)
        load(body, f"ld.global{hint}", "%g", "b64", 4)
    load(body, "ld.global.relaxed.gpu", "%g", "b32", 8)
    body.write(out, "memory", "ld_v8", "Loads of 32 bytes", "sm_100")


def store(body, opcode, base, kind, count, suffix=""):
    """Stores the pattern over zeros; the place is read back."""
    step = width(kind) // 8
    for i in range(count):
        body.lines.append(f"ld.global.{kind} {register(kind, i)}, [%g+{i * step}]")
    registers = [register(kind, i) for i in range(count)]
    value = registers[0] if count == 1 else "{" + ", ".join(registers) + "}"
    width_word = "" if count == 1 else f".v{count}"
    data = PATTERN[: count * step].ljust(32, b"\0")
    words = list(struct.unpack("<4Q", data))
    if base == "%o":  # straight to its place in the buffer, which has to be aligned
        while len(body.words) % 4:
            body.words.append(0)
        body.lines.append(f"{opcode}{width_word}.{kind} [%o+{8 * len(body.words)}], {value}{suffix}")
        body.words += words
        return
    space = "shared" if base == "window" else "local"
    body.lines += [f"st.{space}.v2.b64 [{base}+{i}], {{0, 0}}" for i in (0, 16)]
    body.lines.append(f"{opcode}{width_word}.{kind} [{base}], {value}{suffix}")
    for i, word in enumerate(words):
        body.lines += [f"ld.{space}.b64 %w, [{base}+{8 * i}]", f"st.global.b64 [%o+{8 * len(body.words)}], %w"]
        body.words.append(word)


STORE_SPACES = {"": "%o", ".global": "%o", ".shared": "window", ".shared::cta": "window", ".shared::cluster": "window", ".local": "frame"}


def write_stores(out):
    orders = [f".{order}.{scope}" for order in ("relaxed", "release") for scope in ("cta", "cluster", "gpu", "sys")] + [".volatile"]
    for space, base in STORE_SPACES.items():
        body = Body()
        for kind in WIDE:
            store(body, f"st{space}", base, kind, 1)
        for kind, count in (("b8", 4), ("u16", 2), ("b32", 4), ("f32", 2), ("s64", 2), ("f64", 2)):
            store(body, f"st.weak{space}", base, kind, count)
        if base != "frame":
            forms = orders + ([".mmio.relaxed.sys"] if base == "%o" else [])
            for i, kind in enumerate(TYPES * 2):
                store(body, f"st{forms[i % len(forms)]}{space}", base, kind, 1)
            store(body, f"st.relaxed.gpu{space}", base, "b128", 1)
            store(body, f"st.relaxed.gpu{space}", base, "b32", 4)
        body.write(out, "memory", f"st{space}".replace(".", "_").replace("::", "_"), f"st{space} of all types", "sm_90")
    body = Body()
    for i, hint in enumerate((".wb", ".cg", ".cs", ".wt", *LOAD_HINTS[5:10])):
        store(body, f"st.global{hint}", "%o", TYPES[i], 1)
    store(body, "st.global.L2::cache_hint", "%o", "u32", 1, ", %policy")
    body.write(out, "memory", "st_hints", "st.global with hints", "sm_90")
    body = Body()
    for hint in (".L2::evict_normal", ".L2::evict_first", ".L2::evict_last"):
        store(body, f"st.global{hint}", "%o", "b32", 8)
        store(body, f"st.global{hint}", "%o", "f64", 4)
    body.write(out, "memory", "st_v8", "Stores of 32 bytes", "sm_100")


def write(out):
    for part in (write_loads, write_ordered_loads, write_hinted_loads, write_stores):
        part(out)
