"""Writes PTX tests in which the 32 lanes of one warp hold fragments of matrices: registers come from buffers, results go to buffers."""

import pathlib

TEMPLATE = """\
// {comment}
//! block 32
{directives}
.version {version}
.target {target}
.address_size 64

.visible .entry {name}({declarations})
{{
  .reg .b16 %h<4>;
  .reg .b32 %lane, %w<4>;
  .reg .b64 %rd<4>;
{registers}
{shared}  mov.u32 %lane, %laneid;
{body}
  ret;
}}
"""

LANES = range(32)


def hexadecimal(value, bits):
    return f"0x{value & ((1 << bits) - 1):0{bits // 4}x}"


class Operand:
    """Registers %<name>0... of every lane: `lanes[l][i]`. An operand of the test is an input, a result an output."""

    def __init__(self, name, lanes, bits=32):
        self.name, self.lanes, self.bits = name, lanes, bits
        self.count = len(lanes[0])

    @property
    def vector(self):
        return "{" + ", ".join(f"%{self.name}{i}" for i in range(self.count)) + "}"

    @property
    def values(self):
        return " ".join(hexadecimal(word, self.bits) for lane in self.lanes for word in lane)

    def address(self):
        return [
            f"ld.param.u64 %rd0, [{self.name}]",
            "cvta.to.global.u64 %rd0, %rd0",
            f"mul.wide.u32 %rd1, %lane, {self.count * self.bits // 8}",
            "add.s64 %rd0, %rd0, %rd1",
        ]

    def moves(self, form):
        step = self.bits // 8
        return [form.format(bits=self.bits, register=f"%{self.name}{i}", offset=i * step) for i in range(self.count)]


class Buffer:
    """A buffer whose address the body gets in the 64-bit register %<name>."""

    def __init__(self, name, values, bits):
        self.name, self.bits = name, bits
        self.values = " ".join(hexadecimal(value, bits) for value in values)

    def address(self):
        return [f"ld.param.u64 %{self.name}, [{self.name}]", f"cvta.to.global.u64 %{self.name}, %{self.name}"]

    def moves(self, _):
        return []


def _registers(parameter):
    if isinstance(parameter, Buffer):
        return f"  .reg .b64 %{parameter.name};"
    return f"  .reg .b{parameter.bits} %{parameter.name}<{parameter.count}>;"


def write(out, chapter, name, inputs, results, body, target, version="9.0", comment=None, registers=(), shared=0):
    lines = []
    for operand in inputs:
        lines += operand.address() + operand.moves("ld.global.b{bits} {register}, [%rd0+{offset}]")
    buffers = [result for result in results if isinstance(result, Buffer)]
    for buffer in buffers:
        lines += buffer.address()
    lines += body
    for result in results:
        if result not in buffers:
            lines += result.address() + result.moves("st.global.b{bits} [%rd0+{offset}], {register}")
    text = TEMPLATE.format(
        comment=comment or body[-1],
        directives="\n".join([f"//! in b{o.bits}: {o.values}" for o in inputs] + [f"//! out b{o.bits}: {o.values}" for o in results]),
        version=version,
        target=target,
        name=name,
        declarations=", ".join(f".param .u64 {o.name}" for o in [*inputs, *results]),
        registers="\n".join([_registers(o) for o in [*inputs, *results]] + [f"  {line};" for line in registers]),
        shared=f"  .shared .align 128 .b8 window[{shared}];\n" if shared else "",
        body="\n".join(f"  {line};" for line in lines),
    )
    path = pathlib.Path(out.folder) / chapter / f"{name}.ptx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    out.count += 1
