"""A thread's own array with more accesses than the optimiser looks through: at constant and at variable places."""

TEXT = """\
// A thread's own array, accessed a thousand and a half times
//! block 32
//! out u32: {out}
.version 8.0
.target sm_80
.address_size 64

.visible .entry many_local_accesses(.param .u64 out)
{{
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  .local .align 4 .b8 array[1024];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, 1;
  mov.u64 %rd2, array;
{body}
  ld.param.u64 %rd1, [out];
  mul.wide.u32 %rd4, %r0, 4;
  add.s64 %rd1, %rd1, %rd4;
  st.global.u32 [%rd1], %r1;
  ret;
}}
"""
WORDS, STEPS, THREADS, MASK = 256, 420, 32, 0xFFFFFFFF


def instructions():
    for word in range(WORDS):
        yield f"st.local.u32 [array+{4 * word}], %r0"
    for i in range(STEPS):
        yield f"st.local.u32 [array+{4 * (i * 37 % WORDS)}], %r1"
        yield f"mad.lo.u32 %r1, %r1, 5, {i}"
        yield f"and.b32 %r2, %r1, {4 * WORDS - 4}"
        yield "cvt.u64.u32 %rd3, %r2"
        yield "add.u64 %rd3, %rd3, %rd2"
        yield "ld.local.u32 %r3, [%rd3]"
        yield f"ld.local.u32 %r4, [array+{4 * (i * 11 % WORDS)}]"
        yield "xor.b32 %r1, %r1, %r3"
        yield "add.u32 %r1, %r1, %r4"
        yield "add.u32 %r1, %r1, %r0"


def result(thread):
    array, value = [thread] * WORDS, 1
    for i in range(STEPS):
        array[i * 37 % WORDS] = value
        value = value * 5 + i & MASK
        value = (value ^ array[value // 4 % WORDS]) + array[i * 11 % WORDS] + thread & MASK
    return value


def write(out):
    path = out.folder / "memory" / "many_local_accesses.ptx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(out=" ".join(str(result(t)) for t in range(THREADS)), body="\n".join(f"  {line};" for line in instructions())))
    out.count += 1
