// Initial memory: the values of initialisers as bytes, and the places that take addresses.

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "kernels/program_impl.h"
#include "support/log.h"

namespace cuda_shim::kernels {
namespace {

/// Everything up to the last initialised byte is kept in memory.
constexpr std::uint64_t kMaximumImageBytes = std::uint64_t{1} << 30;
constexpr unsigned kAddressBytes = 8;

class Initialiser {
 public:
  Initialiser(Program::Impl& program, const ProgramVariable& variable)
      : program_(program),
        variable_(variable),
        declaration_(*variable.declaration),
        element_bytes_(ptx::bytes_of(declaration_.type)) {}

  Status run() {
    if (declaration_.initialiser.empty()) return {};
    const std::uint64_t end =
        variable_.offset + (declaration_.initialiser.back().index + 1) * element_bytes_;
    if (end > kMaximumImageBytes)
      return fail(
          fmt::format("the initialised variables take more than {} bytes", kMaximumImageBytes));
    if (program_.image.size() < end) program_.image.resize(end);
    const auto& values = declaration_.initialiser;
    for (std::size_t i = 0; i < values.size();) {
      std::size_t taken = 1;
      Status status = values[i].symbol ? write_symbol(i, taken) : write_number(values[i]);
      if (!status.ok()) return status;
      i += taken;
    }
    return {};
  }

 private:
  std::uint64_t offset_of(const ptx::InitialValue& value) const {
    return variable_.offset + value.index * element_bytes_;
  }

  Status write_number(const ptx::InitialValue& value) {
    std::uint64_t bits = value.number.bits;
    if (ptx::kind_of(declaration_.type) == ptx::TypeKind::kFloat) {
      if (Status status = to_float(value.number, bits); !status.ok()) return status;
    } else if (value.number.kind != ptx::Immediate::Kind::kInteger) {
      const unsigned bytes = value.number.kind == ptx::Immediate::Kind::kF32 ? 4 : 8;
      if (ptx::kind_of(declaration_.type) != ptx::TypeKind::kBits || element_bytes_ != bytes)
        return fail("a floating-point number stands where an integer must");
    }
    std::memcpy(program_.image.data() + offset_of(value), &bits, std::min(element_bytes_, 8u));
    return {};
  }

  Status to_float(const ptx::Immediate& number, std::uint64_t& bits) {
    double value = 0;
    switch (number.kind) {
      case ptx::Immediate::Kind::kInteger:
        value = static_cast<double>(static_cast<std::int64_t>(number.bits));
        break;
      case ptx::Immediate::Kind::kF32:
        if (element_bytes_ == 4) return {};  // the bits as they are, of NaNs too
        value = std::bit_cast<float>(static_cast<std::uint32_t>(number.bits));
        break;
      case ptx::Immediate::Kind::kF64:
        value = std::bit_cast<double>(number.bits);
        break;
    }
    if (declaration_.type == ptx::ScalarType::kF64)
      bits = std::bit_cast<std::uint64_t>(value);
    else if (declaration_.type == ptx::ScalarType::kF32)
      bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    else
      return fail(fmt::format("initial values of type .{} are not supported",
                              ptx::spelling_of(declaration_.type)));
    return {};
  }

  /// The address from value `first` on; `taken` is how many values it is spread over.
  Status write_symbol(std::size_t first, std::size_t& taken) {
    const ptx::InitialValue& value = declaration_.initialiser[first];
    if (value.mask_byte) {
      if (!is_whole_address(first)) return fail("only a part of an address is among the bytes");
      taken = kAddressBytes;
    } else if (element_bytes_ != kAddressBytes) {
      return fail(fmt::format("the address of `{}` does not fit into type .{}", *value.symbol,
                              ptx::spelling_of(declaration_.type)));
    }
    const std::uint64_t offset = offset_of(value);
    if (const ProgramVariable* target = program_.variable_seen_by(variable_, *value.symbol)) {
      program_.fixups.push_back(
          {offset, target->offset + static_cast<std::uint64_t>(value.offset)});
      return {};
    }
    return write_function(value, offset);
  }

  /// 0xff(s), 0xff00(s), ... in eight bytes on end.
  bool is_whole_address(std::size_t first) const {
    const auto& values = declaration_.initialiser;
    if (element_bytes_ != 1 || values.size() - first < kAddressBytes) return false;
    for (unsigned byte = 0; byte < kAddressBytes; ++byte) {
      const ptx::InitialValue& value = values[first + byte];
      if (value.symbol != values[first].symbol || value.offset != values[first].offset ||
          value.mask_byte != byte || value.index != values[first].index + byte)
        return false;
    }
    return true;
  }

  Status write_function(const ptx::InitialValue& value, std::uint64_t offset) {
    if (const auto function = program_.functions.find(variable_.unit, *value.symbol)) {
      program_.function_slots.push_back({offset, *function, value.offset});
      return {};
    }
    if (program_.declared_function(variable_.unit, *value.symbol) != nullptr) {
      // A pure virtual function's entry: nobody defines it, and calling the null that stays fails.
      CUDA_SHIM_LOG(kDebug, "The function `{}`, whose address `{}` holds, is not defined.",
                    *value.symbol, variable_.name);
      return {};
    }
    return fail(fmt::format("`{}` is not a variable or function in global memory", *value.symbol));
  }

  Status fail(std::string reason) const {
    return Status(
        StatusCode::kInvalidPtx,
        fmt::format("The initial value of `{}` in {} cannot be had: {}.", variable_.name,
                    describe_place(program_.units[variable_.unit], declaration_.location), reason));
  }

  Program::Impl& program_;
  const ProgramVariable& variable_;
  const ptx::Variable& declaration_;
  const unsigned element_bytes_;
};

}  // namespace

Status Program::Impl::initialise() {
  for (const ProgramVariable& variable : variables)
    if (Status status = Initialiser(*this, variable).run(); !status.ok()) return status;
  return {};
}

std::vector<std::byte> Program::initialised_prefix() const {
  std::vector<std::byte> memory = impl_->image;
  for (const FunctionSlot& slot : impl_->function_slots) {
    const std::uint64_t value =
        impl_->number_of(slot.function) + static_cast<std::uint64_t>(slot.addend);
    std::memcpy(memory.data() + slot.offset, &value, sizeof value);
  }
  return memory;
}

std::vector<std::byte> Program::initial_memory() const {
  std::vector<std::byte> memory = initialised_prefix();
  memory.resize(memory_bytes());
  return memory;
}

}  // namespace cuda_shim::kernels
