#include "launcher/device_code.h"

#include <gtest/gtest.h>

#include <string>

namespace cuda_shim::launcher {
namespace {

[[maybe_unused]] DeviceCode code_in(const std::string& name) {
  auto file = loader::ElfFile::open((std::string(PROGRAMS) + "/" + name).c_str());
  if (!file) {
    ADD_FAILURE() << file.error().message();
    return {};
  }
  return find_device_code(*file);
}

TEST(DeviceCode, AProgramWithoutCudaHasNone) {
  DeviceCode code = code_in("launcher_say");
  EXPECT_FALSE(code.present);
  EXPECT_TRUE(code.ptx.empty());
}

#ifdef HAVE_NVCC
TEST(DeviceCode, NvccsDefaultIsPtxAndMachineCode) {
  DeviceCode code = code_in("kernel");
  EXPECT_TRUE(code.present);
  EXPECT_EQ(code.ptx.size(), 1u);
  EXPECT_EQ(code.machine_code, code.ptx);
  EXPECT_EQ(code.damage, "");
}

TEST(DeviceCode, MachineCodeAloneIsSeenAsSuch) {
  DeviceCode code = code_in("kernel_machine_code");
  EXPECT_TRUE(code.ptx.empty());
  EXPECT_TRUE(code.machine_code.contains(80));
}
#endif

}  // namespace
}  // namespace cuda_shim::launcher
