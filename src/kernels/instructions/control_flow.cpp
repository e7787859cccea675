// Control Flow Instructions (PTX ISA 9.0, section 9.7.13): bra, brx.idx, call, ret, exit.

#include <algorithm>

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

Status lower_bra(Lowering& lowering) {
  lowering.ir().CreateBr(lowering.label(0));
  return {};
}

// An index beyond the list is undefined behaviour in PTX; here it takes the last branch rather than
// leave the program.
Status lower_brx_idx(Lowering& lowering) {
  llvm::Value* index = lowering.value(0, ptx::ScalarType::kU32);
  const std::vector<llvm::BasicBlock*> blocks = lowering.label_list(1);
  if (blocks.empty()) return lowering.not_supported("its list of branch targets is empty.");
  llvm::SwitchInst* choice = lowering.ir().CreateSwitch(index, blocks.back(), blocks.size());
  for (unsigned i = 0; i + 1 < blocks.size(); ++i)
    choice->addCase(lowering.ir().getInt32(i), blocks[i]);
  return {};
}

Status lower_call(Lowering& lowering) {
  return lowering.call();
}

Status lower_ret(Lowering& lowering) {
  lowering.ret();
  return {};
}

Status lower_exit(Lowering& lowering) {
  lowering.exit();
  return {};
}

constexpr Row kRows[] = {
    {"bra{.uni} a", lower_bra},     {"brx.idx{.uni} a, b", lower_brx_idx},
    {"call{.uni} ...", lower_call}, {"ret{.uni}", lower_ret},
    {"exit", lower_exit},
};

}  // namespace

std::span<const Row> control_flow_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
