#pragma once
// Holds work back until the test lets it go.

#include <future>

#include "context_fixture.h"

/// Blocks a stream until released.
class Gate {
 public:
  void close(CUstream stream) { ASSERT_CU(cuLaunchHostFunc(stream, wait, this)); }
  void open() { open_.set_value(); }

 private:
  static void wait(void* gate) { static_cast<Gate*>(gate)->opened_.wait(); }
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
};
