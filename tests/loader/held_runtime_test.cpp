#include "loader/held_runtime.h"

#include <gtest/gtest.h>

#include <string>

namespace cuda_shim::loader {
namespace {

HeldRuntime held_by(const std::string& name) {
  auto file = ElfFile::open((std::string(PROGRAMS) + "/" + name).c_str());
  if (!file) {
    ADD_FAILURE() << file.error().message();
    return {};
  }
  return find_held_runtime(*file);
}

TEST(HeldRuntime, TextureReferencesMeanVersion11) {
  HeldRuntime held = held_by("lookalike_v11.so");
  EXPECT_EQ(held.holding, Holding::kStaticCudart);
  EXPECT_EQ(held.library, RuntimeLibrary::kCudart11);
}

TEST(HeldRuntime, ThreadFunctionsWithoutTextureReferencesMeanVersion12) {
  HeldRuntime held = held_by("lookalike_v12.so");
  EXPECT_EQ(held.holding, Holding::kStaticCudart);
  EXPECT_EQ(held.library, RuntimeLibrary::kCudart12);
}

TEST(HeldRuntime, NeitherMeansVersion13) {
  HeldRuntime held = held_by("lookalike_v13.so");
  EXPECT_EQ(held.holding, Holding::kStaticCudart);
  EXPECT_EQ(held.library, RuntimeLibrary::kCudart13);
}

TEST(HeldRuntime, AVersionBefore11IsRecognisedAndNotTakenForALaterOne) {
  EXPECT_EQ(held_by("lookalike_before11.so").holding, Holding::kUnknownCudart);
}

TEST(HeldRuntime, AnApplicationsOwnFunctionsOfTheSameNamesAreLeftAlone) {
  EXPECT_EQ(held_by("lookalike_emulation.so").holding, Holding::kNothing);
}

TEST(HeldRuntime, AnObjectWithoutCudaHoldsNothing) {
  EXPECT_EQ(held_by("empty.so").holding, Holding::kNothing);
}

}  // namespace
}  // namespace cuda_shim::loader
