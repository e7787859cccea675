// Every compression method: right data, and headers that lie about them.

#include <gtest/gtest.h>

#include "kernels/image/fatbin_builder.h"
#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

struct MethodCase {
  const char* name;
  EntryPlan (*plan)(std::string_view ptx);
};

class Compression : public testing::TestWithParam<MethodCase> {
 protected:
  static std::string text() {
    std::string text = ".version 7.8\n.target sm_75\n.address_size 64\n";
    for (int i = 0; i < 200; ++i) text += ".visible .entry k" + std::to_string(i) + "() { ret; }\n";
    return text;
  }
  static Texts extract(const EntryPlan& plan) {
    return extract_sized(build_fatbin(build_entry(plan)));
  }
  static EntryPlan good() { return GetParam().plan(text()); }
  static void expect_invalid(const EntryPlan& plan) {
    const Texts texts = extract(plan);
    ASSERT_FALSE(texts);
    EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
  }
};

TEST_P(Compression, GivesTheTextBack) {
  const Texts texts = extract(good());
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, text());
}

TEST_P(Compression, IsInvalidIfTheRawSizeIsTooSmall) {
  EntryPlan plan = good();
  --plan.raw_size;
  expect_invalid(plan);
}

TEST_P(Compression, IsInvalidIfTheRawSizeIsTooLarge) {
  EntryPlan plan = good();
  ++plan.raw_size;
  expect_invalid(plan);
}

TEST_P(Compression, TakesNoMemoryForAnAbsurdRawSize) {
  EntryPlan plan = good();
  plan.raw_size = std::uint64_t{1} << 62;
  expect_invalid(plan);
}

TEST_P(Compression, IsInvalidIfTheCompressedSizeExceedsThePayload) {
  EntryPlan plan = good();
  plan.compressed_size += 64;
  expect_invalid(plan);
}

TEST_P(Compression, IsInvalidIfTheDataAreCutShort) {
  EntryPlan plan = good();
  plan.payload.resize(plan.payload.size() / 2);
  plan.compressed_size = static_cast<std::uint32_t>(plan.payload.size());
  expect_invalid(plan);
}

INSTANTIATE_TEST_SUITE_P(Methods, Compression,
                         testing::Values(MethodCase{"lz4", lz4_plan}, MethodCase{"zstd", zstd_plan},
                                         MethodCase{"zlib", zlib_plan}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(UnknownCompression, IsInvalidAndNamesTheFlags) {
  EntryPlan plan = plain_plan(".version 7.8\n");
  plan.flags |= 0x4000;
  const Texts texts = extract_sized(build_fatbin(build_entry(plan)));
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
  EXPECT_NE(texts.error().message().find("0x4011"), std::string_view::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels::image
