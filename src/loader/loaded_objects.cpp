#include "loader/loaded_objects.h"

#include <link.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/held_runtime.h"
#include "loader/our_libraries.h"
#include "loader/redirection.h"
#include "support/log.h"

namespace cuda_shim::loader {
namespace {

struct Seen {
  const link_map* object;
  ElfW(Addr) bias;
  const void* dynamic;
  std::unique_ptr<Redirection> redirection;

  bool is(const link_map* other) const {
    return object == other && bias == other->l_addr && dynamic == other->l_ld;
  }
};

// Never destroyed: the last constructors and destructors of a process still run through the jumps.
std::vector<Seen>& seen_objects() {
  static auto* seen = new std::vector<Seen>;
  return *seen;
}

struct DynamicStrings {
  std::string_view strings;
  std::string_view soname;
};

// From memory: an object that does not concern us must not cost opening its file.
DynamicStrings dynamic_strings(const link_map* object) {
  ElfW(Addr) address = 0;
  std::size_t size = 0, soname = 0;
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL;
       ++entry) {
    if (entry->d_tag == DT_STRTAB) address = entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRSZ) size = entry->d_un.d_val;
    if (entry->d_tag == DT_SONAME) soname = entry->d_un.d_val;
  }
  if (address == 0) return {};
  // The dynamic linker adds the load bias in place on most machines, not on all, and not in the
  // kernel's own object.
  if (address < object->l_addr) address += object->l_addr;
  std::string_view strings(reinterpret_cast<const char*>(address), size);
  return {strings, soname != 0 && soname < size ? std::string_view(strings.data() + soname) : ""};
}

// NVIDIA's runtimes find the driver by dlsym, so an object that holds one imports it.
bool may_hold_runtime(const link_map* object) {
  constexpr std::string_view kNeeded = "dlsym";
  DynamicStrings dynamic = dynamic_strings(object);
  if (runtime_library_named(dynamic.soname)) return true;
  return dynamic.strings.data() != nullptr &&
         ::memmem(dynamic.strings.data(), dynamic.strings.size(), kNeeded.data(), kNeeded.size());
}

std::string path_of_object(const link_map* object) {
  return *object->l_name != '\0' ? object->l_name : "/proc/self/exe";
}

std::string display_name(const link_map* object) {
  return *object->l_name != '\0' ? object->l_name : program_invocation_name;
}

std::unique_ptr<Redirection> redirect(const link_map* object, const ElfFile& file,
                                      const HeldRuntime& held) {
  std::string name = display_name(object), our_path = path_of(held.library);
  if (is_same_file(path_of_object(object).c_str(), our_path.c_str())) return nullptr;
  auto ours = ElfFile::open(our_path.c_str());
  if (!ours) {
    CUDA_SHIM_LOG(kError, "'{}' has NVIDIA's {} and ours cannot take its place: {}", name,
                  row(held.library).description, ours.error().message());
    return nullptr;
  }
  RedirectionPlan plan = plan_redirection(file, held, ours->exported_functions());
  auto redirection = Redirection::apply(file, object->l_addr, held.library, plan);
  if (!redirection) {
    CUDA_SHIM_LOG(kError, "'{}' has NVIDIA's {} and ours cannot take its place: {}.", name,
                  row(held.library).description, redirection.error().message());
    return nullptr;
  }
  CUDA_SHIM_LOG(kInfo, "Redirected the {} functions of the {} in '{}' to '{}'.", plan.rows.size(),
                row(held.library).description, name, our_path);
  if (std::size_t lacking = plan.lacking())
    CUDA_SHIM_LOG(kInfo, "'{}' has a newer {} than ours: {} of its functions return an error.",
                  name, row(held.library).description, lacking);
  return std::move(*redirection);
}

std::unique_ptr<Redirection> serve(const link_map* object) {
  if (!may_hold_runtime(object)) return nullptr;
  auto file = ElfFile::open(path_of_object(object).c_str());
  if (!file) return nullptr;  // an object without a file, such as the kernel's
  HeldRuntime held = find_held_runtime(*file);
  switch (held.holding) {
    case Holding::kNothing:
      return nullptr;
    case Holding::kStaticCudart:
    case Holding::kSharedLibrary:
      return redirect(object, *file, held);
    case Holding::kStrippedCudart:
      CUDA_SHIM_LOG(
          kWarning,
          "'{}' has NVIDIA's CUDA runtime linked in and its symbol table stripped, so the "
          "runtime cannot be replaced and its CUDA calls will fail (error 500, named symbol not "
          "found); relink it with -cudart shared, or do not strip it.",
          display_name(object));
      return nullptr;
    case Holding::kUnknownCudart:
      CUDA_SHIM_LOG(kWarning,
                    "'{}' has a CUDA runtime older than 11.0 linked in, which cannot be replaced; "
                    "rebuild with CUDA 11 or later.",
                    display_name(object));
      return nullptr;
  }
  return nullptr;
}

}  // namespace

void serve_loaded_objects() {
  std::vector<Seen>& before = seen_objects();
  std::vector<Seen> now;
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next) {
    auto known = std::ranges::find_if(before, [&](const Seen& seen) { return seen.is(object); });
    if (known != before.end())
      now.push_back(std::move(*known));
    else
      now.push_back({object, object->l_addr, object->l_ld, serve(object)});
  }
  before = std::move(now);
}

}  // namespace cuda_shim::loader
