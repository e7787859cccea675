// Declarations to text.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "kernels/ptx/print_writer.h"
#include "kernels/ptx/spellings.h"

namespace cuda_shim::kernels::ptx {
namespace {

template <class... Arguments>
void append(std::string& out, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Arguments>(arguments)...);
}

void write_value(std::string& out, const InitialValue& value) {
  if (!value.symbol) return write(out, value.number);
  if (value.mask_byte) append(out, "{:#x}(", std::uint64_t{0xff} << (8 * *value.mask_byte));
  append(out, "{}", value.generic ? "generic(" : "");
  out += *value.symbol;
  if (value.generic) out += ')';
  if (value.offset != 0) append(out, "+{}", value.offset);
  if (value.mask_byte) out += ')';
}

/// Writes braces nested as the dimensions are; the values come by increasing index.
class InitialiserWriter {
 public:
  InitialiserWriter(std::string& out, const Variable& variable)
      : out_(out), values_(variable.initialiser), extents_(variable.dimensions) {
    if (variable.vector > 1) extents_.push_back(variable.vector);
  }

  void run() {
    if (extents_.empty() && !values_.empty()) return write_value(out_, values_[0]);
    write_row(0, 0);
  }

 private:
  std::uint64_t row_size(std::size_t depth) const {
    std::uint64_t size = 1;
    for (std::size_t i = depth + 1; i < extents_.size(); ++i)
      if (extents_[i] != 0) size *= extents_[i];
    return size;
  }

  bool has_value_before(std::uint64_t end) const {
    return next_ < values_.size() && values_[next_].index < end;
  }

  /// The elements of dimension `depth` from scalar `base` on, up to the last that has a value.
  void write_row(std::size_t depth, std::uint64_t base) {
    const std::uint64_t size = row_size(depth);
    const bool unsized = depth >= extents_.size() || extents_[depth] == 0;
    const std::uint64_t end = unsized ? UINT64_MAX : base + extents_[depth] * size;
    out_ += '{';
    for (std::uint64_t at = base; has_value_before(end); at += size) {
      if (at != base) out_ += ", ";
      if (depth + 1 < extents_.size())
        write_row(depth + 1, at);
      else
        write_scalar(at);
    }
    out_ += '}';
  }

  void write_scalar(std::uint64_t index) {
    if (values_[next_].index == index)
      write_value(out_, values_[next_++]);
    else
      out_ += '0';
  }

  std::string& out_;
  const std::vector<InitialValue>& values_;
  std::vector<std::uint64_t> extents_;
  std::size_t next_ = 0;
};

void write_properties(std::string& out, const Variable& variable) {
  out += '{';
  write_list(out, variable.properties, [&](const auto& property) {
    append(out, "{} = ", property.first);
    write_value(out, property.second);
  });
  out += '}';
}

void write_attributes(std::string& out, const Variable& variable) {
  if (!variable.managed && !variable.unified) return;
  out += ".attribute(";
  if (variable.managed) out += ".managed";
  if (variable.managed && variable.unified) out += ", ";
  if (variable.unified)
    append(out, ".unified({}, {})", variable.unified->first, variable.unified->second);
  out += ") ";
}

void write_pointer(std::string& out, const Variable& variable) {
  if (!variable.pointer) return;
  out += ".ptr ";
  if (variable.pointer_space != StateSpace::kGeneric)
    append(out, ".{} ", spelling_of(variable.pointer_space));
  if (variable.pointer_alignment != 0) append(out, ".align {} ", variable.pointer_alignment);
}

}  // namespace

void write(std::string& out, const Variable& variable) {
  if (variable.linkage != Linkage::kNone) append(out, ".{} ", spelling_of(variable.linkage));
  append(out, ".{} ", spelling_of(variable.space));
  write_attributes(out, variable);
  if (variable.alignment) append(out, ".align {} ", *variable.alignment);
  if (variable.vector > 1) append(out, ".v{} ", variable.vector);
  append(out, ".{} ", spelling_of(variable.type));
  write_pointer(out, variable);
  out += variable.name;
  if (variable.register_range) append(out, "<{}>", *variable.register_range);
  for (const std::uint64_t size : variable.dimensions)
    out += size == 0 ? std::string("[]") : fmt::format("[{}]", size);
  if (variable.initialised) write_initialiser(out, variable);
}

void write_initialiser(std::string& out, const Variable& variable) {
  out += " = ";
  if (kind_of(variable.type) == TypeKind::kOpaque)
    write_properties(out, variable);
  else
    InitialiserWriter(out, variable).run();
}

}  // namespace cuda_shim::kernels::ptx
