// Which PTX of several is chosen.

#include <gtest/gtest.h>

#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

std::string chosen(std::string_view file, unsigned compute) {
  const auto texts = extract_sized(test_file(file), compute);
  return texts ? target_of(texts->front()) : std::string(texts.error().message());
}

TEST(Choice, IsTheNewestNotAboveTheDevice) {
  EXPECT_EQ(chosen("several.fatbin", 75), "75");
  EXPECT_EQ(chosen("several.fatbin", 86), "80");
  EXPECT_EQ(chosen("several.fatbin", 89), "80");
  EXPECT_EQ(chosen("several.fatbin", 90), "90");
  EXPECT_EQ(chosen("several.fatbin", 121), "90");
}

TEST(Choice, IsTheOldestIfAllAreAboveTheDevice) {
  EXPECT_EQ(chosen("several.fatbin", 70), "75");
  EXPECT_EQ(chosen("newer.fatbin", 89), "100");
}

TEST(Choice, TakesArchitectureSpecificPtxOnItsOwnArchitecture) {
  EXPECT_EQ(chosen("specific.fatbin", 90), "90a");
}

TEST(Choice, AvoidsArchitectureSpecificPtxElsewhere) {
  EXPECT_EQ(chosen("specific.fatbin", 100), "90");
  EXPECT_EQ(chosen("specific.fatbin", 89), "90");
}

}  // namespace
}  // namespace cuda_shim::kernels::image
