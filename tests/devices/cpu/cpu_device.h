#pragma once
// A CPU device with one queue, and kernels that are C++ functions: what the tests of this folder
// share.

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "cuda_shim/host_abi.h"
#include "devices/cpu/grid.h"
#include "devices/registry.h"

namespace cuda_shim::devices {

/// A kernel that was linked into the test instead of loaded.
inline std::unique_ptr<cuda_shim_executable_impl> make_kernel(
    cuda_shim_host_kernel entry, std::uint32_t traits = CUDA_SHIM_KERNEL_NEEDS_FIBERS,
    std::uint32_t shared_bytes = 0) {
  auto kernel = std::make_unique<cuda_shim_executable_impl>();
  kernel->name = "tested";
  kernel->entry = entry;
  kernel->info.traits = traits;
  kernel->info.static_shared_bytes = shared_bytes;
  return kernel;
}

class CpuDeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<Registry> registry = Registry::open("cpu");
    ASSERT_TRUE(registry) << registry.error().message();
    ASSERT_EQ(registry->offers().size(), 1u);
    offer_ = registry->offers()[0];
    device_ = open();
    queue_ = create_queue();
  }

  Device open() {
    Result<Device> device = Device::open(offer_);
    EXPECT_TRUE(device) << device.error().message();
    return device ? std::move(*device) : Device();
  }

  Queue create_queue() {
    Result<Queue> queue = device_.create_queue();
    EXPECT_TRUE(queue) << queue.error().message();
    return queue ? std::move(*queue) : Queue();
  }

  /// Submits `kernel` with `parameters` as its parameter block.
  template <class Parameters>
  void submit(cuda_shim_executable kernel, cuda_shim_dim3 grid, cuda_shim_dim3 block,
              const Parameters& parameters, std::uint32_t flags = 0) {
    cuda_shim_launch launch = {};
    launch.executable = kernel;
    launch.config.grid = grid;
    launch.config.block = block;
    launch.config.cluster = {1, 1, 1};
    launch.config.flags = flags;
    launch.parameters = &parameters;
    launch.parameter_bytes = sizeof(parameters);
    Status status = queue_.launch(launch);
    ASSERT_TRUE(status.ok()) << status.message();
  }

  /// Submits and waits.
  template <class Parameters>
  void run(cuda_shim_executable kernel, cuda_shim_dim3 grid, cuda_shim_dim3 block,
           const Parameters& parameters, std::uint32_t flags = 0) {
    submit(kernel, grid, block, parameters, flags);
    Status status = queue_.drain();
    ASSERT_TRUE(status.ok()) << status.message();
  }

  StatusCode fault_code() const { return static_cast<StatusCode>(device_.fault().code); }

  Offer offer_ = {};
  Device device_;
  Queue queue_;
};

/// The launch's parameter block as the test's own structure.
template <class Parameters>
const Parameters& parameters_of(const cuda_shim_host_thread* thread) {
  return *reinterpret_cast<const Parameters*>(thread->block->parameters);
}

inline std::uint32_t linear_thread(const cuda_shim_host_thread* thread) {
  return thread->warp * CUDA_SHIM_WARP_SIZE + thread->lane;
}

inline std::uint32_t threads_of(const cuda_shim_host_block* block) {
  return block->ntid.x * block->ntid.y * block->ntid.z;
}

}  // namespace cuda_shim::devices
