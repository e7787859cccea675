// Statements that load and store: anywhere in the input, and at places of the thread's own.
//
// An address is made in one of the ways that compilers make them, so that the same place is reached
// by sums that LLVM sees through and by sums that wrap.

#include "ptx/structured/line.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {

void Generator::memory() {
  if (in_function_) return arithmetic();
  switch (random_.below(10)) {
    case 0:
    case 1:
      return load_checked();
    case 2:
      return load_masked();
    case 3:
      return load_along();
    case 4:
    case 5:
    case 6:
      return access_own();
    case 7:
      return local_ ? access_local() : access_own();
    case 8:
      return atomics_ ? add_to_sum() : access_own();
    default:
      return atomics_ ? atomic_own() : load_along();
  }
}

/// A register with the address of base + index * stride - *offset. `index` is less than 2^15 and
/// not negative.
std::string Generator::scaled_address(const std::string& base, const std::string& index,
                                      unsigned stride, unsigned* offset) {
  const std::string address = temporary('x'), part = temporary('x'), low = temporary('t');
  *offset = 0;
  switch (random_.below(8)) {
    case 0:
      line("mul.wide.u32 {}, {}, {};", part, index, stride);
      line("add.s64 {}, {}, {};", address, base, part);
      break;
    case 1:
      line("mad.wide.s32 {}, {}, {}, {};", address, index, stride, base);
      break;
    case 2:
      line("mul.lo.s32 {}, {}, {};", low, index, stride);
      line("cvt.s64.s32 {}, {};", part, low);
      line("add.s64 {}, {}, {};", address, part, base);
      break;
    case 3:
      line("cvt.u64.u32 {}, {};", part, index);
      line("mad.lo.s64 {}, {}, {}, {};", address, part, stride, base);
      break;
    case 4: {
      const unsigned shift = static_cast<unsigned>(random_.below(9)) + 1;
      line("sub.s32 {}, {}, {};", low, index, shift);
      line("mad.wide.s32 {}, {}, {}, {};", address, low, stride, base);
      *offset = shift * stride;
      break;
    }
    case 5: {
      const std::string narrow = temporary('s');
      line("cvt.u16.u32 {}, {};", narrow, index);
      line("cvt.s64.s16 {}, {};", part, narrow);
      line("mad.lo.s64 {}, {}, {}, {};", address, part, stride, base);
      break;
    }
    case 6: {
      // Unsigned, it wraps around beyond the last thread or before the first.
      const std::string far = temporary('t');
      const unsigned edge = 0x80000000u - static_cast<unsigned>(random_.below(40));
      line("add.s32 {}, {}, {};", far, index, edge);
      line("cvt.u64.u32 {}, {};", part, far);
      line("sub.s64 {}, {}, {};", part, part, edge);
      line("mad.lo.s64 {}, {}, {}, {};", address, part, stride, base);
      break;
    }
    default:
      line("shl.b32 {}, {}, 3;", low, index);
      line("mul.wide.u32 {}, {}, {};", part, low, stride);
      line("shr.u64 {}, {}, 3;", part, part);
      line("add.s64 {}, {}, {};", address, base, part);
      break;
  }
  return address;
}

std::string Generator::slot_address(const Column& column, const std::string& thread,
                                    unsigned* offset) {
  std::string index = thread;
  if (column.reversed) {
    index = temporary('t');
    line("sub.s32 {}, {}, {};", index,
         (column.shared ? kernel_.threads() : kernel_.all_threads()) - 1, thread);
  }
  const std::string address =
      scaled_address(column.shared ? "%sh" : "%mem", index, column.stride, offset);
  *offset += column.offset;
  return address;
}

std::string Generator::own_address(const Column& column, unsigned* offset) {
  return slot_address(column, column.shared ? "%lin" : "%gl", offset);
}

const Column* Generator::column(bool shared) {
  std::vector<const Column*> fitting;
  for (const Column& each : columns_)
    if (each.shared == shared) fitting.push_back(&each);
  return fitting.empty() ? nullptr : random_.of(fitting);
}

namespace {

/// Vectors of narrow numbers: 2 x u8, 4 x u8, 4 x u16.
struct NarrowVector {
  unsigned bytes;
  const char* type;
  const char* registers;
};
constexpr NarrowVector kNarrow[] = {{2, "v2.u8", "{%a2, %a0}"},
                                    {4, "v4.u8", "{%a0, %a3, %a1, %a2}"},
                                    {4, "v2.s16", "{%a1, %a2}"},
                                    {8, "v4.u16", "{%a4, %a2, %a3, %a1}"}};

const NarrowVector* narrow_vector(fuzz::Random& random, unsigned bytes) {
  const NarrowVector& row = random.of(kNarrow);
  return row.bytes == bytes && random.once_in(2) ? &row : nullptr;
}

}  // namespace

