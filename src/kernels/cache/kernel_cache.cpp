#include "kernels/cache/kernel_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <new>
#include <thread>

#include "kernels/cache/identity.h"
#include "kernels/idle_workers.h"
#include "support/log.h"

namespace cuda_shim::kernels::cache {
namespace {

using support::Digest;
using support::Digester;

/// What the first of two names begins with, so that names of different kinds never meet.
enum class NameKind : std::uint32_t { kImagesKernel = 1, kKernel = 2, kProgram = 3 };

/// The directory is looked through when a process first writes, and then every so many bytes.
constexpr std::uint64_t kBytesBetweenTrims = 64 << 20;

/// Bytes of PTX. A larger kernel takes seconds and hundreds of megabytes, which nobody asked for.
constexpr std::size_t kLargestAhead = 1 << 20;

Digester name_of(NameKind kind) {
  Digester digester;
  digester.add_number(static_cast<std::uint32_t>(kind)).add_number(kFormat);
  return digester;
}

Digest name_of_kernel(const Wanted& wanted) {
  return name_of(NameKind::kImagesKernel)
      .add_digest(wanted.image)
      .add_number(wanted.index)
      .add_digest(wanted.options.digest())
      .add_digest(compiler_identity())
      .finish();
}

Digest name_of_kernel(const KernelSource& source, const CompileOptions& options) {
  return name_of(NameKind::kKernel)
      .add_digest(source.digest())
      .add_digest(options.digest())
      .add_digest(compiler_identity())
      .finish();
}

Digest name_of_program(const Digest& image) {
  return name_of(NameKind::kProgram).add_digest(image).add_digest(library_identity()).finish();
}

std::optional<Directory> open_directory(const std::string& path, Access access) {
  if (path.empty()) return std::nullopt;
  Result<Directory> directory = Directory::open(path, access);
  if (directory) return std::move(*directory);
  CUDA_SHIM_LOG(kWarning, "{} Translated kernels are kept in memory only.",
                directory.error().message());
  return std::nullopt;
}

bool same(const CompiledKernel& one, const CompiledKernel& other) {
  return one.entry == other.entry && one.format == other.format && one.bytes == other.bytes &&
         std::memcmp(&one.info, &other.info, sizeof one.info) == 0;
}

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point begin) {
  using std::chrono::duration_cast, std::chrono::microseconds;
  const auto passed = std::chrono::steady_clock::now() - begin;
  return static_cast<std::uint64_t>(duration_cast<microseconds>(passed).count());
}

/// What is thrown is a failure, too, and must reach those who wait.
template <class Work>
Result<SharedKernel> guarded(const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return error(StatusCode::kOutOfMemory, "There is no memory for a kernel's code.");
  }
}

/// As long as it lives the calling thread works on the job.
class WorkingOn {
 public:
  explicit WorkingOn(IdleJob& job) { IdleWorkers::set_job(&job); }
  ~WorkingOn() { IdleWorkers::set_job(nullptr); }
  WorkingOn(const WorkingOn&) = delete;
};

}  // namespace

KernelCache& KernelCache::process() {
  // Never destroyed: streams of other threads may still ask when the process ends.
  static KernelCache& cache = *new KernelCache(read_settings());
  return cache;
}

KernelCache::KernelCache(Settings settings, Translator translator)
    : settings_(std::move(settings)), translator_(translator) {
  if (!settings_.disk) return;
  if (settings_.most_bytes > 0) directory_ = open_directory(settings_.path, Access::kReadWrite);
  read_only_ = open_directory(settings_.read_only_path, Access::kReadOnly);
}

bool KernelCache::writes_to_disk() const {
  return directory_.has_value() && !failed_.load(std::memory_order_relaxed);
}

/// After a translation: false, from then on for the whole process, if LLVM is not the one that the
/// names of entries tell of. What was found under them is another one's work, but right.
bool KernelCache::keeps_translations() {
  if (translator_ != compile || compiler_is_as_identified()) return true;
  if (!failed_.exchange(true))
    CUDA_SHIM_LOG(
        kWarning,
        "The dynamic linker found another LLVM than the kernel cache expected. Translated "
        "kernels are kept in memory only.");
  return false;
}

