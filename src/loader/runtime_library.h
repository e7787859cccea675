#pragma once
// The libraries of NVIDIA's that applications ask for and that we take the place of.

#include <cstddef>
#include <optional>
#include <string_view>

namespace cuda_shim::loader {

enum class RuntimeLibrary : unsigned { kCudart11, kCudart12, kCudart13, kDriver };
inline constexpr std::size_t kRuntimeLibraries = 4;

struct RuntimeLibraryRow {
  const char* soname;
  const char* prefix;       ///< file names that mean this library begin so
  const char* description;  ///< for messages
};

inline constexpr RuntimeLibraryRow kRuntimeLibraryRows[kRuntimeLibraries] = {
    {"libcudart.so.11.0", "libcudart.so.11", "CUDA runtime 11"},
    {"libcudart.so.12", "libcudart.so.12", "CUDA runtime 12"},
    {"libcudart.so.13", "libcudart.so.13", "CUDA runtime 13"},
    {"libcuda.so.1", "libcuda.so.1", "CUDA driver"},
};

inline constexpr const RuntimeLibraryRow& row(RuntimeLibrary library) {
  return kRuntimeLibraryRows[static_cast<unsigned>(library)];
}

inline constexpr std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// The library that a file name or soname stands for: "libcudart.so.12", "libcudart.so.12.9.79",
/// "/a/b/libcuda.so", "libcudart.so" (the newest).
inline constexpr std::optional<RuntimeLibrary> runtime_library_named(std::string_view path) {
  std::string_view name = base_name(path);
  if (name == "libcudart.so") return RuntimeLibrary::kCudart13;
  if (name == "libcuda.so") return RuntimeLibrary::kDriver;
  for (std::size_t i = 0; i < kRuntimeLibraries; ++i) {
    std::string_view prefix = kRuntimeLibraryRows[i].prefix;
    if (!name.starts_with(prefix)) continue;
    if (name.size() == prefix.size() || name[prefix.size()] == '.')
      return static_cast<RuntimeLibrary>(i);
  }
  return std::nullopt;
}

}  // namespace cuda_shim::loader
