#pragma once
// Everything that is made from the address of one array of a thread's own: additions, choices,
// places where ways meet, in pointers or in numbers, which is how PTX does it.

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/IR/Instructions.h>

namespace cuda_shim::kernels::simd {

class OwnAddresses {
 public:
  explicit OwnAddresses(llvm::AllocaInst& array) : array_(array) {}

  /// Whether all of them are known and serve plain loads and stores only: nobody else has one.
  bool are_all_known();
  /// In whatever order.
  llvm::ArrayRef<llvm::Instruction*> accesses() const { return accesses_.getArrayRef(); }
  bool has_numbers() const { return has_numbers_; }

  /// Makes all of them anew, as pointers, from `base`, with every distance multiplied by `scale`.
  void move_to(llvm::Value& base, std::uint64_t scale);

 private:
  bool take(const llvm::Use& use);
  bool take_access(llvm::Instruction& access, const llvm::Use& use);
  bool take_step(llvm::GetElementPtrInst& step);
  bool is_own(const llvm::Value* value) const;
  bool joins_only_own(const llvm::Instruction& address) const;
  llvm::Value* make(llvm::Instruction& address);
  llvm::Value* make_sum(llvm::Instruction& sum);
  llvm::Value* make_step(llvm::GetElementPtrInst& step);
  void complete(llvm::Instruction& address);

  llvm::AllocaInst& array_;
  llvm::SetVector<llvm::Instruction*> addresses_;
  llvm::SetVector<llvm::Instruction*> accesses_, comparisons_;
  bool has_numbers_ = false;
  llvm::DenseMap<llvm::Value*, llvm::Value*> made_;
  std::uint64_t scale_ = 1;
};

/// Writes addresses of threads' own arrays as pointers, where PTX has numbers: LLVM promotes to
/// registers what it sees all accesses of.
void expose_own_arrays(llvm::Function& function);

}  // namespace cuda_shim::kernels::simd
