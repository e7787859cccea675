// One rule for each kind of instruction that keeps strides or makes lanes equal; everything else
// that is not uniform varies.

#include "kernels/simd/shape_rules.h"

#include <llvm/Analysis/SimplifyQuery.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Operator.h>

#include <algorithm>

#include "cuda_shim/host_abi.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/simd/elements.h"
#include "kernels/simd/own_arrays.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

constexpr std::uint64_t kAnyAlignment = std::uint64_t{1} << 32;
/// An extension whose lanes are further apart than this is left to vectors: it wraps for sure
/// somewhere, and gains nothing.
constexpr std::int64_t kLongestStride = 1 << 12;

/// So that what all lanes add to a number is a number of 64 bits.
constexpr std::int64_t kMostStride = std::int64_t{1} << 40;

std::uint64_t alignment_of(std::uint64_t value) {
  return value == 0 ? kAnyAlignment : std::min(kAnyAlignment, value & -value);
}

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return std::min(kAnyAlignment, a * b);
}

/// Sees an instruction's operands as shapes and constants.
struct Rule {
  const llvm::Instruction& instruction;
  const Lanes& lanes;
  ShapeOf shape;

  Shape operand(unsigned index) const { return shape(instruction.getOperand(index)); }
  const llvm::ConstantInt* constant(unsigned index) const {
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(index));
    return number != nullptr && number->getBitWidth() <= 64 ? number : nullptr;
  }
  bool stays_within_span(const Shape& known) const {
    return known.stays_within_span(lanes.count,
                                   bits_of(instruction.getOperand(0)->getType()->getScalarType()));
  }
  unsigned width() const { return instruction.getType()->getScalarSizeInBits(); }
};

Shape combined(const Shape& a, const Shape& b, std::int64_t stride) {
  if (a.varying || b.varying) return Shape::any();
  // Equal in all lanes only as long as nothing has wrapped: not worth a check.
  if (stride == 0 && (a.assumed || b.assumed)) return Shape::any();
  if (std::llabs(stride) > kMostStride) return Shape::any();
  return {.assumed = a.assumed || b.assumed,
          .stride = stride,
          .alignment = std::min(a.alignment, b.alignment)};
}

Shape of_sum(const Rule& rule) {
  const Shape a = rule.operand(0), b = rule.operand(1);
  return combined(a, b, a.stride + b.stride);
}

Shape of_difference(const Rule& rule) {
  const Shape a = rule.operand(0), b = rule.operand(1);
  return combined(a, b, a.stride - b.stride);
}

Shape scaled(Shape shape, std::int64_t factor) {
  if (shape.varying) return shape;
  std::int64_t stride = 0;
  if (__builtin_mul_overflow(shape.stride, factor, &stride) || stride > kMostStride ||
      stride < -kMostStride)
    return Shape::any();
  shape.stride = stride;
  shape.alignment = product(shape.alignment, alignment_of(static_cast<std::uint64_t>(factor)));
  return shape;
}

Shape of_product(const Rule& rule) {
  if (const auto* factor = rule.constant(1)) return scaled(rule.operand(0), factor->getSExtValue());
  const Shape a = rule.operand(0), b = rule.operand(1);
  if (!a.is_uniform() || !b.is_uniform()) return Shape::any();
  return {.assumed = a.assumed || b.assumed, .alignment = product(a.alignment, b.alignment)};
}

Shape of_left_shift(const Rule& rule) {
  const auto* distance = rule.constant(1);
  if (distance == nullptr || distance->getZExtValue() >= std::min(rule.width(), 63u))
    return Shape::any();
  return scaled(rule.operand(0), std::int64_t{1} << distance->getZExtValue());
}

Shape of_right_shift(const Rule& rule) {
  const Shape shape = rule.operand(0);
  const auto* distance = rule.constant(1);
  if (distance == nullptr || distance->getZExtValue() >= std::min(rule.width(), 63u) ||
      !rule.stays_within_span(shape))
    return Shape::any();
  const std::uint64_t unit = std::uint64_t{1} << distance->getZExtValue();
  const std::uint64_t rest = std::max<std::uint64_t>(1, shape.alignment / unit);
  if (unit >= shape.span(rule.lanes.count)) return Shape::uniform(rest);
  if (static_cast<std::uint64_t>(shape.stride) % unit != 0) return Shape::any();
  return {.stride = shape.stride / static_cast<std::int64_t>(unit), .alignment = rest};
}

Shape of_or(const Rule& rule) {
  const auto& operation = llvm::cast<llvm::PossiblyDisjointInst>(rule.instruction);
  return operation.isDisjoint() ? of_sum(rule) : Shape::any();
}

