#pragma once
// The names that a function's body can see: registers, variables, labels, lists of targets,
// prototypes.
//
// Scopes nest as in the text and inner names shadow outer ones. A numbered range (`.reg .b32
// %r<10>`) is one entry; its registers come into being when they are first named, because functions
// declare thousands and a kernel's unused ones should cost nothing.

#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Value.h>

#include <optional>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

/// A register: `storage` is an alloca of its type, or of an array of `vector` such.
struct RegisterSymbol {
  ptx::ScalarType type = ptx::ScalarType::kB32;
  unsigned vector = 1;
  llvm::Value* storage = nullptr;
};

/// A variable with a place in memory. One of: `storage`, a generic pointer valid in the whole
/// function; else what `space` says
/// (.shared, .global and .const variables get their place when they are first used).
struct VariableSymbol {
  const ptx::Variable* declaration = nullptr;
  ptx::StateSpace space = ptx::StateSpace::kLocal;
  llvm::Value* storage = nullptr;
};

struct LabelSymbol {
  llvm::BasicBlock* block = nullptr;
};

using Symbol = std::variant<RegisterSymbol, VariableSymbol, LabelSymbol, const ptx::TargetList*,
                            const ptx::Prototype*>;

class SymbolTable {
 public:
  void push_scope() { scopes_.emplace_back(); }
  void pop_scope() { scopes_.pop_back(); }

  /// False if the innermost scope already has the name.
  bool declare(std::string_view name, Symbol symbol);
  /// Declares registers `prefix`0 ... `prefix`(count-1).
  void declare_range(std::string_view prefix, RegisterSymbol model, unsigned count);

  /// What the name means in the innermost scope that has it; null if none does. Valid until its
  /// scope is popped.
  Symbol* find(std::string_view name);

 private:
  struct Range {
    RegisterSymbol model;
    unsigned count;
  };
  struct Scope {
    std::unordered_map<std::string_view, Symbol> names;
    std::unordered_map<std::string_view, Range> ranges;
  };
  Symbol* find_in_range(Scope& scope, std::string_view name);

  std::vector<Scope> scopes_;
};

}  // namespace cuda_shim::kernels::instructions
