// Forms of whole warps, and the permutations they are made of.

#include "kernels/instructions/matrix_warp.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Sequence.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include "kernels/instructions/matrix_layout.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;

constexpr std::string_view kPrefix = "matrix.";
constexpr unsigned kPieceBits = 512;

llvm::Type* of_lanes(llvm::Type* type) {
  return llvm::FixedVectorType::get(type, kLanes);
}

llvm::Type* result_of_lanes(llvm::Type* type) {
  auto* words = llvm::dyn_cast<llvm::StructType>(type);
  if (words == nullptr) return type;
  llvm::SmallVector<llvm::Type*> members;
  for (llvm::Type* word : words->elements()) members.push_back(of_lanes(word));
  return llvm::StructType::get(type->getContext(), members);
}

unsigned size_of(const Value* vector) {
  return llvm::cast<llvm::FixedVectorType>(vector->getType())->getNumElements();
}

Value* range_of(llvm::IRBuilder<>& ir, Value* vector, unsigned first, unsigned count) {
  if (first == 0 && count == size_of(vector)) return vector;
  const int from = static_cast<int>(first);
  return ir.CreateShuffleVector(vector,
                                llvm::to_vector(llvm::seq(from, from + static_cast<int>(count))));
}

/// Vectors of one size, as many as a power of two, one after another.
Value* joined(llvm::IRBuilder<>& ir, llvm::ArrayRef<Value*> vectors) {
  llvm::SmallVector<Value*> parts(vectors);
  for (; parts.size() > 1; parts.truncate(parts.size() / 2)) {
    const auto order = llvm::to_vector(llvm::seq(0, 2 * static_cast<int>(size_of(parts[0]))));
    for (unsigned i = 0; i < parts.size() / 2; ++i)
      parts[i] = ir.CreateShuffleVector(parts[2 * i], parts[2 * i + 1], order);
  }
  return parts[0];
}

/// The sources one after another, cut into pieces of `size` elements.
std::vector<Value*> pieces_of(llvm::IRBuilder<>& ir, llvm::ArrayRef<Value*> sources,
                              unsigned size) {
  std::vector<Value*> pieces;
  const unsigned own = size_of(sources[0]);
  if (own < size)
    for (unsigned i = 0; i < sources.size(); i += size / own)
      pieces.push_back(joined(ir, sources.slice(i, size / own)));
  else
    for (Value* source : sources)
      for (unsigned first = 0; first < own; first += size)
        pieces.push_back(range_of(ir, source, first, size));
  return pieces;
}

/// Elements of pieces, by their numbers across all; as many as a piece has. Takes up one piece
/// after another.
Value* permuted(llvm::IRBuilder<>& ir, llvm::ArrayRef<Value*> pieces,
                llvm::ArrayRef<unsigned> from) {
  const unsigned size = size_of(pieces[0]);
  Value* made = pieces[from[0] / size];
  llvm::SmallVector<int> places;  // of the elements in `made`
  for (const unsigned number : from)
    places.push_back(number / size == from[0] / size ? static_cast<int>(number % size) : -1);
  bool in_order = false;
  for (unsigned piece = 0; piece < pieces.size(); ++piece) {
    const auto is_new = [&](unsigned i) { return places[i] < 0 && from[i] / size == piece; };
    const auto all = llvm::seq(0u, size);
    if (llvm::none_of(all, is_new)) continue;
    for (const unsigned i : all)
      if (is_new(i)) places[i] = static_cast<int>(size + from[i] % size);
    made = ir.CreateShuffleVector(made, pieces[piece], places);
    for (const unsigned i : all)
      if (places[i] >= 0) places[i] = static_cast<int>(i);
    in_order = true;
  }
  return in_order ? made : ir.CreateShuffleVector(made, places);
}

}  // namespace

llvm::Function* warp_form_of(const llvm::Function& function) {
  if (!function.getName().starts_with(kPrefix)) return nullptr;
  return function.getParent()->getFunction((function.getName() + kWarpSuffix).str());
}

bool is_warp_form(const llvm::Function& function) {
  return function.getName().starts_with(kPrefix) && function.getName().ends_with(kWarpSuffix);
}

llvm::Function* declare_warp_form(llvm::Module& module, const std::string& name, llvm::Type* result,
                                  llvm::ArrayRef<llvm::Type*> parameters) {
  auto* made =
      llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                             llvm::GlobalValue::InternalLinkage, name + kWarpSuffix, module);
  made->addFnAttr(llvm::Attribute::NoUnwind);
  made->addFnAttr(llvm::Attribute::WillReturn);
  return made;
}

void make_warp_form(llvm::Function& function, const WarpForm& form) {
  llvm::SmallVector<llvm::Type*> parameters;
  for (const llvm::Argument& argument : function.args()) {
    const bool uniform = argument.getArgNo() < form.uniform_arguments;
    parameters.push_back(uniform ? argument.getType() : of_lanes(argument.getType()));
  }
  llvm::Type* result = result_of_lanes(function.getReturnType());
  llvm::Function* made =
      declare_warp_form(*function.getParent(), function.getName().str(), result, parameters);
  if (!form.accesses_memory) made->setDoesNotAccessMemory();
  llvm::IRBuilder<> ir(llvm::BasicBlock::Create(function.getContext(), "entry", made));
  std::vector<Value*> words = form.build(ir, *made);
  if (words.empty())
    ir.CreateRetVoid();
  else
    ir.CreateAggregateRet(words.data(), static_cast<unsigned>(words.size()));
}

namespace {

/// Whether the picks are the one source as it is.
bool is_whole(llvm::ArrayRef<Value*> sources, llvm::ArrayRef<Pick> picks) {
  if (sources.size() != 1 || picks.size() != size_of(sources[0])) return false;
  for (unsigned i = 0; i < picks.size(); ++i)
    if (picks[i].index != i) return false;
  return true;
}

}  // namespace

Value* collect(llvm::IRBuilder<>& ir, llvm::ArrayRef<Value*> sources, llvm::ArrayRef<Pick> picks) {
  if (is_whole(sources, picks)) return sources[0];
  const unsigned own = size_of(sources[0]);
  const unsigned bits = sources[0]->getType()->getScalarSizeInBits();
  const unsigned size = std::min(own * static_cast<unsigned>(sources.size()), kPieceBits / bits);
  const std::vector<Value*> pieces = pieces_of(ir, sources, size);
  llvm::SmallVector<Value*> made;
  for (unsigned first = 0; first < picks.size(); first += size) {
    llvm::SmallVector<unsigned> from;
    for (unsigned i = first; i < first + size; ++i) {
      const Pick& pick = picks[std::min<std::size_t>(i, picks.size() - 1)];
      from.push_back(pick.source * own + pick.index);
    }
    made.push_back(permuted(ir, pieces, from));
  }
  return range_of(ir, joined(ir, made), 0, static_cast<unsigned>(picks.size()));
}

}  // namespace cuda_shim::kernels::instructions
