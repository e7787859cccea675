#include "loader/runtime_library.h"

#include <gtest/gtest.h>

namespace cuda_shim::loader {
namespace {

TEST(RuntimeLibrary, NamesOfAnyMinorVersionAndFolderMeanTheMajorVersion) {
  EXPECT_EQ(runtime_library_named("libcudart.so.12"), RuntimeLibrary::kCudart12);
  EXPECT_EQ(runtime_library_named("/opt/x/libcudart.so.12.9.79"), RuntimeLibrary::kCudart12);
  EXPECT_EQ(runtime_library_named("libcudart.so.11.0"), RuntimeLibrary::kCudart11);
  EXPECT_EQ(runtime_library_named("libcudart.so.11.8.89"), RuntimeLibrary::kCudart11);
  EXPECT_EQ(runtime_library_named("libcuda.so.1"), RuntimeLibrary::kDriver);
}

TEST(RuntimeLibrary, NamesWithoutAVersionMeanTheNewest) {
  EXPECT_EQ(runtime_library_named("libcudart.so"), RuntimeLibrary::kCudart13);
  EXPECT_EQ(runtime_library_named("/usr/lib/libcuda.so"), RuntimeLibrary::kDriver);
}

TEST(RuntimeLibrary, OtherLibrariesAreNone) {
  EXPECT_EQ(runtime_library_named("libcuda_shim.so"), std::nullopt);
  EXPECT_EQ(runtime_library_named("libcudart.so.10.2"), std::nullopt);
  EXPECT_EQ(runtime_library_named("libcudart.so.130"), std::nullopt);
  EXPECT_EQ(runtime_library_named("libcublas.so.12"), std::nullopt);
  EXPECT_EQ(runtime_library_named(""), std::nullopt);
}

}  // namespace
}  // namespace cuda_shim::loader
