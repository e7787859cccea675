// Data Movement and Conversion Instructions (PTX ISA 9.0, section 9.7.9), those that move data of
// one thread: mov, ld, ldu, st, cvta, isspacep, prefetch and the cache hints. Asynchronous copies
// are in asynchronous_copy.cpp, shfl is in synchronization.cpp, conversions are in conversion.cpp.
//
// Caches are not modelled: cache operators, eviction priorities and prefetches are accepted and
// change nothing.

#include <bit>
#include <iterator>

#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;

ScalarType bits_type(unsigned bits) {
  switch (bits) {
    case 8:
      return ScalarType::kB8;
    case 16:
      return ScalarType::kB16;
    case 32:
      return ScalarType::kB32;
    case 64:
      return ScalarType::kB64;
    default:
      return ScalarType::kB128;
  }
}

// --- mov

/// Bits of one of `count` equal parts of a mov's type; 0 if there is no type of that size.
unsigned part_bits(const Lowering& lowering, unsigned count) {
  const unsigned bits = ptx::bits_of(lowering.type());
  return std::has_single_bit(count) && bits / count >= 8 ? bits / count : 0;
}

// mov.b64 d, {a, b}: the first element is the lowest.
Status lower_pack(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const unsigned count = lowering.element_count(1);
  const unsigned part = part_bits(lowering, count);
  if (part == 0) return lowering.not_supported("a vector of this many elements has no such type.");
  llvm::Type* whole = ir.getIntNTy(ptx::bits_of(lowering.type()));
  llvm::Value* packed = llvm::ConstantInt::get(whole, 0);
  for (unsigned i = 0; i < count; ++i) {
    llvm::Value* element = ir.CreateZExt(lowering.element(1, i, bits_type(part)), whole);
    packed = ir.CreateOr(packed, ir.CreateShl(element, i * part));
  }
  lowering.set(0, packed, lowering.type());
  return {};
}

Status lower_unpack(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const unsigned count = lowering.element_count(0);
  const unsigned part = part_bits(lowering, count);
  if (part == 0) return lowering.not_supported("a vector of this many elements has no such type.");
  llvm::Value* packed = as_integer(ir, lowering.value(1, lowering.type()));
  for (unsigned i = 0; i < count; ++i) {
    llvm::Value* element = ir.CreateTrunc(ir.CreateLShr(packed, i * part), ir.getIntNTy(part));
    lowering.set_element(0, i, element, bits_type(part));
  }
  return {};
}

Status lower_mov(Lowering& lowering) {
  if (lowering.element_count(0) > 1) return lower_unpack(lowering);
  if (lowering.element_count(1) > 1) return lower_pack(lowering);
  lowering.set(0, lowering.value(1, lowering.type()), lowering.type());
  return {};
}

// --- ld, st

/// An operand of a vector access has as many elements as the modifier says.
Status check_width(Lowering& lowering, unsigned index) {
  if (lowering.element_count(index) == lowering.vector_width()) return {};
  return lowering.not_supported("its vector has another number of elements than the instruction.");
}

Status lower_load_with(Lowering& lowering, const Access& access) {
  if (Status status = check_width(lowering, 0); !status.ok()) return status;
  const unsigned count = lowering.vector_width();
  const ScalarType type = lowering.type();
  llvm::Value* loaded = load(lowering, lowering.address(1), type, count, access);
  if (count == 1) {
    lowering.set(0, loaded, type);
    return {};
  }
  for (unsigned i = 0; i < count; ++i)
    lowering.set_element(0, i, lowering.ir().CreateExtractElement(loaded, i), type);
  return {};
}

Status lower_ld(Lowering& lowering) {
  return lower_load_with(lowering, access_of(lowering));
}

// ld.global.nc and ldu read memory that nobody writes while the kernel runs; that is a licence, not
// a duty.
Status lower_read_only_ld(Lowering& lowering) {
  return lower_load_with(lowering, Access{});
}

