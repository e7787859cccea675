#include "kernels/instructions/texture_words.h"

#include <fmt/format.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;

struct GeometryRow {
  std::string_view word;
  cuda_shim_geometry geometry;
  unsigned dimensions;
  bool layered;
};

constexpr GeometryRow kGeometries[] = {
    {"1d", CUDA_SHIM_GEOMETRY_1D, 1, false},     {"2d", CUDA_SHIM_GEOMETRY_2D, 2, false},
    {"3d", CUDA_SHIM_GEOMETRY_3D, 3, false},     {"a1d", CUDA_SHIM_GEOMETRY_A1D, 1, true},
    {"a2d", CUDA_SHIM_GEOMETRY_A2D, 2, true},    {"cube", CUDA_SHIM_GEOMETRY_CUBE, 3, false},
    {"acube", CUDA_SHIM_GEOMETRY_ACUBE, 3, true}};

// Elements of 64 bits, four of them.
constexpr unsigned kDataWords = 8;

// The memory of this name among the variables at the function's start. It is put in front of them,
// so that it is soon found.
llvm::AllocaInst* find_words(llvm::BasicBlock& entry, llvm::StringRef name) {
  for (llvm::Instruction& instruction : entry) {
    auto* memory = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    if (memory == nullptr || memory->hasMetadata(name)) return memory;
  }
  return nullptr;
}

// One piece of memory for all instructions of the function: none is in use beyond its instruction.
Value* shared_words(llvm::IRBuilder<>& ir, const char* name, unsigned words) {
  llvm::BasicBlock& entry = ir.GetInsertBlock()->getParent()->getEntryBlock();
  if (llvm::AllocaInst* known = find_words(entry, name)) return known;
  llvm::IRBuilder<> at_entry(&entry, entry.begin());
  llvm::AllocaInst* memory =
      at_entry.CreateAlloca(llvm::ArrayType::get(ir.getInt32Ty(), words), nullptr, name);
  memory->setAlignment(llvm::Align(8));
  memory->setMetadata(name, llvm::MDNode::get(ir.getContext(), {}));
  return memory;
}

}  // namespace

TextureWords::TextureWords(Lowering& lowering, unsigned address)
    : lowering_(lowering),
      address_(address),
      geometry_(CUDA_SHIM_GEOMETRY_1D),
      arguments_(shared_words(lowering.ir(), "cuda_shim.texture_words", CUDA_SHIM_TEXTURE_WORDS)),
      data_(shared_words(lowering.ir(), "cuda_shim.texture_data", kDataWords)) {
  for (const GeometryRow& row : kGeometries)
    if (lowering.has(row.word)) geometry_ = row.geometry;
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
  if (written->more.size() > 1) return "a sampler apart from the texture cannot be used";
  const unsigned needed = dimensions() + (is_layered() ? 1 : 0);
  const unsigned found = lowering_.element_count(address_);
  if (found >= needed) return {};
  return fmt::format("{} coordinates are needed, {} are given", needed, found);
}

Value* TextureWords::handle() {
  return lowering_.value(address_, ptx::ScalarType::kB64);
}

void TextureWords::store_word(unsigned word, Value* value) {
  llvm::IRBuilder<>& ir = lowering_.ir();
  ir.CreateStore(value, ir.CreateConstInBoundsGEP1_32(ir.getInt32Ty(), arguments_, word));
}

void TextureWords::store_coordinates(ptx::ScalarType type) {
  if (is_layered())
    store_word(CUDA_SHIM_TEXTURE_WORD_LAYER, lowering_.element(address_, 0, ptx::ScalarType::kU32));
  for (unsigned i = 0; i < dimensions(); ++i)
    store_word(CUDA_SHIM_TEXTURE_WORD_COORDINATES + i,
               lowering_.element(address_, i + (is_layered() ? 1 : 0), type));
}

void TextureWords::store_elements(unsigned word, unsigned operand, unsigned count,
                                  ptx::ScalarType type) {
  for (unsigned i = 0; i < count; ++i) store_word(word + i, lowering_.element(operand, i, type));
}

Value* TextureWords::load(unsigned index, llvm::Type* type) {
  llvm::IRBuilder<>& ir = lowering_.ir();
  return ir.CreateLoad(type, ir.CreateConstInBoundsGEP1_32(type, data_, index));
}

void TextureWords::store(unsigned index, Value* value) {
  llvm::IRBuilder<>& ir = lowering_.ir();
  ir.CreateStore(value, ir.CreateConstInBoundsGEP1_32(value->getType(), data_, index));
}

}  // namespace cuda_shim::kernels::instructions
