// Our libcudart exports exactly what NVIDIA's does: names and version nodes.

#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>

#include "api/cudart/exports.h"

namespace cuda_shim::test {
namespace {

struct Library {
  const char* major;
  const char* file;
  friend void PrintTo(const Library& library, std::ostream* out) { *out << library.file; }
};

class CudartNames : public testing::TestWithParam<Library> {};

std::set<std::string> missing_from(const std::set<std::string>& have,
                                   const std::set<std::string>& want) {
  std::set<std::string> missing;
  for (const std::string& name : want)
    if (!have.contains(name)) missing.insert(name);
  return missing;
}

TEST_P(CudartNames, AreThoseOfNvidiasLibrary) {
  auto [major, file] = GetParam();
  auto theirs = std::filesystem::path(NVIDIA_WHEELS) / major / "lib" / file;
  if (!exists(theirs)) GTEST_SKIP() << theirs << " is not there; tools/fetch_cudart fetches it.";
  std::set<std::string> nvidia = exported_functions(theirs);
  std::set<std::string> ours = exported_functions(std::string(OUR_LIBRARIES "/") + file);
  ASSERT_GT(nvidia.size(), 300u);
  EXPECT_EQ(missing_from(ours, nvidia), std::set<std::string>());
  EXPECT_EQ(missing_from(nvidia, ours), std::set<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Majors, CudartNames,
                         testing::Values(Library{"11", "libcudart.so.11.0"},
                                         Library{"12", "libcudart.so.12"},
                                         Library{"13", "libcudart.so.13"}),
                         [](const auto& test) { return std::string(test.param.major); });

}  // namespace
}  // namespace cuda_shim::test
