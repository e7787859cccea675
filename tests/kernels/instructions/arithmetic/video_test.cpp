// SIMD video instructions.

#include <gtest/gtest.h>

#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

TEST(Video, AddsDistancesOfBytes) {
  const Instruction sad("vabsdiff4.u32.u32.u32.add %r0, %r1, %r2, %r3");
  EXPECT_EQ(sad(0x01ff'0203u, 0x0300'0503u, 100u), 100u + 2 + 255 + 3 + 0);
  EXPECT_EQ(Instruction("vabsdiff4.u32.u32.u32 %r0, %r1, %r2, %r3")(0x01ff'0203u, 0x0300'0503u, 0u),
            0x02ff'0300u);
  EXPECT_EQ(
      Instruction("vabsdiff2.u32.u32.u32.add %r0, %r1, %r2, %r3")(0x0001'ffffu, 0x0003'0000u, 1u),
      1u + 2 + 0xffff);
}

TEST(Video, SaturatesLanes) {
  EXPECT_EQ(Instruction("vadd4.s32.s32.s32.sat %r0, %r1, %r2, %r3")(0x7f80'01ffu, 0x01ff'0101u, 0u),
            0x7f80'0200u);
  EXPECT_EQ(Instruction("vadd4.u32.u32.u32.sat %r0, %r1, %r2, %r3")(0xff80'01ffu, 0x01ff'0101u, 0u),
            0xffff'02ffu);
  EXPECT_EQ(Instruction("vsub2.s32.s32.s32.sat %r0, %r1, %r2, %r3")(0x8000'0005u, 0x0001'0007u, 0u),
            0x8000'fffeu);
}

TEST(Video, SelectsLanesAndMergesTheRest) {
  EXPECT_EQ(Instruction("vmax4.u32.u32.u32 %r0.b20, %r1, %r2, %r3")(0x0102'0304u, 0x0401'0201u,
                                                                    0xaabb'ccddu),
            0xaa02'cc04u);
  EXPECT_EQ(Instruction("vadd4.u32.u32.u32 %r0, %r1.b0123, %r2.b4444, %r3")(0x0102'0304u,
                                                                            0x0000'0010u, 0u),
            0x1413'1211u);
}

TEST(Video, AveragesAndCompares) {
  EXPECT_EQ(Instruction("vavrg4.u32.u32.u32 %r0, %r1, %r2, %r3")(0x0102'0304u, 0x0202'0600u, 0u),
            0x0202'0502u);
  EXPECT_EQ(Instruction("vavrg2.s32.s32.s32 %r0, %r1, %r2, %r3")(0xffff'fffdu, 0xfffe'0000u, 0u),
            0xfffe'fffeu);
  EXPECT_EQ(Instruction("vset4.u32.u32.lt %r0, %r1, %r2, %r3")(0x0102'0380u, 0x0202'0201u, 0u),
            0x0100'0000u);
  EXPECT_EQ(Instruction("vset4.s32.s32.lt.add %r0, %r1, %r2, %r3")(0x0102'0380u, 0x0202'0201u, 5u),
            7u);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
