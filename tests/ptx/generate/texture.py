"""Textures and surfaces: every form of tex, tld4, txq, suld, sust and sured; one thread.

Texels hold small numbers and coordinates lie where a filter's weights are exact, so that every result is exact.
"""

import math
import struct

GEOMETRIES = {"1d": (1, False, False), "2d": (2, False, False), "3d": (3, False, False), "a1d": (1, True, False), "a2d": (2, True, False),
              "cube": (2, False, True), "acube": (2, True, True)}
EXTENTS = {"1d": (8, 1, 1), "2d": (8, 4, 1), "3d": (4, 4, 4), "a1d": (8, 1, 3), "a2d": (4, 4, 2), "cube": (4, 4, 6), "acube": (4, 4, 12)}

TEMPLATE = """\
// {comment}
{parameters}
.version {version}
.target sm_80
.address_size 64

.visible .entry {name}({declarations})
{{
  .reg .pred %p<4>;
  .reg .b16 %h<8>;
  .reg .b32 %r<16>;
  .reg .f32 %f<16>;
  .reg .b64 %x<8>;
  .reg .b64 %out;
{body}
  ret;
}}
"""


def outside(mode, index, count):
    """The texel that an index means; None outside with a border."""
    if 0 <= index < count:
        return index
    if mode == "wrap":
        return index % count
    if mode == "clamp":
        return min(max(index, 0), count - 1)
    if mode == "mirror":
        there = index % (2 * count)
        return there if there < count else 2 * count - 1 - there
    return None


