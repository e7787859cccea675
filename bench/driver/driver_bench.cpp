// What the driver API costs: enqueuing a launch, a launch with its wait, copies beside memcpy,
// stream operations, loading modules.
#include <benchmark/benchmark.h>
#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

void check(CUresult result, const char* call) {
  if (result == CUDA_SUCCESS) return;
  const char* name = "?";
  cuGetErrorName(result, &name);
  std::fprintf(stderr, "%s: %s\n", call, name);
  std::exit(1);
}
#define CHECK(call) check(call, #call)

constexpr char kHeader[] = ".version 8.0\n.target sm_80\n.address_size 64\n";
constexpr char kEmpty[] =
    ".visible .entry empty(.param .u64 a, .param .u64 b, .param .u32 c) { ret; }\n";

CUfunction empty_kernel() {
  static CUfunction function = [] {
    CUmodule module;
    CUfunction found;
    CHECK(cuModuleLoadData(&module, (std::string(kHeader) + kEmpty).c_str()));
    CHECK(cuModuleGetFunction(&found, module, "empty"));
    return found;
  }();
  return function;
}

void launch(CUfunction function, CUstream stream) {
  CUdeviceptr a = 0, b = 0;
  unsigned c = 0;
  void* parameters[] = {&a, &b, &c};
  CHECK(cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, stream, parameters, nullptr));
}

// The empty kernels run meanwhile on another core; what is timed is the call alone.
void enqueue_launch(benchmark::State& state) {
  CUfunction function = empty_kernel();
  CUstream stream;
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  launch(function, stream);
  CHECK(cuStreamSynchronize(stream));
  for (auto _ : state) {
    launch(function, stream);
  }
  CHECK(cuStreamSynchronize(stream));
  CHECK(cuStreamDestroy(stream));
}
BENCHMARK(enqueue_launch)->Iterations(100000);

void launch_and_wait(benchmark::State& state) {
  CUfunction function = empty_kernel();
  for (auto _ : state) {
    launch(function, nullptr);
    CHECK(cuCtxSynchronize());
  }
}
BENCHMARK(launch_and_wait);

void record_and_query_event(benchmark::State& state) {
  CUevent event;
  CHECK(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
  for (auto _ : state) {
    CHECK(cuEventRecord(event, nullptr));
    benchmark::DoNotOptimize(cuEventQuery(event));
  }
  CHECK(cuEventDestroy(event));
}
BENCHMARK(record_and_query_event);

void create_and_destroy_stream(benchmark::State& state) {
  for (auto _ : state) {
    CUstream stream;
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuStreamDestroy(stream));
  }
}
BENCHMARK(create_and_destroy_stream);

void allocate_and_free(benchmark::State& state) {
  for (auto _ : state) {
    CUdeviceptr memory;
    CHECK(cuMemAlloc(&memory, static_cast<size_t>(state.range(0))));
    CHECK(cuMemFree(memory));
  }
}
BENCHMARK(allocate_and_free)->Arg(256)->Arg(1 << 20);

void copy_to_device(benchmark::State& state) {
  auto bytes = static_cast<size_t>(state.range(0));
  std::vector<char> host(bytes, 1);
  CUdeviceptr memory;
  CHECK(cuMemAlloc(&memory, bytes));
  CHECK(cuMemcpyHtoD(memory, host.data(), bytes));
  for (auto _ : state) CHECK(cuMemcpyHtoD(memory, host.data(), bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
  CHECK(cuMemFree(memory));
}
BENCHMARK(copy_to_device)->Arg(64)->Arg(64 << 10)->Arg(16 << 20)->Arg(256 << 20)->UseRealTime();

// The yardstick of copy_to_device.
void plain_memcpy(benchmark::State& state) {
  auto bytes = static_cast<size_t>(state.range(0));
  std::vector<char> from(bytes, 1), to(bytes, 2);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(plain_memcpy)->Arg(64)->Arg(64 << 10)->Arg(16 << 20)->Arg(256 << 20)->UseRealTime();

std::string module_of_kernels(int64_t count) {
  std::string text = kHeader;
  for (int64_t i = 0; i < count; ++i)
    text += ".visible .entry kernel_" + std::to_string(i) +
            "(.param .u64 a) { .reg .b64 %rd<2>; ld.param.u64 %rd1, [a]; ret; }\n";
  return text;
}

void load_and_unload(benchmark::State& state, const void* image) {
  for (auto _ : state) {
    CUmodule module;
    CHECK(cuModuleLoadData(&module, image));
    CHECK(cuModuleUnload(module));
  }
}

// As a fatbin's image is loaded: its kernels are found, and read when they are launched.
void load_linked_image(benchmark::State& state) {
  std::string text = module_of_kernels(state.range(0));
  void* image = nullptr;
  size_t bytes = 0;
  CUlinkState link;
  CHECK(cuLinkCreate(0, nullptr, nullptr, &link));
  CHECK(
      cuLinkAddData(link, CU_JIT_INPUT_PTX, text.data(), text.size(), "many", 0, nullptr, nullptr));
  CHECK(cuLinkComplete(link, &image, &bytes));
  load_and_unload(state, image);
  CHECK(cuLinkDestroy(link));
}
BENCHMARK(load_linked_image)->Arg(1)->Arg(10000)->Unit(benchmark::kMillisecond);

// Text is read to its end when it is loaded, so that the caller hears of errors in it.
void load_text(benchmark::State& state) {
  load_and_unload(state, module_of_kernels(state.range(0)).c_str());
}
BENCHMARK(load_text)->Arg(1)->Arg(10000)->Unit(benchmark::kMillisecond);

void load_and_run(const std::string& text) {
  CUmodule module;
  CUfunction function;
  CHECK(cuModuleLoadData(&module, text.c_str()));
  CHECK(cuModuleGetFunction(&function, module, "empty"));
  launch(function, nullptr);
  CHECK(cuCtxSynchronize());
  CHECK(cuModuleUnload(module));
}

// A module and its first launch, never seen before by this process: the constant in it is new.
void first_launch_cold(benchmark::State& state) {
  int fresh = 0;
  for (auto _ : state)
    load_and_run(kHeader + (".global .u32 fresh = " + std::to_string(++fresh) + ";\n") + kEmpty);
}
BENCHMARK(first_launch_cold)->Unit(benchmark::kMillisecond)->UseRealTime();

// The same module over and over.
void first_launch_warm(benchmark::State& state) {
  const std::string text = std::string(kHeader) + kEmpty;
  for (auto _ : state) load_and_run(text);
}
BENCHMARK(first_launch_warm)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  CHECK(cuInit(0));
  CUcontext context;
  CHECK(cuCtxCreate(&context, nullptr, 0, 0));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
