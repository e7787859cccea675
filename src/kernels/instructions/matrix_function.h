#pragma once
// Matrix instructions as functions of the module.
//
// What one matrix instruction does is a loop over elements, the same for every use of the form. It
// becomes a function of its own, made at the first use and called at each, so that a kernel of
// hundreds of them stays small. In it the lanes of the warp give each other their fragments by one
// device operation, `exchange`; then each lane works out its own elements.

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/IRBuilder.h>

#include <string>
#include <vector>

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/matrix_warp.h"

namespace cuda_shim::kernels::instructions {

/// Fills a function while it lives: `lowering.ir()` stands in the function and comes back
/// afterwards.
class MatrixFunction {
 public:
  MatrixFunction(Lowering& lowering, llvm::Function& function);
  MatrixFunction(const MatrixFunction&) = delete;

  Lowering& lowering() { return lowering_; }
  llvm::IRBuilder<>& ir() { return lowering_.ir(); }
  llvm::Value* argument(unsigned index) { return function_.getArg(index); }
  llvm::Value* lane() { return lane_; }

  /// Memory of `words` 32-bit words.
  llvm::Value* words(unsigned words);
  /// Stores values one after another, the first at the start.
  void store_all(llvm::Value* memory, llvm::ArrayRef<llvm::Value*> values);
  /// Gives the first `count` words of `own` to the warp; returns the words of all lanes.
  llvm::Value* exchange(llvm::Value* own, unsigned count);
  /// Runs `body` for 0 to count - 1.
  void loop(unsigned count, llvm::function_ref<void(llvm::Value* index)> body);
  /// Element `index` of a constant table.
  llvm::Value* look_up(const std::vector<std::uint16_t>& table, llvm::Value* index);
  /// The address `bytes` after `memory`.
  llvm::Value* at(llvm::Value* memory, llvm::Value* bytes);
  /// Returns what is in the memory, as the function's result type says.
  void return_from(llvm::Value* memory);

 private:
  Lowering& lowering_;
  llvm::Function& function_;
  llvm::IRBuilder<>::InsertPointGuard guard_;
  llvm::Value* lane_;
};

/// Calls the function that stands for the current instruction's form; `build` makes it where the
/// module has none yet, and with it its form for whole warps, if it has one. The result is a
/// structure of `result_words` words, or nothing if 0.
llvm::Value* call_matrix_function(Lowering& lowering, llvm::ArrayRef<llvm::Value*> arguments,
                                  unsigned result_words, llvm::Type* word,
                                  llvm::function_ref<void(MatrixFunction&)> build,
                                  const WarpForm& form = {});

/// The registers of a vector operand as values of `type`.
std::vector<llvm::Value*> registers_of(Lowering& lowering, unsigned operand, ptx::ScalarType type);
/// Writes the words of a structure to the registers of a vector operand.
void set_registers(Lowering& lowering, unsigned operand, llvm::Value* words, ptx::ScalarType type);
/// Says so if the vector operand has not `count` registers.
Status check_registers(const Lowering& lowering, unsigned operand, unsigned count);

}  // namespace cuda_shim::kernels::instructions
