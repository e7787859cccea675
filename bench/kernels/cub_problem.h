// Problems that an algorithm of CUB solves: an array in, an array of the same size out, and scratch
// memory of which CUB says how much it needs when it is called without.
#pragma once

#include "buffer.h"
#include "problem.h"

namespace bench {

class CubProblem : public Problem {
 public:
  using Launch = void (*)(void* scratch, std::size_t& scratch_bytes, const std::uint32_t* in,
                          std::uint32_t* out, int n);

  CubProblem(int n, std::uint32_t mask, Launch launch)
      : launch_(launch), in_(n, [mask](std::size_t i) { return random_bits(i) & mask; }), out_(n) {
    launch_(nullptr, scratch_bytes_, in_.device(), out_.device(), n);
    scratch_ = std::make_unique<Buffer<std::uint8_t>>(scratch_bytes_);
  }

  void launch() override {
    launch_(scratch_->device(), scratch_bytes_, in_.device(), out_.device(), int(in_.count()));
  }
  double difference() override { return out_.difference(); }

 protected:
  /// OpenCL has no CUB: its twins give each group of items a part of the array.
  static constexpr int kOpenClGroup = 256, kOpenClPart = 16 * kOpenClGroup;
  static int opencl_groups(int n) { return (n + kOpenClPart - 1) / kOpenClPart; }

  Launch launch_;
  Buffer<std::uint32_t> in_, out_;

 private:
  std::size_t scratch_bytes_ = 0;
  std::unique_ptr<Buffer<std::uint8_t>> scratch_;
};

}  // namespace bench