void Generator::load_into(unsigned bytes, const std::string& space, const std::string& address,
                          const std::string& guard) {
  if (const NarrowVector* row = narrow_vector(random_, bytes))
    return line("{}ld{}.{} {}, [{}];", guard, space, row->type, row->registers, address);
  const auto load = [&](std::string_view type, const std::string& into) {
    line("{}ld{}.{} {}, [{}];", guard, space, type, into, address);
  };
  switch (bytes) {
    case 1: {
      const bool is_signed = random_.once_in(2);
      return load(is_signed ? "s8" : "u8", target(random_.once_in(2) ? 'a' : 'h'));
    }
    case 2: {
      if (random_.once_in(3)) return load("s16", target('a'));
      return load("u16", target('h'));
    }
    case 4:
      if (floats_ && random_.once_in(3)) return load("f32", target('f'));
      return load(random_.once_in(4) ? "s32" : "b32", target('a'));
    case 8:
      if (random_.once_in(3)) {
        // The registers of a vector must differ.
        const unsigned first = static_cast<unsigned>(random_.below(kWords - 1));
        return line("{}ld{}.v2.u32 {{%a{}, %a{}}}, [{}];", guard, space, first, first + 1, address);
      }
      if (floats_ && random_.once_in(2)) return load("f64", target('d'));
      return load("u64", target('l'));
    default:
      if (floats_ && random_.once_in(3))
        return line("{}ld{}.v2.f64 {{%d0, %d1}}, [{}];", guard, space, address);
      if (random_.once_in(4))
        return line("{}ld{}.v2.u64 {{%l1, %l0}}, [{}];", guard, space, address);
      return line("{}ld{}.v4.u32 {{%a1, %a0, %a3, %a2}}, [{}];", guard, space, address);
  }
}

void Generator::store_from(unsigned bytes, const std::string& space, const std::string& address,
                           const std::string& guard) {
  if (const NarrowVector* row = narrow_vector(random_, bytes))
    return line("{}st{}.{} [{}], {};", guard, space, row->type, address, row->registers);
  const auto store = [&](std::string_view type, const std::string& value) {
    line("{}st{}.{} [{}], {};", guard, space, type, address, value);
  };
  switch (bytes) {
    case 1:
      return store("u8", target(random_.once_in(2) ? 'a' : 'h'));
    case 2:
      return store("u16", target('h'));
    case 4:
      if (floats_ && random_.once_in(3)) return store("f32", target('f'));
      return store("b32", random_.once_in(3) ? index_like() : target('a'));
    case 8:
      if (random_.once_in(3))
        return line("{}st{}.v2.b32 [{}], {{{}, {}}};", guard, space, address, target('a'),
                    target('a'));
      if (floats_ && random_.once_in(2)) return store("f64", target('d'));
      return store("u64", target('l'));
    default:
      if (random_.once_in(4))
        return line("{}st{}.v2.u64 [{}], {{{}, {}}};", guard, space, address, target('l'),
                    target('l'));
      return line("{}st{}.v4.b32 [{}], {{{}, {}, {}, {}}};", guard, space, address, target('a'),
                  target('a'), target('a'), target('a'));
  }
}

/// if (index < limit) load input[index]: signed or unsigned, so that some lanes' address would be
/// far outside.
void Generator::load_checked() {
  const unsigned bytes = 1u << random_.below(4);
  const std::string inside = temporary('q'), address = temporary('x');
  const std::string index = temporary('t');
  line("mov.b32 {}, {};", index, random_.once_in(3) ? word() : index_like());
  line("setp.lt.u32 {}, {}, {};", inside, index, kInputBytes / bytes);
  line("mad.wide.{}32 {}, {}, {}, %mem;", random_.once_in(2) ? 's' : 'u', address, index, bytes);
  load_into(bytes, ".global", address, fmt::format("@{} ", inside));
}

/// Anywhere.
void Generator::load_masked() {
  const unsigned bytes = 1u << random_.below(5);
  const std::string index = temporary('t');
  line("and.b32 {}, {}, {};", index, word(), kInputBytes / 2 / bytes - 1);
  unsigned offset = 0;
  const std::string address = scaled_address("%mem", index, bytes, &offset);
  offset += static_cast<unsigned>(random_.below(kInputBytes / 2 / bytes)) * bytes;
  load_into(bytes, random_.once_in(4) ? "" : ".global", fmt::format("{}+{}", address, offset),
            guard());
}