/// Does the work unless it was done, or is being done by another thread, for the same name.
Result<SharedKernel> KernelCache::once(const Digest& name, std::string_view kernel,
                                       const Work& work) {
  std::unique_lock lock(mutex_);
  bool taken_over = false;
  for (auto at = running_.find(name); at != running_.end(); at = running_.find(name)) {
    const std::shared_ptr<Running> other = at->second;
    if (wait_for(*other, kernel, lock)) return other->result();
    const auto now = running_.find(name);
    if (now == running_.end() || now->second != other) continue;
    running_.erase(now);
    taken_over = true;
  }
  if (const auto kept = memory_.find(name); kept != memory_.end()) return kept->second;
  const auto running = std::make_shared<Running>(Running::When::kAtOnce);
  running_.emplace(name, running);
  lock.unlock();
  Result<SharedKernel> result = guarded([&] { return work(taken_over); });
  finish(name, running, result);
  return result;
}

bool KernelCache::wait_for(Running& running, std::string_view kernel,
                           std::unique_lock<std::mutex>& lock) {
  std::optional<Progress::Translation> shown;
  if (running.is_idle()) shown.emplace(progress_, std::string(kernel));
  return running.wait(lock);
}

void KernelCache::finish(const Digest& name, const std::shared_ptr<Running>& running,
                         const Result<SharedKernel>& result) {
  const std::lock_guard lock(mutex_);
  running->finish(result);
  if (result && !writes_to_disk()) memory_.emplace(name, *result);
  if (const auto at = running_.find(name); at != running_.end() && at->second == running)
    running_.erase(at);
}

Result<SharedKernel> KernelCache::kernel(const Wanted& wanted, bool* published) {
  const Digest image_name = name_of_kernel(wanted);
  return once(image_name, wanted.name,
              [&](bool) { return look_up(wanted, image_name, published); });
}

Result<SharedKernel> KernelCache::look_up(const Wanted& wanted, const Digest& image_name,
                                          bool* published) {
  // Whoever verifies needs the source in any case.
  std::optional<KernelEntry> found = settings_.verify ? std::nullopt : find(image_name);
  if (found && found->code.kernel == wanted.name)
    return std::make_shared<const CompiledKernel>(std::move(found->code));
  Result<KernelSource> source = wanted.source();
  if (!source) return error(std::move(source.error()));
  const CompileRequest request = {*source, wanted.options};
  const Digest key = name_of_kernel(*source, wanted.options);
  Result<SharedKernel> code = once(key, wanted.name, [&](bool taken_over) {
    return find_or_translate(request, key, taken_over, published);
  });
  if (code && directory_) directory_->link(key, image_name);
  return code;
}

Result<SharedKernel> KernelCache::find_or_translate(const CompileRequest& request,
                                                    const Digest& key, bool taken_over,
                                                    bool* published) {
  // Of several processes that want the kernel one translates it, and the others find it then.
  const KeyLock lock = writes_to_disk() ? directory_->lock(key) : KeyLock();
  std::optional<KernelEntry> found = find(key);
  if (!found && !taken_over && wait_for_idle_process(key)) found = find(key);
  if (!found) return translate(request, key, published);
  auto kept = std::make_shared<const CompiledKernel>(std::move(found->code));
  return settings_.verify ? verified(std::move(kept), request, key) : kept;
}

/// Whether another process was at the kernel in idle time, and has it now. It may not get on, so
/// that it is not waited for long.
bool KernelCache::wait_for_idle_process(const Digest& key) const {
  using std::chrono::milliseconds, std::chrono::steady_clock;
  constexpr milliseconds kPatience(100), kPause(1);
  if (!writes_to_disk() || !directory_->is_locked_idle(key)) return false;
  const auto end = steady_clock::now() + kPatience;
  while (directory_->is_locked_idle(key)) {
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(kPause);  // nothing tells when a lock goes that one does not want
  }
  return true;
}

Result<SharedKernel> KernelCache::translate(const CompileRequest& request, const Digest& key,
                                            bool* published) {
  const bool is_ahead = request.checkpoint != nullptr;
  const auto begin = std::chrono::steady_clock::now();
  Result<CompiledKernel> code = [&] {
    std::optional<Progress::Translation> shown;
    if (!is_ahead) shown.emplace(progress_, std::string(request.source.kernel().name));
    return translator_(request);
  }();
  if (!code) return error(std::move(code.error()));
  KernelEntry entry;
  entry.code = std::move(*code);
  entry.application = program_invocation_short_name;
  entry.created = std::time(nullptr);
  entry.compile_microseconds = microseconds_since(begin);
  CUDA_SHIM_LOG(kInfo, "Translated kernel '{}'{} in {:.1f} ms.", entry.code.kernel,
                is_ahead ? " ahead of its launch" : "",
                static_cast<double>(entry.compile_microseconds) / 1000);
  if (keeps_translations())
    *published = store(key, write_file(EntryKind::kKernel, key, encode(entry)));
  return std::make_shared<const CompiledKernel>(std::move(entry.code));
}

