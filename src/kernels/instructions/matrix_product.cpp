// The code generator of matrix products: one function a form, whose loops read all fragments by
// tables of places.

#include "kernels/instructions/matrix_product.h"

#include <llvm/IR/Constants.h>

#include <vector>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/matrix_function.h"
#include "kernels/instructions/matrix_warp_product.h"
#include "kernels/instructions/small_float.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

/// Places are counted in units of the smallest element.
constexpr unsigned kUnitBits = 4;
constexpr unsigned kUnitsOfWord = 8;

/// Registers that a lane needs for its elements.
unsigned registers_needed(const Fragment& fragment, const MatrixElement& element) {
  return fragment.elements() / element.per_register();
}

unsigned words_of_accumulator(const Fragment& fragment, ScalarType type) {
  return fragment.elements() * ptx::bits_of(type) / 32;
}

/// What the lanes give each other, as word offsets in a lane's part.
struct Words {
  unsigned a = 0, b = 0, metadata = 0, a_scale = 0, b_scale = 0, c = 0;
  unsigned exchanged = 0;  ///< before `all`: what the others need
  unsigned all = 0;

  explicit Words(const MatrixProduct& p) {
    b = registers_needed(p.a, p.a_element) * p.a_element.register_words();
    metadata = b + registers_needed(p.b, p.b_element) * p.b_element.register_words();
    a_scale = metadata + (p.sparse ? 1 : 0);
    b_scale = a_scale + (p.scales > 0 ? 1 : 0);
    c = b_scale + (p.scales > 0 ? 1 : 0);
    all = c + words_of_accumulator(p.c, p.c_type);
    // A lane's own C is enough, unless C has other fragments than D.
    exchanged = p.c.kind == p.d.kind ? c : all;
  }
};

class ProductFunction {
 public:
  ProductFunction(MatrixFunction& function, const MatrixProduct& product)
      : f_(function),
        ir_(function.ir()),
        p_(product),
        words_(product),
        kind_(sum_kind(product)),
        lane_units_(words_.exchanged * kUnitsOfWord) {}

  /// `in_memory` arguments lie in memory in their order, the rest are selectors.
  void fill(unsigned in_memory) {
    std::vector<Value*> values;
    for (unsigned i = 0; i < in_memory; ++i) values.push_back(f_.argument(i));
    selectors_ = in_memory;
    own_ = f_.words(words_.all);
    f_.store_all(own_, values);
    result_ = f_.words(words_of_accumulator(p_.d, p_.d_type));
    sum_ = ir_.CreateAlloca(sum_type());
    all_ = f_.exchange(own_, words_.exchanged);
    f_.loop(p_.d.elements(), [&](Value* element) { element_of_result(element); });
    f_.return_from(result_);
  }

 private:
  llvm::Type* sum_type() {
    switch (kind_) {
      case SumKind::kDouble:
        return ir_.getDoubleTy();
      case SumKind::kFloat:
        return ir_.getFloatTy();
      case SumKind::kWord:
        return ir_.getInt32Ty();
      case SumKind::kLong:
        return ir_.getInt64Ty();
    }
    return nullptr;
  }

  // --- Tables

