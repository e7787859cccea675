// Kernels so large that the code generator is given them in pieces, and with fewer passes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "kernels/compiler/kernel_runner.h"

namespace cuda_shim::tests {
namespace {

using Registers = std::array<std::uint32_t, 8>;

struct Step {
  std::string_view format;
  std::uint32_t (*compute)(std::uint32_t a, std::uint32_t b);
};

constexpr Step kSteps[] = {
    {"add.u32 %r{0}, %r{0}, %r{1};\n", [](auto a, auto b) { return a + b; }},
    {"xor.b32 %r{0}, %r{0}, %r{1};\n", [](auto a, auto b) { return a ^ b; }},
    {"mad.lo.u32 %r{0}, %r{0}, 77, %r{1};\n", [](auto a, auto b) { return a * 77 + b; }},
};

/// `count` instructions without a branch on eight registers, and what they compute.
std::string straight_line(unsigned count, Registers& registers) {
  std::string text;
  for (unsigned i = 0; i < count; ++i) {
    const Step& step = kSteps[i % 3];
    const unsigned a = i * 5 % 8, b = (i * 3 + 1 + i / 8) % 8;
    text += fmt::format(fmt::runtime(step.format), a, b);
    registers[a] = step.compute(registers[a], registers[b]);
  }
  return text;
}

std::string kernel(unsigned count, Registers& registers) {
  std::string load, store;
  for (unsigned i = 0; i < 8; ++i) {
    load += fmt::format("ld.global.u32 %r{}, [%rd1+{}];\n", i, 4 * i);
    store += fmt::format("st.global.u32 [%rd1+{}], %r{};\n", 4 * i, i);
  }
  return module_text(
      ".visible .entry k(.param .u64 p) {\n.reg .b64 %rd<2>;\n.reg .b32 %r<8>;\n"
      "ld.param.u64 %rd1, [p];\n" +
      load + straight_line(count, registers) + store + "ret;\n}\n");
}

class LargeKernel : public testing::TestWithParam<unsigned> {};

TEST_P(LargeKernel, ComputesWhatItsInstructionsSay) {
  Registers memory = {1, 2, 3, 4, 5, 6, 7, 8};
  Registers expected = memory;
  KernelRunner runner;
  const Status status = runner.load(kernel(GetParam(), expected));
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_EQ(runner.run(KernelRunner::Launch().with(memory.data())), 0);
  EXPECT_EQ(memory, expected);
}

INSTANTIATE_TEST_SUITE_P(Instructions, LargeKernel, testing::Values(300, 3'000, 20'000));

}  // namespace
}  // namespace cuda_shim::tests