/// The code found, or a new translation that differs from it.
Result<SharedKernel> KernelCache::verified(SharedKernel kept, const CompileRequest& request,
                                           const Digest& key) {
  Result<CompiledKernel> fresh = translator_(request);
  if (!fresh) return error(std::move(fresh.error()));
  if (same(*kept, *fresh)) return kept;
  CUDA_SHIM_LOG(kError,
                "The kernel cache's code of '{}' (entry {}) differs from a new translation, which "
                "is used instead.",
                kept->kernel, key.hex());
  return std::make_shared<const CompiledKernel>(std::move(*fresh));
}

bool KernelCache::translate_ahead(const Wanted& wanted, bool* published) {
  const Digest image_name = name_of_kernel(wanted);
  if (!writes_to_disk() || contains(image_name)) return false;
  const Result<KernelSource> source = wanted.source();
  if (!source || source->kernel().function->body_text.size() > kLargestAhead) return false;
  const Digest key = name_of_kernel(*source, wanted.options);
  const bool made = make_ahead({*source, wanted.options, IdleWorkers::checkpoint}, key, published);
  directory_->link(key, image_name);
  return made;
}

bool KernelCache::make_ahead(const CompileRequest& request, const Digest& key, bool* published) {
  const std::optional<KeyLock> lock = directory_->try_lock_idle(key);
  if (!lock || contains(key)) return false;
  const auto running = std::make_shared<Running>(Running::When::kIdle);
  const WorkingOn working(running->job());
  {
    const std::lock_guard guard(mutex_);
    if (!running_.try_emplace(key, running).second) return false;
  }
  const Result<SharedKernel> code = guarded([&] { return translate(request, key, published); });
  finish(key, running, code);
  return code.has_value();
}

bool KernelCache::contains(const Digest& name) const {
  return (directory_ && directory_->contains(name)) || (read_only_ && read_only_->contains(name));
}

std::optional<KernelEntry> KernelCache::find(const Digest& name) const {
  for (const std::optional<Directory>* directory : {&directory_, &read_only_}) {
    if (!*directory) continue;
    const std::optional<std::string> bytes = (*directory)->read(name);
    const std::optional<FileContents> file = bytes ? read_file(*bytes) : std::nullopt;
    if (!file || file->header.kind != EntryKind::kKernel) continue;
    if (auto entry = decode_kernel(file->contents)) return entry;
  }
  return std::nullopt;
}

bool KernelCache::store(const Digest& name, std::string_view file) {
  if (!writes_to_disk()) return false;
  if (Status status = directory_->publish(name, file); !status) {
    if (!failed_.exchange(true))
      CUDA_SHIM_LOG(kWarning, "{} Translated kernels are kept in memory only.", status.message());
    return false;
  }
  const std::lock_guard lock(mutex_);
  written_ += file.size();
  if (trimmed_ && written_ < std::min(kBytesBetweenTrims, settings_.most_bytes / 16)) return true;
  trimmed_ = true;
  written_ = 0;
  directory_->trim(settings_.most_bytes);
  return true;
}

std::optional<std::string> KernelCache::program(const Digest& image) const {
  const Digest name = name_of_program(image);
  for (const std::optional<Directory>* directory : {&directory_, &read_only_}) {
    if (!*directory) continue;
    std::optional<std::string> bytes = (*directory)->read(name);
    const std::optional<FileContents> file = bytes ? read_file(*bytes) : std::nullopt;
    if (file && file->header.kind == EntryKind::kProgram && file->header.key == name)
      return std::string(file->contents);
  }
  return std::nullopt;
}

void KernelCache::store_program(const Digest& image, std::string_view contents) {
  if (!writes_to_disk()) return;
  const Digest name = name_of_program(image);
  directory_->remove(name);
  store(name, write_file(EntryKind::kProgram, name, contents));
}

}  // namespace cuda_shim::kernels::cache
