#pragma once
// A program as an application loads it: its outline, which is always there, and its PTX, which is
// unpacked and parsed only when something must be translated or checked that the cache does not
// know.
//
// May be shared between threads.

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/ahead.h"
#include "kernels/cache/kernel_cache.h"
#include "kernels/image/extract.h"
#include "kernels/program.h"

namespace cuda_shim::kernels {

class ProgramImage : public std::enable_shared_from_this<ProgramImage> {
 public:
  /// Opens an image of any kind that image::open takes, with its errors; those of bad PTX come now,
  /// or came when the outline was written down. What is needed of the image later is copied.
  static Result<std::shared_ptr<const ProgramImage>> open(const void* image,
                                                          std::optional<std::size_t> size,
                                                          const image::ImageOptions& options);
  /// The same of PTX texts with their names.
  static Result<std::shared_ptr<const ProgramImage>> from_ptx(
      const std::vector<std::pair<std::string, std::string>>& named_texts);

  const ProgramOutline& outline() const { return *outline_; }
  /// Opens it on first use. Errors as Program::from_ptx.
  Result<const Program*> program() const;

  /// Of the kernel with that index in the outline: from the cache, or translated now.
  Result<cache::SharedKernel> code(std::size_t kernel, const CompileOptions& options) const;
  /// For idle time (kernels/ahead.h): sees to it that the cache has the kernel; true if that took a
  /// translation.
  bool translate_ahead(std::size_t kernel, const CompileOptions& options) const;
  /// As verify() of compiler.h; once for each image, whatever process asked.
  Result<std::vector<ptx::Diagnostic>> check() const;

  ~ProgramImage();
  ProgramImage(const ProgramImage&) = delete;

 private:
  ProgramImage() = default;
  static Result<std::shared_ptr<const ProgramImage>> open(std::vector<image::StoredPtx> units);
  bool recall();
  Status parse();
  void write_down() const;
  void write_down_if_new() const;
  void note_ready(std::size_t kernel) const;
  cache::Wanted wanted(std::size_t kernel, const CompileOptions& options) const;

  support::Digest digest_;  ///< of the units as they are stored
  std::optional<ProgramOutline> outline_;
  mutable std::mutex mutex_;                      // guards what follows
  mutable std::vector<image::StoredPtx> stored_;  ///< until program_ is there
  mutable std::vector<std::string> payloads_;     ///< that stored_ borrows
  mutable std::shared_ptr<const Program> program_;
  mutable std::optional<std::vector<ptx::Diagnostic>> faults_;  ///< once checked
  mutable bool written_down_ = false;
  mutable std::vector<bool> ready_;  ///< whether a kernel is there to run
  mutable Ahead ahead_;
};

}  // namespace cuda_shim::kernels
