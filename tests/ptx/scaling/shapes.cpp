#include "ptx/scaling/shapes.h"

#include <fmt/format.h>

#include <iterator>

namespace cuda_shim::tests {
namespace {

constexpr std::string_view kHead = ".version 9.0\n.target sm_89\n.address_size 64\n";

/// A kernel whose body works on %r0 ... and reads from and writes to memory at %rd1.
std::string kernel(std::string_view declarations, const std::string& body) {
  return fmt::format(
      ".visible .entry k(.param .u64 p, .param .u32 n)\n{{\n.reg .pred %p<2>;\n.reg .b64 "
      "%rd<4>;\n{}ld.param.u64 %rd1, [p];\nld.param.u32 %r0, [n];\n{}st.global.u32 [%rd1], "
      "%r0;\nret;\n}}\n",
      declarations, body);
}

std::string with_head(const std::string& text) {
  return std::string(kHead) + text;
}

/// One block, sixteen registers.
std::string straight(unsigned instructions) {
  constexpr std::string_view kOpcodes[] = {"add.u32", "xor.b32", "mul.lo.u32", "min.s32"};
  std::string body;
  for (unsigned i = 0; i < instructions; ++i)
    body += fmt::format("{} %r{}, %r{}, %r{};\n", kOpcodes[i % 4], i * 7 % 16, i * 5 % 16,
                        (i * 3 + i / 16) % 16);
  return with_head(kernel(".reg .b32 %r<16>;\n", body));
}

/// Loads, arithmetic and stores, as unrolled loops have them.
std::string memory(unsigned instructions) {
  std::string body;
  for (unsigned i = 0; i < instructions / 3; ++i)
    body += fmt::format(
        "ld.global.f32 %f1, [%rd1+{}];\nfma.rn.f32 %f1, %f1, %f1, %f2;\nst.global.f32 [%rd1+{}], "
        "%f1;\n",
        i * 4, i * 8 + 4);
  return with_head(kernel(".reg .b32 %r<16>;\n.reg .f32 %f<3>;\n", body));
}

/// A block every four instructions, each of which may be jumped over.
std::string branches(unsigned instructions) {
  std::string body;
  for (unsigned i = 0; i < instructions / 4; ++i)
    body += fmt::format(
        "setp.gt.u32 %p1, %r{}, {};\n@%p1 bra L{};\nadd.u32 %r{}, %r{}, %r{};\nL{}:\nxor.b32 "
        "%r{}, %r{}, {};\n",
        i % 8, i, i, i * 3 % 8, i * 3 % 8, i % 8, i, i * 5 % 8, i * 5 % 8, i + 1);
  return with_head(kernel(".reg .b32 %r<8>;\n", body));
}

/// A guard on every second instruction.
std::string guards(unsigned instructions) {
  std::string body;
  for (unsigned i = 0; i < instructions / 2; ++i)
    body += fmt::format("setp.lt.s32 %p1, %r{}, %r{};\n@%p1 add.u32 %r{}, %r{}, {};\n", i % 8,
                        i * 3 % 8, i * 5 % 8, i * 7 % 8, i);
  return with_head(kernel(".reg .b32 %r<8>;\n", body));
}

/// Half as many registers as instructions, all of which live until the end.
std::string registers(unsigned instructions) {
  std::string body;
  const unsigned count = instructions / 2;
  for (unsigned i = 1; i < count; ++i)
    body += fmt::format("mad.lo.u32 %r{}, %r{}, {}, %r{};\n", i, i - 1, i | 1, i / 2);
  for (unsigned i = 1; i < count; ++i) body += fmt::format("xor.b32 %r0, %r0, %r{};\n", i);
  return with_head(kernel(fmt::format(".reg .b32 %r<{}>;\n", count + 1), body));
}

/// Calls of a small function; with parameters and result, five instructions each.
std::string calls(unsigned instructions) {
  std::string body;
  for (unsigned i = 0; i < instructions / 4; ++i)
    body += fmt::format(
        "{{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r{};\ncall.uni (b), f, "
        "(a);\nld.param.b32 %r{}, [b];\n}}\nadd.u32 %r0, %r0, %r{};\n",
        i % 8, i * 3 % 8, i % 8);
  return with_head(
      ".func (.param .b32 r) f(.param .b32 x)\n{\n.reg .b32 %a;\nld.param.b32 %a, "
      "[x];\nmul.lo.u32 %a, %a, %a;\nst.param.b32 [r], %a;\nret;\n}\n" +
      kernel(".reg .b32 %r<8>;\n", body));
}

/// A large array on the stack, at constant and at variable places.
std::string local_array(unsigned instructions) {
  std::string body = "mov.u64 %rd2, array;\n";
  for (unsigned i = 0; i < instructions / 5; ++i)
    body += fmt::format(
        "st.local.u32 [array+{}], %r{};\nand.b32 %r2, %r{}, 65532;\ncvt.u64.u32 %rd3, "
        "%r2;\nadd.u64 %rd3, %rd3, %rd2;\nld.local.u32 %r{}, [%rd3];\n",
        i * 4 % 65536, i % 8, i * 3 % 8, i * 5 % 8);
  return with_head(kernel(".reg .b32 %r<8>;\n.local .align 16 .b8 array[65536];\n", body));
}

/// A few arrays, accessed at constant and at variable places with arithmetic between, now and then
/// behind a branch: what unrolled code makes of a thread's own tables.
std::string few_arrays(unsigned instructions) {
  std::string body;
  for (unsigned i = 0; i < instructions / 10; ++i)
    body += fmt::format(
        "st.local.u32 [a{}+{}], %r{};\nadd.u32 %r1, %r{}, {};\nand.b32 %r1, %r1, 1020;\n"
        "cvt.u64.u32 %rd3, %r1;\nmov.u64 %rd2, a{};\nadd.u64 %rd3, %rd3, %rd2;\n"
        "ld.local.u32 %r{}, [%rd3+{}];\nsetp.gt.u32 %p1, %r{}, {};\n@%p1 bra L{};\n"
        "st.local.u32 [%rd3], %r{};\nL{}:\n",
        i % 4, i * 12 % 1024, 2 + i % 6, 2 + i * 5 % 6, i, i * 3 % 4, 2 + i * 7 % 6, i % 3 * 4,
        2 + i % 6, i, i, 2 + i * 3 % 6, i);
  std::string arrays;
  for (unsigned i = 0; i < 4; ++i) arrays += fmt::format(".local .align 16 .b8 a{}[1040];\n", i);
  return with_head(kernel(".reg .b32 %r<8>;\n" + arrays, body));
}

/// One array for every ten instructions.
std::string local_arrays(unsigned instructions) {
  std::string arrays, body;
  for (unsigned i = 0; i < instructions / 10; ++i) {
    arrays += fmt::format(".local .align 4 .b8 a{}[64];\n", i);
    for (unsigned k = 0; k < 5; ++k)
      body += fmt::format("st.local.u32 [a{}+{}], %r{};\nld.local.u32 %r{}, [a{}+{}];\n", i, k * 8,
                          k, k + 1, i / 2, k * 4);
  }
  return with_head(kernel(".reg .b32 %r<8>;\n" + arrays, body));
}

/// Instructions that are long sequences on the CPU.
std::string approximations(unsigned instructions) {
  constexpr std::string_view kOpcodes[] = {"ex2.approx.ftz.f32", "rsqrt.approx.f32",
                                           "sin.approx.f32", "rcp.approx.ftz.f32"};
  std::string body;
  for (unsigned i = 0; i < instructions / 2; ++i)
    body += fmt::format("{} %f{}, %f{};\nadd.f32 %f{}, %f{}, %f{};\n", kOpcodes[i % 4], i % 4,
                        i * 3 % 4, i * 3 % 4, i % 4, i * 7 % 4);
  return with_head(kernel(".reg .b32 %r<2>;\n.reg .f32 %f<4>;\n", body + "mov.b32 %r0, %f0;\n"));
}

constexpr Shape kShapes[] = {
    {"straight", "one block of integer arithmetic on 16 registers", straight},
    {"memory", "load, fma, store", memory},
    {"branches", "a conditional branch every four instructions", branches},
    {"guards", "every second instruction guarded", guards},
    {"registers", "half as many registers as instructions, all live to the end", registers},
    {"calls", "a call every four instructions", calls},
    {"local_array", "an array of 64 KiB on the stack", local_array},
    {"few_arrays", "four arrays on the stack, and branches", few_arrays},
    {"local_arrays", "an array for every ten instructions", local_arrays},
    {"approximations", "every second instruction an approximation", approximations},
};

}  // namespace

std::span<const Shape> shapes() {
  return kShapes;
}

}  // namespace cuda_shim::tests
