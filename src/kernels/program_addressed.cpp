// Which functions have their address taken, so that each gets a number that stands for the pointer.
//
// This has to look at every body of the program, so it does not parse: it looks up the names that
// stand after a comma or an opening bracket, where operands are. `call (r), f, (a)` has its direct
// target after a parenthesis and a comma, where nothing else stands; `call f` has it after neither.
// The result may hold a function too many (a label or local variable with a function's name), never
// one too few.

#include <string_view>

#include "kernels/program_impl.h"
#include "kernels/ptx/names.h"

namespace cuda_shim::kernels {
namespace {

using ptx::is;
using ptx::skip_blanks;

/// Whether the last character before `at` that is not blank is a closing parenthesis.
bool follows_parenthesis(const char* begin, const char* at) {
  while (at > begin && is(at[-1], ptx::kBlank)) --at;
  return at > begin && at[-1] == ')';
}

template <class Found>
void for_each_operand_name(std::string_view body, Found found) {
  const char* const begin = body.data();
  const char* const end = begin + body.size();
  for (const char* at = begin; at < end;) {
    const char mark = *at++;
    if (!is(mark, ptx::kOperandMark)) continue;
    if (mark == '"') {
      at = ptx::skip_string(at, end);
    } else if (mark == '/') {
      at = ptx::skip_comment(at, end);
    } else {
      const char* const after_mark = at;
      at = skip_blanks(at, end);
      if (at == end || !is(*at, ptx::kNameStart)) continue;
      const std::string_view name = ptx::name_at(at, end);
      at += name.size();
      if (mark == ',' && follows_parenthesis(begin, after_mark - 1)) continue;
      found(name);
    }
  }
}

}  // namespace

void Program::Impl::find_addressed() const {
  number_of_function.resize(units.size());
  for (std::size_t unit = 0; unit < units.size(); ++unit)
    number_of_function[unit].assign(units[unit].module.functions.size(), 0);
  const auto take = [&](DefinitionRef ref) { number_of_function[ref.unit][ref.index] = 1; };

  for (const FunctionSlot& slot : function_slots) take(slot.function);
  for (std::uint32_t unit = 0; unit < units.size(); ++unit)
    for (const ptx::Function& function : units[unit].module.functions)
      for_each_operand_name(function.body_text, [&](std::string_view name) {
        if (name[0] == '%' && !functions_named_like_registers) return;
        if (const auto ref = functions.find(unit, name)) take(*ref);
      });

  // Numbers in the order of the text, so that the same program always has the same pointers.
  for (std::uint32_t unit = 0; unit < units.size(); ++unit)
    for (std::uint32_t i = 0; i < number_of_function[unit].size(); ++i) {
      if (number_of_function[unit][i] == 0) continue;
      addressed.push_back({unit, &units[unit].module.functions[i]});
      number_of_function[unit][i] = static_cast<std::uint32_t>(addressed.size());
    }
}

std::uint32_t Program::Impl::number_of(DefinitionRef function) const {
  std::call_once(addressed_once, [this] { find_addressed(); });
  return number_of_function[function.unit][function.index];
}

std::span<const Program::AddressedFunction> Program::addressed_functions() const {
  std::call_once(impl_->addressed_once, [this] { impl_->find_addressed(); });
  return impl_->addressed;
}

std::uint64_t Program::address_of(unsigned unit, const ptx::Function& function) const {
  const ptx::Function* first = impl_->units[unit].module.functions.data();
  return impl_->number_of({unit, static_cast<std::uint32_t>(&function - first)});
}

}  // namespace cuda_shim::kernels
