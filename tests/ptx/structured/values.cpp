// Where operands come from: variables, places of the thread, what is the same for all, numbers.

#include <fmt/format.h>

#include "ptx/structured/line.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {
namespace {

constexpr const char* kNumbers[] = {"0",           "1",     "2",      "3",  "4",   "7",
                                    "8",           "15",    "16",     "31", "32",  "33",
                                    "255",         "256",   "-1",     "-2", "-16", "2147483647",
                                    "-2147483648", "65535", "-65536", "12", "100", "-5"};

}  // namespace

std::string Generator::variable(char prefix, unsigned count) {
  return fmt::format("%{}{}", prefix, random_.below(count));
}

std::string Generator::target(char prefix) {
  switch (prefix) {
    case 'a':
      return variable('a', kWords);
    case 'l':
      return variable('l', kLongs);
    case 'h':
      return variable('h', kHalves);
    case 'f':
      return variable('f', kFloats);
    case 'd':
      return variable('d', kDoubles);
    default:
      return variable('p', kPredicates);
  }
}

std::string Generator::index_like() {
  if (in_function_) return word_register();
  static constexpr const char* kPlaces[] = {"%tx", "%ty",   "%tz",  "%lin",
                                            "%gl", "%lane", "%lin", "%tx"};
  const std::string place = random_.of(kPlaces);
  if (random_.once_in(2)) return place;
  const std::string made = temporary('t');
  switch (random_.below(7)) {
    case 0:
      line("add.s32 {}, {}, {};", made, place, random_.of(kNumbers));
      break;
    case 1:
      line("mul.lo.s32 {}, {}, {};", made, place, random_.of(kNumbers));
      break;
    case 2:
      line("sub.s32 {}, {}, {};", made, random_.of(kNumbers), place);
      break;
    case 3:
      line("mad.lo.s32 {}, {}, {}, {};", made, uniform_word(), random_.of(kNumbers), place);
      break;
    case 4:
      line("shl.b32 {}, {}, {};", made, place, random_.below(9));
      break;
    case 5:
      line("shr.{}32 {}, {}, {};", random_.once_in(2) ? 'u' : 's', made, place, random_.below(6));
      break;
    default:
      line("and.b32 {}, {}, {};", made, place, random_.of(kNumbers));
      break;
  }
  if (random_.once_in(2)) return made;
  const std::string second = temporary('t');
  line("{}.s32 {}, {}, {};", random_.once_in(2) ? "add" : "sub", second, made, uniform_word());
  return second;
}

std::string Generator::uniform_word() {
  if (in_function_ || random_.once_in(4)) return random_.of(kNumbers);
  static constexpr const char* kPlaces[] = {"%n0", "%n1", "%cta", "%u0", "%u1", "%u2"};
  return random_.of(kPlaces);
}

std::string Generator::word_register() {
  if (!counters_.empty() && random_.once_in(6)) return random_.of(counters_);
  return variable('a', kWords);
}

std::string Generator::word() {
  switch (random_.below(12)) {
    case 0:
    case 1:
      return index_like();
    case 2:
      return uniform_word();
    case 3:
    case 4:
      return random_.of(kNumbers);
    default:
      return word_register();
  }
}

std::string Generator::wide() {
  if (random_.once_in(6)) return random_.of(kNumbers);
  return variable('l', kLongs);
}

std::string Generator::half() {
  static constexpr const char* kHalfNumbers[] = {"0",  "1",     "2",      "7",  "255",
                                                 "-1", "32767", "-32768", "100"};
  if (random_.once_in(6)) return random_.of(kHalfNumbers);
  return variable('h', kHalves);
}

std::string Generator::single() {
  static constexpr const char* kSingles[] = {"0f00000000", "0f80000000", "0f3f800000",
                                             "0fc0490fdb", "0f7f800000", "0f00000001",
                                             "0f4f000000", "0f7fc00000"};
  if (random_.once_in(6)) return random_.of(kSingles);
  return variable('f', kFloats);
}

std::string Generator::real() {
  static constexpr const char* kReals[] = {"0d0000000000000000", "0d8000000000000000",
                                           "0d3ff0000000000000", "0d7ff0000000000000",
                                           "0dc1e0000000000000", "0d0000000000000001"};
  if (random_.once_in(6)) return random_.of(kReals);
  return variable('d', kDoubles);
}

std::string Generator::predicate() {
  return variable('p', kPredicates);
}

std::string Generator::uniform_predicate() {
  static constexpr const char* kTests[] = {"eq", "ne", "lt", "gt", "le"};
  const std::string made = temporary('q'), low = temporary('t');
  line("and.b32 {}, %u{}, {};", low, random_.below(kUniform), random_.once_in(2) ? 1 : 3);
  line("setp.{}.s32 {}, {}, {};", random_.of(kTests), made, low, random_.below(3));
  return made;
}

std::string Generator::guard() {
  if (!random_.once_in(6)) return {};
  return fmt::format("@{}{} ", random_.once_in(2) ? "!" : "", predicate());
}

}  // namespace cuda_shim::tests::structured
