#include "kernels/cache/identity.h"

#include <dlfcn.h>

#include <string>

#include "kernels/cache/build_id.h"
#include "kernels/cache/needed_library.h"
#include "kernels/compiler.h"

namespace cuda_shim::kernels::cache {
namespace {

using support::Digest;

/// What cannot be read identifies itself by nothing; then there is no compiler either.
Digest identify(const std::string& path) {
  return identify_library(path).value_or(Digest());
}

Digest identify_this() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&identify_this), &info) == 0) return {};
  return identify(info.dli_fname);
}

/// The compiler library's LLVM.
struct Llvm {
  std::string name;  ///< as it is needed; empty if LLVM is part of the library
  Digest identity;
};

const Llvm& llvm() {
  // Never destroyed: other threads may still ask when the process ends.
  static const Llvm& kLlvm = *[] {
    const std::string library = compiler_library_path();
    auto* found = new Llvm{needed_name(library, "libLLVM"), {}};
    if (!found->name.empty()) found->identity = identify(find_needed(library, found->name));
    return found;
  }();
  return kLlvm;
}

}  // namespace

const Digest& compiler_identity() {
  static const Digest kIdentity = support::Digester()
                                      .add_digest(identify(compiler_library_path()))
                                      .add_digest(llvm().identity)
                                      .finish();
  return kIdentity;
}

bool compiler_is_as_identified() {
  static const bool kSame =
      llvm().name.empty() || identify(find_loaded(llvm().name)) == llvm().identity;
  return kSame;
}

const Digest& library_identity() {
  static const Digest kIdentity = identify_this();
  return kIdentity;
}

}  // namespace cuda_shim::kernels::cache
