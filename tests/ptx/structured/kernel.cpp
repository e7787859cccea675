// Writing a tree of statements out as a module, with declarations of the registers it uses.

#include "ptx/structured/kernel.h"

#include <fmt/format.h>

#include "ptx/fuzz/random.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {
namespace {

void write(const std::vector<Statement>& statements, const LeftOut& left_out, std::string& text) {
  for (const Statement& statement : statements) {
    if (left_out.contains(statement.number)) continue;
    for (std::size_t i = 0; i < statement.parts.size(); ++i) {
      text += statement.parts[i];
      if (i < statement.bodies.size()) write(statement.bodies[i], left_out, text);
    }
  }
}

/// Temporaries are numbered through the whole kernel; functions declare their own as well.
std::string registers_of(const std::string& body) {
  std::string declared;
  for (const RegisterClass& row : kTemporaries) {
    unsigned count = 0;
    const std::string prefix = fmt::format("%{}", row.prefix);
    for (std::size_t at = body.find(prefix); at != std::string::npos;
         at = body.find(prefix, at + 1)) {
      const char next = body[at + prefix.size()];
      if (next < '0' || next > '9') continue;
      const unsigned long number = std::stoul(body.substr(at + prefix.size(), 9));
      count = std::max(count, static_cast<unsigned>(number) + 1);
    }
    if (count != 0) declared += fmt::format("  .reg .{} {}<{}>;\n", row.type, prefix, count);
  }
  return declared;
}

}  // namespace

std::string text_of(const Kernel& kernel, const LeftOut& left_out) {
  std::string text = ".version 9.0\n.target sm_89\n.address_size 64\n\n";
  for (const std::string& line : kernel.declarations) text += line + "\n";
  for (std::size_t i = 0; i < kernel.functions.size(); ++i) {
    std::string body;
    write(kernel.functions[i], left_out, body);
    text += kernel.function_heads[i] + "{\n" + registers_of(body) + body + "}\n\n";
  }
  std::string body;
  write(kernel.prologue, left_out, body);
  write(kernel.body, left_out, body);
  write(kernel.epilogue, left_out, body);
  text +=
      ".visible .entry kernel(.param .u64 memory, .param .u32 number0, .param .u32 number1)\n{\n" +
      registers_of(body) + kernel.local + body + "}\n";
  return text;
}

std::vector<std::byte> initial_memory(const Kernel& kernel, std::uint64_t seed) {
  fuzz::Random random(seed, 77);
  std::vector<std::byte> memory(kernel.memory_bytes);
  for (std::byte& byte : memory) byte = static_cast<std::byte>(random.next());
  // Small numbers among the words, which make conditions and trip counts of all kinds.
  for (std::size_t i = 0; i + 4 <= kInputBytes; i += 4)
    if (random.once_in(2)) {
      memory[i] &= std::byte{15};
      for (int k = 1; k < 4; ++k) memory[i + k] = std::byte{0};
    }
  return memory;
}

}  // namespace cuda_shim::tests::structured
