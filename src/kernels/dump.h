#pragma once
// Writes stages of a translation to files, as CUDA_SHIM_DUMP=ptx,ir,llvm,asm:DIR asks for.

#include <optional>
#include <string>
#include <string_view>

namespace cuda_shim::kernels {

class Dump {
 public:
  /// Of one kernel. Reads the option.
  explicit Dump(std::string_view kernel);

  /// Whether the stage ("ptx", "ir", "llvm", "asm") is to be written.
  bool wants(std::string_view stage) const;
  /// Writes DIR/<kernel>.<suffix>; a failure is logged and changes nothing else.
  void write(std::string_view suffix, std::string_view text) const;

 private:
  std::string stages_;  ///< ",ptx,ir," or empty
  std::string folder_;
  std::string kernel_;
};

}  // namespace cuda_shim::kernels
