// The special registers, one row each.
//
// There are no thread block clusters on our devices: the cluster registers read as those of
// clusters of one block.

#include "kernels/instructions/special_registers.h"

#include <charconv>
#include <optional>

namespace cuda_shim::kernels::instructions {
namespace {

struct Reader {
  Lowering& lowering;
  SharedLayout& shared;
  unsigned index;  // component 0..3, or the number of %envregN

  llvm::IRBuilder<>& ir() const { return lowering.ir(); }
  llvm::Value* op(DeviceOp device_op) const { return lowering.device_op(device_op, {}); }
};

using Read = llvm::Value* (*)(const Reader&);

// %tid.w and its like read as 0; %ntid.w as 1 would be of no use: the manual says 0 for all.
template <DeviceOp op>
llvm::Value* read_dimension(const Reader& reader) {
  if (reader.index == 3) return reader.ir().getInt32(0);
  return reader.lowering.device_op(op, {reader.ir().getInt32(reader.index)});
}

template <DeviceOp op>
llvm::Value* read_op(const Reader& reader) {
  return reader.op(op);
}

template <unsigned constant>
llvm::Value* read_constant(const Reader& reader) {
  return reader.ir().getInt32(constant);
}

// Sizes and places within a cluster: one block in each direction.
llvm::Value* read_cluster_size(const Reader& reader) {
  return reader.ir().getInt32(reader.index == 3 ? 0 : 1);
}

template <DeviceOp op>
llvm::Value* read_low(const Reader& reader) {
  return reader.ir().CreateTrunc(reader.op(op), reader.ir().getInt32Ty());
}

template <DeviceOp op>
llvm::Value* read_high(const Reader& reader) {
  return reader.ir().CreateTrunc(reader.ir().CreateLShr(reader.op(op), 32),
                                 reader.ir().getInt32Ty());
}

llvm::Value* lane_bit(const Reader& reader) {
  return reader.ir().CreateShl(reader.ir().getInt32(1), reader.op(DeviceOp::laneid));
}

llvm::Value* lanes_below(const Reader& reader) {
  return reader.ir().CreateSub(lane_bit(reader), reader.ir().getInt32(1));
}

llvm::Value* read_lanemask_eq(const Reader& reader) {
  return lane_bit(reader);
}
llvm::Value* read_lanemask_lt(const Reader& reader) {
  return lanes_below(reader);
}
llvm::Value* read_lanemask_le(const Reader& reader) {
  return reader.ir().CreateOr(lanes_below(reader), lane_bit(reader));
}
llvm::Value* read_lanemask_ge(const Reader& reader) {
  return reader.ir().CreateNot(lanes_below(reader));
}
llvm::Value* read_lanemask_gt(const Reader& reader) {
  return reader.ir().CreateNot(read_lanemask_le(reader));
}

llvm::Value* read_envreg(const Reader& reader) {
  return reader.lowering.device_op(DeviceOp::envreg, {reader.ir().getInt32(reader.index)});
}

llvm::Value* read_total_shared(const Reader& reader) {
  return reader.ir().CreateAdd(reader.op(DeviceOp::static_shared_size),
                               reader.op(DeviceOp::dynamic_shared_size));
}

// The region that CUDA reserves for itself in shared memory; cooperative groups keep their state in
// part 1 of it.
constexpr char kReservedRegion = 0;
constexpr unsigned kReservedPart = 1024;

template <unsigned part>
llvm::Value* read_reserved(const Reader& reader) {
  const auto offset = reader.shared.offset_of(&kReservedRegion, 2 * kReservedPart, 128);
  return reader.ir().getInt32(static_cast<unsigned>(offset) + part * kReservedPart);
}

enum class Shape { kPlain, kVector, kNumbered };

struct SpecialRegister {
  std::string_view name;  // of a numbered one: without the number
  Shape shape;
  Read read;  // null: known to the manual, not to us
};

constexpr SpecialRegister kRegisters[] = {
    {"%tid", Shape::kVector, read_dimension<DeviceOp::tid>},
    {"%ntid", Shape::kVector, read_dimension<DeviceOp::ntid>},
    {"%laneid", Shape::kPlain, read_op<DeviceOp::laneid>},
    {"%warpid", Shape::kPlain, read_op<DeviceOp::warpid>},
    {"%nwarpid", Shape::kPlain, read_op<DeviceOp::nwarpid>},
    {"%ctaid", Shape::kVector, read_dimension<DeviceOp::ctaid>},
    {"%nctaid", Shape::kVector, read_dimension<DeviceOp::nctaid>},
    {"%smid", Shape::kPlain, read_op<DeviceOp::smid>},
    {"%nsmid", Shape::kPlain, read_op<DeviceOp::nsmid>},
    {"%gridid", Shape::kPlain, read_op<DeviceOp::gridid>},
    {"%is_explicit_cluster", Shape::kPlain, read_constant<0>},
    {"%clusterid", Shape::kVector, read_dimension<DeviceOp::ctaid>},
    {"%nclusterid", Shape::kVector, read_dimension<DeviceOp::nctaid>},
    {"%cluster_ctaid", Shape::kVector, read_constant<0>},
    {"%cluster_nctaid", Shape::kVector, read_cluster_size},
    {"%cluster_ctarank", Shape::kPlain, read_constant<0>},
    {"%cluster_nctarank", Shape::kPlain, read_constant<1>},
    {"%lanemask_eq", Shape::kPlain, read_lanemask_eq},
    {"%lanemask_le", Shape::kPlain, read_lanemask_le},
    {"%lanemask_lt", Shape::kPlain, read_lanemask_lt},
    {"%lanemask_ge", Shape::kPlain, read_lanemask_ge},
    {"%lanemask_gt", Shape::kPlain, read_lanemask_gt},
    {"%clock", Shape::kPlain, read_low<DeviceOp::clock>},
    {"%clock_hi", Shape::kPlain, read_high<DeviceOp::clock>},
    {"%clock64", Shape::kPlain, read_op<DeviceOp::clock>},
    {"%globaltimer", Shape::kPlain, read_op<DeviceOp::globaltimer>},
    {"%globaltimer_lo", Shape::kPlain, read_low<DeviceOp::globaltimer>},
    {"%globaltimer_hi", Shape::kPlain, read_high<DeviceOp::globaltimer>},
    {"%envreg", Shape::kNumbered, read_envreg},
    {"%reserved_smem_offset_begin", Shape::kPlain, read_reserved<0>},
    {"%reserved_smem_offset_end", Shape::kPlain, read_reserved<2>},
    {"%reserved_smem_offset_cap", Shape::kPlain, read_reserved<2>},
    {"%reserved_smem_offset_0", Shape::kPlain, read_reserved<0>},
    {"%reserved_smem_offset_1", Shape::kPlain, read_reserved<1>},
    {"%total_smem_size", Shape::kPlain, read_total_shared},
    {"%aggr_smem_size", Shape::kPlain, read_total_shared},
    {"%dynamic_smem_size", Shape::kPlain, read_op<DeviceOp::dynamic_shared_size>},
    {"%pm", Shape::kNumbered, nullptr},
    {"%current_graph_exec", Shape::kPlain, nullptr},
};

constexpr unsigned kEnvironmentRegisters = 32;

std::optional<unsigned> number(std::string_view digits) {
  unsigned result = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return result;
}

/// The row for a name and the number in it.
const SpecialRegister* find(std::string_view name, unsigned* index) {
  for (const SpecialRegister& row : kRegisters) {
    if (row.shape != Shape::kNumbered && row.name == name) return &row;
    if (row.shape == Shape::kNumbered && name.starts_with(row.name))
      if (const auto found = number(name.substr(row.name.size()));
          found && *found < kEnvironmentRegisters) {
        *index = *found;
        return &row;
      }
  }
  return nullptr;
}

}  // namespace

llvm::Value* read_special_register(Lowering& lowering, SharedLayout& shared, std::string_view name,
                                   char component) {
  Reader reader{lowering, shared, 0};
  if (name == "WARP_SZ") return lowering.ir().getInt32(32);
  const SpecialRegister* row = find(name, &reader.index);
  if (row == nullptr || row->read == nullptr) return nullptr;
  if ((row->shape == Shape::kVector) != (component != 0)) return nullptr;
  if (component != 0)
    reader.index = static_cast<unsigned>(std::string_view("xyzw").find(component));
  return row->read(reader);
}

bool is_unsupported_special_register(std::string_view name) {
  unsigned index = 0;
  const SpecialRegister* row = find(name, &index);
  return row != nullptr && row->read == nullptr;
}

std::vector<std::string> special_register_names() {
  std::vector<std::string> names;
  for (const SpecialRegister& row : kRegisters) {
    const char* ending[] = {"", ".x", "0"};  // by Shape
    names.push_back(std::string(row.name) + ending[static_cast<unsigned>(row.shape)]);
  }
  return names;
}

}  // namespace cuda_shim::kernels::instructions
