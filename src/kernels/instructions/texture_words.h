#pragma once
// Arguments and results of the texture and surface operations: words (texture.h of
// include/cuda_shim says which). Those of fetches are values; those of surfaces, whose elements
// have many sizes, lie in memory.

#include <llvm/IR/IRBuilder.h>

#include <array>
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
  bool is_cube() const {
    return geometry_ == CUDA_SHIM_GEOMETRY_CUBE || geometry_ == CUDA_SHIM_GEOMETRY_ACUBE;
  }
  /// Why the address operand does not fit the geometry; empty if it does.
  std::string fault() const;
  llvm::Value* handle();
  /// Sets the words of the sampler, if the address names one: `[a, b, {coordinates}]`. Bits for the
  /// operation.
  unsigned set_sampler();
  /// Sets the words of the coordinates, which are of the type; a layer comes first and is an
  /// integer.
  void set_coordinates(ptx::ScalarType type);
  /// Sets words from one on to `count` elements of an operand.
  void set_elements(unsigned word, unsigned operand, unsigned count, ptx::ScalarType type);

  /// The four words that a fetch with these arguments returns, as a vector.
  llvm::Value* fetch(unsigned operation);

  /// The words in memory, as surface operations want them.
  llvm::Value* in_memory();
  /// Memory for the elements of the widest access to a surface.
  llvm::Value* data();
  /// Loads and stores element `index` of the data, of the type of which all of them are.
  llvm::Value* load(unsigned index, llvm::Type* type);
  void store(unsigned index, llvm::Value* value);

 private:
  bool is_layered() const;

  Lowering& lowering_;
  unsigned address_;
  cuda_shim_geometry geometry_;
  unsigned before_ = 0;  ///< elements of the address that come before the coordinates
  /// Floats or integers; null: the operation does not need the word.
  std::array<llvm::Value*, CUDA_SHIM_TEXTURE_WORDS> words_ = {};
  llvm::Value* data_ = nullptr;
};

}  // namespace cuda_shim::kernels::instructions
