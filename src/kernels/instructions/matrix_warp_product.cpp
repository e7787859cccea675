// D stays as the lanes hold it. One register of D in all lanes is a vector; for each k it takes the
// element of A that each lane's row has there, and the element of B of its column. Both are
// permutations of vectors of A and B as the lanes hold those: rows of A are within groups of four
// lanes, so that theirs do not even leave a quarter of a register. Every sum is made in the order
// of matrix_product.h, and so has the same bits.

#include "kernels/instructions/matrix_warp_product.h"

#include <llvm/ADT/ArrayRef.h>

#include <map>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/matrix_warp.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

llvm::Type* like(const Value* value, llvm::Type* element) {
  return value->getType()->getWithNewType(element);
}

/// A matrix in fragments, element by element.
class LaneMatrix {
 public:
  /// `elements`: the fragments' elements in order, each of all lanes.
  LaneMatrix(const Fragment& fragment, std::vector<Value*> elements)
      : fragment_(fragment), elements_(std::move(elements)) {
    places_.resize(fragment.rows * fragment.columns);
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < elements_.size(); ++i) {
        const MatrixPlace place = fragment.place(lane, i);
        places_[place.row * fragment.columns + place.column] = {i, lane};
      }
  }

  /// One element for each lane: those at the places.
  Value* at(llvm::IRBuilder<>& ir, llvm::ArrayRef<MatrixPlace> places) {
    std::vector<Pick> picks;
    std::vector<unsigned> key;
    for (const MatrixPlace& place : places) {
      picks.push_back(places_[place.row * fragment_.columns + place.column]);
      key.push_back(picks.back().source * kLanes + picks.back().index);
    }
    Value*& known = arranged_[key];
    if (known == nullptr) known = collect_used(ir, std::move(picks));
    return known;
  }

 private:
  /// Mostly all come from one register.
  Value* collect_used(llvm::IRBuilder<>& ir, std::vector<Pick> picks) const {
    const unsigned first = picks[0].source;
    if (llvm::any_of(picks, [&](const Pick& pick) { return pick.source != first; }))
      return collect(ir, elements_, picks);
    for (Pick& pick : picks) pick.source = 0;
    return collect(ir, elements_[first], picks);
  }

  const Fragment fragment_;
  const std::vector<Value*> elements_;
  std::vector<Pick> places_;
  std::map<std::vector<unsigned>, Value*> arranged_;
};

class WarpProduct {
 public:
  WarpProduct(llvm::IRBuilder<>& ir, const MatrixProduct& product)
      : ir_(ir), p_(product), kind_(sum_kind(product)) {}

  std::vector<Value*> build(llvm::ArrayRef<Value*> words) {
    LaneMatrix a(p_.a, multiplicands(words, p_.a, p_.a_element));
    LaneMatrix b(p_.b, multiplicands(words, p_.b, p_.b_element));
    LaneMatrix c(p_.c, addends(words));
    std::vector<Value*> sums;
    for (unsigned i = 0; i < p_.d.elements(); ++i) sums.push_back(c.at(ir_, places_of(i)));
    for (unsigned k = 0; k < p_.depth(); ++k)
      for (unsigned i = 0; i < sums.size(); ++i)
        sums[i] = add(a.at(ir_, along_row(i, k)), b.at(ir_, along_column(i, k)), sums[i]);
    return packed(sums);
  }

 private:
  // --- Elements in words

  /// The n-th number of `bits` bits, counted from the lowest of the first word.
  Value* bits_at(llvm::ArrayRef<Value*> words, unsigned n, unsigned bits) {
    const unsigned per_word = words[0]->getType()->getScalarSizeInBits() / bits;
    Value* word = words[n / per_word];
    Value* low = ir_.CreateLShr(word, std::uint64_t{n % per_word * bits});
    return ir_.CreateTrunc(low, like(word, ir_.getIntNTy(bits)));
  }

  /// Takes the words of a multiplicand off the front.
  std::vector<Value*> multiplicands(llvm::ArrayRef<Value*>& words, const Fragment& fragment,
                                    const MatrixElement& element) {
    std::vector<Value*> elements;
    for (unsigned i = 0; i < fragment.elements(); ++i)
      elements.push_back(decode_element(ir_, bits_at(words, i, element.bits()), element));
    words = words.drop_front(fragment.elements() / element.per_register());
    return elements;
  }

  std::vector<Value*> addends(llvm::ArrayRef<Value*> words) {
    std::vector<Value*> elements;
    for (unsigned i = 0; i < p_.c.elements(); ++i)
      elements.push_back(
          widen_accumulator(ir_, bits_at(words, i, ptx::bits_of(p_.c_type)), p_.c_type, kind_));
    return elements;
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

}  // namespace

bool has_warp_product(const MatrixProduct& product) {
  const bool nearest = product.rounding == Rounding::kNearestEven;
  return nearest && !product.sparse && product.scales == 0;
}

std::vector<Value*> build_warp_product(llvm::IRBuilder<>& ir, const MatrixProduct& product,
                                       llvm::ArrayRef<Value*> words) {
  return WarpProduct(ir, product).build(words);
}

}  // namespace cuda_shim::kernels::instructions
