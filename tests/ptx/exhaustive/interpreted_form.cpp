#include "ptx/exhaustive/interpreted_form.h"

#include <fmt/format.h>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests {
namespace {

constexpr std::string_view kNames[] = {"a", "b", "c", "e"};

/// A declaration, and a statement that writes to the register: what tells where it is.
std::string touch(std::string_view name, const ValueType& type) {
  if (type.bits == 1) return fmt::format(".reg .pred {0}; setp.ne.b32 {0}, 0, 0;\n", name);
  const unsigned bits = type.memory_bytes() * 8;
  return fmt::format(".reg .b{0} {1}; mov.b{0} {1}, 0;\n", bits, name);
}

std::string module_of(const Form& form) {
  std::string body = touch("d", form.result);
  for (std::size_t i = 0; i < form.operands.size(); ++i) body += touch(kNames[i], form.operands[i]);
  return fmt::format(
      ".version 9.0\n.target sm_120a\n.address_size 64\n.entry form()\n{{\n.reg .pred "
      "%none;\n{}{};\nret;\n}}\n",
      body, form.text);
}

interpreter::Launch launch_of(const Form& form) {
  interpreter::Launch launch;
  launch.text = module_of(form);
  launch.kernel = "form";
  return launch;
}

}  // namespace

InterpretedForm::InterpretedForm(const Form& form)
    : machine_(std::make_unique<interpreter::Machine>(launch_of(form))) {
  const auto& steps = machine_->blocks()[0].threads[0].frame().code->steps;
  result_ = steps[0].arguments[0].reg.index;
  for (std::size_t i = 0; i < form.operands.size(); ++i)
    operands_.push_back(steps[i + 1].arguments[0].reg.index);
  begin_ = static_cast<unsigned>(form.operands.size()) + 1;
  end_ = static_cast<unsigned>(steps.size()) - 1;
}

std::uint64_t InterpretedForm::result(const std::vector<std::uint64_t>& operands) {
  interpreter::Block& block = machine_->blocks()[0];
  interpreter::Thread& thread = block.threads[0];
  interpreter::Frame& frame = thread.frame();
  for (std::size_t i = 0; i < operands.size(); ++i) frame.registers[operands_[i]] = operands[i];
  for (frame.pc = begin_; frame.pc < end_;) {
    interpreter::Lane lane(*machine_, block, thread, frame.code->steps[frame.pc]);
    lane.step->row->one(lane);
    lane.advance();
  }
  return static_cast<std::uint64_t>(frame.registers[result_]);
}

}  // namespace cuda_shim::tests
