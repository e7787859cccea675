// Matrices between shared memory and fragments (PTX ISA 9.0, sections 9.7.14.5.15 to .17):
// ldmatrix, stmatrix, movmatrix.
//
// A lane may need rows whose addresses other lanes have. Where lanes run one by one, they exchange
// addresses (for movmatrix: elements), and each moves its own fragment. By the exchange all lanes
// have arrived before any memory is read, as the hardware's lockstep has it; stmatrix waits once
// more, so that everything is in memory when it ends. For a whole warp, rows are moved as they lie.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/matrix_function.h"
#include "kernels/instructions/matrix_layout.h"
#include "kernels/instructions/matrix_shape.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

constexpr unsigned kAddressWords = 2;

/// Which part of a matrix one lane moves.
struct Move {
  unsigned matrices = 1;
  unsigned rows = 8;       ///< of a matrix, each with an address
  unsigned registers = 1;  ///< of a matrix
  unsigned bits = 16;      ///< of an element in a register
  unsigned stored_bits = 16;
  bool transposed = false;
};

/// Row and column of element `within` of register `index` of a lane's fragment. The manual draws
/// the transposed forms of 8-bit elements and says no more. ldmatrix gives a lane four rows of
/// column lane / 4 in one register, and of the column eight further in the other: a fragment of B.
/// stmatrix takes an accumulator of mma: two rows of one column, then of the column eight further.
struct Source {
  Value *row, *column;
};

Source source_of(llvm::IRBuilder<>& ir, const Move& move, Value* lane, unsigned index,
                 unsigned within) {
  Value* group = ir.CreateLShr(lane, 2);
  Value* turn = ir.CreateAnd(lane, 3);
  const auto along = [&](unsigned each, unsigned more) {
    return ir.CreateAdd(ir.CreateMul(turn, ir.getInt32(each)), ir.getInt32(more));
  };
  const unsigned per_register = 32 / move.bits;
  if (!move.transposed) return {group, along(per_register, within)};
  if (move.bits == 16) return {along(2, within), group};
  const bool accumulator = move.rows == 8;
  Value* further = ir.getInt32(8 * (accumulator ? within / 2 : index));
  Value* row = accumulator ? along(2, within % 2) : along(4, within);
  return {row, ir.CreateAdd(group, further)};
}

/// The address of a row, from what the lanes exchanged.
Value* row_address(MatrixFunction& function, Value* all, const Move& move, unsigned matrix,
                   Value* row) {
  llvm::IRBuilder<>& ir = function.ir();
  Value* lane = ir.CreateAdd(row, ir.getInt32(matrix * move.rows));
  Value* place = function.at(all, ir.CreateMul(lane, ir.getInt32(kAddressWords * 4)));
  Value* number = ir.CreateAlignedLoad(ir.getInt64Ty(), place, llvm::Align(8));
  return ir.CreateIntToPtr(number, ir.getPtrTy());
}

/// Addresses of all lanes, given the one in the function's first argument.
Value* exchange_addresses(MatrixFunction& function) {
  Value* own = function.words(kAddressWords);
  function.store_all(own, {function.argument(0)});
  return function.exchange(own, kAddressWords);
}

/// Element `column` of a row whose elements have 4, 6, 8 or 16 bits, in a register's bits.
Value* load_element(MatrixFunction& function, const Move& move, Value* row, Value* column) {
  llvm::IRBuilder<>& ir = function.ir();
  Value* bit = ir.CreateMul(column, ir.getInt32(move.stored_bits));
  Value* place = function.at(row, ir.CreateLShr(bit, 3));
  if (move.stored_bits == move.bits) {
    Value* whole = ir.CreateAlignedLoad(ir.getIntNTy(move.bits), place, llvm::Align(move.bits / 8));
    return ir.CreateZExt(whole, ir.getInt32Ty());
  }
  // The padding at the end of a row keeps the second byte inside.
  Value* bytes = ir.CreateAlignedLoad(ir.getInt16Ty(), place, llvm::Align(1));
  Value* shifted =
      ir.CreateLShr(ir.CreateZExt(bytes, ir.getInt32Ty()), ir.CreateAnd(bit, ir.getInt32(7)));
  return ir.CreateAnd(shifted, (1u << move.stored_bits) - 1);
}

