// The protocol: a seed and the numbers of statements that are left out go to the process, which
// makes the kernel itself; an error and the memory afterwards come back.

#include "ptx/structured/engine_worker.h"

#include <cuda.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "ptx/first_device.h"
#include "ptx/structured/generator.h"

namespace cuda_shim::tests::structured {
namespace {

bool write_all(int file, const void* data, std::size_t bytes) {
  for (const auto* at = static_cast<const char*>(data); bytes > 0;) {
    const ssize_t done = write(file, at, bytes);
    if (done <= 0) return false;
    at += done;
    bytes -= static_cast<std::size_t>(done);
  }
  return true;
}

bool read_all(int file, void* data, std::size_t bytes) {
  for (auto* at = static_cast<char*>(data); bytes > 0;) {
    const ssize_t done = read(file, at, bytes);
    if (done <= 0) return false;
    at += done;
    bytes -= static_cast<std::size_t>(done);
  }
  return true;
}

/// What a call said, if not success.
std::string said(CUresult result, const char* what, const char* more = "") {
  const char* name = "an unknown error";
  if (result == CUDA_SUCCESS) return {};
  cuGetErrorName(result, &name);
  return fmt::format("{}: {}. {}", what, name, more);
}

std::string launch(const Kernel& kernel, CUmodule module, CUdeviceptr memory, std::uint64_t seed) {
  CUfunction function = nullptr;
  std::string error = said(cuModuleGetFunction(&function, module, "kernel"), "Finding the kernel");
  if (!error.empty()) return error;
  std::uint32_t numbers[] = {number_of(seed, 0), number_of(seed, 1)};
  void* arguments[] = {&memory, &numbers[0], &numbers[1]};
  error =
      said(cuLaunchKernel(function, kernel.grid[0], kernel.grid[1], kernel.grid[2], kernel.block[0],
                          kernel.block[1], kernel.block[2], 0, nullptr, arguments, nullptr),
           "Launching");
  return error.empty() ? said(cuCtxSynchronize(), "Running") : error;
}

EngineResult run(const Kernel& kernel, const std::string& text, std::uint64_t seed) {
  EngineResult result;
  char log[2048] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* option_values[] = {log, reinterpret_cast<void*>(sizeof(log))};
  CUmodule module = nullptr;
  result.error =
      said(cuModuleLoadDataEx(&module, text.c_str(), 2, options, option_values), "Loading", log);
  if (!result.error.empty()) return result;
  CUdeviceptr memory = 0;
  result.memory = initial_memory(kernel, seed);
  result.error = said(cuMemAlloc(&memory, result.memory.size()), "Allocating");
  if (result.error.empty())
    result.error =
        said(cuMemcpyHtoD(memory, result.memory.data(), result.memory.size()), "Copying");
  if (result.error.empty()) result.error = launch(kernel, module, memory, seed);
  if (result.error.empty())
    result.error =
        said(cuMemcpyDtoH(result.memory.data(), memory, result.memory.size()), "Copying");
  cuMemFree(memory);
  cuModuleUnload(module);
  return result;
}

[[noreturn]] void serve(int requests, int replies, unsigned seconds) {
  if (!open_first_device()) _exit(1);
  std::uint64_t head[2];  // seed, and how many statements are left out
  while (read_all(requests, head, sizeof head)) {
    std::vector<unsigned> numbers(head[1]);
    if (!read_all(requests, numbers.data(), numbers.size() * sizeof(unsigned))) break;
    alarm(seconds);
    const Kernel kernel = Generator(head[0]).run();
    const EngineResult result =
        run(kernel, text_of(kernel, {numbers.begin(), numbers.end()}), head[0]);
    alarm(0);
    const std::uint64_t sizes[] = {result.error.size(), result.memory.size()};
    write_all(replies, sizes, sizeof sizes);
    write_all(replies, result.error.data(), result.error.size());
    write_all(replies, result.memory.data(), result.memory.size());
    // After such an error the context runs nothing any more.
    if (!result.error.empty()) _exit(0);
  }
  _exit(0);
}

}  // namespace

std::uint32_t number_of(std::uint64_t seed, unsigned index) {
  fuzz::Random random(seed, 100 + index);
  const std::uint64_t number = random.next();
  return static_cast<std::uint32_t>(random.once_in(2) ? number & 15 : number);
}

EngineWorker::EngineWorker(std::string engine, unsigned seconds, std::string log)
    : engine_(std::move(engine)), log_(std::move(log)), seconds_(seconds) {
  signal(SIGPIPE, SIG_IGN);
}

EngineWorker::~EngineWorker() {
  stop();
}

void EngineWorker::start() {
  int requests[2], replies[2];
  if (pipe(requests) != 0 || pipe(replies) != 0) std::abort();
  process_ = fork();
  if (process_ == 0) {
    close(requests[1]);
    close(replies[0]);
    setenv("CUDA_SHIM_ENGINE", engine_.c_str(), 1);
    setenv("CUDA_SHIM_CACHE", "off", 1);
    setenv("CUDA_SHIM_BACKGROUND", "off", 1);
    if (!log_.empty()) setenv("CUDA_SHIM_LOG", ("info:" + log_).c_str(), 1);
    serve(requests[0], replies[1], seconds_);
  }
  close(requests[0]);
  close(replies[1]);
  to_ = requests[1];
  from_ = replies[0];
}

void EngineWorker::stop() {
  if (process_ < 0) return;
  close(to_);
  close(from_);
  // A worker that was started later holds the other end of the pipe, too, and would keep this one
  // waiting for more.
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void EngineWorker::begin(std::uint64_t seed, const LeftOut& left_out) {
  if (process_ < 0) start();
  const std::uint64_t head[] = {seed, left_out.size()};
  const std::vector<unsigned> numbers(left_out.begin(), left_out.end());
  write_all(to_, head, sizeof head);
  write_all(to_, numbers.data(), numbers.size() * sizeof(unsigned));
}

EngineResult EngineWorker::result() {
  EngineResult result;
  std::uint64_t sizes[2];
  if (read_all(from_, sizes, sizeof sizes)) {
    result.error.resize(sizes[0]);
    result.memory.resize(sizes[1]);
    if (read_all(from_, result.error.data(), sizes[0]) &&
        read_all(from_, result.memory.data(), sizes[1])) {
      if (!result.error.empty()) stop();
      return result;
    }
  }
  close(to_);
  close(from_);
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  result.error = WIFSIGNALED(status) ? fmt::format("The process ended by signal {} ({}).",
                                                   WTERMSIG(status), strsignal(WTERMSIG(status)))
                                     : "The process ended itself.";
  return result;
}

}  // namespace cuda_shim::tests::structured
