// What the runner knows of a benchmark: a problem that can be solved twice, by CUDA kernels and by
// hand, on data of its own, and whose two results can be compared.
//
// A problem <name> is a row of problems.def, a file problems/<name>.cu with the kernel as users
// write it, and a file problems/<name>.cpp with the solution by hand, the data, and make_<name>.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "opencl.h"

namespace bench {

/// What one solution needs at least, whoever computes it: bytes read and written once, and
/// arithmetic operations (of whatever type the kernel is about; 0 where counting them says
/// nothing).
struct Work {
  double bytes = 0;
  double operations = 0;
};

class Problem {
 public:
  virtual ~Problem() = default;
  /// Enqueues the kernels on the default stream. The runner synchronises.
  virtual void launch() = 0;
  /// Solves the problem by hand.
  virtual void reference() = 0;
  /// Puts back what a solution overwrites. Called before the two solutions that are compared; a
  /// problem that overwrites its input gets valid input from its own output, or takes care of that
  /// itself.
  virtual void reset() {}
  /// How far the kernels' result is from the reference's, in the measure of difference.h unless the
  /// problem says otherwise.
  virtual double difference() = 0;
  virtual Work work() const = 0;

  /// The same for OpenCL, by kernels of problems/<name>.cl; no steps if there are none. Asked after
  /// reset().
  virtual OpenClTwin opencl() const { return {}; }
};

enum class Group { Memory, Warp, Other };

struct Row {
  const char* name;
  Group group;
  double tolerance;  ///< largest difference that counts as right
  std::int64_t tiny, small, full;
  const char* unit;  ///< what the sizes count
  std::unique_ptr<Problem> (*make)(std::int64_t size);
};

}  // namespace bench