Shape of_and(const Rule& rule) {
  const Shape shape = rule.operand(0);
  const auto* mask = rule.constant(1);
  if (mask == nullptr || !rule.stays_within_span(shape)) return Shape::any();
  const std::uint64_t bits = mask->getZExtValue(), low = shape.span(rule.lanes.count) - 1;
  const std::uint64_t alignment = std::max(shape.alignment, alignment_of(bits));
  if ((bits & low) == 0) return Shape::uniform(alignment);
  // Bits below all strides and beginnings are nought anyway.
  const auto stride = static_cast<std::uint64_t>(shape.stride);
  const std::uint64_t counted = low & ~(std::min(alignment_of(stride), shape.alignment) - 1);
  if ((bits & counted) != counted) return Shape::any();
  return {.stride = shape.stride,
          .alignment = (bits & ~low) == 0 ? kAnyAlignment : shape.alignment};
}

/// Whether the first lane's number leaves room for the others' by what is known of its bits. What
/// its thread alone may conclude is left aside: that thread may be inactive.
bool leaves_room(const llvm::CastInst& extension, std::int64_t way) {
  if (way < 0) return false;
  const llvm::SimplifyQuery query(extension.getDataLayout(), /*TLI=*/nullptr, /*DT=*/nullptr,
                                  /*AC=*/nullptr, /*CxtI=*/nullptr, /*UseInstrInfo=*/false);
  const llvm::APInt most = llvm::computeKnownBits(extension.getOperand(0), query).getMaxValue();
  const unsigned width = most.getBitWidth();
  const llvm::APInt top = llvm::isa<llvm::SExtInst>(extension)
                              ? llvm::APInt::getSignedMaxValue(width)
                              : llvm::APInt::getMaxValue(width);
  const auto room = static_cast<std::uint64_t>(way);
  return most.ule(top) && (top - most).uge(room);
}

Shape of_extension(const Rule& rule) {
  Shape shape = rule.operand(0);
  if (!shape.is_affine() || rule.stays_within_span(shape)) return shape;
  if (std::llabs(shape.stride) > kLongestStride) return Shape::any();
  const std::int64_t way = shape.stride * static_cast<std::int64_t>(rule.lanes.count - 1);
  if (leaves_room(llvm::cast<llvm::CastInst>(rule.instruction), way)) return shape;
  // A narrow number wraps too soon for the check to be worth it.
  if (rule.instruction.getOperand(0)->getType()->getScalarSizeInBits() < 32) return Shape::any();
  shape.assumed = true;
  return shape;
}

Shape of_truncation(const Rule& rule) {
  const Shape shape = rule.operand(0);
  return shape.assumed ? Shape::any() : shape;
}

Shape of_same(const Rule& rule) {
  return rule.operand(0);
}

Shape of_bitcast(const Rule& rule) {
  const llvm::Type* type = rule.instruction.getType();
  const bool same = type == rule.instruction.getOperand(0)->getType();
  return same ? rule.operand(0) : Shape::any();
}

Shape of_element_pointer(const Rule& rule) {
  const auto& element = llvm::cast<llvm::GEPOperator>(rule.instruction);
  const llvm::DataLayout& layout = rule.instruction.getModule()->getDataLayout();
  Shape sum = rule.shape(element.getPointerOperand());
  llvm::APInt offset(64, 0);
  llvm::SmallMapVector<llvm::Value*, llvm::APInt, 4> parts;
  if (!element.collectOffset(layout, 64, parts, offset)) return Shape::any();
  for (const auto& [index, unit] : parts) {
    if (index->getType()->getScalarSizeInBits() != 64) return Shape::any();
    const Shape part = scaled(rule.shape(index), unit.getSExtValue());
    sum = combined(sum, part, sum.stride + part.stride);
  }
  sum.alignment = std::min(sum.alignment, alignment_of(offset.getZExtValue()));
  return sum;
}

/// What is true of both, whichever it is.
Shape common(const Shape& a, const Shape& b) {
  return a.stride == b.stride ? combined(a, b, a.stride) : Shape::any();
}

Shape of_selection(const Rule& rule) {
  const Shape condition = rule.operand(0);
  const Shape a = rule.operand(1), b = rule.operand(2);
  return condition.is_uniform() && condition.is_sure() ? common(a, b) : Shape::any();
}

