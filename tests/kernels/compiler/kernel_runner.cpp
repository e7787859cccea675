// Links translated objects with LLVM's JIT linker and plays the part of the CPU device for single
// threads.

#include "kernels/compiler/kernel_runner.h"

#include <fmt/format.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>

#include "kernels/translate.h"

namespace cuda_shim::tests {
namespace {

thread_local std::jmp_buf thread_end;  // where exit_thread and trap go
thread_local int trap_code = 0;
thread_local std::vector<std::string> call_log;

void log_call(std::string name) {
  call_log.push_back(std::move(name));
}

}  // namespace
}  // namespace cuda_shim::tests

// The functions of host_abi.def that a single thread can serve.
extern "C" {
using cuda_shim::tests::call_log;
using cuda_shim::tests::log_call;

static void test_trap(cuda_shim_host_thread*, int32_t code) {
  cuda_shim::tests::trap_code = code;
  std::longjmp(cuda_shim::tests::thread_end, 1);
}
static void test_exit_thread(cuda_shim_host_thread*) {
  std::longjmp(cuda_shim::tests::thread_end, 1);
}
static void test_assert_fail(cuda_shim_host_thread* thread, const char* message, const char*,
                             uint32_t line, const char*, uint64_t) {
  log_call(fmt::format("assert {} {}", message, line));
  test_trap(thread, static_cast<int32_t>(cuda_shim::StatusCode::kAssert));
}
static int32_t test_vprintf(cuda_shim_host_thread*, const char* format, const void* arguments) {
  log_call(fmt::format("vprintf {} {}", format, *static_cast<const int32_t*>(arguments)));
  return 1;
}
static void* test_malloc(cuda_shim_host_thread*, uint64_t bytes) {
  return std::malloc(bytes);
}
static void test_free(cuda_shim_host_thread*, void* pointer) {
  std::free(pointer);
}
static void test_yield(cuda_shim_host_thread*) {
  log_call("yield");
}
static void test_nanosleep(cuda_shim_host_thread*, uint32_t) {
  log_call("nanosleep");
}
static void test_barrier(cuda_shim_host_thread*, uint32_t id, uint32_t count) {
  log_call(fmt::format("barrier {} {}", id, count));
}
static uint32_t test_barrier_reduce(cuda_shim_host_thread*, uint32_t operation, uint32_t, uint32_t,
                                    uint32_t predicate) {
  log_call(fmt::format("reduce {}", operation));
  return predicate;
}
static void test_warp_sync(cuda_shim_host_thread*, uint32_t members) {
  log_call(fmt::format("warp_sync {:x}", members));
}
static uint64_t test_shuffle(cuda_shim_host_thread*, uint32_t mode, uint32_t value, uint32_t b,
                             uint32_t c, uint32_t members) {
  log_call(fmt::format("shuffle {} {} {} {} {:x}", mode, value, b, c, members));
  return value + (uint64_t{1} << 32);
}
static uint32_t test_vote(cuda_shim_host_thread*, uint32_t mode, uint32_t predicate, uint32_t) {
  log_call(fmt::format("vote {} {}", mode, predicate));
  return predicate;
}
static uint64_t test_match(cuda_shim_host_thread*, uint32_t mode, uint64_t value, uint32_t) {
  log_call(fmt::format("match {} {}", mode, value));
  return 1 + (uint64_t{1} << 32);
}
static uint32_t test_redux(cuda_shim_host_thread*, uint32_t operation, uint32_t value, uint32_t) {
  log_call(fmt::format("redux {} {}", operation, value));
  return value;
}
static uint32_t test_activemask(cuda_shim_host_thread*) {
  return 1;
}
static uint64_t test_elect(cuda_shim_host_thread*, uint32_t) {
  return uint64_t{1} << 32;
}
static uint64_t test_clock(void) {
  return 42;
}
}

namespace cuda_shim::tests {
namespace {

struct HostFunction {
  const char* name;
  void* address;
};

template <class F>
void* address(F* function) {
  return reinterpret_cast<void*>(function);
}

const HostFunction kHostFunctions[] = {
    {"trap", address(test_trap)},
    {"exit_thread", address(test_exit_thread)},
    {"assert_fail", address(test_assert_fail)},
    {"vprintf", address(test_vprintf)},
    {"malloc", address(test_malloc)},
    {"free", address(test_free)},
    {"yield", address(test_yield)},
    {"nanosleep", address(test_nanosleep)},
    {"barrier_sync", address(test_barrier)},
    {"barrier_arrive", address(test_barrier)},
    {"barrier_reduce", address(test_barrier_reduce)},
    {"warp_sync", address(test_warp_sync)},
    {"shuffle", address(test_shuffle)},
    {"vote", address(test_vote)},
    {"match", address(test_match)},
    {"redux", address(test_redux)},
    {"activemask", address(test_activemask)},
    {"elect", address(test_elect)},
    {"clock", address(test_clock)},
    {"globaltimer", address(test_clock)},
};

Status status_of(llvm::Error failure) {
  return Status(StatusCode::kUnknown, llvm::toString(std::move(failure)));
}

}  // namespace

cuda_shim_target this_machine() {
  cuda_shim_target target = {};
  target.size = sizeof target;
  target.format = CUDA_SHIM_CODE_HOST_ELF;
  const auto copy = [](auto& to, std::string_view from) {
    std::memcpy(to, from.data(), std::min(from.size(), sizeof to - 1));
  };
  copy(target.triple, llvm::sys::getProcessTriple());
  copy(target.cpu, llvm::sys::getHostCPUName().str());
  llvm::SubtargetFeatures features;
  for (const auto& feature : llvm::sys::getHostCPUFeatures())
    if (feature.second) features.AddFeature(feature.first());
  copy(target.features, features.getString());
  copy(target.engine, "scalar");
  target.compute_major = 8;
  target.compute_minor = 9;
  return target;
}

std::string module_text(std::string_view body) {
  return fmt::format(".version 9.0\n.target sm_89\n.address_size 64\n{}", body);
}

struct KernelRunner::Impl {
  std::shared_ptr<const kernels::Program> program;
  kernels::CompiledKernel compiled;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  cuda_shim_host_kernel entry = nullptr;
  std::vector<std::byte> module_memory;
  std::byte* module_base = nullptr;

