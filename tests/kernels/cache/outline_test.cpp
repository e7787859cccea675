// An outline that was written down and read back is the one that the program gives.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/program/open_helpers.h"
#include "kernels/program_outline.h"
#include "support/byte_stream.h"

namespace cuda_shim::kernels {
namespace {

std::string written(const ProgramOutline& outline) {
  support::ByteWriter writer;
  outline.write(writer);
  return writer.bytes();
}

std::shared_ptr<const Program> example() {
  return open(
      {".global .align 8 .u64 pointer = generic(table);\n.const .u32 table[2] = {1, 2};\n"
       ".visible .global .attribute(.managed) .u32 managed;\n"
       ".entry first(.param .u32 a, .param .align 16 .b8 b[32]) .reqntid 8, 4 { ret; }\n"
       ".entry second() { ret; }\n",
       ".entry second() { ret; }\n"});
}

TEST(Outline, ReadsAsItWasWritten) {
  const auto program = example();
  const ProgramOutline made(*program);
  const auto read = ProgramOutline::read(written(made));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->kernels().size(), 3u);
  const KernelOutline* first = read->kernel("first");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->parameters.size(), 2u);
  EXPECT_EQ(first->parameters[1].offset, 16u);
  EXPECT_EQ(first->parameter_bytes, 48u);
  EXPECT_EQ(first->max_threads_per_block, 32u);
  EXPECT_EQ(first->required_block[1], 4u);
  EXPECT_EQ(read->target_of(*first), "sm_90");
  EXPECT_EQ(read->kernel("second") - read->kernels().data(),
            made.kernel("second") - made.kernels().data());
  EXPECT_EQ(read->kernel("third"), nullptr);
}

TEST(Outline, KeepsVariablesAndTheirMemory) {
  const auto program = example();
  const auto read = ProgramOutline::read(written(ProgramOutline(*program)));
  ASSERT_TRUE(read);
  ASSERT_NE(read->variable("managed"), nullptr);
  EXPECT_TRUE(read->variable("managed")->managed);
  EXPECT_EQ(read->variable("table")->offset, program->variable("table")->offset);
  EXPECT_EQ(read->memory_bytes(), program->memory_bytes());
  EXPECT_EQ(read->memory_alignment(), program->memory_alignment());
  EXPECT_EQ(read->constant_bytes(), 8u);
  ASSERT_EQ(read->fixups().size(), 1u);
  EXPECT_EQ(read->fixups()[0].offset, program->variable("pointer")->offset);
  const std::vector<std::byte> initial = program->initialised_prefix();
  EXPECT_TRUE(std::ranges::equal(read->initialised_prefix(), initial));
}

TEST(Outline, IsNotReadIfAnythingIsMissing) {
  const auto program = example();
  const std::string whole = written(ProgramOutline(*program));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(ProgramOutline::read(whole.substr(0, length))) << length << " bytes";
  EXPECT_FALSE(ProgramOutline::read(whole + "x"));
}

}  // namespace
}  // namespace cuda_shim::kernels
