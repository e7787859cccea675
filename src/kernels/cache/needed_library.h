#pragma once
// Which file the dynamic linker takes for a library that another one needs, worked out without
// loading either: ld.so(8) has the rules.
//
// What is left out: the search path of the executable, and folders for certain processors
// (glibc-hwcaps). Whoever relies on the answer can compare it with what was loaded in the end.

#include <string>
#include <string_view>

namespace cuda_shim::kernels::cache {

/// The name, such as libLLVM.so.22.1, under which `library` needs the first library whose name
/// begins with the prefix; empty if it needs none.
std::string needed_name(const std::string& library, std::string_view prefix);

/// The file that `library` would get for a name it needs; empty if there is none.
std::string find_needed(const std::string& library, const std::string& name);

/// The file of that name in this process; empty if there is none.
std::string find_loaded(std::string_view name);

/// The same in the dynamic linker's list of installed libraries, /etc/ld.so.cache.
std::string find_installed(std::string_view list, std::string_view name);

}  // namespace cuda_shim::kernels::cache
