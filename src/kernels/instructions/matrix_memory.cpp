// One lane computes the address of each of its registers or elements. A warp reads or writes line
// by line, and takes what the lanes hold out of the lines, or puts it into them, by constant
// permutations.

#include "kernels/instructions/matrix_memory.h"

#include "kernels/instructions/matrix_warp.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;

// --- One lane

class LaneTransfer {
 public:
  LaneTransfer(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix, const MatrixAddress& address,
               Value* lane)
      : ir_(ir), m_(matrix), address_(address) {
    group_ = ir_.CreateZExt(ir_.CreateLShr(lane, 2), ir_.getInt64Ty());
    turn_ = ir_.CreateZExt(ir_.CreateAnd(lane, 3), ir_.getInt64Ty());
  }

  Value* load(unsigned index) {
    if (m_.in_one_piece()) return load_bits(place(first_of(index)), m_.register_bits());
    Value* word = ir_.getInt32(0);
    for (unsigned i = 0; i < m_.element.per_register(); ++i) {
      Value* bits = load_bits(place(first_of(index) + i), m_.element.bits());
      Value* wide = ir_.CreateZExtOrTrunc(bits, ir_.getInt32Ty());
      word = ir_.CreateOr(word, ir_.CreateShl(wide, i * m_.element.bits()));
    }
    return word;
  }

  void store(unsigned index, Value* word) {
    if (m_.in_one_piece()) return store_bits(place(first_of(index)), word, m_.register_bits());
    for (unsigned i = 0; i < m_.element.per_register(); ++i) {
      Value* bits = ir_.CreateLShr(word, i * m_.element.bits());
      bits = ir_.CreateTrunc(bits, ir_.getIntNTy(m_.element.bits()));
      store_bits(place(first_of(index) + i), bits, m_.element.bits());
    }
  }

 private:
  unsigned first_of(unsigned index) const { return index * m_.element.per_register(); }

  /// The address of an element of the lane's fragment.
  Value* place(unsigned element) {
    // The place of lane 0, and how far the lane's is from it.
    const MatrixPlace first = m_.fragment.place(0, element);
    const unsigned step =
        m_.fragment.kind == FragmentKind::kAccumulator ? 2 : m_.fragment.per_register;
    Value* along_turn = ir_.CreateMul(turn_, ir_.getInt64(step));
    const bool turned = m_.fragment.kind == FragmentKind::kB;
    Value* row = ir_.CreateAdd(turned ? along_turn : group_, ir_.getInt64(first.row));
    Value* column = ir_.CreateAdd(turned ? group_ : along_turn, ir_.getInt64(first.column));
    Value* line = m_.by_rows ? row : column;
    Value* along = ir_.CreateMul(m_.by_rows ? column : row, ir_.getInt64(m_.elements_of_unit()));
    Value* distance = ir_.CreateAdd(ir_.CreateMul(line, address_.stride), along);
    Value* bits = ir_.CreateMul(distance, ir_.getInt64(m_.bits_of_element()));
    return ir_.CreateGEP(ir_.getInt8Ty(), address_.pointer, ir_.CreateLShr(bits, 3));
  }

  Value* load_bits(Value* place, unsigned bits) {
    return ir_.CreateAlignedLoad(ir_.getIntNTy(bits), place, llvm::Align(bits / 8));
  }
  void store_bits(Value* place, Value* value, unsigned bits) {
    ir_.CreateAlignedStore(value, place, llvm::Align(bits / 8));
  }

  llvm::IRBuilder<>& ir_;
  const MatrixInMemory& m_;
  const MatrixAddress address_;
  Value *group_ = nullptr, *turn_ = nullptr;
};

// --- All lanes

