#include "ptx/interpreter/provided.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

std::string text_at(Lane& lane, std::uint64_t address) {
  std::string text;
  for (; const Bits c = lane.load(StateSpace::kGeneric, address, 1); ++address)
    text += static_cast<char>(c);
  return text;
}

/// The arguments of a printf lie one after another, each aligned to its size.
struct ArgumentList {
  Lane& lane;
  std::uint64_t address;

  std::uint64_t take(unsigned bytes) {
    address = (address + bytes - 1) / bytes * bytes;
    const Bits value = lane.load(StateSpace::kGeneric, address, bytes);
    address += bytes;
    return static_cast<std::uint64_t>(value);
  }
};

template <class T>
std::string print(const std::string& conversion, T value) {
  char text[512];
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"
  const int length = std::snprintf(text, sizeof text, conversion.c_str(), value);
#pragma clang diagnostic pop
  return std::string(text,
                     std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1));
}

std::string convert(const std::string& conversion, ArgumentList& list) {
  const char kind = conversion.back();
  if (kind == '%') return "%";
  if (kind == 's') return print(conversion, text_at(list.lane, list.take(8)).c_str());
  if (kind == 'c') return print(conversion, static_cast<int>(list.take(4)));
  if (kind == 'p') return print(conversion, reinterpret_cast<void*>(list.take(8)));
  if (std::string_view("aAeEfFgG").contains(kind))
    return print(conversion, std::bit_cast<double>(list.take(8)));
  if (conversion.find_first_of("lzjt") != std::string::npos) return print(conversion, list.take(8));
  return print(conversion, static_cast<unsigned>(list.take(4)));
}

std::uint64_t vprintf(Lane& lane, const std::vector<std::uint64_t>& parameters) {
  const std::string format = text_at(lane, parameters[0]);
  ArgumentList list{lane, parameters[1]};
  std::uint64_t conversions = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      lane.machine->printed() += format[i];
      continue;
    }
    const std::size_t end = format.find_first_of("diouxXcspaAeEfFgG%", i + 1);
    if (end == std::string::npos) break;
    const std::string conversion = format.substr(i, end - i + 1);
    conversions += conversion.back() == '%' ? 0 : 1;
    lane.machine->printed() += convert(conversion, list);
    i = end;
  }
  return conversions;
}

std::uint64_t malloc_bytes(Lane& lane, const std::vector<std::uint64_t>& parameters) {
  return lane.machine->allocate(parameters[0]);
}

std::uint64_t free_bytes(Lane& lane, const std::vector<std::uint64_t>& parameters) {
  lane.machine->free(parameters[0]);
  return 0;
}

std::uint64_t assertfail(Lane& lane, const std::vector<std::uint64_t>& parameters) {
  throw Fault(FaultKind::kAssert,
              fmt::format("The assertion `{}` failed.", text_at(lane, parameters[0])));
}

constexpr Provided kProvided[] = {
    {"vprintf", vprintf},
    {"malloc", malloc_bytes},
    {"free", free_bytes},
    {"__assertfail", assertfail},
};

}  // namespace

const Provided* find_provided(std::string_view name) {
  for (const Provided& each : kProvided)
    if (each.name == name) return &each;
  return nullptr;
}

}  // namespace cuda_shim::tests::interpreter