  /// Of each element of the matrix, row by row (or column by column), where it is in `all_`.
  std::vector<std::uint16_t> places(const Fragment& fragment, unsigned bits, unsigned first_word,
                                    bool by_columns) const {
    std::vector<std::uint16_t> table(fragment.rows * fragment.columns);
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < fragment.elements(); ++i) {
        const MatrixPlace place = fragment.place(lane, i);
        const unsigned index = by_columns ? place.column * fragment.rows + place.row
                                          : place.row * fragment.columns + place.column;
        table[index] = unit_of(lane, first_word, i, bits);
      }
    return table;
  }

  std::uint16_t unit_of(unsigned lane, unsigned first_word, unsigned element, unsigned bits) const {
    return static_cast<std::uint16_t>(lane * lane_units_ + first_word * kUnitsOfWord +
                                      element * bits / kUnitBits);
  }

  /// Row and column of each element of D, lane by lane.
  std::vector<std::uint16_t> result_places() const {
    std::vector<std::uint16_t> table;
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < p_.d.elements(); ++i) {
        const MatrixPlace place = p_.d.place(lane, i);
        table.push_back(static_cast<std::uint16_t>(place.row << 8 | place.column));
      }
    return table;
  }

  /// Of each element of D, lane by lane, where the element of C is that it is added to.
  std::vector<std::uint16_t> addend_places() const {
    const unsigned bits = ptx::bits_of(p_.c_type);
    const std::vector<std::uint16_t> by_place = places(p_.c, bits, words_.c, false);
    std::vector<std::uint16_t> table;
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < p_.d.elements(); ++i) {
        const MatrixPlace place = p_.d.place(lane, i);
        table.push_back(by_place[place.row * p_.c.columns + place.column]);
      }
    return table;
  }

  // --- Memory

  Value* number(unsigned value) { return ir_.getInt32(value); }

  Value* load_bits(Value* memory, Value* unit, unsigned bits) {
    Value* place = f_.at(memory, ir_.CreateLShr(unit, 1));
    if (bits == kUnitBits) {
      Value* byte = ir_.CreateAlignedLoad(ir_.getInt8Ty(), place, llvm::Align(1));
      Value* shift = ir_.CreateShl(ir_.CreateAnd(unit, 1), 2);
      return ir_.CreateLShr(ir_.CreateZExt(byte, ir_.getInt32Ty()), shift);
    }
    return ir_.CreateAlignedLoad(ir_.getIntNTy(bits), place, llvm::Align(std::min(bits / 8, 4u)));
  }

  Value* load_word(Value* lane, unsigned word) {
    Value* index = ir_.CreateAdd(ir_.CreateMul(lane, number(words_.exchanged)), number(word));
    return load_bits(all_, ir_.CreateMul(index, number(kUnitsOfWord)), 32);
  }

  // --- One element of D

  void element_of_result(Value* element) {
    Value* index = ir_.CreateAdd(ir_.CreateMul(f_.lane(), number(p_.d.elements())), element);
    Value* place = f_.look_up(result_places(), index);
    row_ = ir_.CreateLShr(place, 8);
    column_ = ir_.CreateAnd(place, 0xff);
    ir_.CreateStore(addend(element, index), sum_);
    f_.loop(p_.a.columns, [&](Value* k) { add_product(k); });
    Value* sum = ir_.CreateLoad(sum_type(), sum_);
    Value* offset = ir_.CreateMul(element, number(ptx::bits_of(p_.d_type) / 8));
    Value* rounded_sum = round_sum(ir_, sum, p_.d_type, kind_);
    ir_.CreateAlignedStore(rounded_sum, f_.at(result_, offset),
                           llvm::Align(ptx::bits_of(p_.d_type) / 8));
  }

  Value* addend(Value* element, Value* index) {
    const unsigned bits = ptx::bits_of(p_.c_type);
    const bool own = p_.c.kind == p_.d.kind;
    Value* unit = own ? ir_.CreateAdd(ir_.CreateMul(element, number(bits / kUnitBits)),
                                      number(words_.c * kUnitsOfWord))
                      : f_.look_up(addend_places(), index);
    return widen_accumulator(ir_, load_bits(own ? own_ : all_, unit, bits), p_.c_type, kind_);
  }

  void add_product(Value* k) {
    Value* deep = p_.sparse ? expand(k) : k;
    Value* a = load_element(p_.a_element, a_table(), row_, p_.a.columns, k);
    Value* b = load_element(p_.b_element, b_table(), column_, p_.b.rows, deep);
    Value* sum = ir_.CreateLoad(sum_type(), sum_);
    ir_.CreateStore(p_.scales > 0 ? add_scaled(a, b, deep, sum) : add(a, b, sum), sum_);
  }

  std::vector<std::uint16_t> a_table() const {
    return places(p_.a, p_.a_element.bits(), words_.a, false);
  }
  std::vector<std::uint16_t> b_table() const {
    return places(p_.b, p_.b_element.bits(), words_.b, true);
  }

  Value* load_element(const MatrixElement& element, const std::vector<std::uint16_t>& table,
                      Value* line, unsigned length, Value* k) {
    Value* index = ir_.CreateAdd(ir_.CreateMul(line, number(length)), k);
    return decode_element(ir_, load_bits(all_, f_.look_up(table, index), element.bits()), element);
  }

  Value* add(Value* a, Value* b, Value* sum) {
    switch (kind_) {
      case SumKind::kDouble:
        return rounded(f_.lowering(), RoundedOp::kFma, p_.rounding, {a, b, sum});
      case SumKind::kFloat:
        return ir_.CreateIntrinsic(llvm::Intrinsic::fma, ir_.getFloatTy(), {a, b, sum});
      case SumKind::kWord:
        return ir_.CreateAdd(sum, product(a, b));
      case SumKind::kLong:
        return ir_.CreateAdd(sum, ir_.CreateSExt(product(a, b), ir_.getInt64Ty()));
    }
    return nullptr;
  }

  Value* product(Value* a, Value* b) {
    if (p_.bit_operation == BitOperation::kNone) return ir_.CreateMul(a, b);
    Value* bits =
        p_.bit_operation == BitOperation::kXor ? ir_.CreateXor(a, b) : ir_.CreateAnd(a, b);
    return ir_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits);
  }

  // --- Sparse A

  /// The column of A of its k-th stored element.
  Value* expand(Value* k) {
    const bool wide = p_.a_element.bits() >= 16;
    const bool single = p_.a_element.type == ScalarType::kTf32;  // one of two
    const bool pairs = p_.a_element.bits() == kUnitBits;         // pairs, two of four
    const unsigned stored_bits = single ? 0 : pairs ? 2 : 1;  // log2 of a chunk's stored elements
    Value* chunk = ir_.CreateLShr(k, stored_bits);
    Value* indices = chunk_indices(chunk, wide, p_.a.columns >> stored_bits);
    Value* start = ir_.CreateShl(chunk, stored_bits + 1);
    if (single) return ir_.CreateAdd(start, ir_.CreateAnd(ir_.CreateLShr(indices, 1), 1));
    Value* which = ir_.CreateAnd(pairs ? ir_.CreateLShr(k, 1) : k, 1);
    Value* index = ir_.CreateAnd(ir_.CreateLShr(indices, ir_.CreateShl(which, 1)), 3);
    if (!pairs) return ir_.CreateAdd(start, index);
    return ir_.CreateAdd(start, ir_.CreateAdd(ir_.CreateShl(index, 1), ir_.CreateAnd(k, 1)));
  }

  Value* chunk_indices(Value* chunk, bool wide, unsigned chunks) {
    std::vector<std::uint16_t> table;
    for (unsigned row = 0; row < p_.a.rows; ++row)
      for (unsigned i = 0; i < chunks; ++i) {
        const MetadataPlace place = metadata_place(wide, row, i, 0);
        table.push_back(static_cast<std::uint16_t>(place.lane << 8 | place.bit));
      }
    Value* place = f_.look_up(table, ir_.CreateAdd(ir_.CreateMul(row_, number(chunks)), chunk));
    // The selector moves on by as many lanes as contribute, within the group of four.
    Value* first = ir_.CreateMul(f_.argument(selectors_), number(metadata_lanes(chunks)));
    Value* lane = ir_.CreateXor(ir_.CreateLShr(place, 8), ir_.CreateAnd(first, 3));
    Value* word = load_word(lane, words_.metadata);
    return ir_.CreateLShr(word, ir_.CreateAnd(place, 31));
  }

  // --- Block scales (section 9.7.14.3)

  Value* add_scaled(Value* a, Value* b, Value* k, Value* sum) {
    Value* part = ir_.CreateLShr(k, number(log2_of(p_.depth() / p_.scales)));
    const unsigned first = selectors_ + (p_.sparse ? 1 : 0);
    // Two lanes of a group of four have the scales of a row and of the row eight below.
    Value* a_lane = ir_.CreateAdd(group_of(row_), ir_.CreateLShr(row_, 3));
    a_lane = ir_.CreateAdd(a_lane, ir_.CreateShl(ir_.CreateAnd(f_.argument(first + 1), 1), 1));
    Value* b_lane = ir_.CreateAdd(group_of(column_), ir_.CreateAnd(f_.argument(first + 3), 3));
    Value* product = ir_.CreateFMul(wide(a), wide(b));
    product =
        ir_.CreateFMul(product, wide(scale(a_lane, words_.a_scale, f_.argument(first), part)));
    product =
        ir_.CreateFMul(product, wide(scale(b_lane, words_.b_scale, f_.argument(first + 2), part)));
    return ir_.CreateFPTrunc(ir_.CreateFAdd(wide(sum), product), ir_.getFloatTy());
  }

  Value* group_of(Value* line) { return ir_.CreateShl(ir_.CreateAnd(line, 7), 2); }
  Value* wide(Value* value) { return ir_.CreateFPExt(value, ir_.getDoubleTy()); }

  Value* scale(Value* lane, unsigned word, Value* byte, Value* part) {
    Value* shift = ir_.CreateShl(ir_.CreateAnd(ir_.CreateAdd(byte, part), 3), 3);
    Value* bits = ir_.CreateAnd(ir_.CreateLShr(load_word(lane, word), shift), 0xff);
    if (!p_.scales_are_ue4m3) return decode_ue8m0(ir_, bits);
    return decode_small(ir_, ir_.CreateAnd(bits, 0x7f), *small_format_of(ScalarType::kE4m3));
  }

  static unsigned log2_of(unsigned power) {
    unsigned result = 0;
    while (power >>= 1) ++result;
    return result;
  }

  MatrixFunction& f_;
  llvm::IRBuilder<>& ir_;
  const MatrixProduct& p_;
  const Words words_;
  const SumKind kind_;
  const unsigned lane_units_;
  unsigned selectors_ = 0;  ///< first argument that is none of the lane's words
  Value *own_ = nullptr, *all_ = nullptr, *result_ = nullptr, *sum_ = nullptr;
  Value *row_ = nullptr, *column_ = nullptr;
};

// --- Operands

enum Operand : unsigned { kD, kA, kB, kC, kRest };

ScalarType register_type(ScalarType element) {
  return element == ScalarType::kF64 ? ScalarType::kB64 : ScalarType::kB32;
}

Status check_operands(const Lowering& lowering, const MatrixProduct& p) {
  const unsigned a = p.a_registers != 0 ? p.a_registers : registers_needed(p.a, p.a_element);
  const unsigned b = p.b_registers != 0 ? p.b_registers : registers_needed(p.b, p.b_element);
  const auto accumulator = [](const Fragment& fragment, ScalarType type) {
    return words_of_accumulator(fragment, type) / (type == ScalarType::kF64 ? 2 : 1);
  };
  const unsigned counts[] = {accumulator(p.d, p.d_type), a, b, accumulator(p.c, p.c_type)};
  for (unsigned operand = kD; operand <= kC; ++operand)
    if (Status status = check_registers(lowering, operand, counts[operand]); !status.ok())
      return status;
  const unsigned first_scale = kRest + (p.sparse ? 2 : 0);
  for (unsigned operand = first_scale + 1; p.scales > 0 && operand <= first_scale + 3; operand += 2)
    if (lowering.element_count(operand) != 2)
      return lowering.not_supported("a selector of scales is a byte and a thread.");
  return {};
}

