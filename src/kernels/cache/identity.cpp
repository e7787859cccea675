#include "kernels/cache/identity.h"

#include <dlfcn.h>

#include "kernels/cache/build_id.h"
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

}  // namespace

const Digest& compiler_identity() {
  static const Digest kIdentity = identify(compiler_library_path());
  return kIdentity;
}

const Digest& library_identity() {
  static const Digest kIdentity = identify_this();
  return kIdentity;
}

}  // namespace cuda_shim::kernels::cache