/// Counts in units: registers where those lie in memory in one piece, else elements.
class WarpTransfer {
 public:
  WarpTransfer(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix, const MatrixAddress& address)
      : ir_(ir),
        m_(matrix),
        address_(address),
        unit_elements_(matrix.in_one_piece() ? matrix.element.per_register() : 1),
        per_register_(matrix.element.per_register() / unit_elements_),
        unit_(ir.getIntNTy(matrix.register_bits() / per_register_)),
        length_(matrix.line_length() / unit_elements_) {}

  std::vector<Value*> load() {
    std::vector<Value*> lines, words;
    for (unsigned i = 0; i < m_.lines(); ++i)
      lines.push_back(ir_.CreateAlignedLoad(units(length_), line(i), alignment()));
    for (unsigned i = 0; i < m_.registers(); ++i) {
      Value* all = collect(ir_, lines, places_of(i));
      words.push_back(ir_.CreateBitCast(
          all, llvm::FixedVectorType::get(ir_.getIntNTy(m_.register_bits()), kLanes)));
    }
    return words;
  }

  void store(llvm::ArrayRef<Value*> words) {
    std::vector<Value*> sources;
    std::vector<Pick> picks(m_.lines() * length_);
    for (unsigned i = 0; i < words.size(); ++i) {
      sources.push_back(ir_.CreateBitCast(words[i], units(kLanes * per_register_)));
      const std::vector<Pick> places = places_of(i);
      for (unsigned from = 0; from < places.size(); ++from)
        picks[places[from].source * length_ + places[from].index] = {i, from};
    }
    for (unsigned i = 0; i < m_.lines(); ++i)
      ir_.CreateAlignedStore(
          collect(ir_, sources, llvm::ArrayRef(picks).slice(i * length_, length_)), line(i),
          alignment());
  }

 private:
  llvm::Type* units(unsigned count) const { return llvm::FixedVectorType::get(unit_, count); }
  llvm::Align alignment() const { return llvm::Align(unit_->getIntegerBitWidth() / 8); }

  /// Line and unit in it of each unit of a register, lane by lane.
  std::vector<Pick> places_of(unsigned index) const {
    std::vector<Pick> places;
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned i = 0; i < per_register_; ++i) {
        const unsigned element = index * m_.element.per_register() + i;
        const MatrixPlace place = m_.fragment.place(lane, element);
        places.push_back(m_.by_rows ? Pick{place.row, place.column / unit_elements_}
                                    : Pick{place.column, place.row / unit_elements_});
      }
    return places;
  }

  Value* line(unsigned index) {
    Value* elements = ir_.CreateMul(address_.stride, ir_.getInt64(index));
    Value* bits = ir_.CreateMul(elements, ir_.getInt64(m_.bits_of_element()));
    return ir_.CreateGEP(ir_.getInt8Ty(), address_.pointer, ir_.CreateLShr(bits, 3));
  }

  llvm::IRBuilder<>& ir_;
  const MatrixInMemory& m_;
  const MatrixAddress address_;
  const unsigned unit_elements_, per_register_;
  llvm::Type* const unit_;
  const unsigned length_;  ///< of a line
};

}  // namespace

std::vector<Value*> load_fragment(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                                  const MatrixAddress& address, Value* lane) {
  LaneTransfer transfer(ir, matrix, address, lane);
  std::vector<Value*> words;
  for (unsigned i = 0; i < matrix.registers(); ++i) words.push_back(transfer.load(i));
  return words;
}

void store_fragment(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                    const MatrixAddress& address, Value* lane, llvm::ArrayRef<Value*> words) {
  LaneTransfer transfer(ir, matrix, address, lane);
  for (unsigned i = 0; i < words.size(); ++i) transfer.store(i, words[i]);
}

std::vector<Value*> load_fragments(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                                   const MatrixAddress& address) {
  return WarpTransfer(ir, matrix, address).load();
}

void store_fragments(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                     const MatrixAddress& address, llvm::ArrayRef<Value*> words) {
  WarpTransfer(ir, matrix, address).store(words);
}

}  // namespace cuda_shim::kernels::instructions
