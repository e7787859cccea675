// D stays as the lanes hold it. One register of D in all lanes is a vector; for each k it takes the
// element of A that each lane's row has there, and the element of B of its column. Both are
// permutations of vectors of A and B. Every sum is made in the order
// of matrix_product.h, and so has the same bits.

#include "kernels/instructions/matrix_warp_product.h"

#include <llvm/ADT/ArrayRef.h>

#include <bit>
#include <map>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/matrix_warp.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

constexpr unsigned kBytes = 4;  ///< in a register

llvm::Type* like(const Value* value, llvm::Type* element) {
  return value->getType()->getWithNewType(element);
}

/// A matrix in fragments. Its elements are put into vectors of one for each lane, in an order of
/// which single rows or columns are permutations of one vector of the machine, without constants:
/// a row's elements into a quarter of a register, those of A for four k one after another, of B for
/// one k every other column.
class LaneMatrix {
 public:
  using Decode = llvm::function_ref<Value*(Value*)>;

  /// `words`: the registers of the fragments. Elements have `bits`.
  LaneMatrix(llvm::IRBuilder<>& ir, const Fragment& fragment, llvm::ArrayRef<Value*> words,
             unsigned bits)
      : ir_(ir), fragment_(fragment), elements_(fragment.elements()) {
    const unsigned word_bits = words[0]->getType()->getScalarSizeInBits();
    per_word_ = word_bits / bits;
    llvm::Type* type = llvm::FixedVectorType::get(ir.getIntNTy(bits), kLanes * per_word_);
    for (Value* word : words) words_.push_back(ir.CreateBitCast(word, type));
    places_.resize(fragment.rows * fragment.columns);
    for (unsigned i = 0; i < elements_.size(); ++i)
      for (unsigned position = 0; position < kLanes; ++position) {
        const Pick held = held_at(i, position);
        const MatrixPlace place = fragment.place(held.index, held.source);
        places_[place.row * fragment.columns + place.column] = {i, position};
      }
  }

  /// One element for each lane: those at the places.
  Value* at(llvm::ArrayRef<MatrixPlace> places, Decode decode) {
    std::vector<Pick> picks;
    std::vector<unsigned> key;
    for (const MatrixPlace& place : places) {
      picks.push_back(places_[place.row * fragment_.columns + place.column]);
      key.push_back(picks.back().source * kLanes + picks.back().index);
    }
    Value*& known = arranged_[key];
    if (known == nullptr) known = collect_decoded(std::move(picks), decode);
    return known;
  }

 private:
  /// The element (`source`) of a lane (`index`) that vector `vector` has at `position`.
  Pick held_at(unsigned vector, unsigned position) const {
    const unsigned per = per_word_, first = vector / per * per, part = vector % per;
    const unsigned quarter = position / 4, within = position % 4;
    if (fragment_.kind == FragmentKind::kA) {
      const unsigned k = 4 * part + within;
      return {first + k % per, 4 * quarter + k / per};
    }
    if (fragment_.kind == FragmentKind::kB) {
      const unsigned line = 8 * part + quarter, k = line / 2;
      return {first + k % per, 4 * (2 * within + line % 2) + k / per};
    }
    return {vector, position};
  }

  /// Vector `index`, made where it is first asked for.
  Value* decoded(unsigned index, Decode decode) {
    if (elements_[index] != nullptr) return elements_[index];
    std::vector<Pick> picks;
    for (unsigned position = 0; position < kLanes; ++position) {
      const Pick held = held_at(index, position);
      picks.push_back({0, held.index * per_word_ + held.source % per_word_});
    }
    return elements_[index] = decode(collect(ir_, words_[index / per_word_], picks));
  }

  Value* collect_decoded(std::vector<Pick> picks, Decode decode) {
    std::vector<unsigned> used;
    for (Pick& pick : picks) {
      const auto found = llvm::find(used, pick.source);
      if (found == used.end()) used.push_back(pick.source);
      pick.source = static_cast<unsigned>(llvm::find(used, pick.source) - used.begin());
    }
    std::vector<Value*> sources;
    for (const unsigned source : used) sources.push_back(decoded(source, decode));
    // As many as a power of two.
    while (!std::has_single_bit(sources.size())) sources.push_back(sources[0]);
    return collect(ir_, sources, picks);
  }

