// Functions that CUDA's runtime defines on the device, by device operations.

#include "kernels/instructions/provided_functions.h"

namespace cuda_shim::kernels::instructions {
namespace {

using Arguments = std::span<llvm::Value* const>;

llvm::Value* pointer(Lowering& lowering, llvm::Value* number) {
  return lowering.ir().CreateIntToPtr(number, lowering.ir().getPtrTy());
}

llvm::Value* number(Lowering& lowering, llvm::Value* value, unsigned bits) {
  return lowering.ir().CreateZExtOrTrunc(value, lowering.ir().getIntNTy(bits));
}

llvm::Value* lower_vprintf(Lowering& lowering, Arguments arguments) {
  return lowering.device_op(DeviceOp::vprintf,
                            {pointer(lowering, arguments[0]), pointer(lowering, arguments[1])});
}

llvm::Value* lower_malloc(Lowering& lowering, Arguments arguments) {
  llvm::Value* block = lowering.device_op(DeviceOp::malloc, {number(lowering, arguments[0], 64)});
  return lowering.ir().CreatePtrToInt(block, lowering.ir().getInt64Ty());
}

llvm::Value* lower_free(Lowering& lowering, Arguments arguments) {
  lowering.device_op(DeviceOp::free, {pointer(lowering, arguments[0])});
  return nullptr;
}

llvm::Value* lower_assertfail(Lowering& lowering, Arguments arguments) {
  lowering.device_op(DeviceOp::assert_fail,
                     {pointer(lowering, arguments[0]), pointer(lowering, arguments[1]),
                      number(lowering, arguments[2], 32), pointer(lowering, arguments[3]),
                      number(lowering, arguments[4], 64)});
  lowering.ir().CreateUnreachable();
  lowering.new_block("after_assert");
  return nullptr;
}

constexpr ProvidedFunction kFunctions[] = {
    {"vprintf", 2, true, lower_vprintf},
    {"malloc", 1, true, lower_malloc},
    {"free", 1, false, lower_free},
    {"__assertfail", 5, false, lower_assertfail},
    {"__assert_fail", 4, false,
     [](Lowering& lowering, Arguments arguments) -> llvm::Value* {
       // The C library's assert, as clang's CUDA headers declare it: no size of characters.
       llvm::Value* with_size[] = {arguments[0], arguments[1], arguments[2], arguments[3],
                                   lowering.ir().getInt64(1)};
       return lower_assertfail(lowering, with_size);
     }},
};

}  // namespace

const ProvidedFunction* find_provided_function(std::string_view name) {
  for (const ProvidedFunction& row : kFunctions)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace cuda_shim::kernels::instructions