/// The arguments of the function: words that lie in memory, in the order of `Words`, then
/// selectors.
struct Arguments {
  std::vector<Value*> values, selectors;

  Arguments(Lowering& lowering, const MatrixProduct& p) {
    add(lowering, kA, p.a_element.type, registers_needed(p.a, p.a_element));
    add(lowering, kB, p.b_element.type, registers_needed(p.b, p.b_element));
    unsigned next = kRest;
    if (p.sparse) {
      values.push_back(lowering.value(next++, ScalarType::kB32));
      selectors.push_back(lowering.value(next++, ScalarType::kB32));
    }
    for (unsigned i = 0; p.scales > 0 && i < 2; ++i) {
      values.push_back(lowering.value(next++, ScalarType::kB32));
      for (unsigned part = 0; part < 2; ++part)
        selectors.push_back(lowering.ir().CreateZExt(lowering.element(next, part, ScalarType::kU16),
                                                     lowering.ir().getInt32Ty()));
      ++next;
    }
    add(lowering, kC, p.c_type, lowering.element_count(kC));
  }

  void add(Lowering& lowering, unsigned operand, ScalarType element, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      values.push_back(lowering.element(operand, i, register_type(element)));
  }
};

}  // namespace

SumKind sum_kind(const MatrixProduct& product) {
  if (product.d_type == ScalarType::kF64) return SumKind::kDouble;
  if (product.d_type != ScalarType::kS32) return SumKind::kFloat;
  return product.saturate ? SumKind::kLong : SumKind::kWord;
}

Status lower_product(Lowering& lowering, const MatrixProduct& product) {
  if (Status status = check_operands(lowering, product); !status.ok()) return status;
  Arguments arguments(lowering, product);
  std::vector<Value*> all = arguments.values;
  all.insert(all.end(), arguments.selectors.begin(), arguments.selectors.end());
  const ScalarType word = register_type(product.d_type);
  const auto build = [&](MatrixFunction& function) {
    ProductFunction(function, product).fill(static_cast<unsigned>(arguments.values.size()));
  };
  const auto build_for_warp = [&](llvm::IRBuilder<>& ir, llvm::Function& function) {
    std::vector<Value*> words;
    for (llvm::Argument& argument : function.args()) words.push_back(&argument);
    return build_warp_product(ir, product, words);
  };
  WarpForm form;
  if (has_warp_product(product)) form.build = build_for_warp;
  Value* result = call_matrix_function(lowering, all, lowering.element_count(kD),
                                       lowering.llvm_type(word), build, form);
  set_registers(lowering, kD, result, word);
  return {};
}

}  // namespace cuda_shim::kernels::instructions
