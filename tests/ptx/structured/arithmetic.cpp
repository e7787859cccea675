// Statements that compute: each takes variables and sets one, under a guard now and then.

#include "ptx/structured/line.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {

void Generator::arithmetic() {
  switch (random_.below(floats_ ? 17 : 13)) {
    case 0:
    case 1:
    case 2:
      return word_operation();
    case 3:
      return word_special();
    case 4:
      return wide_operation();
    case 5:
      return half_operation();
    case 6:
      return division();
    case 7:
      return carry_chain();
    case 8:
    case 9:
      return comparison();
    case 10:
      return selection();
    case 11:
      return conversion();
    case 12:
      return narrow_extension();
    case 13:
      return single_operation();
    case 14:
      return double_operation();
    case 15:
      return float_comparison();
    default:
      return conversion();
  }
}

void Generator::word_operation() {
  static constexpr const char* kTwo[] = {
      "add.s32", "sub.s32",    "mul.lo.s32", "and.b32",     "or.b32",      "xor.b32",
      "min.s32", "max.u32",    "min.u32",    "max.s32",     "shl.b32",     "shr.u32",
      "shr.s32", "mul.hi.u32", "mul.hi.s32", "add.sat.s32", "mul24.lo.s32"};
  static constexpr const char* kOne[] = {"neg.s32",   "abs.s32",   "not.b32",
                                         "popc.b32",  "clz.b32",   "brev.b32",
                                         "bfind.u32", "bfind.s32", "mov.b32"};
  static constexpr const char* kThree[] = {
      "mad.lo.s32", "mad.hi.u32",   "sad.s32",        "sad.u32",         "bfe.u32",
      "bfe.s32",    "dp4a.s32.u32", "shf.l.wrap.b32", "shf.r.clamp.b32", "mad24.lo.u32"};
  if (random_.once_in(4)) {
    const std::string a = word();
    line("{}{} {}, {};", guard(), random_.of(kOne), target('a'), a);
  } else if (random_.once_in(4)) {
    const std::string a = word(), b = word_register(), c = word_register();
    line("{}{} {}, {}, {}, {};", guard(), random_.of(kThree), target('a'), a, b, c);
  } else {
    const std::string a = word(), b = word();
    line("{}{} {}, {}, {};", guard(), random_.of(kTwo), target('a'), a, b);
  }
}

void Generator::word_special() {
  const std::string a = word(), b = word(), c = word();
  switch (random_.below(4)) {
    case 0:
      return line("{}lop3.b32 {}, {}, {}, {}, {};", guard(), target('a'), a, b, c,
                  random_.below(256));
    case 1:
      return line("{}prmt.b32 {}, {}, {}, {};", guard(), target('a'), a, b, c);
    case 2:
      return line("{}bfi.b32 {}, {}, {}, {}, {};", guard(), target('a'), a, b, random_.below(32),
                  random_.below(33));
    default:
      return line("{}mov.b32 {}, {};", guard(), target('a'), index_like());
  }
}

void Generator::wide_operation() {
  static constexpr const char* kTwo[] = {"add.s64",    "sub.s64",   "mul.lo.s64", "and.b64",
                                         "or.b64",     "xor.b64",   "min.s64",    "max.u64",
                                         "mul.hi.u64", "mul.hi.s64"};
  switch (random_.below(4)) {
    case 0: {
      const std::string a = word(), b = word();
      return line("{}mul.wide.{}32 {}, {}, {};", guard(), random_.once_in(2) ? 'u' : 's',
                  target('l'), a, b);
    }
    case 1: {
      static constexpr const char* kShifts[] = {"shl.b64", "shr.u64", "shr.s64"};
      return line("{}{} {}, {}, {};", guard(), random_.of(kShifts), target('l'), wide(),
                  random_.once_in(2) ? word_register() : std::to_string(random_.below(70)));
    }
    case 2: {
      const std::string a = word(), b = word();
      return line("{}mad.wide.{}32 {}, {}, {}, {};", guard(), random_.once_in(2) ? 'u' : 's',
                  target('l'), a, b, wide());
    }
    default:
      return line("{}{} {}, {}, {};", guard(), random_.of(kTwo), target('l'), wide(), wide());
  }
}

