#pragma once
// How memory instructions access memory: ordering, scope and the shape of vectors, read off the
// modifiers.

#include <llvm/IR/Instructions.h>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

/// Strength of an access (section 8.5 of the manual): plain, volatile, or atomic in a scope.
struct Access {
  bool is_volatile = false;
  llvm::AtomicOrdering ordering = llvm::AtomicOrdering::NotAtomic;
  llvm::SyncScope::ID scope = llvm::SyncScope::System;
};

/// .cta -> "block", .cluster -> "cluster", .gpu -> "device", .sys or nothing -> the system.
llvm::SyncScope::ID scope_of(Lowering& lowering);

/// .acquire, .release, .acq_rel, .relaxed; `fallback` where none is written.
llvm::AtomicOrdering ordering_of(const Lowering& lowering, llvm::AtomicOrdering fallback);

/// The access of ld and st: .weak, .volatile, .relaxed, .acquire, .release, .mmio.
Access access_of(Lowering& lowering);

/// Loads `count` elements of `type`: one value, or a vector of `count`.
llvm::Value* load(Lowering& lowering, llvm::Value* pointer, ptx::ScalarType type, unsigned count,
                  const Access& access);
/// Stores what `load` loads.
void store(Lowering& lowering, llvm::Value* pointer, llvm::Value* value, ptx::ScalarType type,
           unsigned count, const Access& access);

}  // namespace cuda_shim::kernels::instructions
