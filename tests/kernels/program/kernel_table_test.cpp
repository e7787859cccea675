// The table of kernels.

#include "open_helpers.h"

namespace cuda_shim::kernels {
namespace {

TEST(KernelTable, PlacesParametersAtTheirAlignment) {
  const auto program =
      open({".entry k(.param .u8 a, .param .u64 b, .param .u16 c, .param .align 8 .b8 d[12],\n"
            " .param .v4 .f32 e, .param .texref t) {}"});
  const ProgramKernel* kernel = program->kernel("k");
  ASSERT_NE(kernel, nullptr);
  std::vector<std::uint64_t> offsets;
  for (const ProgramParameter& parameter : kernel->parameters) offsets.push_back(parameter.offset);
  EXPECT_EQ(offsets, (std::vector<std::uint64_t>{0, 8, 16, 24, 48, 64}));
  EXPECT_EQ(kernel->parameters[3].bytes, 12u);
  EXPECT_EQ(kernel->parameters[3].alignment, 8u);
  EXPECT_EQ(kernel->parameter_bytes, 72u);
}

TEST(KernelTable, TakesLaunchLimits) {
  const auto program =
      open({".entry a() .maxntid 128, 2 {} .entry b() .reqntid 32, 4 {} .entry c() {}"});
  EXPECT_EQ(program->kernel("a")->max_threads_per_block, 256u);
  EXPECT_EQ(program->kernel("a")->required_block[0], 0u);
  EXPECT_EQ(program->kernel("b")->max_threads_per_block, 128u);
  EXPECT_EQ(program->kernel("b")->required_block[1], 4u);
  EXPECT_EQ(program->kernel("b")->required_block[2], 1u);
  EXPECT_EQ(program->kernel("c")->max_threads_per_block, 0u);
}

TEST(KernelTable, HoldsAWeakKernelOfSeveralUnitsOnce) {
  const auto program = open({".weak .entry k() {}", ".weak .entry k() {} .visible .entry m() {}"});
  ASSERT_EQ(program->kernels().size(), 2u);
  EXPECT_EQ(program->kernel("k")->unit, 0u);
  EXPECT_EQ(program->kernel("m")->unit, 1u);
  EXPECT_EQ(program->kernel("nobody"), nullptr);
}

TEST(KernelTable, PrefersTheKernelThatAllUnitsSee) {
  const auto program = open({".entry k() {}", ".visible .entry k() {}"});
  EXPECT_EQ(program->kernels().size(), 2u);
  EXPECT_EQ(program->kernel("k")->unit, 1u);
}

TEST(KernelTable, RefusesParametersBeyondReason) {
  EXPECT_NE(link_message({".entry k(.param .b8 p[1000000000]) {}"}).find("`k`"), std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels
