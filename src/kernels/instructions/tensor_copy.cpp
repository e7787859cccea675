// Copies and reductions by tensor maps (PTX ISA 9.0, sections 9.7.9.25.5 and 9.7.9.26):
// cp.async.bulk.tensor, cp.reduce.async.bulk.tensor, cp.async.bulk.prefetch.tensor; and what
// changes the maps: tensormap.replace, tensormap.cp_fenceproxy.
//
// What a box is depends on the map, which is known when the kernel runs, so that a copy is one call
// of the device. As with other bulk copies it is done where it is issued.

#include <llvm/IR/Constants.h>

#include <cstddef>

#include "cuda_shim/tensor_map.h"
#include "kernels/instructions/mbarrier.h"
#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using ptx::StateSpace;
using Builder = llvm::IRBuilder<>;

// --- Copies

struct ModeRow {
  std::string_view word;
  cuda_shim_tensor_mode mode;
};
constexpr ModeRow kModes[] = {
    {"tile::gather4", CUDA_SHIM_TENSOR_ROWS}, {"tile::scatter4", CUDA_SHIM_TENSOR_ROWS},
    {"im2col::w", CUDA_SHIM_TENSOR_IM2COL_W}, {"im2col::w::128", CUDA_SHIM_TENSOR_IM2COL_W128},
    {"im2col", CUDA_SHIM_TENSOR_IM2COL},      {"im2col_no_offs", CUDA_SHIM_TENSOR_IM2COL}};

cuda_shim_tensor_mode mode_of(const Lowering& l) {
  for (const ModeRow& row : kModes)
    if (l.has(row.word)) return row.mode;
  return CUDA_SHIM_TENSOR_TILE;
}

bool is_im2col(cuda_shim_tensor_mode mode) {
  return mode >= CUDA_SHIM_TENSOR_IM2COL;
}

unsigned rank_of(const Lowering& l) {
  constexpr std::string_view kWords[] = {"1d", "2d", "3d", "4d", "5d"};
  unsigned rank = 1;
  for (std::string_view word : kWords) {
    if (l.has(word)) return rank;
    ++rank;
  }
  return 0;
}

/// A copy's operands by their places: the tensor `[map, {coordinates}]`, the shared memory, the
/// offsets of im2col (0: none), of im2col::w the halo and the shift.
struct Places {
  unsigned tensor, shared, offsets;
};

class TensorWords {
 public:
  TensorWords(Lowering& l, const Places& places) : l_(l), places_(places) {}

  std::string fault() const {
    const ptx::Address* tensor = l_.instruction().operands[places_.tensor].address();
    if (tensor == nullptr || tensor->more.size() != 1) return "the coordinates are missing";
    if (l_.element_count(places_.tensor) != coordinates())
      return "the coordinates are not as many as the dimensions";
    if (is_im2col(mode_of(l_)) && rank_of(l_) < 3) return "im2col has three dimensions at least";
    if (places_.offsets == 0 || l_.element_count(places_.offsets) == offsets()) return {};
    return mode_of(l_) == CUDA_SHIM_TENSOR_IM2COL
               ? "the offsets are not two fewer than the dimensions"
               : "the halo and the offset are not two";
  }

  /// Emits the call; its result is the bytes of the box.
  Value* copy(cuda_shim_tensor_kind kind, unsigned reduction) {
    Builder& ir = l_.ir();
    llvm::BasicBlock& entry = ir.GetInsertBlock()->getParent()->getEntryBlock();
    words_ = Builder(&entry, entry.begin())
                 .CreateAlloca(llvm::ArrayType::get(ir.getInt32Ty(), CUDA_SHIM_TENSOR_WORDS),
                               nullptr, "tensor_words");
    for (unsigned i = 0; i < coordinates(); ++i)
      store(CUDA_SHIM_TENSOR_WORD_COORDINATES + i, l_.element(places_.tensor, i, ScalarType::kS32));
    for (unsigned i = 0; i < offsets(); ++i)
      store(CUDA_SHIM_TENSOR_WORD_OFFSETS + i,
            places_.offsets == 0
                ? ir.getInt32(0)
                : ir.CreateZExt(l_.element(places_.offsets, i, ScalarType::kU16), ir.getInt32Ty()));
    Value* shared = l_.address(places_.shared, StateSpace::kShared);
    store(CUDA_SHIM_TENSOR_WORD_SHARED,
          ir.CreateTrunc(ir.CreatePtrToInt(shared, ir.getInt64Ty()), ir.getInt32Ty()));
    const unsigned operation = rank_of(l_) | kind << CUDA_SHIM_TENSOR_KIND_SHIFT |
                               mode_of(l_) << CUDA_SHIM_TENSOR_MODE_SHIFT |
                               reduction << CUDA_SHIM_TENSOR_REDUCTION_SHIFT;
    // The name of a shared variable is no generic address: no map lies there, which shows later.
    Value* map =
        ir.CreateAddrSpaceCast(l_.address(places_.tensor, StateSpace::kGeneric), ir.getPtrTy());
    return l_.device_op(
        DeviceOp::tensor_copy,
        {map, ir.getInt32(operation), ir.CreateAddrSpaceCast(shared, ir.getPtrTy()), words_});
  }

 private:
  unsigned coordinates() const { return mode_of(l_) == CUDA_SHIM_TENSOR_ROWS ? 5 : rank_of(l_); }
  unsigned offsets() const {
    if (!is_im2col(mode_of(l_))) return 0;
    return mode_of(l_) == CUDA_SHIM_TENSOR_IM2COL ? rank_of(l_) - 2 : 2;
  }
  void store(unsigned word, Value* value) {
    Builder& ir = l_.ir();
    ir.CreateStore(value, ir.CreateConstInBoundsGEP1_32(ir.getInt32Ty(), words_, word));
  }

  Lowering& l_;
  Places places_;
  Value* words_ = nullptr;
};

// [shared], [map, {...}], [mbarrier]{, offsets}{, mask}{, policy}
Status lower_load(Lowering& l) {
  TensorWords words(l, {1, 0, is_im2col(mode_of(l)) ? 3u : 0u});
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  Value* bytes = words.copy(CUDA_SHIM_TENSOR_LOAD, 0);
  complete_transactions(l, l.address(2, StateSpace::kShared),
                        l.ir().CreateZExt(bytes, l.ir().getInt64Ty()));
  return {};
}

// [map, {...}], [shared]{, policy}
Status lower_store(Lowering& l) {
  TensorWords words(l, {0, 1, 0});
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  words.copy(CUDA_SHIM_TENSOR_STORE, 0);
  return {};
}

Status lower_reduce(Lowering& l) {
  constexpr std::string_view kOperations[] = {"add", "min", "max", "inc",
                                              "dec", "and", "or",  "xor"};
  TensorWords words(l, {0, 1, 0});
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  unsigned reduction = CUDA_SHIM_TENSOR_ADD;
  while (!l.has(kOperations[reduction])) ++reduction;
  words.copy(CUDA_SHIM_TENSOR_REDUCE, reduction);
  return {};
}

Status lower_nothing(Lowering&) {
  return {};
}

// --- Changes of tensor maps

/// Where a field lies; those with an ordinal are arrays.
struct FieldRow {
  std::string_view word;
  std::size_t offset;
  unsigned bytes;
  bool less_one = false;  ///< kept less 1
};
#define CUDA_SHIM_FIELD(member) offsetof(cuda_shim_tensor_map, member)
constexpr FieldRow kFields[] = {
    {"global_address", CUDA_SHIM_FIELD(address), 8},
    {"rank", CUDA_SHIM_FIELD(last_dimension), 1},  // the instruction counts from 0, too
    {"box_dim", CUDA_SHIM_FIELD(box), 2},
    {"global_dim", CUDA_SHIM_FIELD(last), 4, true},
    {"global_stride", CUDA_SHIM_FIELD(stride), 8},
    {"element_stride", CUDA_SHIM_FIELD(element_stride), 1},
    {"elemtype", CUDA_SHIM_FIELD(type), 1},
    {"interleave_layout", CUDA_SHIM_FIELD(interleave), 1},
    {"swizzle_mode", CUDA_SHIM_FIELD(swizzle), 1},
    {"swizzle_atomicity", CUDA_SHIM_FIELD(swizzle_atomicity), 1},
    {"fill_mode", CUDA_SHIM_FIELD(fill_nan), 1},
};
#undef CUDA_SHIM_FIELD

const FieldRow& field_of(const Lowering& l) {
  const FieldRow* found = kFields;
  for (const FieldRow& row : kFields)
    if (l.has(row.word)) found = &row;
  return *found;
}

// [map]{, ordinal}, value. An ordinal is a number in the text.
Status lower_replace(Lowering& l) {
  Builder& ir = l.ir();
  const FieldRow& field = field_of(l);
  const bool is_array = l.has_operand(2);
  std::uint64_t offset = field.offset;
  if (is_array) {
    auto* ordinal = llvm::dyn_cast<llvm::ConstantInt>(l.value(1, ScalarType::kU32));
    const std::uint64_t most = field.word == "global_stride" ? CUDA_SHIM_TENSOR_DIMENSIONS - 1
                                                             : CUDA_SHIM_TENSOR_DIMENSIONS;
    if (ordinal == nullptr || ordinal->getZExtValue() >= most)
      return l.not_supported("its ordinal is not that of a dimension");
    offset += ordinal->getZExtValue() * field.bytes;
  }
  Value* value = l.value(is_array ? 2 : 1, l.type());
  if (field.less_one) value = ir.CreateSub(value, llvm::ConstantInt::get(value->getType(), 1));
  value = ir.CreateZExtOrTrunc(value, ir.getIntNTy(field.bytes * 8));
  ir.CreateStore(value, ir.CreateConstGEP1_64(ir.getInt8Ty(), l.address(0), offset));
  return {};
}

// [global], [shared], 128: a copy that releases, for all lanes together. The first lane's operands
// are everybody's.
Status lower_copy_fence(Lowering& l) {
  Builder& ir = l.ir();
  auto* size = llvm::dyn_cast<llvm::ConstantInt>(l.value(2, ScalarType::kU32));
  if (size == nullptr || size->getZExtValue() != sizeof(cuda_shim_tensor_map))
    return l.not_supported("its size is not 128");
  l.device_op(DeviceOp::warp_sync, {ir.getInt32(~0u)});
  Value* to = ir.CreateAddrSpaceCast(l.address(0, StateSpace::kGlobal), ir.getPtrTy());
  Value* from = ir.CreateAddrSpaceCast(l.address(1, StateSpace::kShared), ir.getPtrTy());
  ir.CreateMemCpy(to, llvm::Align(8), from, llvm::Align(8), sizeof(cuda_shim_tensor_map));
  ir.CreateFence(llvm::AtomicOrdering::Release, scope_of(l));
  l.device_op(DeviceOp::warp_sync, {ir.getInt32(~0u)});
  return {};
}

#define CUDA_SHIM_DIMENSIONS "; .dim = .1d .2d .3d .4d .5d"
#define CUDA_SHIM_LOAD_TO \
  "; .to = .shared::cta .shared::cluster; .group = .cta_group::1 .cta_group::2"