Status lower_st(Lowering& lowering) {
  if (Status status = check_width(lowering, 1); !status.ok()) return status;
  llvm::IRBuilder<>& ir = lowering.ir();
  const unsigned count = lowering.vector_width();
  const ScalarType type = lowering.type();
  llvm::Value* pointer = lowering.address(0);
  if (count == 1) {
    store(lowering, pointer, lowering.value(1, type), type, 1, access_of(lowering));
    return {};
  }
  llvm::Value* all = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    llvm::Value* element = lowering.element(1, i, type);
    if (element->getType()->isVectorTy()) element = as_integer(ir, element);
    if (all == nullptr)
      all = llvm::PoisonValue::get(llvm::FixedVectorType::get(element->getType(), count));
    all = ir.CreateInsertElement(all, element, i);
  }
  store(lowering, pointer, all, type, count, access_of(lowering));
  return {};
}

// --- Addresses

llvm::Value* shared_base(Lowering& lowering) {
  return lowering.ir().CreatePtrToInt(lowering.device_op(DeviceOp::shared_window, {}),
                                      lowering.ir().getInt64Ty());
}

// Only shared addresses differ from generic ones, by where the block's window lies.
Status lower_cvta(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const ScalarType type = lowering.type();
  if (type == ScalarType::kU32)
    return lowering.not_supported("addresses of 32 bits are those of 32-bit programs");
  llvm::Value* address = lowering.value(1, ScalarType::kU64);
  if (lowering.space() == ptx::StateSpace::kShared) {
    llvm::Value* base = shared_base(lowering);
    address = lowering.has("to") ? ir.CreateSub(address, base) : ir.CreateAdd(address, base);
  }
  lowering.set(0, ir.CreateTrunc(address, lowering.llvm_type(type)), type);
  return {};
}

llvm::Value* is_within(Lowering& lowering, llvm::Value* address, llvm::Value* base,
                       llvm::Value* size) {
  return lowering.ir().CreateICmpULT(lowering.ir().CreateSub(address, base), size);
}

llvm::Value* is_shared(Lowering& lowering, llvm::Value* address) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* size = ir.CreateAdd(lowering.device_op(DeviceOp::static_shared_size, {}),
                                   lowering.device_op(DeviceOp::dynamic_shared_size, {}));
  return is_within(lowering, address, shared_base(lowering), ir.CreateZExt(size, ir.getInt64Ty()));
}

// Where local, constant and parameter memory lie is not known apart from global memory, of which
// they are a part here. So every address outside of the window is global, and none is local: code
// that asks takes the path that is right for any address.
Status lower_isspacep(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* address = lowering.value(1, ScalarType::kU64);
  llvm::Value* answer = ir.getFalse();
  if (lowering.space() == ptx::StateSpace::kShared) answer = is_shared(lowering, address);
  if (lowering.space() == ptx::StateSpace::kGlobal)
    answer = ir.CreateNot(is_shared(lowering, address));
  lowering.set(0, answer, ScalarType::kPred);
  return {};
}

// A cluster has one block: an address in the window of any block of it is the address itself.
Status lower_mapa(Lowering& lowering) {
  lowering.set(0, lowering.value(1, lowering.type()), lowering.type());
  return {};
}

Status lower_getctarank(Lowering& lowering) {
  lowering.set(0, lowering.ir().getInt32(0), ScalarType::kU32);
  return {};
}

// --- Caches

Status lower_nothing(Lowering&) {
  return {};
}

Status lower_createpolicy(Lowering& lowering) {
  lowering.set(0, lowering.ir().getInt64(0), ScalarType::kB64);
  return {};
}

// Classes that the rows below share.
#define LOAD_COP "; .cop = .ca .cg .cs .lu .cv"
#define READ_ONLY_COP "; .cop = .ca .cg .cs"
#define STORE_COP "; .cop = .wb .cg .cs .wt"
#define EVICTION                                                                     \
  "; .l1 = .L1::evict_normal .L1::evict_unchanged .L1::evict_first .L1::evict_last " \
  ".L1::no_allocate; .l2 = .L2::evict_normal .L2::evict_first .L2::evict_last"
#define PREFETCH "; .pf = .L2::64B .L2::128B .L2::256B"
#define VECTOR "; .vec = .v2 .v4 .v8"
#define TYPE "; .type = .b8 .b16 .b32 .b64 .b128 .u8 .u16 .u32 .u64 .s8 .s16 .s32 .s64 .f32 .f64"
#define SCOPE "; .scope = .cta .cluster .gpu .sys"