void Generator::half_operation() {
  if (floats_ && random_.once_in(2)) {
    static constexpr const char* kFloats16[] = {"add.f16", "sub.f16", "mul.f16", "max.f16"};
    if (random_.once_in(3))
      return line("{}fma.rn.f16 {}, {}, {}, {};", guard(), target('h'), target('h'), target('h'),
                  target('h'));
    if (random_.once_in(2)) {
      const bool widens = random_.once_in(2);
      return line("{}cvt.{} {}, {};", guard(), widens ? "f32.f16" : "rn.f16.f32",
                  target(widens ? 'f' : 'h'), target(widens ? 'h' : 'f'));
    }
    if (random_.once_in(3))
      return line("{}{}x2 {}, {}, {};", guard(), random_.of(kFloats16), target('a'), target('a'),
                  target('a'));
    return line("{}{} {}, {}, {};", guard(), random_.of(kFloats16), target('h'), target('h'),
                target('h'));
  }
  static constexpr const char* kTwo[] = {"add.s16", "sub.s16", "mul.lo.s16", "and.b16",   "xor.b16",
                                         "min.s16", "max.u16", "mul.hi.u16", "mul.hi.s16"};
  if (random_.once_in(4)) {
    static constexpr const char* kShifts[] = {"shl.b16", "shr.u16", "shr.s16"};
    return line("{}{} {}, {}, {};", guard(), random_.of(kShifts), target('h'), half(),
                random_.below(18));
  }
  line("{}{} {}, {}, {};", guard(), random_.of(kTwo), target('h'), half(), half());
}

/// The divisor is odd, or positive and odd, and never divides the least number by -1.
void Generator::division() {
  const char* operation = random_.once_in(2) ? "div" : "rem";
  const bool is_signed = random_.once_in(2);
  if (random_.once_in(3)) {
    const std::string divisor = temporary('x'), dividend = temporary('x');
    line("or.b64 {}, {}, 1;", divisor, wide());
    line("shr.{}64 {}, {}, 1;", is_signed ? 's' : 'u', dividend, wide());
    return line("{}{}.{}64 {}, {}, {};", guard(), operation, is_signed ? 's' : 'u', target('l'),
                dividend, divisor);
  }
  if (random_.once_in(4)) {
    const std::string divisor = temporary('s'), dividend = temporary('s');
    line("or.b16 {}, {}, 1;", divisor, half());
    line("shr.{}16 {}, {}, 1;", is_signed ? 's' : 'u', dividend, half());
    return line("{}{}.{}16 {}, {}, {};", guard(), operation, is_signed ? 's' : 'u', target('h'),
                dividend, divisor);
  }
  if (random_.once_in(3)) {
    static constexpr int kDivisors[] = {1, 2, 3, 5, 7, 8, 16, 31, 32, 100, -3, -8};
    const std::string dividend = word();
    return line("{}{}.{}32 {}, {}, {};", guard(), operation, is_signed ? 's' : 'u', target('a'),
                dividend, random_.of(kDivisors));
  }
  const std::string divisor = temporary('t'), dividend = temporary('t');
  line("or.b32 {}, {}, 1;", divisor, word());
  line("shr.{}32 {}, {}, 1;", is_signed ? 's' : 'u', dividend, word());
  line("{}{}.{}32 {}, {}, {};", guard(), operation, is_signed ? 's' : 'u', target('a'), dividend,
       divisor);
}

void Generator::carry_chain() {
  const bool adds = random_.once_in(2);
  const char* operation = adds ? "add" : "sub";
  const std::string low = temporary('t'), middle = temporary('t'), high = temporary('t');
  const std::string a = word(), b = word(), c = word(), d = word(), e = word(), f = word();
  line("{}.cc.u32 {}, {}, {};", operation, low, a, b);
  line("{}c.cc.u32 {}, {}, {};", operation, middle, c, d);
  line("{}c.u32 {}, {}, {};", operation, high, e, f);
  line("xor.b32 {}, {}, {};", target('a'), low, high);
  line("mov.b32 {}, {};", target('a'), middle);
}

