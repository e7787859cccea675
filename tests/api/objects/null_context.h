#pragma once
// A context on the null device: memory and queues without kernels, on every machine the same.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "api/objects/context.h"
#include "api/objects/event.h"
#include "api/objects/library.h"
#include "api/objects/module.h"

namespace cuda_shim::objects {

class NullContext : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("CUDA_SHIM_DEVICE", "null", 1);
    ASSERT_TRUE(initialize().ok());
    Result<std::unique_ptr<Context>> made = Context::make(*find_device(0), 0, 3020);
    ASSERT_TRUE(made.has_value());
    context_ = std::move(*made);
  }

  std::unique_ptr<Context> context_;
};

}  // namespace cuda_shim::objects
