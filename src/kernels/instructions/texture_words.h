#pragma once
// Arguments and results of the texture and surface operations: words in memory (texture.h of
// include/cuda_shim says which).

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <optional>

#include "cuda_shim/texture.h"
#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

class TextureWords {
 public:
  /// `address` is the operand `[a, {coordinates}]`.
  TextureWords(Lowering& lowering, unsigned address);

  /// The geometry among the modifiers.
  cuda_shim_geometry geometry() const { return geometry_; }
  unsigned dimensions() const;
  /// Why the address operand does not fit the geometry; empty if it does.
  std::string fault() const;
  llvm::Value* handle();
  /// Stores the coordinates, which are of the type; a layer comes first and is an integer.
  void store_coordinates(ptx::ScalarType type);
  /// Stores `count` elements of an operand from a word on.
  void store_elements(unsigned word, unsigned operand, unsigned count, ptx::ScalarType type);
  llvm::Value* arguments() const { return arguments_; }
  /// Room for the elements of the widest access.
  llvm::Value* data() const { return data_; }
  /// Loads and stores element `index` of the data, of the type of which all of them are.
  llvm::Value* load(unsigned index, llvm::Type* type);
  void store(unsigned index, llvm::Value* value);

 private:
  bool is_layered() const;
  void store_word(unsigned word, llvm::Value* value);

  Lowering& lowering_;
  unsigned address_;
  cuda_shim_geometry geometry_;
  llvm::Value* arguments_;
  llvm::Value* data_;
};

}  // namespace cuda_shim::kernels::instructions