  llvm::IRBuilder<>& ir_;
  const Fragment fragment_;
  unsigned per_word_ = 1;
  std::vector<Value*> words_, elements_;
  std::vector<Pick> places_;
  std::map<std::vector<unsigned>, Value*> arranged_;
};

class WarpProduct {
 public:
  WarpProduct(llvm::IRBuilder<>& ir, const MatrixProduct& product)
      : ir_(ir), p_(product), kind_(sum_kind(product)) {}

  std::vector<Value*> build(llvm::ArrayRef<Value*> words) {
    const unsigned a_words = words_of(p_.a, p_.a_element), b_words = words_of(p_.b, p_.b_element);
    if (is_of_bytes()) return build_of_bytes(words, a_words, b_words);
    LaneMatrix a(ir_, p_.a, words.take_front(a_words), p_.a_element.bits());
    LaneMatrix b(ir_, p_.b, words.slice(a_words, b_words), p_.b_element.bits());
    LaneMatrix c(ir_, p_.c, words.drop_front(a_words + b_words), ptx::bits_of(p_.c_type));
    const auto decode_a = [&](Value* bits) { return decode_element(ir_, bits, p_.a_element); };
    const auto decode_b = [&](Value* bits) { return decode_element(ir_, bits, p_.b_element); };
    const auto decode_c = [&](Value* bits) {
      return widen_accumulator(ir_, bits, p_.c_type, kind_);
    };
    std::vector<Value*> sums;
    for (unsigned i = 0; i < p_.d.elements(); ++i) sums.push_back(c.at(places_of(i), decode_c));
    for (unsigned k = 0; k < p_.depth(); ++k)
      for (unsigned i = 0; i < sums.size(); ++i)
        sums[i] = add(a.at(along_row(i, k), decode_a), b.at(along_column(i, k), decode_b), sums[i]);
    return packed(sums);
  }

 private:
  static unsigned words_of(const Fragment& fragment, const MatrixElement& element) {
    return fragment.elements() / element.per_register();
  }

  // --- Bytes: registers of four are the elements

  bool is_of_bytes() const {
    const auto is_byte = [](const MatrixElement& element) {
      return element.type == ScalarType::kS8 || element.type == ScalarType::kU8;
    };
    return is_byte(p_.a_element) && is_byte(p_.b_element);
  }

  /// Sums that saturate are added up without C: alone they fit into 32 bits.
  std::vector<Value*> build_of_bytes(llvm::ArrayRef<Value*> words, unsigned a_words,
                                     unsigned b_words) {
    const unsigned depth = p_.depth() / kBytes;
    const auto as_it_is = [](Value* word) { return word; };
    LaneMatrix a(ir_, {p_.a.kind, p_.a.rows, depth, 1}, words.take_front(a_words), 32);
    LaneMatrix b(ir_, {p_.b.kind, depth, p_.b.columns, 1}, words.slice(a_words, b_words), 32);
    const llvm::ArrayRef<Value*> c = words.drop_front(a_words + b_words);
    llvm::Function* add_products =
        byte_products(*ir_.GetInsertBlock()->getModule(), is_signed(p_.a_element.type),
                      is_signed(p_.b_element.type), /*make=*/true);
    std::vector<Value*> sums(c.begin(), c.end());
    if (kind_ == SumKind::kLong)
      for (Value*& sum : sums) sum = llvm::Constant::getNullValue(sum->getType());
    for (unsigned k = 0; k < depth; ++k)
      for (unsigned i = 0; i < sums.size(); ++i)
        sums[i] = ir_.CreateCall(add_products, {sums[i], a.at(along_row(i, k), as_it_is),
                                                b.at(along_column(i, k), as_it_is)});
    if (kind_ == SumKind::kLong)
      for (unsigned i = 0; i < sums.size(); ++i)
        sums[i] = ir_.CreateAdd(widen_accumulator(ir_, sums[i], p_.c_type, kind_),
                                widen_accumulator(ir_, c[i], p_.c_type, kind_));
    return packed(sums);
  }

