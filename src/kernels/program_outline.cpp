#include "kernels/program_outline.h"

#include "kernels/program.h"
#include "support/byte_stream.h"

namespace cuda_shim::kernels {
namespace {

using support::ByteReader;
using support::ByteWriter;

void write_kernel(ByteWriter& writer, const KernelOutline& kernel, std::string_view target) {
  writer.text(kernel.name)
      .text(target)
      .number(kernel.parameter_bytes)
      .number(kernel.max_threads_per_block);
  for (std::uint32_t extent : kernel.required_block) writer.number(extent);
  writer.number(kernel.parameters.size());
  for (const ProgramParameter& parameter : kernel.parameters)
    writer.number(parameter.offset).number(parameter.bytes).number(parameter.alignment);
}

std::string_view read_kernel(ByteReader& reader, KernelOutline& kernel) {
  std::string_view target;
  std::uint64_t parameters = 0;
  reader.text(kernel.name)
      .text(target)
      .number(kernel.parameter_bytes)
      .number(kernel.max_threads_per_block);
  for (std::uint32_t& extent : kernel.required_block) reader.number(extent);
  reader.number(parameters);
  for (std::uint64_t i = 0; i < parameters && reader.ok(); ++i) {
    ProgramParameter& parameter = kernel.parameters.emplace_back();
    reader.number(parameter.offset).number(parameter.bytes).number(parameter.alignment);
  }
  return target;
}

void write_reference(ByteWriter& writer, const ReferenceOutline& reference) {
  writer.number(reference.kind)
      .number(reference.linear)
      .number(reference.normalized)
      .number(reference.forces_texels);
  for (std::uint8_t mode : reference.address_mode) writer.number(mode);
}

void read_reference(ByteReader& reader, ReferenceOutline& reference) {
  std::uint8_t kind = 0;
  reader.number(kind)
      .number(reference.linear)
      .number(reference.normalized)
      .number(reference.forces_texels);
  reference.kind = static_cast<ReferenceOutline::Kind>(kind);
  for (std::uint8_t& mode : reference.address_mode) reader.number(mode);
}

}  // namespace

ProgramOutline::ProgramOutline(const Program& program)
    : memory_bytes_(program.memory_bytes()),
      constant_bytes_(program.constant_bytes()),
      memory_alignment_(program.memory_alignment()),
      initial_(program.initialised_prefix()),
      fixups_(program.fixups().begin(), program.fixups().end()) {
  kernels_.reserve(program.kernels().size());
  targets_.reserve(program.kernels().size());
  for (const ProgramKernel& kernel : program.kernels()) {
    if (program.kernel(kernel.name) == &kernel)
      named_kernels_.push_back(static_cast<std::uint32_t>(kernels_.size()));
    kernels_.push_back(kernel);
    targets_.push_back(program.units()[kernel.unit].module.target);
  }
  for (const ProgramVariable& variable : program.variables())
    if (program.variable(variable.name) == &variable) variables_.push_back(variable);
  // Samplers are made even where another variable has the name.
  for (const ProgramVariable& variable : program.variables())
    if (variable.reference.kind == ReferenceOutline::kSampler &&
        program.variable(variable.name) != &variable)
      variables_.push_back(variable);
  index_names();
}

void ProgramOutline::index_names() {
  kernel_by_name_.reserve(named_kernels_.size());
  for (std::uint32_t index : named_kernels_) kernel_by_name_.emplace(kernels_[index].name, index);
  for (std::uint32_t i = 0; i < variables_.size(); ++i)
    variable_by_name_.emplace(variables_[i].name, i);
}

void ProgramOutline::write(ByteWriter& writer) const {
  writer.number(kernels_.size());
  for (std::size_t i = 0; i < kernels_.size(); ++i) write_kernel(writer, kernels_[i], targets_[i]);
  writer.number(named_kernels_.size());
  for (std::uint32_t index : named_kernels_) writer.number(index);
  writer.number(variables_.size());
  for (const VariableOutline& variable : variables_) {
    writer.text(variable.name)
        .number(variable.offset)
        .number(variable.bytes)
        .number(variable.managed);
    write_reference(writer, variable.reference);
  }
  writer.number(memory_bytes_).number(constant_bytes_).number(memory_alignment_);
  writer.text({reinterpret_cast<const char*>(initial_.data()), initial_.size()});
  writer.number(fixups_.size());
  for (const AddressFixup& fixup : fixups_) writer.number(fixup.offset).number(fixup.target);
}

void ProgramOutline::read_kernels(ByteReader& reader) {
  std::uint64_t count = 0;
  reader.number(count);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i)
    targets_.push_back(read_kernel(reader, kernels_.emplace_back()));
  reader.number(count);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::uint32_t index = 0;
    reader.number(index);
    if (index < kernels_.size()) named_kernels_.push_back(index);
  }
}

void ProgramOutline::read_variables(ByteReader& reader) {
  std::uint64_t count = 0;
  reader.number(count);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    VariableOutline& variable = variables_.emplace_back();
    reader.text(variable.name)
        .number(variable.offset)
        .number(variable.bytes)
        .number(variable.managed);
    read_reference(reader, variable.reference);
  }
}

void ProgramOutline::read_memory(ByteReader& reader) {
  std::string_view initial;
  std::uint64_t count = 0;
  reader.number(memory_bytes_).number(constant_bytes_).number(memory_alignment_).text(initial);
  const auto* first = reinterpret_cast<const std::byte*>(initial.data());
  initial_.assign(first, first + initial.size());
  reader.number(count);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    AddressFixup& fixup = fixups_.emplace_back();
    reader.number(fixup.offset).number(fixup.target);
  }
}

std::optional<ProgramOutline> ProgramOutline::read(std::string bytes) {
  ProgramOutline outline;
  outline.storage_ = std::make_unique<const std::string>(std::move(bytes));
  ByteReader reader(*outline.storage_);
  outline.read_kernels(reader);
  outline.read_variables(reader);
  outline.read_memory(reader);
  if (!reader.complete()) return std::nullopt;
  outline.index_names();
  return outline;
}

const KernelOutline* ProgramOutline::kernel(std::string_view name) const {
  const auto place = kernel_by_name_.find(name);
  return place == kernel_by_name_.end() ? nullptr : &kernels_[place->second];
}

const VariableOutline* ProgramOutline::variable(std::string_view name) const {
  const auto place = variable_by_name_.find(name);
  return place == variable_by_name_.end() ? nullptr : &variables_[place->second];
}

std::string_view ProgramOutline::target_of(const KernelOutline& kernel) const {
  return targets_[static_cast<std::size_t>(&kernel - kernels_.data())];
}

}  // namespace cuda_shim::kernels