class Texture:
    def __init__(self, geometry, kind, channels=4, levels=1, linear=False, mip_linear=False, normalized=False, address=("clamp",) * 3,
                 border=(0, 0, 0, 0), extents=None):
        self.geometry, self.kind, self.channels, self.levels = geometry, kind, channels, levels
        self.dimensions, self.layered, self.cube = GEOMETRIES[geometry]
        self.extents = extents or EXTENTS[geometry]
        self.linear, self.mip_linear, self.normalized, self.address, self.border = linear, mip_linear, normalized, address, border

    def size(self, level):
        w, h, d = self.extents
        deep = self.geometry == "3d"
        return max(w >> level, 1), max(h >> level, 1), max(d >> level, 1) if deep else d

    def value(self, level, at, channel):
        x, y, z = at
        number = (x * 4 + y * 16 + z * 64 + channel + level * 1000) % 4096
        if self.kind in ("u8", "s8"):
            number %= 120
        return -number if self.kind[0] == "s" and (x + y) % 2 else number

    def texels(self):
        for level in range(self.levels):
            w, h, d = self.size(level)
            for z in range(d):
                for y in range(h):
                    for x in range(w):
                        for c in range(self.channels):
                            yield self.value(level, (x, y, z), c)

    def read(self, level, at):
        if any(c is None for c in at):
            return list(self.border)
        one = 1
        return [self.value(level, at, c) if c < self.channels else (one if c == 3 else 0) for c in range(4)]

    def place(self, level, coordinates, layer):
        """Position in texels of each axis, and the slice."""
        size = self.size(level)
        if self.cube:
            face, s, t = face_of(coordinates)
            return [s * size[0], t * size[1]], min(layer, size[2] // 6 - 1) * 6 + face
        if self.normalized and self.address[0] == "mirror":  # the guide's: every second repetition runs backwards
            coordinates = [c - math.floor(c) if math.floor(c) % 2 == 0 else 1 - (c - math.floor(c)) for c in coordinates]
        scale = size if self.normalized else (1, 1, 1)
        return [c * s for c, s in zip(coordinates, scale)], outside("clamp", layer, size[2]) if self.layered else 0

    def fetch_level(self, level, coordinates, layer, offsets, integer=False):
        where, slice_ = self.place(level, coordinates, layer)
        size = self.size(level)
        modes = ("clamp",) * 3 if self.cube else self.address

        def texel(indices):
            at = [outside(modes[d], i + o, size[d]) for d, (i, o) in enumerate(zip(indices, offsets))]
            at += [0] * (3 - len(at))
            if self.dimensions < 3 and at[-1] is not None:
                at[2] = slice_
            return self.read(level, at)

        if not self.linear or integer:
            return texel([math.floor(p) for p in where])
        base = [math.floor(p - 0.5) for p in where]
        weight = [p - 0.5 - b for p, b in zip(where, base)]
        total = [0] * 4
        for corner in range(1 << len(where)):
            bits = [corner >> d & 1 for d in range(len(where))]
            part = math.prod(w if b else 1 - w for b, w in zip(bits, weight))
            if part:
                total = [t + part * v for t, v in zip(total, texel([i + b for i, b in zip(base, bits)]))]
        return total

    def fetch(self, coordinates, layer=0, lod=0, offsets=(0, 0, 0), integer=False):
        lod = min(max(lod, 0), self.levels - 1)
        if not self.mip_linear:
            return self.fetch_level(math.floor(lod + 0.5), coordinates, layer, offsets, integer)
        low = math.floor(lod)
        result = self.fetch_level(low, coordinates, layer, offsets, integer)
        if lod == low:
            return result
        more = self.fetch_level(low + 1, coordinates, layer, offsets, integer)
        return [a * (1 - (lod - low)) + b * (lod - low) for a, b in zip(result, more)]

    def gather(self, coordinates, layer, component, offsets):
        where, slice_ = self.place(0, coordinates, layer)
        size = self.size(0)
        i, j = (math.floor(p - 0.5) for p in where)
        result = []
        modes = ("clamp",) * 2 if self.cube else self.address
        for dx, dy in ((0, 1), (1, 1), (1, 0), (0, 0)):
            at = [outside(modes[0], i + dx + offsets[0], size[0]), outside(modes[1], j + dy + offsets[1], size[1])]
            result.append(self.read(0, (*at, slice_))[component])
        return result

    def describe(self, keyword="texture"):
        w, h, d = self.extents
        sizes = {"1d": (w,), "2d": (w, h), "3d": (w, h, d), "a1d": (w, d), "a2d": (w, h, d), "cube": (w,), "acube": (w, d // 6)}[self.geometry]
        words = [f"//! {keyword} {self.geometry} {self.kind}x{self.channels} extents {' '.join(map(str, sizes))}"]
        if keyword == "texture":
            words += [f"levels {self.levels}"] if self.levels > 1 else []
            words += [name for name in ("linear", "mip_linear", "normalized") if getattr(self, name)]
            words.append("address " + " ".join(self.address))
            if any(self.border):
                words.append("border " + " ".join(map(str, self.border)))
        return " ".join(words) + ": " + " ".join(number(self.kind, v) for v in self.texels())


def number(kind, value):
    if kind == "f16":
        return f"{struct.unpack('<H', struct.pack('<e', value))[0]:#x}"
    return str(value)


def face_of(direction):
    """The table of the programming guide: the face, and the place on it from 0 to 1."""
    x, y, z = direction
    major = max(abs(x), abs(y), abs(z))
    if abs(x) == major:
        face, s, t = (0, -z, -y) if x > 0 else (1, z, -y)
    elif abs(y) == major:
        face, s, t = (2, x, z) if y > 0 else (3, x, -z)
    else:
        face, s, t = (4, x, -y) if z > 0 else (5, -x, -y)
    return face, (s / major + 1) / 2, (t / major + 1) / 2


class Kernel:
    """Instructions that each give words for the output."""

    def __init__(self, textures, keyword="texture", holds=None):
        self.textures, self.keyword, self.holds = textures, keyword, holds or {}
        self.lines, self.words = ["ld.param.u64 %out, [out]"], []
        for i in range(len(textures)):
            self.lines.append(f"ld.param.u64 %x{i}, [t{i}]")

    def keep(self, register, word, kind="b32"):
        self.lines.append(f"st.global.{kind} [%out+{4 * len(self.words)}], {register}")
        self.words.append(word)

    def fetch(self, instruction, dtype, address, values, more=""):
        """`instruction` without its types; values of the four channels."""
        if dtype == "f16x2":
            self.lines.append(f"{instruction} {{%r0, %r1}}, {address}{more}")
            halves = [struct.unpack("<H", struct.pack("<e", v))[0] for v in values]
            self.keep("%r0", halves[0] | halves[1] << 16)
            self.keep("%r1", halves[2] | halves[3] << 16)
            return
        register = {"f16": "%h", "f32": "%f"}.get(dtype, "%r")
        self.lines.append(f"{instruction} {{{', '.join(register + str(i) for i in range(4))}}}, {address}{more}")
        for i, value in enumerate(values):
            if dtype == "f16":
                self.lines.append(f"cvt.u32.u16 %r{i}, %h{i}")
                self.keep(f"%r{i}", struct.unpack("<H", struct.pack("<e", value))[0])
            elif dtype == "f32":
                self.keep(f"%f{i}", struct.unpack("<I", struct.pack("<f", value))[0], "f32")
            else:
                self.keep(f"%r{i}", value & 0xFFFFFFFF)

    def write(self, out, name, comment, version="8.1"):
        path = out.folder / "texture" / f"{name}.ptx"
        path.parent.mkdir(parents=True, exist_ok=True)
        parameters = []
        for i, texture in enumerate(self.textures):
            parameters.append(texture.describe(self.keyword))
            if i in self.holds:
                parameters.append("//! holds: " + " ".join(number(texture.kind, v) for v in self.holds[i]))
        parameters.append("//! out b32: " + " ".join(f"{w:#x}" for w in self.words or [0]))
        names = [f"t{i}" for i in range(len(self.textures))] + ["out"]
        path.write_text(TEMPLATE.format(comment=comment, parameters="\n".join(parameters), version=version, name=name,
                                        declarations=", ".join(f".param .u64 {n}" for n in names), body="\n".join(f"  {line};" for line in self.lines)))
        out.count += 1


def f32(value):
    return "0f%08X" % struct.unpack("<I", struct.pack("<f", value))[0]


def address(texture, index, coordinates, layer, integer=False):
    words = [str(c) if integer else f32(c) for c in coordinates]
    if texture.layered:
        words.insert(0, str(layer))
    while len(words) & (len(words) - 1):
        words.append(words[-1])
    return f"[%x{index}, {{{', '.join(words)}}}]"


def vector(values):
    values = list(values)
    while len(values) & (len(values) - 1):
        values.append(values[-1])
    return "{" + ", ".join(map(str, values)) + "}"


KINDS = {"f32": "f32", "f16": "f16", "f16x2": "f32", "u32": "u32", "s32": "s32"}
POINTS = {1: [(2.5,), (-3.0,), (7.75,), (9.0,)], 2: [(1.5, 2.5), (-1.0, 3.5), (7.25, 9.0)], 3: [(1.5, 2.5, 3.5), (5.0, -1.0, 0.5)]}
DIRECTIONS = [(1.0, 0.25, -0.75), (-1.0, 0.5, 0.25), (0.5, 2.0, 1.0), (0.75, -1.0, 0.125), (0.25, -0.25, 1.0), (-0.5, 0.75, -1.0)]


def vector_of(dtype):
    return "v2" if dtype == "f16x2" else "v4"


def write_base(out):
    for geometry, (dimensions, layered, cube) in GEOMETRIES.items():
        kinds = sorted(set(KINDS.values()))
        textures = [Texture(geometry, kind, channels=4 if kind != "f16" else 2) for kind in kinds]
        kernel = Kernel(textures)
        for n, (dtype, kind) in enumerate(KINDS.items()):
            index = kinds.index(kind)
            texture = textures[index]
            form = f"{'.base' if n % 2 else ''}.{geometry}.{vector_of(dtype)}.{dtype}"
            points = DIRECTIONS if cube else POINTS[dimensions]
            for i, point in enumerate(points):
                layer = i % 3
                offsets, more = (0, 0, 0), ""
                if not cube and i == 1:
                    offsets, more = (2, -1, 1), f", {vector((2, -1, 1)[:dimensions])}"
                kernel.fetch(f"tex{form}.f32", dtype, address(texture, index, point, layer), texture.fetch(point, layer, offsets=offsets), more)
                if not cube:
                    whole = tuple(math.floor(c) for c in point)
                    kernel.fetch(f"tex{form}.s32", dtype, address(texture, index, whole, layer, True),
                                 texture.fetch(whole, layer, offsets=offsets, integer=True), more)
        kernel.write(out, f"tex_{geometry}", f"tex.{geometry} of all types, the nearest texel")


def write_samples(out):
    """The one sample of each texel: its number comes before the coordinates."""
    for geometry in ("2d", "a2d"):
        kinds = sorted(set(KINDS.values()))
        textures = [Texture(geometry, kind, channels=4 if kind != "f16" else 2) for kind in kinds]
        kernel = Kernel(textures)
        for n, (dtype, kind) in enumerate(KINDS.items()):
            index = kinds.index(kind)
            for i, point in enumerate(((0, 0), (3, 2), (-1, 9))):
                words = ([i % 2] if textures[index].layered else []) + [0, *point]
                offsets, more = ((1, -1, 0), f", {vector((1, -1))}") if i == 1 else ((0, 0, 0), "")
                kernel.fetch(f"tex{'.base' if n % 2 else ''}.{geometry}ms.{vector_of(dtype)}.{dtype}.s32", dtype, f"[%x{index}, {vector(words)}]",
                             textures[index].fetch(point, i % 2, offsets=offsets, integer=True), more)
        kernel.write(out, f"tex_{geometry}ms", f"tex.{geometry}ms of all types")


def write_modes(out):
    """Linear filters and address modes."""
    for mode in ("wrap", "clamp", "mirror", "border"):
        for geometry in ("1d", "2d", "3d", "a2d"):
            dimensions, layered, _ = GEOMETRIES[geometry]
            textures = [Texture(geometry, "f32", linear=linear, normalized=True, address=(mode,) * 3, border=(9, 8, 7, 6)) for linear in (False, True)]
            kernel = Kernel(textures)
            for step in (-1.375, -0.25, 0.125, 0.5, 0.9375, 1.0, 2.3125):
                point = tuple(step + d / 4 for d in range(dimensions))
                for index, texture in enumerate(textures):
                    kernel.fetch(f"tex.{geometry}.v4.f32.f32", "f32", address(texture, index, point, 1), texture.fetch(point, 1))
            kernel.write(out, f"tex_{mode}_{geometry}", f"Filters and address mode {mode}")


def write_levels(out):
    for geometry, (dimensions, layered, cube) in GEOMETRIES.items():
        kinds = ["f32", "s32", "u32"]
        textures = [Texture(geometry, kind, levels=3, normalized=True) for kind in kinds]
        textures.append(Texture(geometry, "f32", levels=3, normalized=True, linear=True, mip_linear=True))
        kernel = Kernel(textures)
        point = DIRECTIONS[2] if cube else (0.375, 0.625, 0.875)[:dimensions]
        for dtype in ("f32", "f16", "f16x2", "u32", "s32"):
            index = kinds.index("f32" if dtype[0] == "f" else dtype)
            form = f"{geometry}.{vector_of(dtype)}.{dtype}.f32"
            for lod in (-1.0, 0.25, 1.0, 1.75, 5.0):
                texture = textures[index]
                kernel.fetch(f"tex.level.{form}", dtype, address(texture, index, point, 1), texture.fetch(point, 1, lod), f", {f32(lod)}")
            if cube:
                for first, second in (((0, 0, 1), (0, 0.25, 0)), ((0, 0.125, 0), (1, 0, 0))):
                    gradients = ", ".join(vector(map(f32, g)) for g in (first, second))
                    kernel.fetch(f"tex.grad.{form}", dtype, address(texture, index, DIRECTIONS[0], 1), texture.fetch(DIRECTIONS[0], 1, 1), f", {gradients}")
            if not cube:
                kernel.fetch(f"tex.level.{form}", dtype, address(texture, index, point, 1), texture.fetch(point, 1, 1, (1, -1, 1)),
                             f", {f32(1.0)}, {vector((1, -1, 1)[:dimensions])}")
                # A step of two texels is level 1; the longer gradient counts.
                steps = [2 / texture.extents[0]] + [0] * (dimensions - 1)
                short = [0.5 / texture.extents[0]] + [0] * (dimensions - 1)
                for first, second in ((steps, short), (short, steps)):
                    gradients = ", ".join(vector(map(f32, g)) for g in (first, second))
                    kernel.fetch(f"tex.grad.{form}", dtype, address(texture, index, point, 1), texture.fetch(point, 1, 1), f", {gradients}")
                kernel.fetch(f"tex.grad.{form}", dtype, address(texture, index, point, 1), texture.fetch(point, 1, 1, (1, 1, 0)),
                             f", {gradients}, {vector((1, 1, 0)[:dimensions])}")
        for lod in (0.5, 1.25):
            kernel.fetch(f"tex.level.{geometry}.v4.f32.f32", "f32", address(textures[3], 3, point, 1), textures[3].fetch(point, 1, lod), f", {f32(lod)}")
        kernel.write(out, f"tex_level_{geometry}", f"tex.level and tex.grad of {geometry}")


def write_gathers(out):
    for geometry in ("2d", "a2d", "cube", "acube"):
        textures = [Texture(geometry, kind) for kind in ("f32", "u32", "s32")]
        kernel = Kernel(textures)
        for index, texture in enumerate(textures):
            for component, name in enumerate("rgba"):
                flat = (((1.5, 2.0), (0, 0)), ((0.25, 0.25), (1, -1)))
                for point, offsets in [(d, (0, 0)) for d in DIRECTIONS[:3]] if texture.cube else flat:
                    more = f", {vector(offsets)}" if any(offsets) else ""
                    kernel.fetch(f"tld4.{name}.{geometry}.v4.{texture.kind}.f32", texture.kind, address(texture, index, point, 1),
                                 texture.gather(point, 1, component, offsets), more)
        # The texels are there: no array is sparse.
        kernel.lines += [f"tld4.a.{geometry}.v4.f32.f32 {{%f0, %f1, %f2, %f3}}|%p1, {address(textures[0], 0, DIRECTIONS[0][:3 if textures[0].cube else 2], 1)}", "selp.u32 %r0, 1, 0, %p1"]
        kernel.keep("%r0", 1)
        kernel.write(out, f"tld4_{geometry}", f"tld4.{geometry}")


# As OpenCL numbers them: of integers that are read as such; R, RG and RGBA.
CHANNEL_TYPES = {"s8": 0x10D7, "s16": 0x10D8, "s32": 0x10D9, "u8": 0x10DA, "u16": 0x10DB, "u32": 0x10DC, "f16": 0x10DD, "f32": 0x10DE}
CHANNEL_ORDERS = {1: 0x10B0, 2: 0x10B2, 4: 0x10B5}


# The places in the manual's list.
MODES = ("wrap", "mirror", "clamp_ogl", "clamp", "border")


def write_queries(out):
    textures = [Texture("2d", "f32", levels=3, normalized=True, address=("wrap", "mirror", "border"), linear=True), Texture("3d", "u8", channels=2),
                Texture("a2d", "f16"), Texture("acube", "u32", channels=1)]
    kernel = Kernel(textures)
    for index, texture in enumerate(textures):
        w, h, d = texture.extents
        answers = {"width": w, "height": h, "normalized_coords": int(texture.normalized), "num_mipmap_levels": texture.levels if texture.levels > 1 else 0}
        answers |= {"channel_data_type": CHANNEL_TYPES[texture.kind], "channel_order": CHANNEL_ORDERS[texture.channels], "num_samples": 0}
        answers |= {"force_unnormalized_coords": 0, "filter_mode": int(texture.linear)}
        answers |= {f"addr_mode_{axis}": MODES.index(mode) for axis, mode in enumerate(texture.address)}
        answers |= {"array_size": (d // 6 if texture.cube else d) if texture.layered else 0}
        answers |= {"depth": d} if texture.geometry == "3d" else {}
        for query, answer in answers.items():
            kernel.lines.append(f"txq.{query}.b32 %r0, [%x{index}]")
            kernel.keep("%r0", answer)
    for query, answer in (("width", 4), ("height", 2)):
        kernel.lines.append(f"txq.level.{query}.b32 %r0, [%x0], 1")
        kernel.keep("%r0", answer)
    for kind in ("tex", "surf", "sampler"):
        kernel.lines += [f"istypep.{kind}ref %p1, %x0", "selp.u32 %r0, 1, 0, %p1"]
        kernel.keep("%r0", int(kind == "tex"))
    kernel.lines.append("txq.level.depth.b32 %r0, [%x1], 0")
    kernel.keep("%r0", 4)
    kernel.write(out, "txq", "txq and istypep of textures")
    surfaces = [Texture("3d", "u32"), Texture("a2d", "u8")]
    kernel = Kernel(surfaces, "surface")
    for index, surface in enumerate(surfaces):
        w, h, d = surface.extents
        answers = {"width": w, "height": h} | ({"depth": d} if index == 0 else {"array_size": d}) | {"memory_layout": 0}
        answers |= {"channel_data_type": CHANNEL_TYPES[surface.kind], "channel_order": CHANNEL_ORDERS[surface.channels]}
        for query, answer in answers.items():
            kernel.lines.append(f"suq.{query}.b32 %r0, [%x{index}]")
            kernel.keep("%r0", answer)
    for kind in ("tex", "surf", "sampler"):
        kernel.lines += [f"istypep.{kind}ref %p1, %x0", "selp.u32 %r0, 1, 0, %p1"]
        kernel.keep("%r0", int(kind == "surf"))
    kernel.write(out, "suq", "suq and istypep of surfaces")


SURFACES = {"1d": (64, 1, 1), "2d": (64, 4, 1), "3d": (64, 2, 2), "a1d": (64, 1, 3), "a2d": (64, 2, 2)}


class Bytes:
    """A surface of one channel of 8 bits, as its bytes."""

    def __init__(self, geometry):
        self.geometry, self.extents = geometry, SURFACES[geometry]
        self.surface = Texture(geometry, "u8", channels=1, extents=self.extents)
        self.data = bytearray(v & 0xFF for v in self.surface.texels())

    def offset(self, at, size, boundary):
        """None where nothing is."""
        w, h, d = self.extents
        x, y, z = at
        inside = 0 <= x <= w - size and 0 <= y < h and 0 <= z < d
        if not inside and boundary == "zero":
            return None
        assert inside or boundary == "clamp"
        return min(max(x, 0), w - size) + w * (min(max(y, 0), h - 1) + h * min(max(z, 0), d - 1))


def place(geometry, at):
    x, y, z = at
    words = {"1d": [x], "2d": [x, y], "3d": [x, y, z, z], "a1d": [z, x], "a2d": [z, x, y, y]}[geometry]
    return f"[%x0, {{{', '.join(map(str, words))}}}]"


def accesses(geometry, size):
    """Boundary mode and coordinates: inside, and beyond each end."""
    w, h, d = SURFACES[geometry]
    yield "trap", (size * 1, h - 1, d - 1)
    yield "zero", (w, 0, 0)
    yield "zero", (0, h - 1, d - 1)
    yield "clamp", (-size, 0, 0)
    yield "clamp", (w + 16, h + 1 if h > 1 else 0, d + 1 if d > 1 else 0)


WIDTHS = [(1, "b8"), (2, "b16"), (4, "b32"), (8, "b64")]


def registers(kind, count):
    prefix = {"b8": "%h", "b16": "%h", "b32": "%r", "b64": "%x"}[kind]
    first = 2 if prefix == "%x" else 0
    names = [f"{prefix}{first + i}" for i in range(count)]
    return names, names[0] if count == 1 else "{" + ", ".join(names) + "}"


def write_surfaces(out):
    caches = {"suld": ["", ".ca", ".cg", ".cs", ".cv"], "sust": ["", ".wb", ".cg", ".cs", ".wt"]}
    for geometry in SURFACES:
        memory = Bytes(geometry)
        kernel = Kernel([memory.surface], "surface")
        turn = 0
        for size, kind in WIDTHS:
            for count in (1, 2, 4) if kind != "b64" else (1, 2):
                for boundary, at in accesses(geometry, size * count):
                    offset = memory.offset(at, size * count, boundary)
                    form = f"{geometry}{caches['suld'][turn % 5]}{['', '', '.v2', '', '.v4'][count]}.{kind}.{boundary}"
                    turn += 1
                    names, operand = registers(kind, count)
                    kernel.lines.append(f"suld.b.{form} {operand}, {place(geometry, at)}")
                    for i, name in enumerate(names):
                        data = bytes(size) if offset is None else memory.data[offset + i * size:offset + (i + 1) * size]
                        value = int.from_bytes(data, "little")
                        if size < 4:
                            kernel.lines.append(f"cvt.u32.u16 %r8, {name}")
                        if size == 8:
                            kernel.lines.append(f"mov.b64 {{%r8, %r9}}, {name}")
                            kernel.keep("%r8", value & 0xFFFFFFFF)
                            kernel.keep("%r9", value >> 32)
                        else:
                            kernel.keep("%r8" if size < 4 else name, value)
        kernel.write(out, f"suld_{geometry}", f"suld.b.{geometry}")
        kernel = Kernel([memory.surface], "surface", {0: memory.data})
        for size, kind in WIDTHS:
            for count in (1, 2, 4) if kind != "b64" else (1, 2):
                for boundary, at in accesses(geometry, size * count):
                    offset = memory.offset(at, size * count, boundary)
                    form = f"{geometry}{caches['sust'][turn % 5]}{['', '', '.v2', '', '.v4'][count]}.{kind}.{boundary}"
                    turn += 1
                    names, operand = registers(kind, count)
                    for i, name in enumerate(names):
                        value = (0x0101010101010101 * (turn % 199) + 0x0102030405060708 * i) % (1 << 8 * size)
                        kernel.lines.append(f"mov.b{max(size, 2) * 8} {name}, {value:#x}")
                        if offset is not None:
                            memory.data[offset + i * size:offset + (i + 1) * size] = value.to_bytes(size, "little")
                    kernel.lines.append(f"sust.b.{form} {place(geometry, at)}, {operand}")
        kernel.write(out, f"sust_{geometry}", f"sust.b.{geometry}")
        if geometry[0] != "a":
            write_reductions(out, geometry)


def write_reductions(out, geometry):
    memory = Bytes(geometry)
    kernel = Kernel([memory.surface], "surface", {0: memory.data})
    forms = [("add", t) for t in ("u32", "u64", "s32")] + [(op, t) for op in ("min", "max") for t in ("u32", "s32", "u64", "s64")]
    forms += [(op, "b32") for op in ("and", "or")]
    for turn, (op, kind) in enumerate(forms):
        size = int(kind[1:]) // 8
        for boundary, at in accesses(geometry, size):
            offset = memory.offset(at, size, boundary)
            value = (0x8123456789ABCDEF >> (turn % 3 * 8)) % (1 << 8 * size)
            kernel.lines.append(f"mov.b{8 * size} {'%r0' if size == 4 else '%x2'}, {value:#x}")
            kernel.lines.append(f"sured.b.{op}.{geometry}.{kind}.{boundary} {place(geometry, at)}, {'%r0' if size == 4 else '%x2'}")
            if offset is None:
                continue
            a = int.from_bytes(memory.data[offset:offset + size], "little", signed=kind[0] == "s")
            b = int.from_bytes(value.to_bytes(size, "little"), "little", signed=kind[0] == "s")
            result = {"add": a + b, "min": min(a, b), "max": max(a, b), "and": a & b, "or": a | b}[op]
            memory.data[offset:offset + size] = (result % (1 << 8 * size)).to_bytes(size, "little")
    kernel.write(out, f"sured_{geometry}", f"sured.b.{geometry}")


def write_formatted(out):
    """sust.p and sured.p: x counts texels; what is stored is converted."""
    for geometry in SURFACES:
        kinds = [("u8", 4), ("s16", 2), ("u32", 1), ("f32", 2), ("f16", 4), ("s8", 1)]
        textures = [Texture(geometry, kind, channels=channels, extents=(4, *SURFACES[geometry][1:])) for kind, channels in kinds]
        holds = {}
        kernel = Kernel(textures, "surface", holds)
        for index, texture in enumerate(textures):
            w, h, d = texture.extents
            data = list(texture.texels())
            # A texel is never given fewer channels than it has: the others would hold anything.
            for count, boundary, at in ((4, "trap", (1, h - 1, d - 1)), (4, "clamp", (9, 0, 0)), (2, "zero", (-1, 0, 0)),
                                        (texture.channels, "trap", (0, 0, d - 1))):
                values = [1.5, -2.25, 300.0, 0.125] if texture.kind[0] == "f" else [7, -300 if texture.kind[0] == "s" else 300, 70000, 1]
                for i, value in enumerate(values):
                    kernel.lines.append(f"mov.b32 %r{i}, {f32(value) if texture.kind[0] == 'f' else value}")
                operand = "%r0" if count == 1 else "{" + ", ".join(f"%r{i}" for i in range(count)) + "}"
                where = place(geometry, at).replace("%x0", f"%x{index}")
                kernel.lines.append(f"sust.p.{geometry}{['', '', '.v2', '', '.v4'][count]}.b32.{boundary} {where}, {operand}")
                if boundary == "zero":
                    continue
                x, y, z = min(at[0], w - 1), at[1], at[2]
                bits = int(texture.kind[1:])
                for c in range(texture.channels):
                    value = values[c]
                    if texture.kind[0] == "u":
                        value = min(value, (1 << bits) - 1)
                    if texture.kind[0] == "s":
                        value = max(min(value, (1 << bits - 1) - 1), -1 << bits - 1)
                    data[((z * h + y) * w + x) * texture.channels + c] = value
            holds[index] = data
        kernel.write(out, f"sust_formatted_{geometry}", f"sust.p.{geometry}")
    for geometry in ("1d", "2d", "3d"):
        textures = [Texture(geometry, kind, channels=1, extents=(4, *SURFACES[geometry][1:])) for kind in ("u32", "s32")]
        w, h, d = textures[0].extents
        holds = {i: [v % (1 << 32) for v in t.texels()] for i, t in enumerate(textures)}
        kernel = Kernel(textures, "surface", holds)
        for turn, (op, number_of) in enumerate((op, i) for op in ("add", "min", "max", "and", "or") for i in (0, 1)):
            kind, data = textures[number_of].kind, holds[number_of]
            for boundary, at in (("trap", (1, h - 1, d - 1)), ("clamp", (7, 0, 0)), ("zero", (4, 0, 0))):
                value = 0x80000017 >> turn % 3
                kernel.lines += [f"mov.b32 %r0, {value:#x}", f"sured.p.{op}.{geometry}.b32.{boundary} {place(geometry, at).replace('%x0', f'%x{number_of}')}, %r0"]
                if boundary == "zero":
                    continue
                index = (at[2] * h + at[1]) * w + min(at[0], w - 1)
                a, b = (v - (1 << 32) if kind == "s32" and v >> 31 else v for v in (data[index], value))
                data[index] = {"add": a + b, "min": min(a, b), "max": max(a, b), "and": a & b, "or": a | b}[op] % (1 << 32)
        kernel.write(out, f"sured_formatted_{geometry}", f"sured.p.{geometry}")
        write_wide_reductions(out, geometry)


def write_wide_reductions(out, geometry):
    """Texels of two channels are one number of 64 bits, with a sign if the channels have one."""
    textures = [Texture(geometry, kind, channels=2, extents=(4, *SURFACES[geometry][1:])) for kind in ("u32", "s32")]
    w, h, d = textures[0].extents
    holds = {i: [v % (1 << 32) for v in t.texels()] for i, t in enumerate(textures)}
    kernel = Kernel(textures, "surface", holds)
    for turn, (op, number_of) in enumerate((op, i) for op in ("min", "max") for i in (0, 1)):
        data = holds[number_of]
        for boundary, at in (("trap", (1, h - 1, d - 1)), ("clamp", (7, 0, 0)), ("zero", (4, 0, 0))):
            value = 0x8000001700000001 >> turn % 3
            where = place(geometry, at).replace("%x0", f"%x{number_of}")
            kernel.lines += [f"mov.b64 %x2, {value:#x}", f"sured.p.{op}.{geometry}.b64.{boundary} {where}, %x2"]
            if boundary == "zero":
                continue
            index = 2 * ((at[2] * h + at[1]) * w + min(at[0], w - 1))
            signed = textures[number_of].kind == "s32"
            a, b = (v - (1 << 64) if signed and v >> 63 else v for v in (data[index] | data[index + 1] << 32, value))
            result = (min(a, b) if op == "min" else max(a, b)) % (1 << 64)
            data[index], data[index + 1] = result % (1 << 32), result >> 32
    kernel.write(out, f"sured_wide_{geometry}", f"sured.p.{geometry}.b64")


def write(out):
    write_base(out)
    write_samples(out)
    write_modes(out)
    write_levels(out)
    write_gathers(out)
    write_queries(out)
    write_surfaces(out)
    write_formatted(out)
