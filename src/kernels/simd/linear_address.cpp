// Takes apart what LLVM's scalar evolution knows of an address; see the header.

#include "kernels/simd/linear_address.h"

#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Operator.h>

namespace cuda_shim::kernels::simd {
namespace {

/// Coefficients beyond this come from no array; with it, nothing here overflows.
constexpr std::int64_t kMostFactor = std::int64_t{1} << 32;
constexpr unsigned kMostDepth = 24;

class Sum {
 public:
  explicit Sum(llvm::ScalarEvolution& evolution) : evolution_(evolution) {}

  bool add(const llvm::SCEV* part, std::int64_t factor, unsigned depth = 0) {
    if (depth > kMostDepth || factor > kMostFactor || factor < -kMostFactor) return false;
    switch (part->getSCEVType()) {
      case llvm::scConstant:
        return add_constant(*llvm::cast<llvm::SCEVConstant>(part), factor);
      case llvm::scAddExpr:
        for (const llvm::SCEV* operand : part->operands())
          if (!add(operand, factor, depth + 1)) return false;
        return true;
      case llvm::scMulExpr:
        return add_product(*part, factor, depth);
      case llvm::scAddRecExpr:
        return add_counter(*llvm::cast<llvm::SCEVAddRecExpr>(part), factor, depth);
      case llvm::scZeroExtend:
      case llvm::scSignExtend:
      case llvm::scPtrToInt:
        return add(part->operands()[0], factor, depth + 1);
      case llvm::scUnknown:
        return add_value(llvm::cast<llvm::SCEVUnknown>(part)->getValue(), factor, depth);
      default:
        return false;
    }
  }

  LinearAddress address;

 private:
  static std::optional<std::int64_t> number(const llvm::SCEV* part) {
    const auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(part);
    if (constant == nullptr || constant->getAPInt().getSignificantBits() > 33) return std::nullopt;
    return constant->getAPInt().getSExtValue();
  }

  bool add_constant(const llvm::SCEVConstant& constant, std::int64_t factor) {
    const auto value = number(&constant);
    std::int64_t product = 0;
    return value && !__builtin_mul_overflow(*value, factor, &product) &&
           !__builtin_add_overflow(address.constant, product, &address.constant);
  }

  bool add_product(const llvm::SCEV& product, std::int64_t factor, unsigned depth) {
    const auto scale = number(product.operands()[0]);
    std::int64_t next = 0;
    if (!scale || product.operands().size() != 2 || __builtin_mul_overflow(*scale, factor, &next))
      return false;
    return add(product.operands()[1], next, depth + 1);
  }

  bool add_counter(const llvm::SCEVAddRecExpr& counter, std::int64_t factor, unsigned depth) {
    const auto step = number(counter.getStepRecurrence(evolution_));
    std::int64_t product = 0;
    if (!counter.isAffine() || !step || __builtin_mul_overflow(*step, factor, &product))
      return false;
    address.steps.push_back(product);
    return add(counter.getStart(), factor, depth + 1);
  }

  bool add_value(const llvm::Value* value, std::int64_t factor, unsigned depth) {
    if (llvm::Operator::getOpcode(value) == llvm::Instruction::IntToPtr)
      return add(evolution_.getSCEV(llvm::cast<llvm::Operator>(value)->getOperand(0)), factor,
                 depth + 1);
    address.terms[value] += factor;
    return true;
  }

  llvm::ScalarEvolution& evolution_;
};

std::int64_t size_of(std::int64_t number) {
  return number < 0 ? -number : number;
}

/// How far apart lanes next to each other are; nothing where the terms differ otherwise.
std::optional<std::int64_t> distance_of_lanes(const LinearAddress& read,
                                              const LinearAddress& written,
                                              const ShapeAnalysis& shapes,
                                              llvm::function_ref<bool(const llvm::Value*)> sure) {
  std::int64_t distance = 0;
  if (read.terms.size() != written.terms.size()) return std::nullopt;
  for (const auto& [value, factor] : read.terms) {
    const auto other = written.terms.find(value);
    const Shape shape = shapes.of(value);
    if (other == written.terms.end() || other->second != factor || !shape.is_sure() || !sure(value))
      return std::nullopt;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(factor, shape.stride, &product) || size_of(product) > kMostFactor)
      return std::nullopt;
    distance += product;
  }
  return distance;
}

}  // namespace

std::optional<LinearAddress> linear_address(llvm::ScalarEvolution& evolution,
                                            const llvm::Value* pointer) {
  Sum sum(evolution);
  if (!sum.add(evolution.getSCEV(const_cast<llvm::Value*>(pointer)), 1)) return std::nullopt;
  sum.address.terms.remove_if([](const auto& term) { return term.second == 0; });
  return sum.address;
}

Side side_of(const LinearAddress& read, const LinearAddress& written, std::int64_t bytes,
             const ShapeAnalysis& shapes, unsigned lanes,
             llvm::function_ref<bool(const llvm::Value*)> sure) {
  const auto distance = distance_of_lanes(read, written, shapes, sure);
  std::int64_t begin = 0;
  if (!distance || __builtin_sub_overflow(read.constant, written.constant, &begin))
    return Side::kUnknown;
  bool falls = true;
  bool rises = true;
  const auto count_in = [&](std::int64_t step) {
    falls &= step <= 0;
    rises &= step >= 0;
  };
  for (const std::int64_t step : read.steps) count_in(step);
  for (const std::int64_t step : written.steps) count_in(-step);
  const std::int64_t margin = size_of(*distance) * (lanes - 1) + bytes;
  if (falls && begin <= -margin) return Side::kBelow;
  if (rises && begin >= margin) return Side::kAbove;
  return Side::kUnknown;
}

}  // namespace cuda_shim::kernels::simd