  void place_module();
  Status link();
};

void KernelRunner::Impl::place_module() {
  const size_t alignment = std::max(16u, program->memory_alignment());
  const std::vector<std::byte> initial = program->initial_memory();
  module_memory.resize(initial.size() + alignment);
  const auto raw = reinterpret_cast<std::uintptr_t>(module_memory.data());
  module_base = module_memory.data() + (alignment - raw % alignment) % alignment;
  std::ranges::copy(initial, module_base);
  for (const kernels::AddressFixup& fixup : program->fixups()) {
    const std::uint64_t value = reinterpret_cast<std::uint64_t>(module_base) + fixup.target;
    std::memcpy(module_base + fixup.offset, &value, sizeof value);
  }
}

Status KernelRunner::Impl::link() {
  auto made = llvm::orc::LLJITBuilder().create();
  if (!made) return status_of(made.takeError());
  jit = std::move(*made);
  llvm::orc::SymbolMap symbols;
  for (const HostFunction& row : kHostFunctions)
    symbols[jit->mangleAndIntern(std::string("cuda_shim_host_") + row.name)] = {
        llvm::orc::ExecutorAddr::fromPtr(row.address), llvm::JITSymbolFlags::Exported};
  if (auto failure = jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(symbols)))
    return status_of(std::move(failure));
  const llvm::StringRef bytes(reinterpret_cast<const char*>(compiled.bytes.data()),
                              compiled.bytes.size());
  if (auto failure = jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(bytes)))
    return status_of(std::move(failure));
  auto symbol = jit->lookup(compiled.entry);
  if (!symbol) return status_of(symbol.takeError());
  entry = symbol->toPtr<cuda_shim_host_kernel>();
  return {};
}

KernelRunner::KernelRunner() : impl_(std::make_unique<Impl>()) {}
KernelRunner::~KernelRunner() = default;

Status KernelRunner::load(std::string ptx, std::string_view kernel, int optimisation_level) {
  auto program = kernels::Program::from_ptx({{"test", std::move(ptx)}});
  if (!program) return std::move(program.error());
  impl_->program = std::move(*program);
  const kernels::ProgramKernel* found = kernel.empty() && !impl_->program->kernels().empty()
                                            ? &impl_->program->kernels()[0]
                                            : impl_->program->kernel(kernel);
  if (found == nullptr) return Status(StatusCode::kNotFound, "There is no such kernel.");
  auto compiled = kernels::translate(
      {kernels::KernelSource(*impl_->program, *found), {this_machine(), optimisation_level}});
  if (!compiled) return std::move(compiled.error());
  impl_->compiled = std::move(*compiled);
  impl_->place_module();
  return impl_->link();
}

const kernels::CompiledKernel& KernelRunner::compiled() const {
  return impl_->compiled;
}

void* KernelRunner::variable(std::string_view name) {
  const kernels::ProgramVariable* variable = impl_->program->variable(name);
  return variable != nullptr ? impl_->module_base + variable->offset : nullptr;
}

std::vector<std::string>& KernelRunner::calls() {
  return call_log;
}

int KernelRunner::run(const Launch& launch) {
  call_log.clear();
  trap_code = 0;
  std::vector<unsigned char> shared(impl_->compiled.info.static_shared_bytes +
                                    launch.dynamic_shared_bytes + 256);
  std::vector<std::byte> parameters = launch.parameters;
  parameters.resize(std::max<size_t>(parameters.size(), impl_->compiled.info.parameter_bytes) + 16);
  cuda_shim_host_block block = {};
  block.ntid = launch.block;
  block.nctaid = launch.grid;
  block.static_shared_bytes = impl_->compiled.info.static_shared_bytes;
  block.dynamic_shared_bytes = launch.dynamic_shared_bytes;
  block.shared = shared.data() + 256 - reinterpret_cast<std::uintptr_t>(shared.data()) % 256;
  block.parameters = reinterpret_cast<const unsigned char*>(parameters.data());
  block.module = reinterpret_cast<unsigned char*>(impl_->module_base);
  const unsigned threads = launch.block.x * launch.block.y * launch.block.z;
  const unsigned blocks = launch.grid.x * launch.grid.y * launch.grid.z;
  for (unsigned b = 0; b < blocks; ++b) {
    block.ctaid = {b % launch.grid.x, b / launch.grid.x % launch.grid.y,
                   b / launch.grid.x / launch.grid.y};
    for (unsigned t = 0; t < threads && trap_code == 0; ++t) {
      cuda_shim_host_thread thread = {};
      thread.tid = {t % launch.block.x, t / launch.block.x % launch.block.y,
                    t / launch.block.x / launch.block.y};
      thread.lane = t % CUDA_SHIM_WARP_SIZE;
      thread.warp = t / CUDA_SHIM_WARP_SIZE;
      thread.block = &block;
      if (setjmp(thread_end) == 0) impl_->entry(&thread);
    }
  }
  return trap_code;
}

}  // namespace cuda_shim::tests
