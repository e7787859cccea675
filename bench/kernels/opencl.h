// The same problems on OpenCL, for comparison: a problem says which kernels of problems/<name>.cl
// run with which arguments, and the rest is done here. The OpenCL library is opened when it is
// asked for; nothing links it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace bench {

class BufferBase;

/// An image2d_t whose texels are a buffer's floats, row by row.
struct OpenClImage {
  const BufferBase* texels;
  std::size_t width, height;
};

using OpenClArgument = std::variant<int, float, const BufferBase*, OpenClImage>;

struct OpenClItems {
  std::size_t x, y = 1, z = 1;
};

/// One kernel's launch: all items and those of a group.
struct OpenClStep {
  const char* kernel;
  OpenClItems global, local;
  std::vector<OpenClArgument> arguments;
};

struct OpenClTwin {
  std::vector<OpenClStep> steps;
  std::vector<const BufferBase*> results;
};

/// The first CPU device there is.
class OpenCl {
 public:
  /// Null, with the reason on standard error, if there is none.
  static std::unique_ptr<OpenCl> open();
  virtual ~OpenCl() = default;

  /// A twin that is ready to run: compiled, with copies of its buffers' host contents.
  class Program {
   public:
    virtual ~Program() = default;
    virtual void run_and_wait() = 0;
    /// The largest difference of a result from what is then in its buffer on the host.
    virtual double difference() = 0;
  };

  virtual std::unique_ptr<Program> prepare(const std::string& name, const OpenClTwin& twin) = 0;
};

}  // namespace bench
