// Fatbins as nvcc writes them, and as older toolkits did.

#include <gtest/gtest.h>

#include "kernels/image/fatbin_builder.h"
#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

constexpr std::string_view kPtx =
    ".version 7.8\n.target sm_75\n.address_size 64\n.visible .entry f() { ret; }\n";

class CompressMode : public testing::TestWithParam<const char*> {};

TEST_P(CompressMode, HoldsTheTextThatNvccPrintsWithPtx) {
  const auto fatbin = test_file(std::string(GetParam()) + ".fatbin");
  const auto expected = scale_ptx();
  for (const auto& texts : {extract_sized(fatbin), extract_unsized(fatbin)}) {
    ASSERT_TRUE(texts) << texts.error().message();
    ASSERT_EQ(texts->size(), 1u);
    EXPECT_EQ(texts->front().text, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Nvcc, CompressMode,
                         testing::Values("none", "speed", "default", "balance", "size"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Container, OfMachineCodeNamesEveryArchitectureAndTheImage) {
  const auto texts = extract_sized(test_file("machine_code.fatbin"));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kNoBinaryForGpu);
  EXPECT_EQ(texts.error().message(),
            "Image 'test' holds only machine code for sm_75 and sm_90; rebuild with PTX.");
}

TEST(Container, OfLinkTimeCodeSaysSo) {
  const auto texts = extract_sized(test_file("lto.fatbin"));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kNoBinaryForGpu);
  EXPECT_NE(texts.error().message().find("link-time intermediate code for sm_80"),
            std::string_view::npos);
}

TEST(Container, WithoutEntriesHasNoBinary) {
  const auto texts = extract_sized(build_fatbin(""));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kNoBinaryForGpu);
}

TEST(Container, GivesTheIdentifierAsTheUnitsName) {
  EntryPlan plan = plain_plan(kPtx);
  plan.header_tail = std::string("mine.cu\0", 8);
  plan.name_offset = 64;
  plan.name_size = 7;
  const auto texts = extract_sized(build_fatbin(build_entry(plan)));
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().name, "mine.cu");
}

TEST(Container, WithoutIdentifierTakesTheImagesName) {
  const auto texts = extract_sized(build_fatbin(build_entry(plain_plan(kPtx))));
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().name, "test");
}

TEST(Container, EntriesOfUnknownKindArePassedOver) {
  EntryPlan unknown = plain_plan("anything");
  unknown.kind = 0x77;
  const auto texts =
      extract_sized(build_fatbin(build_entry(unknown) + build_entry(plain_plan(kPtx))));
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, kPtx);
}

TEST(Container, OfUnknownEntryVersionIsInvalid) {
  EntryPlan plan = plain_plan(kPtx);
  plan.version = 0x202;
  const auto texts = extract_sized(build_fatbin(build_entry(plan)));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
}

TEST(Container, NameOutsideOfTheEntrysHeaderIsInvalid) {
  EntryPlan plan = plain_plan(kPtx);
  plan.name_offset = 64;
  plan.name_size = 9;
  const auto texts = extract_sized(build_fatbin(build_entry(plan)));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
}

TEST(Container, TextWithoutTerminatorEndsWithItsPayload) {
  const std::string text = std::string(kPtx) + std::string(8 - kPtx.size() % 8, ' ');
  const auto texts = extract_sized(build_fatbin(build_entry(plain_plan(text))));
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, text);
}

}  // namespace
}  // namespace cuda_shim::kernels::image
