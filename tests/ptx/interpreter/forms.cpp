#include "ptx/interpreter/forms.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "ptx/interpreter/real.h"

namespace cuda_shim::tests {
namespace {

constexpr std::string_view kNames[] = {"a", "b", "c", "e"};

/// {x,y} anywhere in the text: all combinations.
std::vector<std::string> expand(const std::string& text) {
  const std::size_t open = text.find('{');
  if (open == std::string::npos) return {text};
  const std::size_t close = text.find('}', open);
  if (close == std::string::npos) throw std::runtime_error("A brace is not closed: " + text);
  std::vector<std::string> all;
  std::istringstream alternatives(text.substr(open + 1, close - open - 1) + ",");
  for (std::string word; std::getline(alternatives, word, ',');)
    for (const std::string& each : expand(text.substr(0, open) + word + text.substr(close + 1)))
      all.push_back(each);
  return all;
}

ValueType type_named(const std::string& name) {
  static const std::map<std::string, ValueType> types = {
      {"pred", {"pred", 1, "", 1}},           {"b16", {"b16", 16, "", 16}},
      {"b32", {"b32", 32, "", 32}},           {"b64", {"b64", 64, "", 64}},
      {"n32", {"n32", 32, "", 32}},           {"f16", {"f16", 16, "f16", 16}},
      {"bf16", {"bf16", 16, "bf16", 16}},     {"f32", {"f32", 32, "f32", 32}},
      {"f64", {"f64", 64, "f64", 64}},        {"f16x2", {"f16x2", 32, "f16", 16}},
      {"bf16x2", {"bf16x2", 32, "bf16", 16}}, {"f32x2", {"f32x2", 64, "f32", 32}},
      {"angle", {"angle", 32, "f32", 32}},
  };
  const auto place = types.find(name);
  if (place == types.end()) throw std::runtime_error("No type is called " + name);
  return place->second;
}

Form parse(const std::string& text) {
  const std::size_t colon = text.find(" : ");
  if (colon == std::string::npos) throw std::runtime_error("A form has no types: " + text);
  Form form;
  form.text = text.substr(0, colon);
  std::istringstream words(text.substr(colon + 3));
  std::string word;
  words >> word;
  form.result = type_named(word);
  words >> word;
  while (words >> word) {
    if (word == "ulp")
      words >> form.ulp;
    else
      form.operands.push_back(type_named(word));
  }
  return form;
}

std::string memory_type(const ValueType& type) {
  return fmt::format("b{}", type.memory_bytes() * 8);
}

std::string address(std::string_view parameter, const ValueType& type) {
  return fmt::format(
      "  ld.param.u64 %address, [p_{}];\n  mad.wide.u32 %address, %index, {}, %address;\n",
      parameter, type.memory_bytes());
}

std::string declare(std::string_view name, const ValueType& type) {
  return fmt::format("  .reg .{} {};\n", type.bits == 1 ? "pred" : memory_type(type), name);
}

std::string load(std::string_view name, const ValueType& type) {
  const std::string from = address(name, type);
  if (type.bits == 1)
    return from +
           fmt::format("  ld.global.b32 %word, [%address];\n  setp.ne.b32 {}, %word, 0;\n", name);
  return from + fmt::format("  ld.global.{} {}, [%address];\n", memory_type(type), name);
}

std::string store(const ValueType& type) {
  const std::string to = address("d", type);
  if (type.bits == 1)
    return to + "  selp.b32 %word, 1, 0, d;\n  st.global.b32 [%address], %word;\n";
  return to + fmt::format("  st.global.{} [%address], d;\n", memory_type(type));
}

// --- Values

std::uint64_t mask(unsigned bits) {
  return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

std::uint64_t integer_value(unsigned bits, std::mt19937_64& random) {
  const std::uint64_t top = std::uint64_t{1} << (bits - 1);
  const std::uint64_t edges[] = {0,
                                 1,
                                 2,
                                 7,
                                 31,
                                 32,
                                 255,
                                 top,
                                 top - 1,
                                 top + 1,
                                 ~std::uint64_t{0},
                                 ~std::uint64_t{1},
                                 top >> 1,
                                 mask(bits / 2),
                                 top >> (bits / 2)};
  switch (random() % 4) {
    case 0:
      return edges[random() % std::size(edges)] & mask(bits);
    case 1:
      return random() & mask(1 + random() % bits);
    case 2:
      return (std::uint64_t{0} - (random() & mask(1 + random() % bits))) & mask(bits);
    default:
      return random() & mask(bits);
  }
}

std::uint64_t float_value(const ValueType& type, std::mt19937_64& random) {
  const interpreter::Format& format = interpreter::format_named(type.format);
  const auto fraction = format.mantissa_bits;
  const auto sign = std::uint64_t{1} << (type.part_bits - 1);
  const auto infinity = static_cast<std::uint64_t>(format.infinity);
  const auto one = static_cast<std::uint64_t>(format.bias()) << fraction;
  const std::uint64_t edges[] = {0,
                                 1,
                                 mask(fraction),
                                 mask(fraction) + 1,
                                 one,
                                 one + 1,
                                 one - 1,
                                 one | mask(fraction),
                                 infinity - 1,
                                 infinity,
                                 infinity + 1,
                                 infinity | std::uint64_t{1} << (fraction - 1)};
  const std::uint64_t negative = random() % 2 ? sign : 0;
  switch (random() % 4) {
    case 0:
      return edges[random() % std::size(edges)] | negative;
    case 1: {  // near one, where sums and conversions round
      const std::uint64_t exponent = (one >> fraction) + random() % 40 - 20;
      return ((exponent << fraction | (random() & mask(fraction))) & (sign - 1)) | negative;
    }
    case 2:  // few significant bits: ties and exact results
      return ((random() & (sign - 1)) >> (fraction - 2) << (fraction - 2)) | negative;
    default:
      return random() & mask(type.part_bits);
  }
}

std::uint64_t value_of(const ValueType& type, std::mt19937_64& random) {
  if (type.name == "pred") return random() % 2;
  if (type.name == "n32") return random() % 8 == 0 ? random() & mask(32) : random() % 72;
  if (type.name == "angle") {
    const float angle = static_cast<float>(random() % 6000001) * 1e-6F - 3.0F;
    std::uint32_t bits = 0;
    std::memcpy(&bits, &angle, sizeof bits);
    return bits;
  }
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < type.bits; shift += type.part_bits)
    value |=
        (type.format.empty() ? integer_value(type.part_bits, random) : float_value(type, random))
        << shift;
  return value;
}

// --- Comparison

/// Numbers in the order of their magnitudes, so that a difference counts units in the last place.
std::int64_t ordered(std::uint64_t bits, unsigned width) {
  const auto magnitude = static_cast<std::int64_t>(bits & mask(width - 1));
  return bits >> (width - 1) & 1 ? -magnitude : magnitude;
}

bool same(const Form& form, std::uint64_t x, std::uint64_t y) {
  if (x == y) return true;
  if (form.result.format.empty()) return false;
  const interpreter::Format& format = interpreter::format_named(form.result.format);
  const bool x_nan = interpreter::decode(x, format).is_nan();
  const bool y_nan = interpreter::decode(y, format).is_nan();
  if (x_nan || y_nan) return x_nan && y_nan;
  const unsigned width = form.result.part_bits;
  return static_cast<std::uint64_t>(std::llabs(ordered(x, width) - ordered(y, width))) <= form.ulp;
}

}  // namespace

std::string Form::module() const {
  std::string parameters = ".param .u64 p_d";
  std::string body = "  .reg .b64 %address;\n  .reg .b32 %index, %word;\n  .reg .pred %none;\n" +
                     declare("d", result);
  body += "  mov.u32 %index, %ctaid.x;\n  mov.u32 %word, %tid.x;\n";
  body += fmt::format("  mad.lo.u32 %index, %index, {}, %word;\n", kFormThreads);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    parameters += fmt::format(", .param .u64 p_{}", kNames[i]);
    body += declare(kNames[i], operands[i]) + load(kNames[i], operands[i]);
  }
  return fmt::format(
      ".version 9.0\n.target sm_120a\n.address_size 64\n.visible .entry form({})\n{{\n{}  {};\n{}  "
      "ret;\n}}\n",
      parameters, body, text, store(result));
}

