#pragma once
// A cache directory: files named by digests, published whole, shared by any number of processes.
//
// * A file appears under its name complete or not at all: it is written without a name (or, where
//   the file system cannot, under a temporary one) and linked in. Whoever dies while writing leaves
//   nothing behind, or a temporary file that trimming removes.
// * Locks are byte ranges of one file, two bytes for each key: one for who is waited for, one for
// who
//   works in idle time, who may not get on at all. The system gives them back when their holder
//   dies, and there is nothing to clean up.
// * A file may have several names (link): a lookup by any of them finds it.
// * The time of a file's last change is that of its last use, as each use counts itself in its
//   header.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/cache/entry.h"
#include "kernels/cache/file.h"

namespace cuda_shim::kernels::cache {

enum class Access { kReadOnly, kReadWrite };

/// Holds a key's lock until it goes; holds nothing where the directory or its file system has no
/// locks.
class KeyLock {
 public:
  KeyLock() = default;
  KeyLock(File file, std::int64_t place) : file_(std::move(file)), place_(place) {}
  KeyLock(KeyLock&&) = default;
  KeyLock& operator=(KeyLock&&) = default;
  /// Gives it back by name: a child that was forked meanwhile shares the open file.
  ~KeyLock();

 private:
  File file_;
  std::int64_t place_ = 0;
};

class Directory {
 public:
  /// Makes the directory (0700) and its parents if it is to be written. Refused: what is no
  /// directory, what others may write, and, for writing, what somebody else owns.
  static Result<Directory> open(const std::string& path, Access access);

  const std::string& path() const { return path_; }

  /// The checked file of that name; a damaged one is removed and reported. Counts the use.
  std::optional<std::string> read(const support::Digest& name) const;
  /// The file as it is, checked by nobody and uncounted.
  std::optional<std::string> peek(const support::Digest& name) const;
  /// Whether there is a file of that name; no use is counted.
  bool contains(const support::Digest& name) const;
  /// Publishes a file; it is no error if the name exists already. The error says what the system
  /// refused.
  Status publish(const support::Digest& name, std::string_view file) const;
  /// A further name for a file; a failure costs a slower lookup later.
  void link(const support::Digest& name, const support::Digest& further) const;
  void remove(const support::Digest& name) const;

  /// Waits for the key's lock.
  KeyLock lock(const support::Digest& key) const;
  /// The key's lock of idle time; nothing if somebody holds it, or the other one.
  std::optional<KeyLock> try_lock_idle(const support::Digest& key) const;
  /// Whether somebody holds the key's lock of idle time.
  bool is_locked_idle(const support::Digest& key) const;

  /// One file with its names.
  struct Listed {
    std::vector<std::string> names;
    std::uint64_t bytes = 0;    ///< on disk
    std::int64_t last_use = 0;  ///< nanoseconds since 1970
  };
  /// All files, the least recently used first.
  std::vector<Listed> list() const;
  /// Removes the least recently used files until the rest takes no more than `bytes`, and what
  /// writers who died left behind; returns how many files went. Returns 0 at once while another
  /// process does the same.
  std::size_t trim(std::uint64_t bytes) const;

 private:
  Directory(std::string path, File folder, Access access)
      : path_(std::move(path)), folder_(std::move(folder)), access_(access) {}

  std::optional<File> write_unnamed(std::string_view bytes, Status* status) const;
  Status publish_by_renaming(const std::string& name, std::string_view bytes) const;
  void remove_name(const std::string& name) const;
  File open_locks() const;

  std::string path_;
  File folder_;
  Access access_;
};

}  // namespace cuda_shim::kernels::cache