constexpr Row kRows[] = {
    {"mov.type d, a; .type = .pred .b16 .b32 .b64 .b128 .u16 .u32 .u64 .s16 .s32 .s64 .f32 .f64",
     lower_mov},

    {"ld{.weak}{.ss}{.cop}{.l1}{.l2}{.L2::cache_hint}{.pf}{.vec}.type d, [a]{, b}"
     "; .ss = .const .global .local .param .param::entry .param::func .shared .shared::cta "
     ".shared::cluster" LOAD_COP EVICTION PREFETCH VECTOR TYPE,
     lower_ld},
    {"ld{.mmio}.sem{.scope}{.ss}{.l1}{.l2}{.L2::cache_hint}{.pf}{.vec}.type d, [a]{, b}"
     "; .sem = .volatile .relaxed .acquire"
     "; .ss = .global .shared .shared::cta .shared::cluster" SCOPE EVICTION PREFETCH VECTOR TYPE,
     lower_ld},
    {"ld.global{.cop}.nc{.l1}{.l2}{.L2::cache_hint}{.pf}{.vec}.type d, [a]{, b}" READ_ONLY_COP
         EVICTION PREFETCH VECTOR TYPE,
     lower_read_only_ld},
    {"ldu{.global}{.vec}.type d, [a]; .vec = .v2 .v4" TYPE, lower_read_only_ld},

    {"st{.weak}{.ss}{.cop}{.l1}{.l2}{.L2::cache_hint}{.vec}.type [a], b{, c}"
     "; .ss = .global .local .param .param::func .shared .shared::cta "
     ".shared::cluster" STORE_COP EVICTION VECTOR TYPE,
     lower_st},
    {"st{.mmio}.sem{.scope}{.ss}{.l1}{.l2}{.L2::cache_hint}{.vec}.type [a], b{, c}"
     "; .sem = .volatile .relaxed .release"
     "; .ss = .global .shared .shared::cta .shared::cluster" SCOPE EVICTION VECTOR TYPE,
     lower_st},

    {"cvta.ss.size d, a; .size = .u32 .u64"
     "; .ss = .const .global .local .shared .shared::cta .shared::cluster .param .param::entry",
     lower_cvta},
    {"cvta.to.ss.size d, a; .size = .u32 .u64"
     "; .ss = .const .global .local .shared .shared::cta .shared::cluster .param .param::entry",
     lower_cvta},
    {"isspacep.ss d, a"
     "; .ss = .const .global .local .shared .shared::cta .shared::cluster .param .param::entry",
     lower_isspacep},
    {"mapa{.shared::cluster}.size d, a, b; .size = .u32 .u64", lower_mapa},
    {"getctarank{.shared::cluster}.size d, a; .size = .u32 .u64", lower_getctarank},

    {"prefetch{.ss}.level [a]; .ss = .global .local; .level = .L1 .L2", lower_nothing},
    {"prefetch{.global}.level [a]; .level = .L2::evict_last .L2::evict_normal", lower_nothing},
    {"prefetch{.ss}.tensormap [a]; .ss = .const .param", lower_nothing},
    {"prefetchu.L1 [a]", lower_nothing},
    {"applypriority{.global}.L2::evict_normal [a], b", lower_nothing},
    {"discard{.global}.L2 [a], b", lower_nothing},
    {"createpolicy.fractional.first{.second}.b64 d{, a}"
     "; .first = .L2::evict_last .L2::evict_normal .L2::evict_first .L2::evict_unchanged"
     "; .second = .L2::evict_first .L2::evict_unchanged",
     lower_createpolicy},
    {"createpolicy.range{.global}.first{.second}.b64 d, [a], b, c"
     "; .first = .L2::evict_last .L2::evict_normal .L2::evict_first .L2::evict_unchanged"
     "; .second = .L2::evict_first .L2::evict_unchanged",
     lower_createpolicy},
    {"createpolicy.cvt.L2.b64 d, a", lower_createpolicy},
};

#undef LOAD_COP
#undef READ_ONLY_COP
#undef STORE_COP
#undef EVICTION
#undef PREFETCH
#undef VECTOR
#undef TYPE
#undef SCOPE

}  // namespace

std::span<const Row> data_movement_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
