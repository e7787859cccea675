#pragma once
// The table of instructions: what the manual writes, and the function that does it.
//
// A row's syntax is the opcode and its modifiers: `.a|b` must be one of the words, `{.a|b}` may be
// left out, `<name>` stands for a class of words (classes.def). One line of text covers a family:
//
//   {"add{.sat}.s32", add_saturating},
//   {"ld{.<cache>}{.<space>}{.v2|v4}.<data>", load},
//
// Several rows may begin with the same opcode; the first that matches is taken.

#include <span>
#include <string_view>
#include <vector>

namespace cuda_shim::tests::interpreter {

class Lane;
struct Group;

struct Row {
  std::string_view syntax;
  /// Carries the instruction out for one thread.
  void (*one)(Lane&) = nullptr;
  /// Carries it out for all threads of a warp that take part, once they have all come to it.
  void (*all)(Group&) = nullptr;
  /// Which operand says who takes part; kWholeWarp: every thread that has not exited.
  int mask_operand = 0;
};

/// A mask operand counted from the end: the last.
inline constexpr int kLastOperand = -1;
inline constexpr int kWholeWarp = 100;

/// An instruction that the threads of a warp carry out together.
constexpr Row collective(std::string_view syntax, void (*all)(Group&),
                         int mask_operand = kLastOperand) {
  return {syntax, nullptr, all, mask_operand};
}

using Rows = std::span<const Row>;

/// The row for an opcode with its modifiers; a fault that names the instruction if there is none.
const Row& find_row(std::string_view opcode, std::span<const std::string_view> modifiers);

// One function for each chapter's file; table.cpp lists them.
Rows integer_rows();
Rows extended_precision_rows();
Rows logic_rows();
Rows comparison_rows();
Rows floating_point_rows();
Rows conversion_rows();
Rows conversion_packed_rows();
Rows move_rows();
Rows memory_rows();
Rows asynchronous_copy_rows();
Rows bulk_rows();
Rows tensor_rows();
Rows texture_rows();
Rows atomic_rows();
Rows control_flow_rows();
Rows warp_rows();
Rows barrier_rows();
Rows mbarrier_rows();
Rows launch_control_rows();
Rows mma_rows();
Rows wmma_rows();
Rows matrix_move_rows();
Rows video_rows();
Rows miscellaneous_rows();

}  // namespace cuda_shim::tests::interpreter
