// vpdpbusd multiplies four unsigned bytes by four signed ones and adds all to a 32-bit sum, exactly
// but for that sum's wrapping. Where both are signed, or both unsigned, one is moved by 128 to the
// other range, and 128 times the other's sum is taken back:
//
//   a . b = (a + 128) . b - 128 . b        a + 128 is a with the upper bit inverted, unsigned
//   a . b = a . (b - 128) - a . (-128)     b - 128 is b with the upper bit inverted, signed

#include "kernels/simd/byte_products.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Sequence.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "kernels/instructions/matrix_warp_product.h"

namespace cuda_shim::kernels::simd {
namespace {

using llvm::Value;

constexpr unsigned kPiece = 16;  ///< words of an instruction
constexpr std::uint32_t kUpperBits = 0x80808080;

/// Of pieces: sum + u . s.
Value* add_products(llvm::IRBuilder<>& ir, Value* sum, Value* u, Value* s) {
  llvm::Function* instruction = llvm::Intrinsic::getOrInsertDeclaration(
      ir.GetInsertBlock()->getModule(), llvm::Intrinsic::x86_avx512_vpdpbusd_512);
  llvm::Type* bytes = instruction->getFunctionType()->getParamType(1);
  return ir.CreateCall(instruction, {sum, ir.CreateBitCast(u, bytes), ir.CreateBitCast(s, bytes)});
}

Value* signed_or_not(llvm::IRBuilder<>& ir, Value* sum, Value* a, Value* b, bool a_signed,
                     bool b_signed) {
  if (a_signed != b_signed) return add_products(ir, sum, a_signed ? b : a, a_signed ? a : b);
  llvm::Constant* upper = llvm::ConstantInt::get(a->getType(), kUpperBits);
  llvm::Constant* nothing = llvm::Constant::getNullValue(sum->getType());
  Value* moved = a_signed ? add_products(ir, sum, ir.CreateXor(a, upper), b)
                          : add_products(ir, sum, a, ir.CreateXor(b, upper));
  Value* excess =
      a_signed ? add_products(ir, nothing, upper, b) : add_products(ir, nothing, a, upper);
  return ir.CreateSub(moved, excess);
}

void replace_body(llvm::Function& function, bool a_signed, bool b_signed) {
  function.deleteBody();
  function.setLinkage(llvm::GlobalValue::InternalLinkage);
  llvm::IRBuilder<> ir(llvm::BasicBlock::Create(function.getContext(), "entry", &function));
  const auto half = [&](unsigned argument, unsigned index) {
    const int first = static_cast<int>(index * kPiece);
    return ir.CreateShuffleVector(function.getArg(argument),
                                  llvm::to_vector(llvm::seq(first, first + int{kPiece})));
  };
  Value* halves[2];
  for (unsigned i = 0; i < 2; ++i)
    halves[i] = signed_or_not(ir, half(0, i), half(1, i), half(2, i), a_signed, b_signed);
  ir.CreateRet(
      ir.CreateShuffleVector(halves[0], halves[1], llvm::to_vector(llvm::seq(0, 2 * int{kPiece}))));
}

}  // namespace

void use_vnni(llvm::Module& module) {
  for (const bool a_signed : {false, true})
    for (const bool b_signed : {false, true})
      if (llvm::Function* function =
              instructions::byte_products(module, a_signed, b_signed, /*make=*/false))
        replace_body(*function, a_signed, b_signed);
}

}  // namespace cuda_shim::kernels::simd
