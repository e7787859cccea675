#include "launcher/needed_libraries.h"

#include <gtest/gtest.h>

namespace cuda_shim::launcher {
namespace {

TEST(NeededLibraries, AListingIsReadLineByLine) {
  auto libraries = parse_listing(
      "\tlinux-vdso.so.1 (0x00007ffd4a5e2000)\n"
      "\tlibcudart.so.12 => /opt/x (y)/libcudart.so.12 (0x00007f0000000000)\n"
      "\tlibcublas.so.12 => not found\n"
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007f1111111111)\n");
  ASSERT_EQ(libraries.size(), 3u);
  EXPECT_EQ(libraries[0].name, "libcudart.so.12");
  EXPECT_EQ(libraries[0].path, "/opt/x (y)/libcudart.so.12");
  EXPECT_EQ(libraries[1].name, "libcublas.so.12");
  EXPECT_EQ(libraries[1].path, "");
  EXPECT_EQ(libraries[2].path, "/lib64/ld-linux-x86-64.so.2");
}

TEST(NeededLibraries, AnythingElseIsPassedOver) {
  EXPECT_TRUE(parse_listing("").empty());
  EXPECT_TRUE(parse_listing("statically linked\n => \n(0x\n").empty());
}

TEST(NeededLibraries, TheDynamicLinkerAnswersForAProgram) {
  auto libraries = list_needed_libraries(std::string(PROGRAMS) + "/launcher_say", {});
  ASSERT_TRUE(libraries) << libraries.error().message();
  bool has_c_library = false;
  for (const NeededLibrary& library : *libraries)
    has_c_library |= library.name == "libc.so.6" && !library.path.empty();
  EXPECT_TRUE(has_c_library);
}

}  // namespace
}  // namespace cuda_shim::launcher
