#include "kernels/instructions/texture_words.h"

#include <fmt/format.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

#include "kernels/instructions/scratch_memory.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;

struct GeometryRow {
  std::string_view word;
  cuda_shim_geometry geometry;
  unsigned dimensions;
  bool layered;
  bool sampled = false;  ///< a sample's number comes before the coordinates
};

constexpr GeometryRow kGeometries[] = {{"1d", CUDA_SHIM_GEOMETRY_1D, 1, false},
                                       {"2d", CUDA_SHIM_GEOMETRY_2D, 2, false},
                                       {"3d", CUDA_SHIM_GEOMETRY_3D, 3, false},
                                       {"a1d", CUDA_SHIM_GEOMETRY_A1D, 1, true},
                                       {"a2d", CUDA_SHIM_GEOMETRY_A2D, 2, true},
                                       {"cube", CUDA_SHIM_GEOMETRY_CUBE, 3, false},
                                       {"acube", CUDA_SHIM_GEOMETRY_ACUBE, 3, true},
                                       // Nothing that CUDA makes has more samples than one.
                                       {"2dms", CUDA_SHIM_GEOMETRY_2D, 2, false, true},
                                       {"a2dms", CUDA_SHIM_GEOMETRY_A2D, 2, true, true}};

// Elements of 64 bits, four of them.
constexpr unsigned kDataWords = 8;

Value* memory_of(Lowering& l, const char* name, unsigned words) {
  return scratch_memory(*l.ir().GetInsertBlock()->getParent(), name, words);
}

}  // namespace

TextureWords::TextureWords(Lowering& lowering, unsigned address)
    : lowering_(lowering), address_(address), geometry_(CUDA_SHIM_GEOMETRY_1D) {
  for (const GeometryRow& row : kGeometries) {
    if (!lowering.has(row.word)) continue;
    geometry_ = row.geometry;
    before_ = (row.layered ? 1u : 0u) + (row.sampled ? 1u : 0u);
  }
}

unsigned TextureWords::dimensions() const {
  return kGeometries[geometry_].dimensions;
}

bool TextureWords::is_layered() const {
  return kGeometries[geometry_].layered;
}

std::string TextureWords::fault() const {
  const ptx::Address* written = lowering_.instruction().operands[address_].address();
  if (written == nullptr || written->more.empty()) return "the coordinates are missing";
  if (written->more.size() > 2) return "a texture is followed by a sampler and coordinates at most";
  const unsigned needed = dimensions() + before_;
  const unsigned found = lowering_.element_count(address_);
  if (found >= needed) return {};
  return fmt::format("{} coordinates are needed, {} are given", needed, found);
}

Value* TextureWords::handle() {
  return lowering_.value(address_, ptx::ScalarType::kB64);
}

unsigned TextureWords::set_sampler() {
  Value* handle = lowering_.second_of_address(address_, ptx::ScalarType::kB64);
  if (handle == nullptr) return 0;
  llvm::IRBuilder<>& ir = lowering_.ir();
  words_[CUDA_SHIM_TEXTURE_WORD_SAMPLER] = ir.CreateTrunc(handle, ir.getInt32Ty());
  words_[CUDA_SHIM_TEXTURE_WORD_SAMPLER + 1] =
      ir.CreateTrunc(ir.CreateLShr(handle, 32), ir.getInt32Ty());
  return CUDA_SHIM_TEXTURE_SAMPLER;
}

void TextureWords::set_coordinates(ptx::ScalarType type) {
  if (is_layered())
    words_[CUDA_SHIM_TEXTURE_WORD_LAYER] = lowering_.element(address_, 0, ptx::ScalarType::kU32);
  for (unsigned i = 0; i < dimensions(); ++i)
    words_[CUDA_SHIM_TEXTURE_WORD_COORDINATES + i] = lowering_.element(address_, i + before_, type);
}

void TextureWords::set_elements(unsigned word, unsigned operand, unsigned count,
                                ptx::ScalarType type) {
  for (unsigned i = 0; i < count; ++i) words_[word + i] = lowering_.element(operand, i, type);
}

Value* TextureWords::fetch(unsigned operation) {
  llvm::IRBuilder<>& ir = lowering_.ir();
  llvm::SmallVector<Value*> arguments = {handle(), ir.getInt32(operation)};
  for (Value* word : words_)
    arguments.push_back(word != nullptr ? ir.CreateBitCast(word, ir.getInt32Ty())
                                        : llvm::PoisonValue::get(ir.getInt32Ty()));
  return lowering_.device_op(DeviceOp::texture_fetch, arguments);
}

// --- In memory

Value* TextureWords::in_memory() {
  llvm::IRBuilder<>& ir = lowering_.ir();
  Value* memory = memory_of(lowering_, "cuda_shim.surface_words", CUDA_SHIM_SURFACE_WORDS);
  for (unsigned i = 0; i < CUDA_SHIM_SURFACE_WORDS; ++i)
    if (words_[i] != nullptr)
      ir.CreateStore(words_[i], ir.CreateConstInBoundsGEP1_32(ir.getInt32Ty(), memory, i));
  return memory;
}

Value* TextureWords::data() {
  if (data_ == nullptr) data_ = memory_of(lowering_, "cuda_shim.surface_data", kDataWords);
  return data_;
}

Value* TextureWords::load(unsigned index, llvm::Type* type) {
  llvm::IRBuilder<>& ir = lowering_.ir();
  return ir.CreateLoad(type, ir.CreateConstInBoundsGEP1_32(type, data(), index));
}

void TextureWords::store(unsigned index, Value* value) {
  llvm::IRBuilder<>& ir = lowering_.ir();
  ir.CreateStore(value, ir.CreateConstInBoundsGEP1_32(value->getType(), data(), index));
}

}  // namespace cuda_shim::kernels::instructions