/// Visits the elements of a lane's fragment: register, bit in it, row address, column.
template <class Visit>
void for_fragment(MatrixFunction& function, const Move& move, Value* all, Visit visit) {
  const unsigned per_register = 32 / move.bits;
  for (unsigned i = 0; i < move.matrices * move.registers; ++i)
    for (unsigned within = 0; within < per_register; ++within) {
      const Source source =
          source_of(function.ir(), move, function.lane(), i % move.registers, within);
      Value* row = row_address(function, all, move, i / move.registers, source.row);
      visit(i, within * move.bits, row, source.column);
    }
}

void fill_load(MatrixFunction& function, const Move& move) {
  llvm::IRBuilder<>& ir = function.ir();
  Value* all = exchange_addresses(function);
  Value* result = function.words(move.matrices * move.registers);
  std::vector<Value*> words(move.matrices * move.registers, ir.getInt32(0));
  for_fragment(function, move, all, [&](unsigned index, unsigned bit, Value* row, Value* column) {
    Value* element = load_element(function, move, row, column);
    words[index] = ir.CreateOr(words[index], ir.CreateShl(element, bit));
  });
  function.store_all(result, words);
  function.return_from(result);
}

void fill_store(MatrixFunction& function, const Move& move) {
  llvm::IRBuilder<>& ir = function.ir();
  Value* all = exchange_addresses(function);
  for_fragment(function, move, all, [&](unsigned index, unsigned bit, Value* row, Value* column) {
    Value* element = ir.CreateLShr(function.argument(1 + index), bit);
    Value* place = function.at(row, ir.CreateMul(column, ir.getInt32(move.bits / 8)));
    ir.CreateAlignedStore(ir.CreateTrunc(element, ir.getIntNTy(move.bits)), place,
                          llvm::Align(move.bits / 8));
  });
  function.lowering().device_op(DeviceOp::warp_sync, {ir.getInt32(~0u)});
  ir.CreateRetVoid();
}

Move move_of(const Lowering& lowering) {
  Move move;
  move.matrices = lowering.has("x4") ? 4 : lowering.has("x2") ? 2 : 1;
  move.transposed = lowering.has("trans");
  if (lowering.has("b16")) return move;
  move.bits = move.stored_bits = 8;
  if (lowering.has("b6x16_p32")) move.stored_bits = 6;
  if (lowering.has("b4x16_p64")) move.stored_bits = 4;
  if (lowering.has("m16n16")) move.rows = 16, move.registers = 2;
  return move;
}

// --- For whole warps

/// Moves the rows as they lie in memory.
class WarpMove {
 public:
  WarpMove(llvm::IRBuilder<>& ir, const Move& move, Value* addresses)
      : ir_(ir), move_(move), addresses_(addresses), length_(kRowBits / move.bits) {}

  std::vector<Value*> load() {
    std::vector<Value*> words;
    for (unsigned matrix = 0; matrix < move_.matrices; ++matrix) {
      std::vector<Value*> rows;
      for (unsigned row = 0; row < move_.rows; ++row)
        rows.push_back(ir_.CreateAlignedLoad(elements(length_), address(matrix, row), alignment()));
      for (unsigned i = 0; i < move_.registers; ++i)
        words.push_back(ir_.CreateBitCast(collect(ir_, rows, places_of(i)),
                                          llvm::FixedVectorType::get(ir_.getInt32Ty(), kLanes)));
    }
    return words;
  }