/// Comparisons of lanes that share their high bits with a number that ends where those begin.
Shape of_comparison(const Rule& rule) {
  const auto& comparison = llvm::cast<llvm::ICmpInst>(rule.instruction);
  Shape a = rule.operand(0), b = rule.operand(1);
  if (!a.is_sure() || !b.is_sure()) return Shape::any();
  if (a.stride == b.stride && comparison.isEquality()) return Shape::uniform();
  auto predicate = comparison.getPredicate();
  if (a.is_uniform()) {
    std::swap(a, b);
    predicate = llvm::ICmpInst::getSwappedPredicate(predicate);
  }
  const bool at_boundary =
      b.is_uniform() && rule.stays_within_span(a) && b.alignment >= a.span(rule.lanes.count);
  const bool splits_there =
      predicate == llvm::ICmpInst::ICMP_ULT || predicate == llvm::ICmpInst::ICMP_UGE ||
      predicate == llvm::ICmpInst::ICMP_SLT || predicate == llvm::ICmpInst::ICMP_SGE;
  return at_boundary && splits_there ? Shape::uniform() : Shape::any();
}

Shape of_thread_index(const Rule& rule) {
  const auto* dimension = llvm::dyn_cast<llvm::ConstantInt>(rule.instruction.getOperand(0));
  if (dimension == nullptr || !rule.lanes.tid_counts_up()) return Shape::any();
  if (dimension->isZero()) return {.stride = 1, .alignment = rule.lanes.count};
  return Shape::uniform();
}

Shape of_lane_index(const Rule& rule) {
  if (!rule.lanes.within_warp()) return Shape::any();
  const bool from_0 = rule.lanes.count == CUDA_SHIM_WARP_SIZE;
  return {.stride = 1, .alignment = from_0 ? kAnyAlignment : rule.lanes.count};
}

/// The lesser or greater of a number that counts up and one that all share: in most groups the
/// first for all lanes, as where an index is kept within an image.
Shape of_limit(const Rule& rule) {
  Shape a = rule.operand(0), b = rule.operand(1);
  if (a.is_uniform()) std::swap(a, b);
  if (!a.is_affine() || !b.is_uniform() || std::llabs(a.stride) > kLongestStride ||
      rule.width() < 32)
    return Shape::any();
  return {.assumed = true, .stride = a.stride, .alignment = std::min(a.alignment, b.alignment)};
}

/// Operations whose result is one for the whole group; those of a warp, if the membermask is.
Shape of_call(const Rule& rule) {
  const auto& call = llvm::cast<llvm::CallInst>(rule.instruction);
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) return Shape::any();
  if (llvm::isa<llvm::MinMaxIntrinsic>(call)) return of_limit(rule);
  const auto op = instructions::device_op_of(*callee);
  if (!op) return Shape::any();
  const auto uniform_if = [&](unsigned argument) {
    return rule.shape(call.getArgOperand(argument)).is_uniform() ? Shape::uniform() : Shape::any();
  };
  switch (*op) {
    case DeviceOp::tid:
      return of_thread_index(rule);
    case DeviceOp::laneid:
      return of_lane_index(rule);
    case DeviceOp::warpid:
      return rule.lanes.within_warp() ? Shape::uniform() : Shape::any();
    case DeviceOp::parameters:
    case DeviceOp::module_memory:
    case DeviceOp::shared_window:
      return Shape::uniform(16);
    case DeviceOp::activemask:
    case DeviceOp::group_all:
    case DeviceOp::barrier_reduce:
    case DeviceOp::clock:
    case DeviceOp::globaltimer:
      return Shape::uniform();
    case DeviceOp::vote:
    case DeviceOp::redux:
      return uniform_if(2);
    default:
      return Shape::any();
  }
}

/// Each lane has its own, one behind the other; or its own units within the same memory.
Shape of_own_memory(const Rule& rule) {
  const auto& storage = llvm::cast<llvm::AllocaInst>(rule.instruction);
  const auto size = storage.getAllocationSize(storage.getDataLayout());
  if (!size) return Shape::any();
  if (const std::uint64_t unit = interleaved_unit(storage); unit != 0)
    return {.stride = static_cast<std::int64_t>(unit), .alignment = storage.getAlign().value()};
  return {
      .stride = static_cast<std::int64_t>(llvm::alignTo(size->getFixedValue(), storage.getAlign())),
      .alignment = storage.getAlign().value()};
}

struct RuleRow {
  unsigned opcode;
  Shape (*apply)(const Rule&);
};

