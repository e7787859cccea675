#pragma once
// Shorthand of the tests: modules and bodies from a few lines of PTX.

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/ptx/parser.h"
#include "kernels/ptx/printer.h"

namespace cuda_shim::kernels::ptx {

/// `items` with a module's header on the first line, so that an item's line is its own plus one.
inline std::string with_header(std::string_view items) {
  return ".version 9.0 .target sm_90 .address_size 64\n" + std::string(items);
}

/// A module whose text lives as long as it does.
struct ParsedModule {
  explicit ParsedModule(std::string_view items)
      : text(with_header(items)), result(parse_module(text)) {
    // What a test then reads would not be there.
    if (!result) throw std::runtime_error(result.error().to_string());
  }
  const Module* operator->() const { return &*result; }

  std::string text;
  ParseResult<Module> result;
};

/// The statements of one kernel, with the text that they view.
struct ParsedBody {
  explicit ParsedBody(std::string_view statements)
      : module(".entry kernel()\n{" + std::string(statements) + "}"),
        result(parse_body(module->functions.at(0))) {
    if (!result) throw std::runtime_error(result.error().to_string());
  }
  const Statement& operator[](std::size_t i) const { return result->statements.at(i); }
  std::size_t size() const { return result->statements.size(); }
  template <class T>
  const T& get(std::size_t i) const {
    return std::get<T>(result->statements.at(i));
  }

  ParsedModule module;
  ParseResult<Scope> result;
};

/// The one instruction in `text`.
struct ParsedInstruction {
  explicit ParsedInstruction(std::string_view text) : body(text) {}
  const Instruction* operator->() const { return &body.get<Instruction>(0); }
  const Instruction& operator*() const { return body.get<Instruction>(0); }
  const Operand& operand(std::size_t i) const { return (*this)->operands.at(i); }

  ParsedBody body;
};

/// The message about a module or about the body of its last function; empty if there is none.
inline std::string message_about(std::string_view items) {
  const std::string text = with_header(items);
  const auto module = parse_module(text);
  if (!module) return module.error().to_string();
  if (module->functions.empty() || !module->functions.back().has_body()) return {};
  const auto body = parse_body(module->functions.back());
  return body ? std::string() : body.error().to_string();
}

}  // namespace cuda_shim::kernels::ptx