// [b] of loads is `[map, {coordinates}]`, as is [a] of stores.
constexpr Row kRows[] = {
    {"cp.async.bulk.tensor.dim.to.global{.tile}.mbarrier::complete_tx::bytes{.multicast::cluster}"
     "{.group}{.L2::cache_hint} [a], [b], [m]{, e}{, f}" CUDA_SHIM_DIMENSIONS CUDA_SHIM_LOAD_TO,
     lower_load},
    {"cp.async.bulk.tensor.2d.to.global.tile::gather4.mbarrier::complete_tx::bytes"
     "{.multicast::cluster}{.group}{.L2::cache_hint} [a], [b], [m]{, e}{, f}" CUDA_SHIM_LOAD_TO,
     lower_load},
    {"cp.async.bulk.tensor.dim.to.global.mode.mbarrier::complete_tx::bytes{.multicast::cluster}"
     "{.group}{.L2::cache_hint} [a], [b], [m], {e}{, f}{, g}; .dim = .3d .4d .5d"
     "; .mode = .im2col .im2col::w .im2col::w::128" CUDA_SHIM_LOAD_TO,
     lower_load},
    {"cp.async.bulk.tensor.dim.global.shared::cta{.tile}.bulk_group{.L2::cache_hint} [a], [b]{, "
     "e}" CUDA_SHIM_DIMENSIONS,
     lower_store},
    {"cp.async.bulk.tensor.2d.global.shared::cta.tile::scatter4.bulk_group{.L2::cache_hint} "
     "[a], [b]{, e}",
     lower_store},
    {"cp.async.bulk.tensor.dim.global.shared::cta.im2col_no_offs.bulk_group{.L2::cache_hint} "
     "[a], [b]{, e}; .dim = .3d .4d .5d",
     lower_store},
    {"cp.async.bulk.prefetch.tensor.dim.L2.global{.tile}{.L2::cache_hint} [a]{, "
     "b}" CUDA_SHIM_DIMENSIONS,
     lower_nothing},
    {"cp.async.bulk.prefetch.tensor.2d.L2.global.tile::gather4{.L2::cache_hint} [a]{, b}",
     lower_nothing},
    {"cp.async.bulk.prefetch.tensor.dim.L2.global.mode{.L2::cache_hint} [a], {b}{, c}"
     "; .dim = .3d .4d .5d; .mode = .im2col .im2col::w .im2col::w::128",
     lower_nothing},
    {"cp.reduce.async.bulk.tensor.dim.global.shared::cta.op{.tile}.bulk_group{.L2::cache_hint} "
     "[a], [b]{, e}; .op = .add .min .max .inc .dec .and .or .xor" CUDA_SHIM_DIMENSIONS,
     lower_reduce},
    {"cp.reduce.async.bulk.tensor.dim.global.shared::cta.op.im2col_no_offs.bulk_group"
     "{.L2::cache_hint} [a], [b]{, e}; .op = .add .min .max .inc .dec .and .or .xor"
     "; .dim = .3d .4d .5d",
     lower_reduce},

    {"tensormap.replace.tile.global_address{.ss}.b1024.b64 [a], b; .ss = .global .shared::cta",
     lower_replace},
    {"tensormap.replace.tile.rank{.ss}.b1024.b32 [a], b; .ss = .global .shared::cta",
     lower_replace},
    {"tensormap.replace.tile.field{.ss}.b1024.b32 [a], b, c"
     "; .field = .box_dim .global_dim .element_stride; .ss = .global .shared::cta",
     lower_replace},
    {"tensormap.replace.tile.global_stride{.ss}.b1024.b64 [a], b, c; .ss = .global .shared::cta",
     lower_replace},
    {"tensormap.replace.tile.field{.ss}.b1024.b32 [a], b"
     "; .field = .elemtype .interleave_layout .swizzle_mode .fill_mode .swizzle_atomicity"
     "; .ss = .global .shared::cta",
     lower_replace},
    {"tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.scope.sync.aligned "
     "[a], [b], c; .scope = .cta .cluster .gpu .sys",
     lower_copy_fence},
};

}  // namespace

std::span<const Row> tensor_copy_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
