#include "kernels/cache/needed_library.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>

#include "kernels/cache/temporary_folder.h"

namespace cuda_shim::kernels::cache {
namespace {

constexpr const char* kCompiler = COMPILER;

TEST(NeededLibrary, IsKnownByTheNameUnderWhichItIsNeeded) {
  EXPECT_EQ(needed_name(kCompiler, "libc.so"), "libc.so.6");
  EXPECT_EQ(needed_name(kCompiler, "libnone"), "");
  EXPECT_EQ(needed_name("/proc/self/maps", "libc.so"), "");
  EXPECT_EQ(needed_name("/no/such/file", "libc.so"), "");
}

// In a process of its own (ctest), in which it is not loaded yet.
TEST(NeededLibrary, IsTheFileThatIsLoadedInTheEnd) {
  const std::string name = needed_name(kCompiler, "libLLVM");
  if (name.empty()) GTEST_SKIP() << "LLVM is part of this compiler library.";
  const std::string found = find_needed(kCompiler, name);
  ASSERT_NE(::dlopen(kCompiler, RTLD_LAZY | RTLD_LOCAL), nullptr) << ::dlerror();
  ASSERT_NE(find_loaded(name), "");
  EXPECT_EQ(std::filesystem::canonical(found), std::filesystem::canonical(find_loaded(name)));
}

TEST(NeededLibrary, IsLookedForWhereTheUserSaysFirst) {
  const testing::TemporaryFolder folder;
  std::filesystem::copy_file(TEST_LIBRARY, folder / "libneeded.so");
  EXPECT_EQ(find_needed(kCompiler, "libneeded.so"), "");
  ::setenv("LD_LIBRARY_PATH", ("/no/such/folder:" + folder.path()).c_str(), 1);
  EXPECT_EQ(find_needed(kCompiler, "libneeded.so"), folder / "libneeded.so");
  EXPECT_EQ(find_needed(kCompiler, "nosuchlibrary.so"), "");
  ::unsetenv("LD_LIBRARY_PATH");
}

TEST(NeededLibrary, IsTheLoadedOneWhereOneIs) {
  EXPECT_EQ(find_needed(kCompiler, "libc.so.6"), find_loaded("libc.so.6"));
  EXPECT_NE(find_loaded("libc.so.6"), "");
  EXPECT_EQ(find_loaded("libnone.so.1"), "");
}

/// As ldconfig writes it, with one entry.
std::string list_of_installed(const std::string& name, const std::string& path) {
  std::string list = "glibc-ld.so.cache1.1";
  const auto add = [&list](std::uint32_t number) {
    list.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  constexpr std::uint32_t kHeader = 48, kEntry = 24;
  add(1);
  list.resize(kHeader);
  add(0x0303);
  add(kHeader + kEntry);
  add(kHeader + kEntry + static_cast<std::uint32_t>(name.size()) + 1);
  list.resize(kHeader + kEntry);
  return list + name + '\0' + path + '\0';
}

TEST(NeededLibrary, IsFoundAmongTheInstalledOnes) {
  const std::string list = list_of_installed("libneeded.so.1", TEST_LIBRARY);
  EXPECT_EQ(find_installed(list, "libneeded.so.1"), TEST_LIBRARY);
  EXPECT_EQ(find_installed("an older list" + list, "libneeded.so.1"), TEST_LIBRARY);
  EXPECT_EQ(find_installed(list, "libneeded.so"), "");
  EXPECT_EQ(find_installed(list_of_installed("libgone.so", "/no/such/file"), "libgone.so"), "");
  const std::size_t path = list.find(TEST_LIBRARY);
  for (std::size_t bytes = 0; bytes < path; ++bytes)
    EXPECT_EQ(find_installed(list.substr(0, bytes), "libneeded.so.1"), "") << bytes;
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
