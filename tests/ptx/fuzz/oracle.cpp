#include "ptx/fuzz/oracle.h"

#include <fmt/format.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/instructions/module_lowering.h"
#include "kernels/ptx/printer.h"
#include "kernels/translate.h"

namespace cuda_shim::tests::fuzz {
namespace {

using kernels::Program;
using kernels::ProgramKernel;

/// Memory that a module may ask for before its contents are worked out; a device refuses more.
constexpr std::uint64_t kMostMemory = 1 << 26;

/// A context keeps its constants and types, so it is given up from time to time.
constexpr unsigned kKernelsPerContext = 256;

/// An error of the text says where it is. Errors of linking are about two places and name a symbol.
std::string fault_of_refusal(const Status& status) {
  const std::string_view message = status.message();
  const bool located = message.contains("line ") && message.contains(", column ");
  const bool names = message.contains('\'');
  if (status.code() == StatusCode::kUnknown) return "An error that nobody expected.";
  if (located || (names && status.code() != StatusCode::kInvalidPtx)) return {};
  return "The error has no place.";
}

Outcome refused(const Status& status) {
  return {std::string(status.message()), fault_of_refusal(status)};
}

/// Everything that happens to a text before a kernel is launched.
void exercise(const Program& program) {
  for (const kernels::ProgramUnit& unit : program.units()) {
    static_cast<void>(kernels::ptx::print(unit.module));
    for (const kernels::ptx::Function& function : unit.module.functions)
      if (function.has_body()) static_cast<void>(kernels::ptx::parse_body(function));
  }
  static_cast<void>(program.addressed_functions());
  if (program.memory_bytes() <= kMostMemory) static_cast<void>(program.initialised_prefix());
}

llvm::LLVMContext& context() {
  static std::unique_ptr<llvm::LLVMContext> current;
  static unsigned uses = 0;
  if (uses++ % kKernelsPerContext == 0) {
    current = std::make_unique<llvm::LLVMContext>();
    current->setDiscardValueNames(true);
  }
  return *current;
}

Outcome lower(const Program& program, const ProgramKernel& kernel, Counts& counts) {
  const auto lowered =
      kernels::instructions::lower_kernel(context(), kernels::KernelSource(program, kernel));
  if (!lowered) return refused(lowered.error());
  std::string why;
  llvm::raw_string_ostream stream(why);
  if (llvm::verifyModule(*lowered->module, &stream))
    return {{}, fmt::format("LLVM's verifier refuses kernel '{}': {}", kernel.name, why)};
  ++counts.kernels;
  return {};
}

Outcome translate(const Program& program, const ProgramKernel& kernel, Counts& counts) {
  static const cuda_shim_target kTarget = this_machine();
  // Any of the four levels, but for a text always the same.
  const int level = static_cast<int>(program.units()[0].text.size() % 4);
  const auto compiled =
      kernels::translate({kernels::KernelSource(program, kernel), {kTarget, level}});
  if (!compiled) return refused(compiled.error());
  ++counts.kernels;
  return {};
}

}  // namespace

Outcome try_text(const std::string& text, Stage stage, Counts& counts) {
  ++counts.texts;
  // A copy of its own, so that a sanitizer sees a read past it.
  const auto program = Program::from_ptx({{"fuzz", std::string(text.data(), text.size())}});
  if (!program) return refused(program.error());
  ++counts.opened;
  exercise(**program);
  Outcome last;
  if (stage == Stage::kParse) return last;
  for (const ProgramKernel& kernel : (*program)->kernels()) {
    Outcome outcome = (stage == Stage::kLower ? lower : translate)(**program, kernel, counts);
    if (!outcome.fault.empty()) return outcome;
    if (!outcome.refusal.empty()) last = std::move(outcome);
  }
  return last;
}

}  // namespace cuda_shim::tests::fuzz
