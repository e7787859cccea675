// The table of kernels: where each parameter lies in the parameter block, and the launch limits
// that the PTX states.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "kernels/program_impl.h"

namespace cuda_shim::kernels {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// The parameters one after another, each at its alignment (PTX ISA 9.0, section 7.1).
void lay_out_parameters(const ptx::Function& function, ProgramKernel& kernel) {
  const auto& parameters = function.signature.parameters;
  kernel.parameters.reserve(parameters.size());
  std::uint64_t next = 0;
  for (const ptx::Variable& parameter : parameters) {
    const unsigned alignment = parameter.byte_alignment();
    const std::uint64_t offset = round_up(next, alignment);
    const std::uint64_t bytes = parameter.byte_size();
    kernel.parameters.push_back({offset, bytes, alignment});
    next = offset + bytes;
  }
  kernel.parameter_bytes = next;
}

std::uint32_t product(std::span<const std::uint64_t> values) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t threads = 1;
  for (std::uint64_t value : values) threads = std::min(threads * std::min(value, kMost), kMost);
  return static_cast<std::uint32_t>(threads);
}

void take_limits(const ptx::Function& function, ProgramKernel& kernel) {
  for (const ptx::PerformanceDirective& directive : function.directives) {
    const bool required = directive.name == "reqntid";
    if (!required && directive.name != "maxntid") continue;
    kernel.max_threads_per_block = product(directive.values);
    if (!required) continue;
    for (std::size_t i = 0; i < 3; ++i)
      kernel.required_block[i] =
          i < directive.values.size() ? static_cast<std::uint32_t>(directive.values[i]) : 1;
  }
}

/// Far above CUDA's limit of 32764 bytes, which belongs to the device; keeps sums from overflowing.
constexpr std::uint64_t kMaximumParameterBytes = 1 << 20;

Status check_parameters(const ProgramUnit& unit, const ptx::Function& function) {
  std::uint64_t bytes = 0;
  for (const ptx::Variable& parameter : function.signature.parameters) {
    bytes += parameter.byte_size() + parameter.byte_alignment();
    if (bytes > kMaximumParameterBytes)
      return Status(
          StatusCode::kInvalidPtx,
          fmt::format("The parameters of kernel `{}` in {} take more than {} bytes.", function.name,
                      describe_place(unit, parameter.location), kMaximumParameterBytes));
  }
  return {};
}

}  // namespace

Status Program::Impl::list_kernels() {
  std::size_t count = 0;
  for (const ProgramUnit& unit : units)
    count += static_cast<std::size_t>(
        std::ranges::count_if(unit.module.functions, &ptx::Function::is_entry));
  kernels.reserve(count);
  kernel_by_name.reserve(count);
  for (std::uint32_t unit = 0; unit < units.size(); ++unit) {
    const auto& list = units[unit].module.functions;
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_entry || !list[i].has_body()) continue;
      // A definition that lost against another one is not a kernel of the program.
      const auto winner = functions.find(unit, list[i].name);
      if (!winner || winner->unit != unit || winner->index != i) continue;
      if (Status status = check_parameters(units[unit], list[i]); !status.ok()) return status;
      ProgramKernel& kernel = kernels.emplace_back();
      kernel.name = list[i].name;
      kernel.function = &list[i];
      kernel.unit = unit;
      lay_out_parameters(list[i], kernel);
      take_limits(list[i], kernel);
    }
  }
  // The application's name means the kernel that all units see; a unit's own one only where there
  // is no such.
  for (std::uint32_t i = 0; i < kernels.size(); ++i) {
    const auto [place, is_new] = kernel_by_name.try_emplace(kernels[i].name, i);
    const bool seen_by_all = kernels[i].function->linkage != ptx::Linkage::kNone;
    if (!is_new && seen_by_all) place->second = i;
  }
  return {};
}

}  // namespace cuda_shim::kernels
