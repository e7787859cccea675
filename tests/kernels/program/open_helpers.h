#pragma once
// Shorthand of the tests: a program from the items of each unit.

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/program.h"

namespace cuda_shim::kernels {

inline Result<std::shared_ptr<const Program>> try_open(std::vector<std::string> units) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (std::size_t i = 0; i < units.size(); ++i)
    texts.emplace_back("unit" + std::to_string(i),
                       ".version 9.0 .target sm_90 .address_size 64\n" + units[i]);
  return Program::from_ptx(std::move(texts));
}

inline std::shared_ptr<const Program> open(std::vector<std::string> units) {
  auto program = try_open(std::move(units));
  // What a test then reads would not be there.
  if (!program) throw std::runtime_error(std::string(program.error().message()));
  return *program;
}

/// The link error; empty if there is none.
inline std::string link_message(std::vector<std::string> units) {
  const auto program = try_open(std::move(units));
  return program ? std::string() : std::string(program.error().message());
}

}  // namespace cuda_shim::kernels
