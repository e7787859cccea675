"""Bulk copies and reductions, asynchronous stores, multimem, mbarrier, fences and the instructions that change nothing here; one thread.

The barrier object is at window+64 and waits for one arrival in each phase; what is copied lies at window+128, the pattern.
"""

import struct
from itertools import product

from atomic import bits_of, operands, plain, set_value, updated, value_register
from memory import PATTERN, WORDS_OF_PATTERN as WORDS, Body, register

TX = "mbarrier::complete_tx::bytes"


def prepared():
    body = Body()
    body.lines += ["mov.b64 %m, %g", "mov.u32 %r6, window", "mov.u32 %r7, window+64"]
    for i in range(0, 64, 8):
        body.lines += [f"ld.global.b64 %w, [%g+{i}]", f"st.shared.b64 [window+{128 + i}], %w"]
    return body


def keep_predicate(body, name, value):
    body.lines.append(f"selp.u32 %r5, 1, 0, {name}")
    body.keep("b32", 5, [value])


def completes(body, instruction, byte_count):
    """The instruction completes `byte_count` bytes on a fresh barrier: the phase ends when they are expected, not before."""
    body.lines += ["mbarrier.init.shared.b64 [window+64], 1", instruction, "mbarrier.test_wait.parity.shared.b64 %p1, [window+64], 0"]
    keep_predicate(body, "%p1", 0)
    body.lines += [f"mbarrier.arrive.expect_tx.shared::cta.b64 %x, [window+64], {byte_count}",
                   "mbarrier.try_wait.parity.shared::cta.b64 %p1, [window+64], 0"]
    keep_predicate(body, "%p1", 1)


def clear(body, address, space, words=8):
    body.lines += [f"st.{space}.b64 [{address}+{8 * i}], 0" for i in range(words)]


def write_copies(out):
    body = prepared()
    into = f"cp.async.bulk.shared::cluster.global.{TX}"
    for text in (f"{into} [%r6], [%g], 32, [%r7]", f"{into}.L2::cache_hint [%r6], [%g], 32, [%r7], %policy",
                 f"{into}.multicast::cluster [%r6], [%g], 32, [%r7], %h1", f"{into}.multicast::cluster.L2::cache_hint [%r6], [%g], 32, [%r7], %h1, %policy",
                 f"cp.async.bulk.shared::cta.global.{TX} [%r6], [%g], 32, [%r7]",
                 f"cp.async.bulk.shared::cta.global.{TX}.L2::cache_hint [%r6], [%g], 32, [%r7], %policy",
                 f"cp.async.bulk.shared::cluster.shared::cta.{TX} [%r6], [window+128], 32, [%r7]"):
        clear(body, "window", "shared")
        body.lines.append("mov.b16 %h1, 1")
        completes(body, text, 32)
        body.keep_memory("window", WORDS[:4] + [0], "shared")
    for text in ("[%m], [window+144], 32", "L2::cache_hint [%m], [window+144], 32, %policy"):
        clear(body, "%m", "global")
        body.lines += [f"cp.async.bulk.global.shared::cta.bulk_group{' ' if text[0] == '[' else '.'}{text}", "cp.async.bulk.commit_group",
                       "cp.async.bulk.wait_group.read 0", "cp.async.bulk.wait_group 0"]
        body.keep_memory("%m", WORDS[2:6] + [0])
    for hint, policy in (("", ""), (".L2::cache_hint", ", %policy")):
        clear(body, "%m", "global")
        body.lines += ["mov.b16 %h1, 0x8421", f"cp.async.bulk.global.shared::cta.bulk_group{hint}.cp_mask [%m], [window+128], 32{policy}, %h1",
                       "cp.async.bulk.commit_group", "cp.async.bulk.wait_group 0",
                       f"cp.async.bulk.prefetch.L2.global{hint} [%m], 32{policy}"]
        masked = bytes(b if 0x8421 >> i % 16 & 1 else 0 for i, b in enumerate(PATTERN[:32]))
        body.keep_memory("%m", list(struct.unpack("<4Q", masked)) + [0])
    body.write(out, "bulk", "copies", "cp.async.bulk in all directions", "sm_100")


