// Accesses of several numbers of each thread whose lanes are some way apart, as tables: a row is
// what lies together in memory, of one lane; a column is one number of all lanes, which is what the
// kernel computes with. Pieces of 16 bytes of a row are moved whole, and turned into columns within
// the registers: for words a quarter of the accesses that lane by lane and word by word would take.

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Constants.h>

#include <algorithm>

#include "kernels/simd/elements.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
namespace {

constexpr unsigned kPieceBytes = 16;

unsigned bytes_of(const llvm::Type* number) {
  return bits_of(number) / 8;
}

/// How many numbers a piece holds.
unsigned numbers_in_piece(const llvm::Type* type) {
  return std::max(1U, kPieceBytes / bytes_of(type->getScalarType()));
}

/// Whether the kernel handles the numbers by themselves.
bool are_taken_one_by_one(const llvm::Instruction& access) {
  if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&access))
    return llvm::isa<llvm::InsertElementInst>(store->getValueOperand());
  return llvm::all_of(access.users(), [](const llvm::User* user) {
    const auto* taken = llvm::dyn_cast<llvm::ExtractElementInst>(user);
    return taken != nullptr && llvm::isa<llvm::ConstantInt>(taken->getIndexOperand());
  });
}

}  // namespace

/// Whether pieces of the numbers that each lane moves are worth it. Rows of one piece without gaps
/// are better loaded as a whole.
bool Emission::moves_columns(const llvm::Instruction& access) const {
  llvm::Type* type = llvm::getLoadStoreType(&access);
  const llvm::Value* pointer = llvm::getLoadStorePointerOperand(&access);
  const Shape shape = shapes_.of(pointer);
  const bool is_ordered = access.isAtomic() || access.isVolatile();
  if (!type->isVectorTy() || is_ordered || is_alone() || !are_taken_one_by_one(access))
    return false;
  const unsigned bytes = bytes_of(type->getScalarType());
  const unsigned piece = bytes != 0 ? kPieceBytes / bytes : 0, count = elements_of(type);
  if (piece < 2 || bytes * piece != kPieceBytes || count < piece) return false;
  if (lanes_.row % piece != 0 || !is_strided(pointer)) return false;
  return count > piece || shape.stride != kPieceBytes;
}

/// The first number of each piece. The last piece may begin within the one before.
llvm::SmallVector<unsigned> Emission::pieces_of(llvm::Type* type) {
  const unsigned count = elements_of(type), piece = numbers_in_piece(type);
  llvm::SmallVector<unsigned> first;
  for (unsigned k = 0; k + piece <= count; k += piece) first.push_back(k);
  if (count % piece != 0) first.push_back(count - piece);
  return first;
}

/// Rows to columns, and columns to rows, of square tables that lie in 16 bytes each of as many
/// vectors: interleaving the first half of the vectors with the second is done once for each
/// doubling of the side.
void Emission::turn_tables(llvm::MutableArrayRef<llvm::Value*> vectors) {
  const auto side = static_cast<unsigned>(vectors.size());
  llvm::SmallVector<int> low, high;
  for (unsigned i = 0; i < lanes_.count; ++i) {
    const unsigned start = i / side * side, k = i % side;
    const auto from = static_cast<int>(start + k / 2 + k % 2 * lanes_.count);
    low.push_back(from);
    high.push_back(from + static_cast<int>(side / 2));
  }
  for (unsigned done = 1; done < side; done *= 2) {
    const llvm::SmallVector<llvm::Value*> before(vectors);
    for (unsigned i = 0; i < side / 2; ++i) {
      vectors[2 * i] = ir_.CreateShuffleVector(before[i], before[i + side / 2], low);
      vectors[2 * i + 1] = ir_.CreateShuffleVector(before[i], before[i + side / 2], high);
    }
  }
}

/// Vectors of pieces are frozen so that LLVM leaves them whole: it would turn each piece by itself,
/// or take the numbers apart.
Emission::Values Emission::load_columns(llvm::LoadInst& load) {
  llvm::Type* number = load.getType()->getScalarType();
  const unsigned bytes = bytes_of(number), piece = numbers_in_piece(number);
  auto* type = llvm::FixedVectorType::get(number, piece);
  Values columns(elements_of(load.getType()));
  for (const unsigned first : pieces_of(load.getType())) {
    llvm::SmallVector<llvm::Value*> table;
    for (unsigned i = 0; i < piece; ++i) {
      llvm::SmallVector<llvm::Value*> rows;
      for (unsigned lane = i; lane < lanes_.count; lane += piece)
        rows.push_back(ir_.CreateAlignedLoad(
            type, moved(place_of_lane(load.getPointerOperand(), lane), first * bytes),
            llvm::commonAlignment(load.getAlign(), first * bytes)));
      table.push_back(ir_.CreateFreeze(joined(rows)));
    }
    turn_tables(table);
    llvm::copy(table, columns.begin() + first);
  }
  return columns;
}

Emission::Values Emission::gather_columns(llvm::LoadInst& load) {
  llvm::Type* number = load.getType()->getScalarType();
  llvm::Value* pointers = vector(load.getPointerOperand());
  Values columns;
  for (unsigned k = 0; k < elements_of(load.getType()); ++k)
    columns.push_back(gathered(number, element_pointers(pointers, number, k),
                               llvm::commonAlignment(load.getAlign(), k * bytes_of(number))));
  return columns;
}

/// The kernel takes nothing but columns (`are_taken_one_by_one`).
llvm::Value* Emission::load_by_columns(llvm::LoadInst& load) {
  columns_[&load] = guarded_values(
      all_in_place(load.getPointerOperand()), [&] { return load_columns(load); },
      [&] { return gather_columns(load); });
  return llvm::PoisonValue::get(vector_type(load.getType()));
}

void Emission::store_columns(llvm::StoreInst& store, llvm::ArrayRef<llvm::Value*> columns) {
  llvm::Type* type = store.getValueOperand()->getType();
  const unsigned bytes = bytes_of(type->getScalarType()), piece = numbers_in_piece(type);
  for (const unsigned first : pieces_of(type)) {
    llvm::SmallVector<llvm::Value*> table(columns.slice(first, piece));
    turn_tables(table);
    for (llvm::Value*& vector : table) vector = ir_.CreateFreeze(vector);
    for (unsigned lane = 0; lane < lanes_.count; ++lane) {
      llvm::SmallVector<int> row;
      for (unsigned k = 0; k < piece; ++k)
        row.push_back(static_cast<int>(lane / piece * piece + k));
      ir_.CreateAlignedStore(ir_.CreateShuffleVector(table[lane % piece], row),
                             moved(place_of_lane(store.getPointerOperand(), lane), first * bytes),
                             llvm::commonAlignment(store.getAlign(), first * bytes));
    }
  }
}

void Emission::store_by_columns(llvm::StoreInst& store) {
  llvm::SmallVector<llvm::Value*> columns;
  for (unsigned k = 0; k < elements_of(store.getValueOperand()->getType()); ++k)
    columns.push_back(column(store.getValueOperand(), k));
  guarded(
      all_in_place(store.getPointerOperand()),
      [&] {
        store_columns(store, columns);
        return nullptr;
      },
      [&] {
        store_scattered(store);
        return nullptr;
      });
}

}  // namespace cuda_shim::kernels::simd
