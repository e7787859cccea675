// ahead MODE COUNT LENGTH [NUMBER]: loads a module of COUNT kernels, each of LENGTH instructions
// and more, and launches the first one. The others are translated in idle time. What then happens
// is the mode's: see kModes.

#include <cuda.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "forked_child.h"

namespace {

using Clock = std::chrono::steady_clock;

int g_count, g_length, g_number;
CUmodule g_module;
CUdeviceptr g_place;

[[noreturn]] void fail(const char* what) {
  std::printf("failed: %s\n", what);
  std::exit(1);
}

void check(CUresult result, const char* what) {
  if (result != CUDA_SUCCESS) fail(what);
}

/// Adds numbers that nothing folds, and ends with its own number in p[1].
std::string kernel_text(int kernel) {
  const std::string n = std::to_string(kernel);
  std::string text = ".visible .entry k" + n +
                     "(.param .u64 p) {\n.reg .b64 %a; .reg .b32 %v;\nld.param.u64 %a, [p];\n"
                     "ld.global.u32 %v, [%a];\n";
  for (int i = 0; i < g_length; ++i)
    text += "mad.lo.u32 %v, %v, %v, " + std::to_string(i * 7919 + kernel) + ";\n";
  return text + "st.global.u32 [%a], %v;\nst.global.u32 [%a+4], " + n + ";\nret;\n}\n";
}

void run(int kernel) {
  CUfunction function = nullptr;
  check(cuModuleGetFunction(&function, g_module, ("k" + std::to_string(kernel)).c_str()), "lookup");
  void* parameters[] = {&g_place};
  check(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr), "launch");
  int value = -1;
  check(cuMemcpyDtoH(&value, g_place + 4, sizeof value), "copy");
  if (value != kernel) fail("result");
}

void load() {
  std::string text = ".version 8.0\n.target sm_75\n.address_size 64\n";
  for (int i = 0; i < g_count; ++i) text += kernel_text(i);
  check(cuModuleLoadData(&g_module, text.c_str()), "load");
}

int idle_threads() {
  int found = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    if (std::getline(file, name) && name == "cuda_shim idle") ++found;
  }
  return found;
}

template <class Condition>
void wait_until(Condition condition) {
  const auto end = Clock::now() + std::chrono::minutes(3);
  while (!condition()) {
    if (Clock::now() > end) fail("time");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// The moment is for the one who started us to compare with that of our end.
void say_time() {
  std::printf("%lld\n", static_cast<long long>(Clock::now().time_since_epoch().count()));
}

void end_at_once() {
  say_time();
}

/// Waits for NUMBER files in the cache.
void wait_for_files() {
  wait_until([] {
    const std::filesystem::directory_iterator files(std::getenv("CUDA_SHIM_CACHE"));
    return std::distance(begin(files), end(files)) >= g_number;
  });
}

/// Ends NUMBER microseconds after a thread has begun to translate ahead.
void end_in_the_middle() {
  wait_until([] { return idle_threads() > 0; });
  ::usleep(static_cast<useconds_t>(g_number));
  say_time();
}

void unload_in_the_middle() {
  wait_until([] { return idle_threads() > 0; });
  check(cuModuleUnload(g_module), "unload");
  wait_until([] { return idle_threads() == 0; });
}

void fork_in_the_middle() {
  wait_until([] { return idle_threads() > 0; });
  const pid_t child = ::fork();
  if (child == 0) {
    cuda_shim::test::in_forked_child = true;
    ::alarm(60);
    std::exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) fail("child");
}

/// Keeps every core busy at ordinary priority until the end.
void run_others_while_busy() {
  wait_until([] { return idle_threads() > 0; });
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i)
    std::thread([] {
      for (volatile unsigned turns = 0;;) turns = turns + 1;
    }).detach();
  for (int i = 1; i < g_count; ++i) run(i);
}

/// A thread takes its name when it has begun; it has work for much longer than a moment.
void wait_for_idle_threads() {
  wait_until([] { return idle_threads() > 0; });
  wait_until([] { return idle_threads() == 0; });
}

void run_others() {
  for (int i = 1; i < g_count; ++i) run(i);
}

void count_threads() {
  std::printf("%d idle threads\n", idle_threads());
}

struct Mode {
  const char* name;
  void (*run)();
};
constexpr Mode kModes[] = {
    {"nothing", end_at_once},         {"files", wait_for_files},    {"end", end_in_the_middle},
    {"unload", unload_in_the_middle}, {"fork", fork_in_the_middle}, {"others", run_others},
    {"busy", run_others_while_busy},  {"threads", count_threads},   {"idle", wait_for_idle_threads},
};

}  // namespace

int main(int argc, char** argv) {
  g_count = std::atoi(argv[2]);
  g_length = std::atoi(argv[3]);
  g_number = argc > 4 ? std::atoi(argv[4]) : 0;
  CUdevice device = 0;
  CUcontext context = nullptr;
  check(cuInit(0), "init");
  check(cuDeviceGet(&device, 0), "device");
  check(cuDevicePrimaryCtxRetain(&context, device), "context");
  check(cuCtxSetCurrent(context), "context");
  check(cuMemAlloc(&g_place, 2 * sizeof(int)), "allocation");
  load();
  run(0);
  for (const Mode& mode : kModes)
    if (std::strcmp(mode.name, argv[1]) == 0) {
      mode.run();
      std::puts("all right");
      return 0;
    }
  fail("mode");
}