def reduction(body, text, op, kind, base, space):
    """Two elements and more: 16 bytes of b onto 16 bytes of a."""
    a, b = operands(kind)
    count = 128 // bits_of(kind)
    set_value(body, kind, 1, a)
    set_value(body, kind, 2, b)
    for i in range(count):
        body.lines += [f"st.{space}.b{bits_of(kind)} [{base}+{i * bits_of(kind) // 8}], {register(plain(kind), 1)}",
                       f"st.shared.b{bits_of(kind)} [window+{192 + i * bits_of(kind) // 8}], {register(plain(kind), 2)}"]
    if "bulk_group" in text:
        body.lines += [text, "cp.async.bulk.commit_group", "cp.async.bulk.wait_group 0"]
    else:
        completes(body, text, 16)
    data = updated(op, kind, a, b).to_bytes(bits_of(kind) // 8, "little") * count
    body.keep_memory(base, list(struct.unpack("<2Q", data)), space)


SHARED_REDUCTIONS = [*product(("and", "or", "xor"), ("b32",)), *product(("add",), ("u32", "s32", "u64")),
                     *product(("inc", "dec"), ("u32",)), *product(("min", "max"), ("u32", "s32"))]
GLOBAL_REDUCTIONS = [*product(("and", "or", "xor"), ("b32", "b64")), *product(("add",), ("u32", "s32", "u64", "f32", "f64", "f16", "bf16")),
                     *product(("inc", "dec"), ("u32",)), *product(("min", "max"), ("u32", "s32", "u64", "s64", "f16", "bf16"))]


def write_reductions(out):
    body = prepared()
    for op, kind in SHARED_REDUCTIONS:
        reduction(body, f"cp.reduce.async.bulk.shared::cluster.shared::cta.{TX}.{op}.{kind} [%r6], [window+192], 16, [%r7]", op, kind, "window", "shared")
    for i, (op, kind) in enumerate(GLOBAL_REDUCTIONS):
        hint, policy = (".L2::cache_hint", ", %policy") if i % 2 else ("", "")
        rounding = ".noftz" if op == "add" and kind in ("f16", "bf16") else ""
        reduction(body, f"cp.reduce.async.bulk.global.shared::cta.bulk_group{hint}.{op}{rounding}.{kind} [%m], [window+192], 16{policy}",
                  op, kind, "%m", "global")
    body.write(out, "bulk", "reductions", "cp.reduce.async.bulk in all operations", "sm_90")


def write_stores(out):
    body = prepared()
    for i, (kind, count) in enumerate(product(("b32", "b64", "u32", "u64", "s32", "s64", "f32", "f64"), (1, 2, 4))):
        size = count * bits_of(kind) // 8
        clear(body, "window", "shared")
        for k in range(count):
            set_value(body, kind, k, operands(kind)[k % 2])
        registers = [value_register(kind, k) for k in range(count)]
        value = registers[0] if count == 1 else "{" + ", ".join(registers) + "}"
        if size <= 16:
            width = "" if count == 1 else f".v{count}"
            completes(body, f"st.async{('', '.weak')[i % 2]}.shared::cluster.{TX}{width}.{kind} [%r6], {value}, [%r7]", size)
            data = b"".join(operands(kind)[k % 2].to_bytes(bits_of(kind) // 8, "little") for k in range(count)).ljust(24, b"\0")
            body.keep_memory("window", list(struct.unpack("<3Q", data)), "shared")
    for op, kind in [*product(("inc", "dec"), ("u32",)), *product(("min", "max"), ("u32", "s32")), *product(("and", "or", "xor"), ("b32",)),
                     *product(("add",), ("u32", "s32", "u64", "s64"))]:
        a, b = operands(kind)
        set_value(body, kind, 1, a)
        set_value(body, kind, 2, b)
        body.lines.append(f"st.shared.{kind} [window], {register(kind, 1)}")
        completes(body, f"red.async.relaxed.cluster.shared::cluster.{TX}.{op}.{kind} [%r6], {register(kind, 2)}, [%r7]", bits_of(kind) // 8)
        body.lines.append(f"ld.shared.{plain(kind)} {register(kind, 3)}, [window]")
        body.keep(plain(kind), 3, [updated(op, kind, a, b)])
    body.write(out, "bulk", "stores", "st.async and red.async with an mbarrier object", "sm_90")


def write_released_stores(out):
    body = prepared()
    body.lines.append(".reg .b8 %y")
    for i, kind in enumerate(("b8", "b16", "b32", "b64", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64")):
        clear(body, "%m", "global", 1)
        value = 0x5A if kind[1:] == "8" else operands(kind)[1]
        name = "%y" if kind[1:] == "8" else value_register(kind, 1)
        if kind[1:] == "8":
            body.lines += ["st.global.b8 [%m], 0x5a", "ld.global.b8 %y, [%m]", "st.global.b8 [%m], 0"]
        else:
            set_value(body, kind, 1, value)
        body.lines.append(f"st.async{('', '.mmio')[i % 2]}.release.{('gpu', 'sys')[i // 2 % 2]}.global.{kind} [%m], {name}")
        body.keep_memory("%m", [value])
    for i, kind in enumerate(("u32", "s32", "u64", "s64")):
        a, b = operands(kind)
        set_value(body, kind, 1, a)
        set_value(body, kind, 2, b)
        body.lines += [f"st.global.{kind} [%m], {register(kind, 1)}",
                       f"red.async{('', '.mmio')[i % 2]}.release.{('gpu', 'sys')[i // 2]}.global.add.{kind} [%m], {register(kind, 2)}",
                       f"ld.global.{plain(kind)} {register(kind, 3)}, [%m]"]
        body.keep(plain(kind), 3, [updated("add", kind, a, b)])
    body.lines += ["mov.u32 %r8, window+128", "st.bulk.weak.shared::cta [%r8], 16, 0"]
    body.keep_memory("window+128", [0, 0] + WORDS[2:4], "shared")
    body.write(out, "bulk", "released_stores", "st.async and red.async of global memory, st.bulk", "sm_100")


def write_multimem(out):
    body = prepared()
    clear(body, "%m", "global")
    forms = [*product(("and", "or", "xor"), ("b32", "b64")), *product(("min", "max"), ("u32", "s32", "u64", "s64")),
             *product(("add",), ("u32", "s32", "u64", "f32", "f64"))]
    for i, (op, kind) in enumerate(f for f in forms if f != ("add", "s32")):
        a, b = operands(kind)
        set_value(body, kind, 1, a)
        set_value(body, kind, 2, b)
        order = (".relaxed.gpu", ".relaxed.sys", ".relaxed.cta", ".relaxed.cluster", "")[i % 5]
        body.lines += [f"multimem.st{(order, '.weak', '.release.gpu')[i % 3]}.global.{kind} [%m], {value_register(kind, 1)}",
                       f"multimem.red{order or '.release.gpu'}.global.{op}.{kind} [%m], {value_register(kind, 2)}",
                       f"multimem.ld_reduce{(order, '.weak', '.acquire.gpu')[i % 3]}.global.{op}.{kind} {value_register(kind, 3)}, [%m]"]
        body.keep(kind if kind in ("f32", "f64") else plain(kind), 3, [updated(op, kind, a, b)])
    for i, kind in enumerate(("u32", "u64", "s32", "s64", "b32", "b64")):
        a = operands(kind)[1]
        set_value(body, kind, 1, a)
        body.lines += [f"multimem.st.relaxed.gpu.global.{kind} [%m], {register(kind, 1)}", f"ld.global.{kind} {register(kind, 3)}, [%m]"]
        body.keep(plain(kind), 3, [a])
    for kind, count, op in (("f32", 2, "add"), ("f32", 4, "add"), ("f16", 2, "add"), ("f16", 4, "min"), ("f16", 8, "max"), ("bf16", 2, "max"),
                            ("bf16", 4, "min"), ("f16x2", 2, "add"), ("f16x2", 4, "min"), ("bf16x2", 2, "max"), ("bf16x2", 4, "add"),
                            ("f16x2", 1, "add"), ("bf16x2", 1, "add")):
        a, b = operands(kind)
        set_value(body, kind, 1, a)
        set_value(body, kind, 2, b)
        vector = lambda index: value_register(kind, index) if count == 1 else "{" + ", ".join([value_register(kind, index)] * count) + "}"
        results = [value_register(kind, i) for i in (0, 3, 4, 5, 6, 7, 8, 2)[:count]]
        width = "" if count == 1 else f".v{count}"
        accumulate = ".acc::f32" if op == "add" and kind != "f32" else ""
        body.lines += [f"multimem.st.relaxed.sys.global{width}.{kind} [%m], {vector(1)}", f"multimem.red.relaxed.sys.global.{op}{width}.{kind} [%m], {vector(2)}",
                       f"multimem.ld_reduce.relaxed.sys.global.{op}{accumulate}{width}.{kind} "
                       + (results[0] if count == 1 else "{" + ", ".join(results) + "}") + ", [%m]"]
        body.keep(kind if kind == "f32" else plain(kind), 0, [updated(op, kind, a, b)])
    body.write(out, "bulk", "multimem", "multimem on one device", "sm_90")


def write_barriers(out):
    """The forms of mbarrier with their orders: three phases of one arrival each."""
    body = prepared()
    body.lines += ["mov.u64 %d7, window", "cvta.shared.u64 %d7, %d7"]
    for space, order in product(("shared", "shared::cta"), (".release.cta", ".release.cluster", ".relaxed.cta", ".relaxed.cluster", "")):
        wait = order.replace("release", "acquire")
        body.lines += [f"mbarrier.init.{space}.b64 [window+64], 2", f"mbarrier.expect_tx{('.relaxed' + order[8:]) if order else '.relaxed.cta'}.{space}.b64 [window+64], 8",
                       f"mbarrier.arrive.noComplete.release.cta.{space}.b64 %d1, [window+64], 1" if "cta" in order or not order
                       else f"mbarrier.arrive{order}.{space}.b64 %d1, [window+64]",
                       f"mbarrier.complete_tx{('.relaxed' + order[8:]) if order else '.relaxed.cta'}.{space}.b64 [window+64], 8",
                       f"mbarrier.test_wait{wait}.{space}.b64 %p1, [window+64], %d1"]
        keep_predicate(body, "%p1", 0)
        body.lines += [f"mbarrier.arrive_drop.expect_tx{order}.{space}.b64 %d2, [window+64], 4", "mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [window+64], 4",
                       f"mbarrier.try_wait{wait}.{space}.b64 %p1, [window+64], %d1, 1000"]
        keep_predicate(body, "%p1", 1)
        body.lines += [f"mbarrier.arrive{order}.{space}.b64 %d3, [window+64]", f"mbarrier.test_wait.parity{wait}.{space}.b64 %p1, [window+64], 1"]
        keep_predicate(body, "%p1", 1)
        body.lines += [f"mbarrier.arrive_drop{order}.{space}.b64 %d4, [window+64]", f"mbarrier.try_wait.parity{wait}.{space}.b64 %p1, [window+64], 1"]
        keep_predicate(body, "%p1", 0)
        body.lines.append(f"mbarrier.inval.{space}.b64 [window+64]")
    for space, noinc in product(("", ".shared", ".shared::cta"), ("", ".noinc")):
        address = "window+64" if space else "%d7+64"
        body.lines += ["mbarrier.init.shared.b64 [window+64], 1", f"cp.async.mbarrier.arrive{noinc}{space}.b64 [{address}]",
                       "mbarrier.test_wait.parity.shared.b64 %p1, [window+64], 0"]
        keep_predicate(body, "%p1", int(noinc != ""))
    body.write(out, "mbarrier", "orders", "mbarrier with orders and scopes", "sm_90")


NOTHING = """\
fence.sc.cta; fence.sc.cluster; fence.acq_rel.gpu; fence.sys; fence.acquire.gpu; fence.release.sys; fence.cta; membar.cta; membar.gl; membar.sys
fence.proxy.alias; fence.proxy.async; fence.proxy.async.global; fence.proxy.async.shared::cta; fence.proxy.async.shared::cluster; membar.proxy.alias
fence.mbarrier_init.release.cluster; fence.acquire.sync_restrict::shared::cluster.cluster; fence.release.sync_restrict::shared::cta.cluster
fence.proxy.async::generic.acquire.sync_restrict::shared::cluster.cluster; fence.proxy.async::generic.release.sync_restrict::shared::cta.cluster
fence.proxy.tensormap::generic.release.cta; fence.proxy.tensormap::generic.release.cluster; fence.proxy.tensormap::generic.release.gpu
fence.proxy.tensormap::generic.release.sys; fence.proxy.tensormap::generic.acquire.gpu [%g], 128; fence.proxy.tensormap::generic.acquire.cta [%g], 128
fence.proxy.tensormap::generic.acquire.cluster [%g], 128; fence.proxy.tensormap::generic.acquire.sys [%g], 128
barrier.cluster.arrive; barrier.cluster.wait; barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned; barrier.cluster.arrive.relaxed
barrier.cluster.wait.acquire; barrier.cta.sync.aligned 0; barrier.sync 1, 32; barrier.cta.arrive.aligned 2, 64; barrier.cta.arrive.aligned 2, 64
griddepcontrol.wait; griddepcontrol.launch_dependents; pmevent 1; pmevent.mask 3; nanosleep.u32 10; bar.cta.sync 3; barrier.arrive 4, 64; barrier.arrive 4, 64
prefetch.global.L1 [%g]; prefetch.global.L2 [%g]; prefetch.local.L1 [frame]; prefetch.L2 [%g]; prefetch.global.L2::evict_last [%g]
prefetch.global.L2::evict_normal [%g]; prefetchu.L1 [%g]; applypriority.global.L2::evict_normal [%g], 128; applypriority.L2::evict_normal [%g], 128
createpolicy.fractional.L2::evict_last.b64 %policy, 1.0; createpolicy.fractional.L2::evict_first.b64 %policy; createpolicy.cvt.L2.b64 %policy, 0
createpolicy.fractional.L2::evict_normal.b64 %policy; createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %policy, 0.5
createpolicy.fractional.L2::evict_unchanged.L2::evict_first.b64 %policy, 0.5
createpolicy.range.global.L2::evict_last.L2::evict_first.b64 %policy, [%g], 0x100000, 0x200000
createpolicy.range.L2::evict_first.L2::evict_unchanged.b64 %policy, [%g], 0x100000, 0x200000"""


def write_nothing(out):
    """Instructions that order memory, give hints or wait for what has happened: the kernel goes on, its data unharmed."""
    body = prepared()
    body.lines += [line for group in NOTHING.splitlines() for line in group.split("; ")]
    body.keep_memory("%g", WORDS)
    body.write(out, "launch", "fences_and_hints", "Fences, cluster barriers and hints", "sm_90")


def write_launch_control(out):
    """A request to cancel a block is refused, and the barrier told of its 16 bytes."""
    body = prepared()
    for multicast in ("", ".multicast::cluster::all"):
        completes(body, f"clusterlaunchcontrol.try_cancel.async.shared::cta.{TX}{multicast}.b128 [%r6], [%r7]", 16)
        body.lines += ["ld.shared.b128 %q1, [window]", "clusterlaunchcontrol.query_cancel.is_canceled.pred.b128 %p2, %q1"]
        keep_predicate(body, "%p2", 0)
    body.lines += ["@%p2 clusterlaunchcontrol.query_cancel.get_first_ctaid.v4.b32.b128 {%r1, %r2, %r3, _}, %q1"]
    body.lines += [f"@%p2 clusterlaunchcontrol.query_cancel.get_first_ctaid::{place}.b32.b128 %r1, %q1" for place in "xyz"]
    body.write(out, "launch", "cluster_launch_control", "clusterlaunchcontrol", "sm_100a")


def write(out):
    for part in (write_copies, write_reductions, write_stores, write_released_stores, write_multimem, write_barriers, write_nothing,
                 write_launch_control):
        part(out)
