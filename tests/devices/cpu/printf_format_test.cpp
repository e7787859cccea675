// printf of kernels: directives against packed arguments, as C's printf prints them.

#include "devices/cpu/printf_format.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace cuda_shim::devices::cpu {
namespace {

// Packs arguments as nvcc does: each at its own alignment.
class Packed {
 public:
  template <class... Arguments>
  explicit Packed(Arguments... arguments) {
    (add(arguments), ...);
  }
  const void* data() const { return bytes_.data(); }

 private:
  template <class T>
  void add(T value) {
    bytes_.resize((bytes_.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T) + sizeof(T));
    std::memcpy(bytes_.data() + bytes_.size() - sizeof(T), &value, sizeof(T));
  }
  std::vector<unsigned char> bytes_;
};

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  char text[256];
  Formatted result = format_packed(format, Packed(arguments...).data(), text, sizeof(text));
  EXPECT_EQ(result.arguments, static_cast<int>(sizeof...(arguments)));
  return {text, result.bytes};
}

TEST(PrintfFormat, TextAndPercentAreCopied) {
  EXPECT_EQ(formatted("a 100%% b\n"), "a 100% b\n");
}

TEST(PrintfFormat, IntegersOfAllLengths) {
  EXPECT_EQ(formatted("%d %u %x %X %o %i", -1, 4000000000u, 255, 255, 8, 7),
            "-1 4000000000 ff FF 10 7");
  EXPECT_EQ(formatted("%lld|%ld|%llu|%zu|%lx", -5ll, 1l << 40, ~0ull, std::size_t{9}, 255l),
            "-5|1099511627776|18446744073709551615|9|ff");
  EXPECT_EQ(formatted("%hd %hhu", 65537, 257), "1 1");
}

TEST(PrintfFormat, WideArgumentsAreAlignedToEight) {
  EXPECT_EQ(formatted("%d %f %d %lld", 1, 2.5, 3, 4ll), "1 2.500000 3 4");
}

TEST(PrintfFormat, FloatingPoint) {
  EXPECT_EQ(
      formatted("%f %.2f %e %g %8.3f|%-8.1f|%a", 1.5, 2.345, 12345.678, 0.0001, 3.14159, 2.0, 1.0),
      "1.500000 2.35 1.234568e+04 0.0001    3.142|2.0     |0x1p+0");
}

TEST(PrintfFormat, StringsCharactersAndPointers) {
  EXPECT_EQ(formatted("%s|%5s|%-5s|%.2s|%c", "ab", "cd", "ef", "ghi", int{'z'}),
            "ab|   cd|ef   |gh|z");
  EXPECT_EQ(formatted("%p", reinterpret_cast<void*>(0x1234)), "0x1234");
}

TEST(PrintfFormat, WidthAndPrecisionFromArguments) {
  EXPECT_EQ(formatted("%*d|%-*d|%.*f", 5, 42, 4, 7, 1, 2.25), "   42|7   |2.2");
}

TEST(PrintfFormat, FlagsReachThePrinter) {
  EXPECT_EQ(formatted("%+d %05d %#x % d", 5, 42, 255, 3), "+5 00042 0xff  3");
}

TEST(PrintfFormat, WhatIsNoDirectiveIsCopied) {
  EXPECT_EQ(formatted("%n %y 5%"), "%n %y 5%");
}

TEST(PrintfFormat, AbsurdlyLongDirectiveIsCopied) {
  std::string format = "%" + std::string(200, '0') + "d";
  char text[256];
  Formatted result = format_packed(format.c_str(), Packed(1).data(), text, sizeof(text));
  EXPECT_EQ(std::string(text, result.bytes), format);
}

TEST(PrintfFormat, OutputIsCutAtTheCapacity) {
  char text[8] = "#######";
  Formatted result = format_packed("%s%d", Packed("abcdefghijkl", 5).data(), text, 6);
  EXPECT_LE(result.bytes, 6u);
  EXPECT_EQ(std::string(text, 5), "abcde");
  EXPECT_EQ(text[6], '#');
}

}  // namespace
}  // namespace cuda_shim::devices::cpu
