// libcudart.so.12 and .11.0 as their programs see them: by dlopen, with structures of that time.

#include <dlfcn.h>
#include <driver_types.h>
#include <gtest/gtest.h>

#include <cstring>

#include "api/cudart/device_properties.h"

namespace cuda_shim::test {
namespace {

class OldLibrary {
 public:
  explicit OldLibrary(const char* file)
      : handle_(dlopen((std::string(OUR_LIBRARIES "/") + file).c_str(), RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(handle_, nullptr) << dlerror();
  }
  template <class... Arguments>
  cudaError_t call(const char* name, Arguments... arguments) const {
    void* function = dlsym(handle_, name);
    EXPECT_NE(function, nullptr) << name;
    return reinterpret_cast<cudaError_t (*)(Arguments...)>(function)(arguments...);
  }

 private:
  void* handle_;
};

/// A structure with guard bytes behind it.
template <class Structure>
struct Guarded {
  Structure value;
  unsigned char guard[64];
  Guarded() { std::memset(static_cast<void*>(this), 0xa5, sizeof *this); }
  bool guard_is_whole() const {
    for (unsigned char byte : guard)
      if (byte != 0xa5) return false;
    return true;
  }
};

struct OldPointerAttributes {
  int type, device;
  void *device_pointer, *host_pointer;
};

void expect_old_calls(const OldLibrary& library) {
  Guarded<cudart::DeviceProperties11> properties;
  ASSERT_EQ(library.call("cudaGetDeviceProperties", &properties.value, 0), cudaSuccess);
  EXPECT_EQ(properties.value.warpSize, 32);
  EXPECT_GT(properties.value.clockRate, 0);
  EXPECT_TRUE(properties.guard_is_whole());

  void* managed = nullptr;
  ASSERT_EQ(library.call("cudaMallocManaged", &managed, size_t{4096}, 1u), cudaSuccess);
  Guarded<OldPointerAttributes> attributes;
  ASSERT_EQ(library.call("cudaPointerGetAttributes", &attributes.value,
                         static_cast<const void*>(managed)),
            cudaSuccess);
  EXPECT_EQ(attributes.value.type, cudaMemoryTypeManaged);
  EXPECT_TRUE(attributes.guard_is_whole());
  EXPECT_EQ(library.call("cudaMemPrefetchAsync", static_cast<const void*>(managed), size_t{4096}, 0,
                         cudaStream_t{nullptr}),
            cudaSuccess);
  EXPECT_EQ(library.call("cudaMemAdvise", static_cast<const void*>(managed), size_t{4096},
                         cudaMemAdviseSetReadMostly, 0),
            cudaSuccess);
  EXPECT_EQ(library.call("cudaFree", managed), cudaSuccess);
  EXPECT_EQ(library.call("cudaThreadSynchronize"), cudaSuccess);
}

TEST(Cuda12, KeepsItsStructuresAndVersion) {
  OldLibrary library("libcudart.so.12");
  int version = 0;
  ASSERT_EQ(library.call("cudaRuntimeGetVersion", &version), cudaSuccess);
  EXPECT_EQ(version, 12090);
  expect_old_calls(library);
  Guarded<cudart::DeviceProperties12> properties;
  ASSERT_EQ(library.call("cudaGetDeviceProperties_v2", &properties.value, 0), cudaSuccess);
  EXPECT_EQ(properties.value.hostRegisterSupported, 1);
  EXPECT_TRUE(properties.guard_is_whole());
}

TEST(Cuda11, KeepsItsStructuresAndVersion) {
  OldLibrary library("libcudart.so.11.0");
  int version = 0;
  ASSERT_EQ(library.call("cudaRuntimeGetVersion", &version), cudaSuccess);
  EXPECT_EQ(version, 11080);
  expect_old_calls(library);
  void* function = nullptr;
  EXPECT_EQ(library.call("cudaGetDriverEntryPoint", "cuNoSuchThing", &function, 0ull),
            cudaErrorSymbolNotFound);
}

}  // namespace
}  // namespace cuda_shim::test
