// cuda-shim precompile: fills the kernel cache for programs that have not run yet. Kernels are
// translated by libcuda.so.1 itself, so that what is found later is what would have been made.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include "kernels/image/fatbin.h"
#include "kernels/image/wrapper.h"
#include "launcher/commands.h"
#include "launcher/driver_library.h"
#include "launcher/installation.h"
#include "loader/elf_file.h"

namespace cuda_shim::launcher {
namespace {

using Context = void*;
using Module = void*;
using Function = void*;

constexpr int kNoBinaryForGpu = 209;    // CUDA_ERROR_NO_BINARY_FOR_GPU
constexpr int kRegistersPerThread = 4;  // CU_FUNC_ATTRIBUTE_NUM_REGS: only a translation knows it

struct DriverFunctions {
  int (*init)(unsigned) = nullptr;
  int (*retain)(Context*, int) = nullptr;
  int (*set_current)(Context) = nullptr;
  int (*load)(Module*, const void*) = nullptr;
  int (*unload)(Module) = nullptr;
  int (*function_count)(unsigned*, Module) = nullptr;
  int (*functions)(Function*, unsigned, Module) = nullptr;
  int (*name)(const char**, Function) = nullptr;
  int (*attribute)(int*, int, Function) = nullptr;
};

struct Counts {
  std::atomic<unsigned> translated = 0, failed = 0;
  unsigned without_ptx = 0;  ///< images
  unsigned unreadable = 0;   ///< images that do not load
};

class Precompiler {
 public:
  static Result<Precompiler> open(const std::string& library);
  /// An executable, a shared object, a fatbin or PTX.
  Status add_file(const std::string& path, Counts& counts);

 private:
  void add_image(const void* image, Counts& counts);
  void add_containers(std::string_view section, Counts& counts);
  void add_units(std::string_view section, Counts& counts);
  void translate_all(const std::vector<Function>& functions, Counts& counts);

  DriverFunctions driver_;
  Context context_ = nullptr;
};

Result<Precompiler> Precompiler::open(const std::string& library) {
  Result<DriverLibrary> opened = DriverLibrary::open(library);
  if (!opened) return error(std::move(opened.error()));
  Precompiler made;
  DriverFunctions& driver = made.driver_;
  opened->find("cuInit", driver.init)
      .find("cuDevicePrimaryCtxRetain", driver.retain)
      .find("cuCtxSetCurrent", driver.set_current)
      .find("cuModuleLoadData", driver.load)
      .find("cuModuleUnload", driver.unload)
      .find("cuModuleGetFunctionCount", driver.function_count)
      .find("cuModuleEnumerateFunctions", driver.functions)
      .find("cuFuncGetName", driver.name)
      .find("cuFuncGetAttribute", driver.attribute);
  Status status = opened->complete();
  if (status) status = check_driver(driver.init(0), "cuInit");
  if (status) status = check_driver(driver.retain(&made.context_, 0), "cuDevicePrimaryCtxRetain");
  if (status) status = check_driver(driver.set_current(made.context_), "cuCtxSetCurrent");
  if (!status) return error(std::move(status));
  return made;
}

void Precompiler::translate_all(const std::vector<Function>& functions, Counts& counts) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    driver_.set_current(context_);
    for (std::size_t i = next++; i < functions.size(); i = next++) {
      int registers = 0;
      const bool done = driver_.attribute(&registers, kRegistersPerThread, functions[i]) == 0;
      ++(done ? counts.translated : counts.failed);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
  work();
}

void Precompiler::add_image(const void* image, Counts& counts) {
  Module module = nullptr;
  const int result = driver_.load(&module, image);
  if (result != 0) {
    ++(result == kNoBinaryForGpu ? counts.without_ptx : counts.unreadable);
    return;
  }
  unsigned count = 0;
  driver_.function_count(&count, module);
  std::vector<Function> functions(count);
  if (driver_.functions(functions.data(), count, module) == 0) translate_all(functions, counts);
  driver_.unload(module);
}

template <class Found>
void for_each_container(std::string_view section, Counts& counts, Found found) {
  while (true) {
    const std::size_t at = section.find_first_not_of('\0');
    if (at == section.npos) return;
    section.remove_prefix(at);
    const auto fatbin = kernels::image::parse_fatbin({section.data(), section.size()});
    if (!fatbin) {
      ++counts.unreadable;
      return;
    }
    found(section.data());
    section.remove_prefix(fatbin->size);
  }
}

/// Each container is a module of its own.
void Precompiler::add_containers(std::string_view section, Counts& counts) {
  for_each_container(section, counts, [&](const void* fatbin) { add_image(fatbin, counts); });
}

/// Units that were compiled separately make one module.
void Precompiler::add_units(std::string_view section, Counts& counts) {
  std::vector<const void*> units;
  for_each_container(section, counts, [&](const void* fatbin) { units.push_back(fatbin); });
  if (units.empty()) return;
  units.push_back(nullptr);
  const kernels::image::Wrapper wrapper = {kernels::image::kWrapperMagic, 2, units[0],
                                           units.data()};
  add_image(&wrapper, counts);
}

Status Precompiler::add_file(const std::string& path, Counts& counts) {
  Result<loader::ElfFile> elf = loader::ElfFile::open(path.c_str());
  if (elf) {
    add_containers(elf->section_bytes(".nv_fatbin"), counts);
    if (const std::string_view units = elf->section_bytes("__nv_relfatbin"); !units.empty()) {
      counts.without_ptx = 0;  // the linked machine code of the same units
      add_units(units, counts);
    }
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return {StatusCode::kFileNotFound, fmt::format("'{}' cannot be read.", path)};
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  add_image(bytes.c_str(), counts);
  return {};
}

int precompile(const std::vector<std::string>& paths, const std::string& block) {
  ::setenv("CUDA_SHIM_BACKGROUND", "off", 1);  // all of it is wanted at once
  if (!block.empty()) ::setenv("CUDA_SHIM_BLOCK", block.c_str(), 1);
  Result<Precompiler> precompiler =
      Precompiler::open(find_installation().library_folder + "/libcuda.so.1");
  if (!precompiler) {
    fmt::print(stderr, "cuda-shim: {}\n", precompiler.error().message());
    return 1;
  }
  bool good = true;
  for (const std::string& path : paths) {
    Counts counts;
    const Status status = precompiler->add_file(path, counts);
    if (!status) fmt::print(stderr, "cuda-shim: {}\n", status.message());
    fmt::print("{}: {} kernels ready, {} not usable", path, counts.translated.load(),
               counts.failed.load());
    if (counts.without_ptx > 0) fmt::print(", {} images without PTX", counts.without_ptx);
    if (counts.unreadable > 0) fmt::print(", {} images that do not load", counts.unreadable);
    fmt::print("\n");
    good =
        good && status && counts.failed == 0 && counts.unreadable == 0 && counts.without_ptx == 0;
  }
  return good ? 0 : 1;
}

}  // namespace

void add_precompile(CLI::App& app, int& exit_code) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand(
      "precompile", "Translate all kernels of programs into the cache without running them");
  command->add_option("file", *paths, "Executables, shared objects, fatbins or PTX")->required();
  const auto block = std::make_shared<std::string>();
  command->add_option(
      "--block", *block,
      "Size of the blocks that the kernels are launched with, as 256 (the default) or 16x16");
  command->callback([paths, block, &exit_code] { exit_code = precompile(*paths, *block); });
}

}  // namespace cuda_shim::launcher
