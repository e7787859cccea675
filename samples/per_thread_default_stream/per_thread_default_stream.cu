// Built with --default-stream per-thread: <<<>>> without a stream means the calling thread's own,
// so that threads do not wait for each other.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "../sample.h"

__global__ void set(int* address, int value) {
  *address = value;
}

/// Opens once; waiting gives up after a while, so that a program that waits wrongly ends all the
/// same.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

Gate other_thread_is_done;
bool waited_well = false;

void CUDART_CB wait_for_other_thread(void*) {
  waited_well = other_thread_is_done.wait();
}

int main() {
  int* values;
  SAMPLE_CHECK(cudaMallocHost(&values, 2 * sizeof(int)));
  values[0] = values[1] = 0;

  // This thread's default stream stands still until the other thread's has finished.
  SAMPLE_CHECK(cudaLaunchHostFunc(0, wait_for_other_thread, nullptr));
  set<<<1, 1>>>(values, 1);
  std::thread other([values] {
    set<<<1, 1>>>(values + 1, 2);
    SAMPLE_CHECK(cudaStreamSynchronize(0));
    other_thread_is_done.open();
  });
  other.join();
  SAMPLE_CHECK(cudaStreamSynchronize(cudaStreamPerThread));
  return finish(waited_well && values[0] == 1 && values[1] == 2,
                "a default stream waited for that of another thread");
}