  /// Each matrix is one register.
  void store(unsigned matrix, Value* word) {
    const std::vector<Pick> places = places_of(0);
    std::vector<Pick> picks(places.size());
    for (unsigned i = 0; i < places.size(); ++i)
      picks[places[i].source * length_ + places[i].index] = {0, i};
    Value* all = ir_.CreateBitCast(word, elements(static_cast<unsigned>(picks.size())));
    for (unsigned row = 0; row < move_.rows; ++row)
      ir_.CreateAlignedStore(collect(ir_, all, llvm::ArrayRef(picks).slice(row * length_, length_)),
                             address(matrix, row), alignment());
  }

 private:
  static constexpr unsigned kRowBits = 128;

  llvm::Type* elements(unsigned count) const {
    return llvm::FixedVectorType::get(ir_.getIntNTy(move_.bits), count);
  }
  llvm::Align alignment() const { return llvm::Align(move_.bits / 8); }

  Value* address(unsigned matrix, unsigned row) {
    Value* number = ir_.CreateExtractElement(addresses_, std::uint64_t{matrix * move_.rows + row});
    return ir_.CreateIntToPtr(number, ir_.getPtrTy());
  }

  /// Row and column of the elements of a matrix's register, lane by lane.
  std::vector<Pick> places_of(unsigned index) {
    const auto number = [](Value* constant) {
      return static_cast<unsigned>(llvm::cast<llvm::ConstantInt>(constant)->getZExtValue());
    };
    std::vector<Pick> places;
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned within = 0; within < 32 / move_.bits; ++within) {
        const Source source = source_of(ir_, move_, ir_.getInt32(lane), index, within);
        places.push_back({number(source.row), number(source.column)});
      }
    return places;
  }

  llvm::IRBuilder<>& ir_;
  const Move& move_;
  Value* addresses_;
  const unsigned length_;  ///< of a row, in elements
};

std::vector<Value*> load_for_warp(llvm::IRBuilder<>& ir, llvm::Function& function,
                                  const Move& move) {
  return WarpMove(ir, move, function.getArg(0)).load();
}

std::vector<Value*> store_for_warp(llvm::IRBuilder<>& ir, llvm::Function& function,
                                   const Move& move) {
  WarpMove rows(ir, move, function.getArg(0));
  for (unsigned i = 0; i < move.matrices; ++i) rows.store(i, function.getArg(1 + i));
  return {};
}

std::vector<Value*> transpose_for_warp(llvm::IRBuilder<>& ir, llvm::Function& function) {
  std::vector<Pick> picks;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned within = 0; within < 2; ++within)
      picks.push_back({0, (lane % 4 * 2 + within) * 8 + lane / 4});
  Value* word = function.getArg(0);
  llvm::Type* halves = llvm::FixedVectorType::get(ir.getInt16Ty(), 2 * kLanes);
  Value* all = ir.CreateBitCast(word, halves);
  return {ir.CreateBitCast(collect(ir, all, picks), word->getType())};
}

// --- Instructions

/// Matrices are read and written by generic addresses: lanes exchange numbers.
Value* generic_address(Lowering& lowering, unsigned operand) {
  llvm::IRBuilder<>& ir = lowering.ir();
  Value* pointer = lowering.address(operand);
  if (pointer->getType() != ir.getPtrTy()) pointer = ir.CreateAddrSpaceCast(pointer, ir.getPtrTy());
  return ir.CreatePtrToInt(pointer, ir.getInt64Ty());
}

Status lower_ldmatrix(Lowering& lowering) {
  const Move move = move_of(lowering);
  const unsigned registers = move.matrices * move.registers;
  if (Status status = check_registers(lowering, 0, registers); !status.ok()) return status;
  const auto build_for_warp = [&](llvm::IRBuilder<>& ir, llvm::Function& function) {
    return load_for_warp(ir, function, move);
  };
  WarpForm form = {.accesses_memory = true};
  if (move.stored_bits == move.bits) form.build = build_for_warp;
  Value* result = call_matrix_function(
      lowering, {generic_address(lowering, 1)}, registers, lowering.ir().getInt32Ty(),
      [&](MatrixFunction& function) { fill_load(function, move); }, form);
  set_registers(lowering, 0, result, ScalarType::kB32);
  return {};
}

