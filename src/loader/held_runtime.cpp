// How NVIDIA's cudart is recognised.
//
// A linked-in cudart is one object file of the archive: all its functions are there or none. With a
// symbol table, three names that belong together say that the object defines a cudart; a file name
// pattern that only NVIDIA's runtime holds says that it is theirs (some frameworks define all
// cudart names themselves and open the shared one: those are not touched). The major version
// follows from names that a major release dropped: texture references ended with 11, cudaThread*
// with 12. Names that were *added* would not do, because they depend on the minor version.
//
// Without a symbol table the same pattern of a file name, next to device code, is all that is left
// to go by.

#include "loader/held_runtime.h"

#include <string.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cuda_shim::loader {
namespace {

constexpr std::string_view kMarker = "/cudart.shm.";
constexpr std::string_view kTelltale = "cudaRuntimeGetVersion";

bool defines(const std::vector<ElfFunction>& functions, std::string_view name) {
  return std::ranges::any_of(functions, [&](const ElfFunction& f) { return f.name == name; });
}

// memmem is several times faster here than string_view::find: symbol names begin alike.
bool contains(std::string_view text, std::string_view part) {
  return !text.empty() && ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool has_marker(const ElfFile& file) {
  for (const Elf64_Shdr& section : file.sections()) {
    std::string_view name = file.section_name(section);
    if (name.starts_with(".rodata") && contains(file.section_bytes(name), kMarker)) return true;
  }
  return false;
}

bool defines_cudart(const std::vector<ElfFunction>& functions) {
  return defines(functions, kTelltale) && defines(functions, "cudaGetExportTable") &&
         defines(functions, "__cudaRegisterFatBinary");
}

HeldRuntime shared_library(const ElfFile& file, RuntimeLibrary library) {
  return {Holding::kSharedLibrary, library, file.functions()};
}

HeldRuntime static_cudart(std::vector<ElfFunction> functions) {
  HeldRuntime held = {Holding::kStaticCudart, RuntimeLibrary::kCudart13, {}};
  if (defines(functions, "cudaThreadSynchronize")) held.library = RuntimeLibrary::kCudart12;
  if (defines(functions, "cudaBindTexture")) held.library = RuntimeLibrary::kCudart11;
  // Came with 11.0.
  if (!defines(functions, "cudaCtxResetPersistingL2Cache")) held.holding = Holding::kUnknownCudart;
  held.functions = std::move(functions);
  return held;
}

bool needs_shared_cudart(const ElfFile& file) {
  return std::ranges::any_of(file.dynamic_strings(DT_NEEDED), [](std::string_view name) {
    return name.starts_with("libcudart.so");
  });
}

}  // namespace

bool has_device_code(const ElfFile& file) {
  return file.find_section(".nv_fatbin") != nullptr ||
         file.find_section(".nvFatBinSegment") != nullptr ||
         file.find_section("__nv_module_id") != nullptr;
}

HeldRuntime find_held_runtime(const ElfFile& file) {
  for (std::string_view soname : file.dynamic_strings(DT_SONAME))
    if (auto library = runtime_library_named(soname)) return shared_library(file, *library);

  if (contains(file.symbol_names(), kTelltale)) {
    std::vector<ElfFunction> functions = file.functions();
    if (defines_cudart(functions) && has_marker(file)) return static_cudart(std::move(functions));
    return {};
  }
  if (has_device_code(file) && !needs_shared_cudart(file) && has_marker(file))
    return {Holding::kStrippedCudart, RuntimeLibrary::kCudart13, {}};
  return {};
}

}  // namespace cuda_shim::loader
