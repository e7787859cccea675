#pragma once
// Translating ahead: once a launch has had to wait for the translation of one of an image's
// kernels, the image's others go to disk while cores are idle, in the order of the file.
//
// So a process whose kernels are all known, or that only loads modules, never starts anything. How
// much is done is bounded: so many kernels for each that a launch had to wait for, one after
// another on few threads, and nothing more once the image is gone.

#include <memory>
#include <mutex>

#include "kernels/compiler.h"

namespace cuda_shim::kernels {

class ProgramImage;

class Ahead {
 public:
  /// A launch waited for one of the image's kernels, with these options; those of the first call
  /// count. May be called by any thread.
  void go_on(std::weak_ptr<const ProgramImage> image, const CompileOptions& options);

 private:
  class Kernels;

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<Kernels> kernels_;
};

}  // namespace cuda_shim::kernels