  /// The words of D.
  std::vector<Value*> packed(llvm::ArrayRef<Value*> sums) {
    const unsigned bits = ptx::bits_of(p_.d_type);
    const unsigned word_bits = std::max(bits, 32u), per_word = word_bits / bits;
    std::vector<Value*> words;
    for (unsigned i = 0; i < sums.size(); ++i) {
      Value* sum = round_sum(ir_, sums[i], p_.d_type, kind_);
      Value* number = ir_.CreateBitCast(sum, like(sum, ir_.getIntNTy(bits)));
      number = ir_.CreateZExt(number, like(sum, ir_.getIntNTy(word_bits)));
      if (i % per_word == 0)
        words.push_back(number);
      else
        words.back() = ir_.CreateOr(words.back(), ir_.CreateShl(number, i % per_word * bits));
    }
    return words;
  }

  // --- Places that the lanes ask for, for their i-th element of D

  std::vector<MatrixPlace> places_of(unsigned i) const {
    std::vector<MatrixPlace> places;
    for (unsigned lane = 0; lane < kLanes; ++lane) places.push_back(p_.d.place(lane, i));
    return places;
  }
  std::vector<MatrixPlace> along_row(unsigned i, unsigned k) const {
    std::vector<MatrixPlace> places = places_of(i);
    for (MatrixPlace& place : places) place.column = k;
    return places;
  }
  std::vector<MatrixPlace> along_column(unsigned i, unsigned k) const {
    std::vector<MatrixPlace> places = places_of(i);
    for (MatrixPlace& place : places) place.row = k;
    return places;
  }

  // --- Arithmetic

  Value* add(Value* a, Value* b, Value* sum) {
    switch (kind_) {
      case SumKind::kDouble:
      case SumKind::kFloat:
        return ir_.CreateIntrinsic(llvm::Intrinsic::fma, sum->getType(), {a, b, sum});
      case SumKind::kWord:
        return ir_.CreateAdd(sum, product(a, b));
      case SumKind::kLong:
        return ir_.CreateAdd(sum, ir_.CreateSExt(product(a, b), sum->getType()));
    }
    return nullptr;
  }

  Value* product(Value* a, Value* b) {
    if (p_.bit_operation == BitOperation::kNone) return ir_.CreateMul(a, b);
    Value* bits =
        p_.bit_operation == BitOperation::kXor ? ir_.CreateXor(a, b) : ir_.CreateAnd(a, b);
    return ir_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits);
  }

  llvm::IRBuilder<>& ir_;
  const MatrixProduct& p_;
  const SumKind kind_;
};

/// Byte `index` of each word as a number.
Value* byte_of(llvm::IRBuilder<>& ir, Value* word, unsigned index, bool is_signed) {
  Value* upper = ir.CreateShl(word, 24 - 8 * index);
  return is_signed ? ir.CreateAShr(upper, 24) : ir.CreateLShr(upper, 24);
}

void fill_byte_products(llvm::Function& function, bool a_signed, bool b_signed) {
  llvm::IRBuilder<> ir(llvm::BasicBlock::Create(function.getContext(), "entry", &function));
  Value* sum = function.getArg(0);
  for (unsigned i = 0; i < kBytes; ++i)
    sum = ir.CreateAdd(sum, ir.CreateMul(byte_of(ir, function.getArg(1), i, a_signed),
                                         byte_of(ir, function.getArg(2), i, b_signed)));
  ir.CreateRet(sum);
}

}  // namespace

llvm::Function* byte_products(llvm::Module& module, bool a_signed, bool b_signed, bool make) {
  const std::string name =
      std::string("matrix.bytes.") + (a_signed ? 's' : 'u') + (b_signed ? 's' : 'u');
  llvm::Function* known = module.getFunction(name + kWarpSuffix);
  if (known != nullptr || !make) return known;
  llvm::Type* words =
      llvm::FixedVectorType::get(llvm::Type::getInt32Ty(module.getContext()), kLanes);
  llvm::Function* made = declare_warp_form(module, name, words, {words, words, words});
  made->setDoesNotAccessMemory();
  fill_byte_products(*made, a_signed, b_signed);
  return made;
}

bool has_warp_product(const MatrixProduct& product) {
  const bool nearest = product.rounding == Rounding::kNearestEven;
  return nearest && !product.sparse && product.scales == 0;
}

std::vector<Value*> build_warp_product(llvm::IRBuilder<>& ir, const MatrixProduct& product,
                                       llvm::ArrayRef<Value*> words) {
  return WarpProduct(ir, product).build(words);
}

}  // namespace cuda_shim::kernels::instructions
