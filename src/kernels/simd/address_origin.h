#pragma once
// What a pointer was made from.

#include <llvm/IR/Value.h>

namespace cuda_shim::kernels::simd {

enum class OriginKind {
  kUnknown,
  kParameter,  ///< an address that the kernel was given
  kVariables,  ///< of the module
  kShared,     ///< the block's shared memory
  kOwn,        ///< the thread's stack
};

struct Origin {
  OriginKind kind = OriginKind::kUnknown;
  const llvm::Value* which = nullptr;  ///< where the parameter lies

  bool is_known() const { return kind != OriginKind::kUnknown; }
  bool operator==(const Origin&) const = default;
};

Origin origin_of(const llvm::Value* address);

}  // namespace cuda_shim::kernels::simd
