// What the CPU device costs: enqueuing, launching and waiting, barriers, warp operations, copies
// against memcpy.

#include <benchmark/benchmark.h>
#include <time.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "cuda_shim/host_abi.h"
#include "devices/cpu/grid.h"
#include "devices/registry.h"

namespace cuda_shim::devices {
namespace {

struct Bench {
  Bench() {
    auto registry = Registry::open("cpu");
    if (!registry) std::abort();
    device = std::move(*Device::open(registry->offers()[0]));
    queue = std::move(*device.create_queue());
  }
  Device device;
  Queue queue;
};

Bench& bench() {
  static auto* all = new Bench;
  return *all;
}

std::unique_ptr<cuda_shim_executable_impl> make_kernel(cuda_shim_host_kernel entry, bool fibers) {
  auto kernel = std::make_unique<cuda_shim_executable_impl>();
  kernel->name = "bench";
  kernel->entry = entry;
  kernel->info.traits = fibers ? CUDA_SHIM_KERNEL_NEEDS_FIBERS : 0;
  return kernel;
}

cuda_shim_launch make_launch(cuda_shim_executable kernel, std::uint32_t blocks,
                             std::uint32_t threads) {
  cuda_shim_launch launch = {};
  launch.executable = kernel;
  launch.config.grid = {blocks, 1, 1};
  launch.config.block = {threads, 1, 1};
  launch.config.cluster = {1, 1, 1};
  return launch;
}

void empty_kernel(cuda_shim_host_thread*) {}

// Time of the submitting thread only; the queue is drained outside of the measured part.
void enqueue_launch(benchmark::State& state) {
  auto kernel = make_kernel(empty_kernel, false);
  auto launch = make_launch(kernel.get(), 1, 1);
  char parameters[64] = {};
  launch.parameters = parameters;
  launch.parameter_bytes = sizeof(parameters);
  int pending = 0;
  for (auto _ : state) {
    (void)bench().queue.launch(launch);
    if (++pending == 1000) {
      state.PauseTiming();
      (void)bench().queue.drain();
      pending = 0;
      state.ResumeTiming();
    }
  }
  (void)bench().queue.drain();
}
BENCHMARK(enqueue_launch);

void launch_and_wait(benchmark::State& state) {
  auto kernel = make_kernel(empty_kernel, false);
  auto launch = make_launch(kernel.get(), static_cast<std::uint32_t>(state.range(0)), 32);
  for (auto _ : state) {
    (void)bench().queue.launch(launch);
    (void)bench().queue.drain();
  }
}
BENCHMARK(launch_and_wait)->Arg(1)->Arg(1000)->UseRealTime();

constexpr int kRounds = 1000;

// Processor time of the worker between the first thread's start and end: the machine may be busy
// with other things.
double g_started, g_seconds;

double thread_seconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Operation>
void repeat(cuda_shim_host_thread* thread, Operation operation) {
  bool first = thread->warp == 0 && thread->lane == 0;
  cuda_shim_host_barrier_sync(thread, 0, 0);
  if (first) g_started = thread_seconds();
  for (int i = 0; i < kRounds; ++i) operation();
  if (first) g_seconds = thread_seconds() - g_started;
}

void barriers(cuda_shim_host_thread* thread) {
  repeat(thread, [thread] { cuda_shim_host_barrier_sync(thread, 0, 0); });
}

void shuffles(cuda_shim_host_thread* thread) {
  std::uint32_t value = thread->lane;
  repeat(thread, [&] {
    value += static_cast<std::uint32_t>(
        cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_BFLY, value, 1, 31, ~0u));
  });
  benchmark::DoNotOptimize(value);
}

// One block, so one worker; the counter is the time of one operation of one thread.
void per_thread(benchmark::State& state, cuda_shim_host_kernel entry) {
  auto threads = static_cast<std::uint32_t>(state.range(0));
  auto kernel = make_kernel(entry, true);
  auto launch = make_launch(kernel.get(), 1, threads);
  for (auto _ : state) {
    (void)bench().queue.launch(launch);
    (void)bench().queue.drain();
    state.SetIterationTime(g_seconds);
  }
  state.counters["per_thread"] =
      benchmark::Counter(double(kRounds) * threads * double(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(per_thread, barrier, barriers)->Arg(32)->Arg(256)->Arg(1024)->UseManualTime();
BENCHMARK_CAPTURE(per_thread, shuffle, shuffles)->Arg(32)->Arg(256)->Arg(1024)->UseManualTime();

// Starting and ending fibers: the price of a block that needs them and hardly uses them.
void start_fibers(benchmark::State& state) {
  auto kernel = make_kernel(empty_kernel, true);
  auto launch = make_launch(kernel.get(), 1000, static_cast<std::uint32_t>(state.range(0)));
  for (auto _ : state) {
    (void)bench().queue.launch(launch);
    (void)bench().queue.drain();
  }
  state.counters["per_thread"] =
      benchmark::Counter(1000.0 * double(state.range(0)) * double(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(start_fibers)->Arg(256)->UseRealTime();

struct Buffers {
  explicit Buffers(std::size_t bytes)
      : from(*bench().device.allocate(bytes)), to(*bench().device.allocate(bytes)) {
    std::memset(reinterpret_cast<void*>(from), 1, bytes);
    std::memset(reinterpret_cast<void*>(to), 2, bytes);
  }
  ~Buffers() {
    (void)bench().device.free(from);
    (void)bench().device.free(to);
  }
  std::uint64_t from, to;
};

void device_copy(benchmark::State& state) {
  auto bytes = static_cast<std::size_t>(state.range(0)) << 10;
  Buffers buffers(bytes);
  for (auto _ : state) {
    (void)bench().queue.copy({buffers.to, buffers.from, bytes, 1, 1, 0, 0, 0, 0});
    (void)bench().queue.drain();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(device_copy)->Arg(64)->Arg(4 << 10)->Arg(256 << 10)->UseRealTime();

void host_memcpy(benchmark::State& state) {
  auto bytes = static_cast<std::size_t>(state.range(0)) << 10;
  Buffers buffers(bytes);
  for (auto _ : state) {
    std::memcpy(reinterpret_cast<void*>(buffers.to), reinterpret_cast<void*>(buffers.from), bytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(host_memcpy)->Arg(64)->Arg(4 << 10)->Arg(256 << 10)->UseRealTime();

}  // namespace
}  // namespace cuda_shim::devices

BENCHMARK_MAIN();