void Generator::comparison() {
  static constexpr const char* kSigned[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  static constexpr const char* kCombine[] = {"and", "or", "xor"};
  const char type = random_.once_in(2) ? 's' : 'u';
  if (random_.once_in(5))
    return line("{}setp.{}.{}64 {}, {}, {};", guard(), random_.of(kSigned), type, target('p'),
                variable('l', kLongs), wide());
  if (random_.once_in(6))
    return line("{}setp.{}.{}16 {}, {}, {};", guard(), random_.of(kSigned), type, target('p'),
                variable('h', kHalves), half());
  if (random_.once_in(6)) {
    static constexpr const char* kLogic[] = {"and", "or", "xor"};
    return line("{}.pred {}, {}, {};", random_.of(kLogic), target('p'), predicate(), predicate());
  }
  std::string a = random_.once_in(2) ? index_like() : word_register(), b = word();
  if (random_.once_in(3)) {
    const std::string low = temporary('t');
    line("and.b32 {}, {}, {};", low, a, 1u << random_.below(5));
    a = low;
    b = random_.once_in(2) ? "0" : b;
  }
  if (random_.once_in(4))
    return line("{}setp.{}.{}.{}32 {}, {}, {}, {};", guard(), random_.of(kSigned),
                random_.of(kCombine), type, target('p'), a, b, predicate());
  line("{}setp.{}.{}32 {}, {}, {};", guard(), random_.of(kSigned), type, target('p'), a, b);
}

void Generator::selection() {
  switch (random_.below(floats_ ? 5 : 3)) {
    case 0:
      return line("{}selp.b64 {}, {}, {}, {};", guard(), target('l'), wide(), wide(), predicate());
    case 1: {
      const std::string a = word(), b = word(), c = word_register();
      return line("{}slct.b32.s32 {}, {}, {}, {};", guard(), target('a'), a, b, c);
    }
    case 3:
      return line("{}selp.f32 {}, {}, {}, {};", guard(), target('f'), single(), single(),
                  predicate());
    case 4:
      return line("{}selp.f64 {}, {}, {}, {};", guard(), target('d'), real(), real(), predicate());
    default: {
      const std::string a = word(), b = word();
      return line("{}selp.b32 {}, {}, {}, {};", guard(), target('a'), a, b, predicate());
    }
  }
}

void Generator::conversion() {
  struct Row {
    const char* operation;
    char to, from;
  };
  static constexpr Row kRows[] = {
      {"cvt.u32.u16", 'a', 'h'},     {"cvt.s32.s16", 'a', 'h'},     {"cvt.u32.u8", 'a', 'a'},
      {"cvt.s32.s8", 'a', 'a'},      {"cvt.s32.s16", 'a', 'a'},     {"cvt.u16.u32", 'h', 'a'},
      {"cvt.s16.s32", 'h', 'a'},     {"cvt.u64.u32", 'l', 'a'},     {"cvt.s64.s32", 'l', 'a'},
      {"cvt.u32.u64", 'a', 'l'},     {"cvt.s64.s16", 'l', 'h'},     {"cvt.s64.s8", 'l', 'l'},
      {"cvt.sat.u16.u32", 'h', 'a'}, {"cvt.sat.s16.s32", 'h', 'a'}, {"cvt.sat.s32.s64", 'a', 'l'},
      {"cvt.rn.f32.s32", 'f', 'a'},  {"cvt.rn.f32.u32", 'f', 'a'},  {"cvt.rzi.s32.f32", 'a', 'f'},
      {"cvt.rni.u32.f32", 'a', 'f'}, {"cvt.rn.f64.s32", 'd', 'a'},  {"cvt.rn.f64.u64", 'd', 'l'},
      {"cvt.rzi.s64.f64", 'l', 'd'}, {"cvt.rn.f32.f64", 'f', 'd'},  {"cvt.f64.f32", 'd', 'f'},
      {"cvt.rmi.s32.f32", 'a', 'f'}, {"cvt.rzi.u16.f32", 'h', 'f'}, {"cvt.rzi.s32.f64", 'a', 'd'},
      {"mov.b32", 'a', 'f'},         {"mov.b32", 'f', 'a'},         {"mov.b64", 'l', 'd'},
  };
  const Row& row = kRows[random_.below(floats_ ? std::size(kRows) : 15)];
  const std::string from = row.from == 'a' && random_.once_in(3) && !in_function_
                               ? std::string(random_.once_in(2) ? "%tx" : "%lin")
                               : target(row.from);
  const std::string to = target(row.to);
  line("{}{} {}, {};", guard(), row.operation, to, from);
  if (row.to == 'd') without_nan(to);
}

/// Of numbers that count up from lane to lane, and wrap around somewhere.
void Generator::narrow_extension() {
  static constexpr const char* kNarrow[] = {"u8", "s8", "u16", "s16"};
  const std::string index = temporary('t'), narrow = temporary('t');
  line("add.s32 {}, {}, {};", index, index_like(),
       random_.of(std::array{-3, -20, 120, 32760, 65530, 250}));
  line("cvt.{}32.{} {}, {};", "s", random_.of(kNarrow), narrow, index);
  if (random_.once_in(2)) return line("{}mov.b32 {}, {};", guard(), target('a'), narrow);
  const std::string wide_form = temporary('x');
  line("cvt.{} {}, {};", random_.once_in(2) ? "s64.s32" : "u64.u32", wide_form, narrow);
  line("{}shl.b64 {}, {}, {};", guard(), target('l'), wide_form, random_.below(5));
}

void Generator::single_operation() {
  static constexpr const char* kTwo[] = {"add.f32",      "sub.f32",    "mul.f32",     "div.rn.f32",
                                         "min.f32",      "max.f32",    "add.ftz.f32", "mul.rz.f32",
                                         "copysign.f32", "min.NaN.f32"};
  static constexpr const char* kOne[] = {"cvt.rmi.f32.f32", "cvt.rpi.f32.f32", "sqrt.rn.f32",
                                         "rcp.rn.f32",      "cvt.rni.f32.f32", "cvt.rzi.f32.f32",
                                         "cvt.sat.f32.f32"};
  if (random_.once_in(6)) {
    // The sign of a NaN is left open.
    const std::string result = target('f'), fine = temporary('q');
    line("{}.f32 {}, {};", random_.once_in(2) ? "neg" : "abs", result, target('f'));
    line("setp.num.f32 {}, {}, {};", fine, result, result);
    return line("@!{} mov.f32 {}, 0f40400000;", fine, result);
  }
  if (random_.once_in(3))
    return line("{}{} {}, {};", guard(), random_.of(kOne), target('f'), target('f'));
  if (random_.once_in(3))
    return line("{}fma.r{}.f32 {}, {}, {}, {};", guard(), random_.once_in(3) ? 'z' : 'n',
                target('f'), target('f'), single(), single());
  line("{}{} {}, {}, {};", guard(), random_.of(kTwo), target('f'), target('f'), single());
}

void Generator::double_operation() {
  static constexpr const char* kTwo[] = {"add.f64", "sub.f64", "mul.f64",     "div.rn.f64",
                                         "min.f64", "max.f64", "copysign.f64"};
  static constexpr const char* kOne[] = {"neg.f64", "abs.f64", "sqrt.rn.f64", "cvt.rmi.f64.f64"};
  const std::string result = target('d');
  if (random_.once_in(3))
    line("{}{} {}, {};", guard(), random_.of(kOne), result, target('d'));
  else if (random_.once_in(3))
    line("{}fma.rn.f64 {}, {}, {}, {};", guard(), result, target('d'), real(), real());
  else
    line("{}{} {}, {}, {};", guard(), random_.of(kTwo), result, target('d'), real());
  without_nan(result);
}

/// Which of the many NaNs comes out of 64-bit arithmetic is nobody's to rely on.
void Generator::without_nan(const std::string& number) {
  if (raw_nans_) return;
  const std::string fine = temporary('q');
  line("setp.num.f64 {}, {}, {};", fine, number, number);
  line("@!{} mov.f64 {}, 0d4008000000000000;", fine, number);
}

void Generator::float_comparison() {
  static constexpr const char* kTests[] = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                           "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};
  if (random_.once_in(3))
    return line("{}setp.{}.f64 {}, {}, {};", guard(), random_.of(kTests), target('p'), target('d'),
                real());
  line("{}setp.{}.f32 {}, {}, {};", guard(), random_.of(kTests), target('p'), target('f'),
       single());
}

}  // namespace cuda_shim::tests::structured