/// One after the other, or every second and so on.
void Generator::load_along() {
  const unsigned bytes = 1u << random_.below(5);
  const unsigned most = kInputBytes / kernel_.all_threads() / bytes;
  const unsigned stride = (1 + static_cast<unsigned>(random_.below(most > 4 ? 3 : 1))) * bytes;
  unsigned offset = 0;
  Column input{.bytes = bytes, .stride = stride, .reversed = random_.once_in(4)};
  const std::string address = own_address(input, &offset);
  load_into(bytes, random_.once_in(4) ? ".global.nc" : ".global",
            fmt::format("{}+{}", address, offset), guard());
}

void Generator::access_own() {
  const Column* place = column(shared_ && random_.once_in(2));
  if (place == nullptr) return arithmetic();
  unsigned offset = 0;
  std::string address = own_address(*place, &offset);
  unsigned bytes = place->bytes;
  if (bytes > 1 && random_.once_in(5)) bytes /= 2;
  offset += bytes * static_cast<unsigned>(random_.below(place->bytes / bytes));
  std::string space = place->shared ? ".shared" : ".global";
  if (place->shared && random_.once_in(5)) {
    const std::string generic = temporary('x');
    line("cvta.shared.u64 {}, {};", generic, address);
    address = generic;
    space.clear();
  }
  const std::string where = fmt::format("{}+{}", address, offset);
  if (random_.once_in(5)) space.insert(0, random_.once_in(2) ? ".volatile" : ".relaxed.gpu");
  if (bytes == 16 && space.starts_with(".relaxed")) space.erase(0, 12);
  random_.once_in(3) ? load_into(bytes, space, where, guard())
                     : store_from(bytes, space, where, guard());
}

void Generator::access_local() {
  const unsigned bytes = std::max(least_local_, 1u << random_.below(4));
  const std::string index = temporary('t'), address = temporary('x');
  const bool known = random_.once_in(3);
  line("and.b32 {}, {}, {};", index, known ? uniform_word() : word(), kLocalBytes / bytes - 1);
  line("mad.wide.u32 {}, {}, {}, %loc;", address, index, bytes);
  random_.once_in(2) ? load_into(bytes, ".local", address, guard())
                     : store_from(bytes, ".local", address, guard());
}

/// Each array knows one operation alone, so that the order does not matter.
void Generator::add_to_sum() {
  static constexpr const char* kOperations[] = {"add.u32", "max.s32", "min.u32", "xor.b32",
                                                "or.b32",  "and.b32", "add.u64", "max.u64"};
  const unsigned array = static_cast<unsigned>(random_.below(kSums));
  const std::string operation = kOperations[sum_operations_[array]];
  const bool wide_one = operation.ends_with("64");
  const std::string index = temporary('t'), address = temporary('x');
  line("and.b32 {}, {}, {};", index, random_.once_in(2) ? uniform_word() : word(),
       kSumElements - 1);
  const bool shared = shared_ && random_.once_in(2);
  line("mad.wide.u32 {}, {}, 8, {};", address, index, shared ? "%sh" : "%mem");
  const std::string where =
      fmt::format("[{}+{}]", address, (shared ? 0 : kInputBytes) + array * kSumElements * 8);
  const std::string value = wide_one ? target('l') : word();
  const std::string space = shared ? ".shared" : ".global";
  if (random_.once_in(2))
    return line("{}red{}.{} {}, {};", guard(), space, operation, where, value);
  line("{}atom{}.{} {}, {}, {};", guard(), space, operation, temporary(wide_one ? 'x' : 't'), where,
       value);
}

void Generator::atomic_own() {
  static constexpr const char* kOperations[] = {"add.u32", "max.s32", "exch.b32",
                                                "xor.b32", "inc.u32", "dec.u32"};
  for (const Column& each : columns_) {
    if (each.bytes < 4 || (each.shared && !shared_)) continue;
    if (random_.once_in(2)) continue;
    unsigned offset = 0;
    const std::string address = own_address(each, &offset);
    const std::string space = each.shared ? ".shared" : ".global";
    const std::string value = word();
    if (random_.once_in(3))
      return line("{}atom{}.cas.b32 {}, [{}+{}], {}, {};", guard(), space, target('a'), address,
                  offset, target('a'), value);
    return line("{}atom{}.{} {}, [{}+{}], {};", guard(), space, random_.of(kOperations),
                target('a'), address, offset, value);
  }
}

}  // namespace cuda_shim::tests::structured
