#pragma once
// One line on a terminal while a translation takes long, so that nobody takes the program for dead.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace cuda_shim::kernels::cache {

class Progress {
 public:
  /// Writes to the descriptor if it is a terminal, and else never.
  Progress(int descriptor, std::chrono::milliseconds patience);

  /// So many more kernels are there that may be wanted.
  void add_known(std::size_t kernels) { known_ += kernels; }
  /// One more of them is there to run.
  void add_done() { ++done_; }
  /// So many, of which so many were there to run, are not loaded any more.
  void remove(std::size_t known, std::size_t done) {
    known_ -= known;
    done_ -= done;
  }

  /// A translation that is under way until this goes; the line shows once it takes longer than the
  /// patience, and is wiped at the end.
  class Translation {
   public:
    Translation(Progress& progress, std::string kernel);
    ~Translation();
    Translation(const Translation&) = delete;

   private:
    void show_when_late(const std::stop_token& stop);

    Progress& progress_;
    std::string kernel_;
    std::mutex mutex_;
    std::condition_variable_any waiting_;
    bool shown_ = false;  ///< the thread's until it is joined
    std::jthread watcher_;
  };

 private:
  void write(const std::string& text) const;

  int descriptor_;
  bool enabled_;
  std::chrono::milliseconds patience_;
  std::atomic<std::size_t> known_ = 0, done_ = 0;
};

}  // namespace cuda_shim::kernels::cache
