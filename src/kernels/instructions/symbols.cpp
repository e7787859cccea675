// The names that a function's body can see.

#include "kernels/instructions/symbols.h"

#include <charconv>

namespace cuda_shim::kernels::instructions {

bool SymbolTable::declare(std::string_view name, Symbol symbol) {
  return scopes_.back().names.emplace(name, symbol).second;
}

void SymbolTable::declare_range(std::string_view prefix, RegisterSymbol model, unsigned count) {
  scopes_.back().ranges.insert_or_assign(prefix, Range{model, count});
}

Symbol* SymbolTable::find(std::string_view name) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto known = scope->names.find(name); known != scope->names.end())
      return &known->second;
    if (Symbol* symbol = find_in_range(*scope, name)) return symbol;
  }
  return nullptr;
}

// The prefix may itself end in digits (`%rd1_<4>`, `%p1<3>`), so every split of the trailing digits
// is tried, the longest number first.
Symbol* SymbolTable::find_in_range(Scope& scope, std::string_view name) {
  if (scope.ranges.empty()) return nullptr;
  const size_t last_letter = name.find_last_not_of("0123456789");
  for (size_t split = last_letter + 1; split < name.size(); ++split) {
    const auto range = scope.ranges.find(name.substr(0, split));
    if (range == scope.ranges.end()) continue;
    const std::string_view digits = name.substr(split);
    if (digits.size() > 1 && digits[0] == '0') continue;
    unsigned number = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc() || number >= range->second.count) continue;
    return &scope.names.emplace(name, range->second.model).first->second;
  }
  return nullptr;
}

}  // namespace cuda_shim::kernels::instructions