Status lower_stmatrix(Lowering& lowering) {
  const Move move = move_of(lowering);
  if (Status status = check_registers(lowering, 1, move.matrices); !status.ok()) return status;
  std::vector<Value*> arguments = {generic_address(lowering, 0)};
  for (Value* word : registers_of(lowering, 1, ScalarType::kB32)) arguments.push_back(word);
  const auto build_for_warp = [&](llvm::IRBuilder<>& ir, llvm::Function& function) {
    return store_for_warp(ir, function, move);
  };
  call_matrix_function(lowering, arguments, 0, nullptr,
                       [&](MatrixFunction& function) { fill_store(function, move); },
                       {.accesses_memory = true, .build = build_for_warp});
  return {};
}

// Element (row, column) of the transposed matrix is element (column, row) of the matrix.
void fill_transpose(MatrixFunction& function) {
  llvm::IRBuilder<>& ir = function.ir();
  Value* own = function.words(1);
  function.store_all(own, {function.argument(0)});
  Value* all = function.exchange(own, 1);
  Value* column = ir.CreateLShr(function.lane(), 2);
  Value* word = ir.getInt32(0);
  for (unsigned within = 0; within < 2; ++within) {
    Value* row =
        ir.CreateAdd(ir.CreateShl(ir.CreateAnd(function.lane(), 3), 1), ir.getInt32(within));
    Value* offset = ir.CreateAdd(ir.CreateShl(row, 4), ir.CreateShl(column, 1));
    Value* element =
        ir.CreateAlignedLoad(ir.getInt16Ty(), function.at(all, offset), llvm::Align(2));
    word = ir.CreateOr(word, ir.CreateShl(ir.CreateZExt(element, ir.getInt32Ty()), 16 * within));
  }
  Value* result = function.words(1);
  function.store_all(result, {word});
  function.return_from(result);
}

Status lower_movmatrix(Lowering& lowering) {
  Value* result = call_matrix_function(lowering, {lowering.value(1, ScalarType::kB32)}, 1,
                                       lowering.ir().getInt32Ty(), fill_transpose,
                                       {.build = transpose_for_warp});
  lowering.set(0, lowering.ir().CreateExtractValue(result, 0), ScalarType::kB32);
  return {};
}

constexpr Row kRows[] = {
    {"ldmatrix.sync.aligned.m8n8.num{.trans}{.ss}.b16 {d}, [a]"
     "; .num = .x1 .x2 .x4; .ss = .shared .shared::cta",
     lower_ldmatrix},
    {"ldmatrix.sync.aligned.m16n16.num.trans{.ss}.b8 {d}, [a]"
     "; .num = .x1 .x2; .ss = .shared .shared::cta",
     lower_ldmatrix},
    {"ldmatrix.sync.aligned.m8n16.num{.ss}.b8x16.src_fmt {d}, [a]"
     "; .num = .x1 .x2 .x4; .ss = .shared .shared::cta; .src_fmt = .b6x16_p32 .b4x16_p64",
     lower_ldmatrix},
    {"ldmatrix.sync.aligned.m16n16.num.trans{.ss}.b8x16.src_fmt {d}, [a]"
     "; .num = .x1 .x2; .ss = .shared .shared::cta; .src_fmt = .b6x16_p32 .b4x16_p64",
     lower_ldmatrix},
    {"stmatrix.sync.aligned.m8n8.num{.trans}{.ss}.b16 [a], {b}"
     "; .num = .x1 .x2 .x4; .ss = .shared .shared::cta",
     lower_stmatrix},
    {"stmatrix.sync.aligned.m16n8.num.trans{.ss}.b8 [a], {b}"
     "; .num = .x1 .x2 .x4; .ss = .shared .shared::cta",
     lower_stmatrix},
    {"movmatrix.sync.aligned.m8n8.trans.b16 d, a", lower_movmatrix},
};

}  // namespace

std::span<const Row> matrix_move_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
