#include "launcher/installation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace cuda_shim::launcher {
namespace {

namespace fs = std::filesystem;

class InstallationFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    prefix_ = fs::path(::testing::TempDir()) / ("installation" + std::to_string(::getpid()));
  }
  void TearDown() override { fs::remove_all(prefix_); }
  void put_libraries(const char* folder) {
    fs::create_directories(prefix_ / folder);
    std::ofstream(prefix_ / folder / "libcuda_shim.so") << "x";
  }
  fs::path prefix_;
};

TEST_F(InstallationFolder, LibrariesLieBesideTheCommandsFolder) {
  put_libraries("lib");
  EXPECT_EQ(installation_in(prefix_, "lib").library_folder, prefix_ / "lib");
  EXPECT_EQ(installation_in(prefix_, "lib64").library_folder, prefix_ / "lib");
}

TEST_F(InstallationFolder, LibrariesLieWhereTheDistributionInstallsThem) {
  put_libraries("lib/x86_64-linux-gnu");
  EXPECT_EQ(installation_in(prefix_, "lib/x86_64-linux-gnu").library_folder,
            prefix_ / "lib/x86_64-linux-gnu");
}

}  // namespace
}  // namespace cuda_shim::launcher