std::vector<FormLine> read_forms(const std::filesystem::path& path) {
  std::vector<FormLine> lines;
  std::ifstream file(path);
  unsigned number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const bool wrong = line.starts_with("! ");
    if (wrong) line.erase(0, 2);
    FormLine& each = lines.emplace_back(FormLine{line, number, wrong, {}});
    for (const std::string& text : expand(line)) each.forms.push_back(parse(text));
  }
  return lines;
}

std::vector<std::byte> values_of(const ValueType& type, std::mt19937_64& random) {
  const unsigned bytes = type.memory_bytes();
  std::vector<std::byte> values(std::size_t{bytes} * kFormValues);
  for (unsigned i = 0; i < kFormValues; ++i) {
    const std::uint64_t value = value_of(type, random);
    std::memcpy(values.data() + std::size_t{bytes} * i, &value, bytes);
  }
  return values;
}

std::string difference(const Form& form, std::uint64_t engine, std::uint64_t interpreter) {
  const ValueType& type = form.result;
  const unsigned part = type.bits == 1 ? 32 : type.part_bits;
  for (unsigned shift = 0; shift < type.memory_bytes() * 8; shift += part)
    if (!same(form, engine >> shift & mask(part), interpreter >> shift & mask(part)))
      return fmt::format("engine {:#x}, interpreter {:#x}", engine, interpreter);
  return {};
}

}  // namespace cuda_shim::tests
