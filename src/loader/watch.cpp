// How objects that arrive by dlopen are caught before their constructors run.
//
// The dynamic linker calls an empty function, _dl_debug_state, for debuggers to put a breakpoint
// on: once objects are mapped (glibc up to 2.40) or relocated (later), always before constructors.
// Its address stands in _r_debug.r_brk. A jump over that empty function gives us the same moment,
// in the application's own namespace and under plain LD_PRELOAD.
//
// The documented way to the same moment is an audit module (LD_AUDIT). It was not taken: it cannot
// be had with LD_PRELOAD alone, it brings a second C library into every process, it runs in a
// namespace of its own where neither our libraries nor the log are the application's, and it takes
// static TLS away from programs that are short of it.

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "loader/code_patch.h"
#include "loader/loaded_objects.h"
#include "support/log.h"

namespace cuda_shim::loader {
namespace {

void on_debug_state() {
  if (_r_debug.r_state != r_debug::RT_CONSISTENT) return;
  int saved = errno;
  serve_loaded_objects();
  errno = saved;
}

struct Search {
  std::uint64_t address;
  std::optional<CodeRange> range;
};

int find_range(dl_phdr_info* object, std::size_t, void* argument) {
  auto* search = static_cast<Search*>(argument);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr) & segment = object->dlpi_phdr[i];
    std::uint64_t begin = object->dlpi_addr + segment.p_vaddr;
    std::uint64_t end = begin + segment.p_memsz;
    if (segment.p_type != PT_LOAD || search->address < begin || search->address >= end) continue;
    search->range = CodeRange{reinterpret_cast<std::byte*>(begin & ~(page - 1)),
                              reinterpret_cast<std::byte*>((end + page - 1) & ~(page - 1)),
                              PROT_READ | PROT_EXEC};
    return 1;
  }
  return 0;
}

}  // namespace

void watch_for_objects() {
  Search search = {_r_debug.r_brk, std::nullopt};
  ::dl_iterate_phdr(find_range, &search);
  const char* reason = "the dynamic linker offers no place to be told of them";
  if (search.range) {
    auto* entry = reinterpret_cast<std::byte*>(search.address);
    auto code =
        patch_empty_function(entry, reinterpret_cast<void*>(&on_debug_state), *search.range);
    static std::optional<PatchedCode> kept;
    if (code) return static_cast<void>(kept.emplace(std::move(*code)));
    CUDA_SHIM_LOG(kInfo, "The dynamic linker cannot be watched: {}.", code.error().message());
  }
  CUDA_SHIM_LOG(kInfo, "Objects opened later are not served: {}.", reason);
}

}  // namespace cuda_shim::loader
