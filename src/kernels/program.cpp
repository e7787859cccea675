// Opening a program, in steps that each have a file: parse the units' outlines, link names, list
// kernels, lay out the memory block, initialise it. Bodies are not parsed here, so that a module
// with thousands of kernels opens in milliseconds.

#include "kernels/program.h"

#include <fmt/format.h>

#include "kernels/program_impl.h"

namespace cuda_shim::kernels {

std::string describe_place(const ProgramUnit& unit, ptx::Location location) {
  return fmt::format("unit '{}', line {}, column {}", unit.name, location.line, location.column);
}

Status Program::Impl::parse(std::vector<std::pair<std::string, std::string>> named_texts) {
  if (named_texts.empty()) return Status(StatusCode::kInvalidValue, "A program has no PTX at all.");
  // The outlines hold views into the texts, so the units must not move any more.
  units.resize(named_texts.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    ProgramUnit& unit = units[i];
    unit.name = std::move(named_texts[i].first);
    unit.text = std::move(named_texts[i].second);
    auto module = ptx::parse_module(unit.text);
    if (!module)
      return Status(StatusCode::kInvalidPtx,
                    fmt::format("Parsing '{}': {}", unit.name, module.error().to_string()));
    unit.module = std::move(*module);
    if (unit.module.address_size != 64)
      return Status(StatusCode::kInvalidPtx,
                    fmt::format("{}: The addresses have {} bits; only 64 are supported.",
                                describe_place(unit, unit.module.address_size_location),
                                unit.module.address_size));
  }
  return {};
}

Result<std::shared_ptr<const Program>> Program::from_ptx(
    std::vector<std::pair<std::string, std::string>> named_texts) {
  auto program = std::make_shared<Program>();
  Impl& impl = *program->impl_;
  if (Status status = impl.parse(std::move(named_texts)); !status.ok())
    return error(std::move(status));
  for (auto step : {&Impl::link_functions, &Impl::link_variables, &Impl::find_body_variables,
                    &Impl::list_kernels, &Impl::lay_out, &Impl::initialise})
    if (Status status = (impl.*step)(); !status.ok()) return error(std::move(status));
  return program;
}

Program::Program() : impl_(std::make_unique<Impl>()) {}
Program::~Program() = default;

std::span<const ProgramUnit> Program::units() const {
  return impl_->units;
}
std::span<const ProgramKernel> Program::kernels() const {
  return impl_->kernels;
}
std::span<const ProgramVariable> Program::variables() const {
  return impl_->variables;
}

const ProgramKernel* Program::kernel(std::string_view name) const {
  const auto place = impl_->kernel_by_name.find(name);
  return place == impl_->kernel_by_name.end() ? nullptr : &impl_->kernels[place->second];
}

const ProgramVariable* Program::variable(std::string_view name) const {
  const auto place = impl_->variable_by_name.find(name);
  return place == impl_->variable_by_name.end() ? nullptr : &impl_->variables[place->second];
}

const ptx::Function* Program::find_function(unsigned unit, std::string_view name,
                                            unsigned* defining_unit) const {
  const auto ref = impl_->functions.find(unit, name);
  if (!ref) return nullptr;
  if (defining_unit != nullptr) *defining_unit = ref->unit;
  return &impl_->function(*ref);
}

const ProgramVariable* Program::find_variable(unsigned unit, std::string_view name) const {
  return impl_->variable(unit, name);
}

std::uint64_t Program::memory_bytes() const {
  return impl_->memory_bytes;
}
unsigned Program::memory_alignment() const {
  return impl_->memory_alignment;
}
std::uint64_t Program::constant_bytes() const {
  return impl_->constant_bytes;
}
std::span<const AddressFixup> Program::fixups() const {
  return impl_->fixups;
}

}  // namespace cuda_shim::kernels
