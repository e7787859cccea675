#pragma once
// The process's cache of translated kernels and of programs' outlines: memory, then disk, then the
// compiler.
//
// A kernel is looked up by two names. The first is made of the digest of the image that holds it,
// its place there and the options: it is known before any PTX is looked at, and a program that ran
// before finds everything by it. The second is made of what the kernel's translation can see
// (KernelSource) and the options: it finds the code that another image, or an earlier build of this
// one, had for the same kernel. Both are names of one file.
//
// What nobody has asked for yet can be translated in idle time (translate_ahead), straight to disk.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "cuda_shim/status.h"
#include "kernels/cache/directory.h"
#include "kernels/cache/progress.h"
#include "kernels/cache/running.h"
#include "kernels/cache/settings.h"
#include "kernels/compiler.h"

namespace cuda_shim::kernels::cache {

/// A kernel of an image, and the way to its PTX.
struct Wanted {
  const support::Digest& image;
  std::size_t index = 0;  ///< among the image's kernels
  std::string_view name;
  const CompileOptions& options;
  std::function<Result<KernelSource>()> source;  ///< called if the image's name finds nothing
};

class KernelCache {
 public:
  static KernelCache& process();
  using Translator = Result<CompiledKernel> (*)(const CompileRequest&);
  explicit KernelCache(Settings settings, Translator translator = compile);

  /// The kernel's code. `published` is set if it was translated and then written to disk. Errors as
  /// compile().
  Result<SharedKernel> kernel(const Wanted& wanted, bool* published);

  /// The most threads that may be in translate_ahead(); 0: none, as nothing would be kept.
  unsigned idle_threads() const { return settings_.idle_threads; }
  /// Puts the kernel on disk, unless it is there, somebody is at it, or it is so large that it must
  /// be asked for. True if it was translated; `published` as above. For a thread of IdleWorkers.
  bool translate_ahead(const Wanted& wanted, bool* published);

  Progress& progress() { return progress_; }

  /// What store_program() kept for an image, by this process or another one.
  std::optional<std::string> program(const support::Digest& image) const;
  void store_program(const support::Digest& image, std::string_view contents);

 private:
  /// Gets whether a thread of this process was at it in idle time, and has given up.
  using Work = std::function<Result<SharedKernel>(bool taken_over)>;

  Result<SharedKernel> once(const support::Digest& name, std::string_view kernel, const Work& work);
  bool wait_for(Running& running, std::string_view kernel, std::unique_lock<std::mutex>& lock);
  void finish(const support::Digest& name, const std::shared_ptr<Running>& running,
              const Result<SharedKernel>& result);
  Result<SharedKernel> look_up(const Wanted& wanted, const support::Digest& image_name,
                               bool* published);
  Result<SharedKernel> find_or_translate(const CompileRequest& request, const support::Digest& key,
                                         bool taken_over, bool* published);
  Result<SharedKernel> translate(const CompileRequest& request, const support::Digest& key,
                                 bool* published);
  Result<SharedKernel> verified(SharedKernel kept, const CompileRequest& request,
                                const support::Digest& key);
  bool make_ahead(const CompileRequest& request, const support::Digest& key, bool* published);
  bool wait_for_idle_process(const support::Digest& key) const;
  bool contains(const support::Digest& name) const;
  std::optional<KernelEntry> find(const support::Digest& name) const;
  bool writes_to_disk() const;
  bool keeps_translations();
  bool store(const support::Digest& name, std::string_view file);

  Settings settings_;
  Translator translator_;
  Progress progress_{2, std::chrono::seconds(2)};  ///< on standard error
  std::optional<Directory> directory_, read_only_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<support::Digest, std::shared_ptr<Running>, support::DigestHash> running_;
  /// What could not be written to disk.
  std::unordered_map<support::Digest, SharedKernel, support::DigestHash> memory_;
  std::uint64_t written_ = 0;         ///< bytes since the directory was last trimmed
  bool trimmed_ = false;              ///< at least once
  std::atomic<bool> failed_ = false;  ///< the disk refused; nothing is written any more
};

}  // namespace cuda_shim::kernels::cache
