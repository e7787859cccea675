#pragma once
// Small kernels as PTX text.

#define PTX_HEADER ".version 8.0\n.target sm_80\n.address_size 64\n"

/// add(out, a, n): out[i] += a for i < n.
constexpr char kAdd[] = PTX_HEADER R"(
.visible .entry add(.param .u64 out, .param .u32 a, .param .u32 n)
{
  .reg .pred %p;
  .reg .b32 %r<8>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [a];
  ld.param.u32 %r2, [n];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p, %r6, %r2;
  @%p bra done;
  mul.wide.u32 %rd2, %r6, 4;
  add.s64 %rd1, %rd1, %rd2;
  ld.global.u32 %r7, [%rd1];
  add.u32 %r7, %r7, %r1;
  st.global.u32 [%rd1], %r7;
done:
  ret;
}
)";

/// number(out, width, height): each element of an array of rows gets its place in it, those at both
/// ends of a row nothing. A row for each y and z of the threads, z counting first.
constexpr char kNumber[] = PTX_HEADER R"(
.visible .entry number(.param .u64 out, .param .u32 width, .param .u32 height)
{
  .reg .pred %p<5>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [width];
  ld.param.u32 %r2, [height];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  mov.u32 %r3, %ctaid.y;
  mov.u32 %r4, %ntid.y;
  mov.u32 %r5, %tid.y;
  mad.lo.s32 %r7, %r3, %r4, %r5;
  mov.u32 %r4, %ntid.z;
  mov.u32 %r5, %tid.z;
  mad.lo.s32 %r7, %r7, %r4, %r5;
  add.s32 %r8, %r1, -1;
  setp.lt.s32 %p1, %r6, 1;
  setp.ge.s32 %p2, %r6, %r8;
  setp.ge.s32 %p3, %r7, %r2;
  or.pred %p1, %p1, %p2;
  or.pred %p1, %p1, %p3;
  @%p1 bra done;
  mad.lo.s32 %r9, %r7, %r1, %r6;
  mul.wide.s32 %rd2, %r9, 4;
  add.s64 %rd1, %rd1, %rd2;
  st.global.u32 [%rd1], %r9;
done:
  ret;
}
)";

/// counter starts at 40, pointer points to it; bump() adds 2 through the pointer. Blocks of at most
/// 64 threads.
constexpr char kGlobals[] = PTX_HEADER R"(
.visible .global .align 4 .u32 counter = 40;
.visible .global .align 8 .u64 pointer = generic(counter);
.visible .entry bump() .maxntid 64, 1, 1
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  ld.global.u64 %rd1, [pointer];
  ld.u32 %r1, [%rd1];
  add.u32 %r1, %r1, 2;
  st.u32 [%rd1], %r1;
  ret;
}
)";

/// write(address) stores to any address; stop() traps.
constexpr char kFaults[] = PTX_HEADER R"(
.visible .entry write(.param .u64 address)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [address];
  mov.u32 %r1, 1;
  st.global.u32 [%rd1], %r1;
  ret;
}
.visible .entry stop()
{
  trap;
}
)";

/// good() is fine; bad() has an instruction that does not exist.
constexpr char kHalfBroken[] = PTX_HEADER R"(
.visible .entry good()
{
  ret;
}
.visible .entry bad()
{
  .reg .b32 %r<2>;
  frobnicate.u32 %r1, %r1;
  ret;
}
)";