constexpr RuleRow kRules[] = {
    {llvm::Instruction::Add, of_sum},
    {llvm::Instruction::Sub, of_difference},
    {llvm::Instruction::Mul, of_product},
    {llvm::Instruction::Shl, of_left_shift},
    {llvm::Instruction::LShr, of_right_shift},
    {llvm::Instruction::Or, of_or},
    {llvm::Instruction::And, of_and},
    {llvm::Instruction::SExt, of_extension},
    {llvm::Instruction::ZExt, of_extension},
    {llvm::Instruction::Trunc, of_truncation},
    {llvm::Instruction::PtrToInt, of_same},
    {llvm::Instruction::IntToPtr, of_same},
    {llvm::Instruction::AddrSpaceCast, of_same},
    {llvm::Instruction::Freeze, of_same},
    {llvm::Instruction::BitCast, of_bitcast},
    {llvm::Instruction::GetElementPtr, of_element_pointer},
    {llvm::Instruction::Select, of_selection},
    {llvm::Instruction::ICmp, of_comparison},
    {llvm::Instruction::Call, of_call},
    {llvm::Instruction::Alloca, of_own_memory},
};

bool has_scalar_number(const llvm::Instruction& instruction) {
  const llvm::Type* type = instruction.getType();
  return (type->isIntegerTy() && type->getIntegerBitWidth() <= 64) || type->isPointerTy();
}

/// No number is a multiple of more than its type has bits for; so a span that is wider does not
/// fit.
Shape within_width(Shape shape, const llvm::Type* type) {
  const unsigned width = type->isPointerTy() ? 64 : type->getIntegerBitWidth();
  if (width < 32) shape.alignment = std::min(shape.alignment, std::uint64_t{1} << width);
  return shape;
}

}  // namespace

namespace {

/// What a shape says of the lanes of each row.
Shape within_rows(Shape shape, const Lanes& lanes) {
  if (shape.stride != 0 && !shape.by_rows && !shape.varying)
    shape.alignment = std::min(shape.alignment,
                               alignment_of(static_cast<std::uint64_t>(shape.stride) * lanes.row));
  shape.by_rows = false;
  return shape;
}

Shape in_all_lanes(const Shape& shape) {
  return shape.by_rows ? Shape::any() : shape;
}

Shape by_rows(Shape shape) {
  shape.by_rows = !shape.varying;
  return shape;
}

/// Whether the engine works the instruction out row by row: calls that ask for a thread's place.
bool has_row_form(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  if (call == nullptr || llvm::isa<llvm::MinMaxIntrinsic>(call)) return true;
  const auto op = instructions::device_op_in(*call);
  return op == DeviceOp::tid || op == DeviceOp::laneid || op == DeviceOp::warpid;
}

/// Of what has no rule: the same for a row if all that it is made of is. Lanes may be inactive, so
/// that nothing may be divided.
Shape of_equal_operands(const Rule& rule) {
  const bool makes_number = llvm::isa<llvm::BinaryOperator, llvm::CastInst, llvm::CmpInst,
                                      llvm::SelectInst, llvm::MinMaxIntrinsic>(rule.instruction);
  if (!makes_number || rule.instruction.isIntDivRem()) return Shape::any();
  for (const llvm::Use& operand : rule.instruction.operands()) {
    if (llvm::isa<llvm::Function>(operand)) continue;
    const Shape shape = rule.shape(operand);
    if (!shape.is_uniform() || !shape.is_sure()) return Shape::any();
  }
  return Shape::uniform();
}

Shape apply_rule(const Rule& rule) {
  const auto* found = std::ranges::find(kRules, rule.instruction.getOpcode(), &RuleRow::opcode);
  return found != std::end(kRules) ? found->apply(rule) : Shape::any();
}

}  // namespace

Shape meet(const Shape& a, const Shape& b, const Lanes& lanes) {
  const Shape all = common(in_all_lanes(a), in_all_lanes(b));
  if (!all.varying || !lanes.has_rows()) return all;
  return by_rows(common(within_rows(a, lanes), within_rows(b, lanes)));
}

Shape shape_of(const llvm::Constant& constant) {
  const auto* number = llvm::dyn_cast<llvm::ConstantInt>(&constant);
  if (number == nullptr || number->getBitWidth() > 64) return Shape::uniform();
  return within_width(Shape::uniform(alignment_of(number->getZExtValue())), constant.getType());
}

Shape shape_of(const llvm::Instruction& instruction, const Lanes& lanes, ShapeOf operand) {
  if (!has_scalar_number(instruction)) return Shape::any();
  const Shape all = apply_rule(
      {instruction, lanes, [&](const llvm::Value* value) { return in_all_lanes(operand(value)); }});
  if (!all.varying || !lanes.has_rows() || !has_row_form(instruction))
    return within_width(all, instruction.getType());
  const Lanes row = lanes.of_row();
  const auto in_row = [&](const llvm::Value* value) { return within_rows(operand(value), lanes); };
  const Rule rule = {instruction, row, in_row};
  const Shape shape = apply_rule(rule);
  return by_rows(
      within_width(shape.varying ? of_equal_operands(rule) : shape, instruction.getType()));
}

}  // namespace cuda_shim::kernels::simd
