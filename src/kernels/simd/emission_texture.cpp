// Texture fetches: one call of the texture unit for all lanes that fetch from one texture.

#include <llvm/IR/Constants.h>

#include "cuda_shim/texture.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

constexpr unsigned kFirstWord = 2;  ///< among the arguments of texture_fetch
constexpr unsigned kChannels = 4;
constexpr unsigned kAlignment = 64;

}  // namespace

/// Word after word, each for all lanes. No fetch needs the room of another one.
llvm::Value* Emission::room_of_words(llvm::AllocaInst*& room, unsigned words) {
  if (room == nullptr)
    room = slot(llvm::ArrayType::get(ir_.getInt32Ty(), std::uint64_t{words} * lanes_.count),
                llvm::Align(kAlignment));
  return room;
}

llvm::Value* Emission::emit_texture_fetch(llvm::CallInst& call) {
  llvm::Value* handle = call.getArgOperand(0);
  llvm::Value* operation = call.getArgOperand(1);
  if (!is_uniform(handle) || !is_uniform(operation) || lanes_.count > kMostLanesOfTexture)
    return repeat_for_lanes(call);
  const auto row = [&](llvm::Value* room, unsigned word) {
    return ir_.CreateConstInBoundsGEP1_32(ir_.getInt32Ty(), room, word * lanes_.count);
  };
  llvm::Value* words = room_of_words(texture_words_, CUDA_SHIM_TEXTURE_WORDS);
  llvm::Value* texels = room_of_words(texels_, kChannels);
  const llvm::Align alignment(std::min(kAlignment, lanes_.count * 4));
  for (unsigned word = 0; word < CUDA_SHIM_TEXTURE_WORDS; ++word) {
    llvm::Value* value = call.getArgOperand(kFirstWord + word);
    if (!llvm::isa<llvm::UndefValue>(value))
      ir_.CreateAlignedStore(vector(value), row(words, word), alignment);
  }
  device_op(DeviceOp::texture_fetch_group,
            {texels, scalar(handle), scalar(operation), words, ir_.getInt32(lanes_.count),
             ir_.CreateZExt(mask_bits(), ir_.getInt64Ty())});
  llvm::SmallVector<llvm::Value*, kChannels> columns;
  llvm::Value* all = nullptr;
  for (unsigned c = 0; c < kChannels; ++c) {
    columns.push_back(
        ir_.CreateAlignedLoad(vector_type(ir_.getInt32Ty()), row(texels, c), alignment));
    all = c == 0 ? widened(columns[0], kChannels) : with_column(all, columns[c], kChannels, c);
  }
  columns_[&call] = columns;
  return all;
}

}  // namespace cuda_shim::kernels::simd
