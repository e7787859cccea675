#include "kernels/cache/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>

#include "support/log.h"

namespace cuda_shim::kernels::cache {
namespace {

constexpr const char* kLockFile = "lock";
constexpr std::string_view kTemporary = "temporary-";
constexpr std::int64_t kNanoseconds = 1'000'000'000;
/// A temporary file older than this belongs to nobody who lives.
constexpr std::int64_t kStale = 3600 * kNanoseconds;
/// No key's: of whoever trims.
constexpr off_t kTrimLock = 0;

Status failed(const char* what, std::string_view path) {
  return Status(StatusCode::kOperatingSystem,
                fmt::format("{} '{}': {}.", what, path, std::strerror(errno)));
}

Status make_with_parents(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, failure);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return failed("Cannot make directory", path);
  return {};
}

/// Why the directory cannot be trusted or used; empty if it can.
std::string fault_of(const struct stat& facts, Access access) {
  if (!S_ISDIR(facts.st_mode)) return "it is no directory";
  if ((facts.st_mode & S_IWOTH) != 0) return "everybody may write to it";
  const uid_t self = ::geteuid();
  if (facts.st_uid == self || (access == Access::kReadOnly && facts.st_uid == 0)) return {};
  return fmt::format("it belongs to user {}, not {}", facts.st_uid, self);
}

std::int64_t last_change(const struct stat& facts) {
  return facts.st_mtim.tv_sec * kNanoseconds + facts.st_mtim.tv_nsec;
}

bool is_entry(std::string_view name) {
  return support::Digest::from_hex(name).has_value();
}

/// One byte; locks are of the open file, not of the process, so that threads exclude each other
/// too.
struct flock byte_range(off_t place, short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = place;
  range.l_len = 1;
  return range;
}

bool take_lock(const File& file, off_t place, bool wait) {
  struct flock range = byte_range(place, F_WRLCK);
  int result;
  do result = ::fcntl(file.descriptor(), wait ? F_OFD_SETLKW : F_OFD_SETLK, &range);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

/// Positive, and not kTrimLock.
off_t lock_place(const support::Digest& key) {
  return static_cast<off_t>(key.low >> 3) * 2 + 2;
}

off_t idle_lock_place(const support::Digest& key) {
  return lock_place(key) + 1;
}

bool is_locked(const File& file, off_t place) {
  struct flock range = byte_range(place, F_WRLCK);
  return ::fcntl(file.descriptor(), F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

template <class Found>
void for_each_file(const File& directory, Found found) {
  // Opened afresh: a descriptor has one place of reading for all who share it.
  File opened(::openat(directory.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return;
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(opened.descriptor()));
  if (folder == nullptr) return;
  opened.release();
  while (const dirent* item = ::readdir(folder.get())) {
    struct stat facts = {};
    if (::fstatat(::dirfd(folder.get()), item->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(facts.st_mode))
      found(std::string(item->d_name), facts);
  }
}

}  // namespace

KeyLock::~KeyLock() {
  if (!file_) return;
  struct flock range = byte_range(place_, F_UNLCK);
  static_cast<void>(::fcntl(file_.descriptor(), F_OFD_SETLK, &range));
}

Result<Directory> Directory::open(const std::string& path, Access access) {
  if (access == Access::kReadWrite)
    if (Status status = make_with_parents(path); !status) return error(std::move(status));
  File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return error(failed("Cannot open directory", path));
  struct stat facts = {};
  if (::fstat(folder.descriptor(), &facts) != 0)
    return error(failed("Cannot look at directory", path));
  if (const std::string fault = fault_of(facts, access); !fault.empty())
    return error(StatusCode::kNotPermitted,
                 fmt::format("The cache directory '{}' is not used: {}.", path, fault));
  return Directory(path, std::move(folder), access);
}

std::optional<std::string> Directory::read(const support::Digest& name) const {
  const std::string text = name.hex();
  const bool writable = access_ == Access::kReadWrite;
  const int flags = O_CLOEXEC | O_NOFOLLOW;
  File file(::openat(folder_.descriptor(), text.c_str(), flags | (writable ? O_RDWR : O_RDONLY)));
  if (!file && writable && (errno == EACCES || errno == EROFS))
    file = File(::openat(folder_.descriptor(), text.c_str(), flags | O_RDONLY));
  if (!file) return std::nullopt;
  std::optional<std::string> bytes = file.read_all();
  if (!bytes) return std::nullopt;
  const std::optional<FileContents> checked = read_file(*bytes);
  if (!checked) {
    CUDA_SHIM_LOG(kWarning, "Entry {} of the kernel cache '{}' is damaged and is made anew.", text,
                  path_);
    remove(name);
    return std::nullopt;
  }
  // A count that is lost, to another process or a full disk, does not matter.
  const std::uint64_t hits = checked->header.hits + 1;
  if (writable)
    static_cast<void>(::pwrite(file.descriptor(), &hits, sizeof hits, offsetof(FileHeader, hits)));
  return bytes;
}

std::optional<std::string> Directory::peek(const support::Digest& name) const {
  const File file(
      ::openat(folder_.descriptor(), name.hex().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return file ? file.read_all() : std::nullopt;
}

bool Directory::contains(const support::Digest& name) const {
  return ::faccessat(folder_.descriptor(), name.hex().c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

std::optional<File> Directory::write_unnamed(std::string_view bytes, Status* status) const {
  File file(::openat(folder_.descriptor(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) return std::nullopt;
  if (!file.write_all(bytes)) *status = failed("Cannot write to directory", path_);
  return file;
}

Status Directory::publish(const support::Digest& name, std::string_view bytes) const {
  if (access_ == Access::kReadOnly) return {};
  const std::string text = name.hex();
  Status status;
  const std::optional<File> file = write_unnamed(bytes, &status);
  if (!status) return status;
  if (!file) return publish_by_renaming(text, bytes);
  const std::string source = fmt::format("/proc/self/fd/{}", file->descriptor());
  if (::linkat(AT_FDCWD, source.c_str(), folder_.descriptor(), text.c_str(), AT_SYMLINK_FOLLOW) ==
          0 ||
      errno == EEXIST)
    return {};
  return publish_by_renaming(text, bytes);
}

Status Directory::publish_by_renaming(const std::string& name, std::string_view bytes) const {
  static std::atomic<unsigned> counter = 0;
  const std::string temporary = fmt::format("{}{}-{}", kTemporary, ::getpid(), counter++);
  const File file(::openat(folder_.descriptor(), temporary.c_str(),
                           O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return failed("Cannot write to directory", path_);
  if (file.write_all(bytes) &&
      ::renameat(folder_.descriptor(), temporary.c_str(), folder_.descriptor(), name.c_str()) == 0)
    return {};
  Status status = failed("Cannot write to directory", path_);
  remove_name(temporary);
  return status;
}

void Directory::link(const support::Digest& name, const support::Digest& further) const {
  if (access_ == Access::kReadOnly) return;
  static_cast<void>(::linkat(folder_.descriptor(), name.hex().c_str(), folder_.descriptor(),
                             further.hex().c_str(), 0));
}

void Directory::remove(const support::Digest& name) const {
  remove_name(name.hex());
}

void Directory::remove_name(const std::string& name) const {
  if (access_ == Access::kReadWrite)
    static_cast<void>(::unlinkat(folder_.descriptor(), name.c_str(), 0));
}

File Directory::open_locks() const {
  return File(::openat(folder_.descriptor(), kLockFile, O_CREAT | O_RDWR | O_CLOEXEC, 0600));
}

KeyLock Directory::lock(const support::Digest& key) const {
  if (access_ == Access::kReadOnly) return {};
  File file = open_locks();
  if (!file || !take_lock(file, lock_place(key), true)) return {};
  return KeyLock(std::move(file), lock_place(key));
}

std::optional<KeyLock> Directory::try_lock_idle(const support::Digest& key) const {
  if (access_ == Access::kReadOnly) return KeyLock();
  File file = open_locks();
  if (!file) return KeyLock();
  if (is_locked(file, lock_place(key))) return std::nullopt;
  if (take_lock(file, idle_lock_place(key), false))
    return KeyLock(std::move(file), idle_lock_place(key));
  if (errno == EAGAIN || errno == EACCES) return std::nullopt;
  return KeyLock();
}

bool Directory::is_locked_idle(const support::Digest& key) const {
  const File file = access_ == Access::kReadOnly ? File() : open_locks();
  return file && is_locked(file, idle_lock_place(key));
}

std::vector<Directory::Listed> Directory::list() const {
  std::map<ino_t, Listed> files;
  for_each_file(folder_, [&](std::string name, const struct stat& facts) {
    if (!is_entry(name)) return;
    Listed& file = files[facts.st_ino];
    file.names.push_back(std::move(name));
    file.bytes = static_cast<std::uint64_t>(facts.st_blocks) * 512;
    file.last_use = last_change(facts);
  });
  std::vector<Listed> sorted;
  sorted.reserve(files.size());
  for (auto& [inode, file] : files) sorted.push_back(std::move(file));
  std::ranges::sort(sorted, {}, &Listed::last_use);
  return sorted;
}

std::size_t Directory::trim(std::uint64_t bytes) const {
  if (access_ == Access::kReadOnly) return 0;
  const File lock = open_locks();
  if (!lock || !take_lock(lock, kTrimLock, false)) return 0;
  const std::int64_t now = std::time(nullptr) * kNanoseconds;
  for_each_file(folder_, [&](const std::string& name, const struct stat& facts) {
    if (name.starts_with(kTemporary) && last_change(facts) < now - kStale) remove_name(name);
  });
  const std::vector<Listed> files = list();
  std::uint64_t total = 0;
  for (const Listed& file : files) total += file.bytes;
  std::size_t removed = 0;
  for (const Listed& file : files) {
    if (total <= bytes) break;
    std::ranges::for_each(file.names, [&](const std::string& name) { remove_name(name); });
    total -= file.bytes;
    ++removed;
  }
  return removed;
}

}  // namespace cuda_shim::kernels::cache
