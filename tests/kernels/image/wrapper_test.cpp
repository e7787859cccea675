// nvcc's wrapper around fatbins, both versions.

#include "kernels/image/wrapper.h"

#include <gtest/gtest.h>

#include <cstring>

#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

constexpr std::uint32_t kMagic = 0x466243b1;

Texts extract(const Wrapper& wrapper) {
  return extract_ptx(&wrapper, std::nullopt, {.name = "test"});
}

TEST(Wrapper, OfVersion1LeadsToItsFatbin) {
  const GuardedBytes fatbin(test_file("default.fatbin"));
  const auto texts = extract({kMagic, 1, fatbin.data(), nullptr});
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, scale_ptx());
}

TEST(Wrapper, OfVersion1IgnoresItsLastField) {
  const GuardedBytes fatbin(test_file("default.fatbin"));
  const void* rubbish[] = {&rubbish, nullptr};
  EXPECT_TRUE(extract({kMagic, 1, fatbin.data(), rubbish}));
}

TEST(Wrapper, OfVersion2GivesThePtxOfEveryUnit) {
  const GuardedBytes linked(test_file("machine_code.fatbin"));
  const GuardedBytes caller(test_file("caller.fatbin"));
  const GuardedBytes callee(test_file("callee.fatbin"));
  const void* units[] = {caller.data(), callee.data(), nullptr};
  const auto texts = extract({kMagic, 2, linked.data(), units});
  ASSERT_TRUE(texts) << texts.error().message();
  ASSERT_EQ(texts->size(), 2u);
  EXPECT_NE(texts->at(0).text.find(".extern .func"), std::string::npos);
  EXPECT_NE(texts->at(1).text.find(".visible .func"), std::string::npos);
}

TEST(Wrapper, OfVersion2GoesOnIfOneUnitHasNoPtx) {
  const GuardedBytes machine_code(test_file("machine_code.fatbin"));
  const GuardedBytes caller(test_file("caller.fatbin"));
  const void* units[] = {machine_code.data(), caller.data(), nullptr};
  const auto texts = extract({kMagic, 2, machine_code.data(), units});
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->size(), 1u);
}

TEST(Wrapper, OfVersion2WithoutUnitsLeadsToItsFatbin) {
  const GuardedBytes fatbin(test_file("default.fatbin"));
  EXPECT_TRUE(extract({kMagic, 2, fatbin.data(), nullptr}));
}

TEST(Wrapper, OfVersion2WithMachineCodeOnlyHasNoBinary) {
  const GuardedBytes machine_code(test_file("machine_code.fatbin"));
  const void* units[] = {machine_code.data(), nullptr};
  const auto texts = extract({kMagic, 2, machine_code.data(), units});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kNoBinaryForGpu);
}

TEST(Wrapper, OfUnknownVersionIsInvalid) {
  const GuardedBytes fatbin(test_file("default.fatbin"));
  const auto texts = extract({kMagic, 3, fatbin.data(), nullptr});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
}

TEST(Wrapper, ThatPointsNowhereIsInvalid) {
  const auto texts = extract({kMagic, 1, nullptr, nullptr});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
}

TEST(Wrapper, InBytesOfKnownSizeIsInvalidBecauseItsPointersCannotBeChecked) {
  const Wrapper wrapper{kMagic, 1, &wrapper, nullptr};
  const auto texts = extract_sized({reinterpret_cast<const char*>(&wrapper), sizeof(wrapper)});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidImage);
}

}  // namespace
}  // namespace cuda_shim::kernels::image
