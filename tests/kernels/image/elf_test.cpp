// Cubins, object files and whole programs.

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

class HostElf : public testing::TestWithParam<const char*> {};

TEST_P(HostElf, GivesThePtxOfItsSections) {
  const auto image = test_file(GetParam());
  for (const auto& texts : {extract_sized(image), extract_unsized(image)}) {
    ASSERT_TRUE(texts) << texts.error().message();
    ASSERT_EQ(texts->size(), 1u);
    EXPECT_NE(texts->front().text.find(".visible .entry"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, HostElf, testing::Values("whole.o", "caller.o", "program"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(LinkedProgram, GivesThePtxOfBothUnits) {
  const auto texts = extract_sized(test_file("linked_program"));
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->size(), 2u);
}

TEST(Program, WithMachineCodeOnlyHasNoBinary) {
  const auto texts = extract_sized(test_file("machine_code_program"));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kNoBinaryForGpu);
  EXPECT_NE(texts.error().message().find("only machine code for sm_75; rebuild with PTX"),
            std::string_view::npos);
}

TEST(Cubin, HasNoBinaryAndSaysForWhichArchitectureItIs) {
  const auto cubin = test_file("scale.cubin");
  for (const auto& texts : {extract_sized(cubin), extract_unsized(cubin)}) {
    ASSERT_FALSE(texts);
    EXPECT_EQ(texts.error().code(), StatusCode::kNoBinaryForGpu);
    EXPECT_NE(texts.error().message().find("sm_86"), std::string_view::npos);
  }
}

TEST(Cubin, OfAnOlderToolkitHasItsArchitectureInTheLowBits) {
  auto cubin = test_file("scale.cubin");
  Elf64_Ehdr header;
  std::memcpy(&header, cubin.data(), sizeof(header));
  header.e_ident[EI_ABIVERSION] = 7;
  header.e_flags = 0x4b054b;  // as ptxas 11.8 writes for sm_75
  std::memcpy(cubin.data(), &header, sizeof(header));
  const auto texts = extract_sized(cubin);
  ASSERT_FALSE(texts);
  EXPECT_NE(texts.error().message().find("sm_75;"), std::string_view::npos);
}

TEST(Elf, WithoutFatbinHasNoBinary) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_machine = EM_X86_64;
  header.e_ehsize = sizeof(header);
  const auto texts = extract_sized({reinterpret_cast<const char*>(&header), sizeof(header)});
  EXPECT_FALSE(texts);
}

TEST(Elf, Of32BitsIsInvalid) {
  auto cubin = test_file("scale.cubin");
  cubin[EI_CLASS] = ELFCLASS32;
  const auto texts = extract_sized(cubin);
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
}

}  // namespace
}  // namespace cuda_shim::kernels::image
