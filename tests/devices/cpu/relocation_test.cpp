// Relocations of AArch64, on whatever machine the tests run: values in the fields of instructions,
// as an assembler writes them.

#include "devices/cpu/relocation.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

namespace cuda_shim::devices::cpu {
namespace {

constexpr std::uint64_t kPlace = 0x40'0000'0010;

/// `instruction` at kPlace after a relocation; 0 if it was refused.
std::uint32_t relocated(std::uint32_t type, std::uint32_t instruction, RelocationValues values) {
  values.place = kPlace;
  unsigned char bytes[8];
  std::memset(bytes, 0xee, sizeof(bytes));
  std::memcpy(bytes, &instruction, 4);
  const Status status = relocate(kAarch64Relocations, type, values, bytes, 4);
  for (int i = 4; i < 8; ++i) EXPECT_EQ(bytes[i], 0xee) << "More than the instruction was written.";
  std::memcpy(&instruction, bytes, 4);
  return status.ok() ? instruction : 0;
}

std::uint32_t to_symbol(std::uint32_t type, std::uint32_t instruction, std::uint64_t symbol,
                        std::int64_t addend = 0) {
  return relocated(type, instruction, {.symbol = symbol, .nearby = symbol, .addend = addend});
}

TEST(Aarch64Relocation, BranchesCountInstructions) {
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace + 0x1000), 0x94000400);
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace + 0x0ff0, 0x10), 0x94000400);
  EXPECT_EQ(to_symbol(R_AARCH64_JUMP26, 0x14000000, kPlace - 8), 0x17fffffe);
}

TEST(Aarch64Relocation, CallsGoToTheStubOfWhatIsFar) {
  EXPECT_EQ(relocated(R_AARCH64_CALL26, 0x94000000, {.symbol = 8, .nearby = kPlace + 0x1000}),
            0x94000400);
}

TEST(Aarch64Relocation, BranchOutOfReachIsRefused) {
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace + (1 << 27) - 4), 0x95ffffff);
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace + (1 << 27)), 0);
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace - (1 << 27)), 0x96000000);
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace - (1 << 27) - 4), 0);
  EXPECT_EQ(to_symbol(R_AARCH64_CALL26, 0x94000000, kPlace + 2), 0);
}

TEST(Aarch64Relocation, PagesAreRelativeToThePageOfTheInstruction) {
  // adrp x0
  EXPECT_EQ(to_symbol(R_AARCH64_ADR_PREL_PG_HI21, 0x90000000, kPlace + 0x3000), 0xf0000000);
  EXPECT_EQ(to_symbol(R_AARCH64_ADR_PREL_PG_HI21, 0x90000000, kPlace + 0xff0), 0xb0000000);
  EXPECT_EQ(to_symbol(R_AARCH64_ADR_PREL_PG_HI21, 0x90000000, kPlace - 0x11), 0xf0ffffe0);
  EXPECT_EQ(to_symbol(R_AARCH64_ADR_PREL_PG_HI21, 0x90000000, kPlace + (1ull << 32)), 0);
  EXPECT_EQ(relocated(R_AARCH64_ADR_GOT_PAGE, 0x90000000, {.symbol = 8, .slot = kPlace + 0x3000}),
            0xf0000000);
}

TEST(Aarch64Relocation, PlacesWithinAPageCountInWhatIsAccessed) {
  constexpr std::uint64_t kPage = 0x12'3456'7000;
  EXPECT_EQ(to_symbol(R_AARCH64_ADD_ABS_LO12_NC, 0x91000041, kPage + 0xabc), 0x912af041);
  EXPECT_EQ(to_symbol(R_AARCH64_LDST8_ABS_LO12_NC, 0x39400041, kPage + 0x123), 0x39448c41);
  EXPECT_EQ(to_symbol(R_AARCH64_LDST16_ABS_LO12_NC, 0x79400041, kPage + 0x246), 0x79448c41);
  EXPECT_EQ(to_symbol(R_AARCH64_LDST32_ABS_LO12_NC, 0xb9400041, kPage + 0x48c), 0xb9448c41);
  EXPECT_EQ(to_symbol(R_AARCH64_LDST64_ABS_LO12_NC, 0xf9400041, kPage + 0xab8), 0xf9455c41);
  EXPECT_EQ(to_symbol(R_AARCH64_LDST128_ABS_LO12_NC, 0x3dc00041, kPage + 0xab0), 0x3dc2ac41);
  EXPECT_EQ(to_symbol(R_AARCH64_LDST128_ABS_LO12_NC, 0x3dc00041, kPage + 0xab8), 0);
  EXPECT_EQ(relocated(R_AARCH64_LD64_GOT_LO12_NC, 0xf9400041, {.slot = kPage + 0xab8}), 0xf9455c41);
}

TEST(Aarch64Relocation, ShortAddressesHaveTheirLowestBitsApart) {
  // adr x3
  EXPECT_EQ(to_symbol(R_AARCH64_ADR_PREL_LO21, 0x10000003, kPlace - 7), 0x30ffffc3);
  EXPECT_EQ(to_symbol(R_AARCH64_ADR_PREL_LO21, 0x10000003, kPlace + (1 << 20)), 0);
}

TEST(Aarch64Relocation, StubLoadsItsSlotAndJumps) {
  std::uint32_t code[4] = {};
  ASSERT_EQ(kAarch64Relocations.stub_bytes, sizeof(code));
  kAarch64Relocations.write_stub(reinterpret_cast<unsigned char*>(code), kPlace, kPlace + 0x3aa8);
  EXPECT_EQ(code[0], 0xf0000010);  // adrp x16, 3 pages on
  EXPECT_EQ(code[1], 0xf9455e10);  // ldr x16, [x16, #0xab8]
  EXPECT_EQ(code[2], 0xd61f0200);  // br x16
}

}  // namespace
}  // namespace cuda_shim::devices::cpu
