"""Writes one generated PTX test: every thread of a block applies an instruction to one row of inputs."""

import pathlib

from exact import NAN, mask

REGISTERS = {8: "%rs", 16: "%rs", 32: "%r", 64: "%rd"}
PACKED = {"f16x2": 32, "bf16x2": 32, "u16x2": 32, "s16x2": 32, "bf16": 16}

TEMPLATE = """\
// {comment}
//! block {threads}
{parameters}
.version {version}
.target {target}
.address_size 64

.visible .entry {name}({declarations})
{{
  .reg .pred %p<4>;
  .reg .b16 %rs<8>;
  .reg .b32 %r<10>;
  .reg .b64 %rd<12>;
  .reg .f32 %f<8>;
  .reg .f64 %fd<8>;
  mov.u32 %r9, %tid.x;
{body}
  ret;
}}
"""


def bits_of(kind):
    return PACKED.get(kind) or int(kind[1:])


def memory_type(kind):
    return kind if kind in ("f32", "f64") else f"b{bits_of(kind)}"


def _register(kind, index):
    prefix = {"f32": "%f", "f64": "%fd"}.get(kind) or REGISTERS[bits_of(kind)]
    return f"{prefix}{index}"


def _values(column, kind):
    digits = bits_of(kind) // 4
    return " ".join(NAN if value == NAN else f"0x{value & mask(bits_of(kind)):0{digits}x}" for value in column)


def _address(parameter, kind):
    return [
        f"ld.param.u64 %rd9, [{parameter}]",
        "cvta.to.global.u64 %rd9, %rd9",
        f"mul.wide.u32 %rd10, %r9, {bits_of(kind) // 8}",
        "add.s64 %rd9, %rd9, %rd10",
    ]


class Writer:
    """Puts cases into `folder`; `chapter` is the sub-folder, as in the manual's chapters."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0

    def write_group(self, chapter, name, sources, rows, results, target="sm_75", version="7.6"):
        """Many instructions on the same operands: `results` holds (instruction, type of {d}, its value for each row)."""
        assert 0 < len(rows) <= 1024 and results, name
        operands = {"d": None, "p": "%p1", "q": "%p2"}
        operands |= {letter: _register(kind, i + 1) for i, (letter, kind) in enumerate(zip("abc", sources))}
        lines, parameters = [], []
        for i, kind in enumerate(sources):
            parameters.append(f"//! in {memory_type(kind)}: {_values([row[i] for row in rows], kind)}")
            lines += _address(f"in{i}", kind) + [f"ld.global.{memory_type(kind)} {operands['abc'[i]]}, [%rd9]"]
        for i, (instruction, kind, values) in enumerate(results):
            assert len(values) == len(rows), instruction
            parameters.append(f"//! out {memory_type(kind)}: {_values(values, kind)}")
            lines += instruction.format(**(operands | {"d": _register(kind, 0)})).split("; ")
            lines += _address(f"out{i}", kind) + [f"st.global.{memory_type(kind)} [%rd9], {_register(kind, 0)}"]
        names = [f"in{i}" for i in range(len(sources))] + [f"out{i}" for i in range(len(results))]
        self._write_file(chapter, name, f"{name}: {len(results)} forms", len(rows), parameters, lines, names, target, version)

    def write(self, chapter, name, instruction, result, sources, rows, ulp=0, target="sm_75", version="7.6"):
        """`instruction` says {d} {a} {b} {c} {p} {q} for its operands; a row holds one value per source, then the result."""
        assert 0 < len(rows) <= 1024, name
        operands = {"d": _register(result, 0), "p": "%p1", "q": "%p2"}
        operands |= {letter: _register(kind, i + 1) for i, (letter, kind) in enumerate(zip("abc", sources))}
        lines, parameters = [], []
        for i, kind in enumerate(sources):
            parameters.append(f"//! in {memory_type(kind)}: {_values([row[i] for row in rows], kind)}")
            lines += _address(f"in{i}", kind) + [f"ld.global.{memory_type(kind)} {operands['abc'[i]]}, [%rd9]"]
        tolerance = f" ulp={ulp}" if ulp else ""
        parameters.append(f"//! out {memory_type(result)}{tolerance}: {_values([row[-1] for row in rows], result)}")
        lines += instruction.format(**operands).split("; ")
        lines += _address("out", result) + [f"st.global.{memory_type(result)} [%rd9], {operands['d']}"]
        names = [f"in{i}" for i in range(len(sources))] + ["out"]
        comment = instruction.format(d="d", a="a", b="b", c="c", p="p", q="q")
        self._write_file(chapter, name, comment, len(rows), parameters, lines, names, target, version)

    def _write_file(self, chapter, name, comment, threads, parameters, lines, names, target, version):
        text = TEMPLATE.format(
            comment=comment,
            threads=threads,
            parameters="\n".join(parameters),
            version=version,
            target=target,
            name=name,
            declarations=", ".join(f".param .u64 {n}" for n in names),
            body="\n".join(f"  {line};" for line in lines),
        )
        path = self.folder / chapter / f"{name}.ptx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.count += 1
