#include "devices/cpu/printf_format.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace cuda_shim::devices::cpu {
namespace {

// Longest directive that is handed to snprintf: flags, two numbers, length, conversion.
constexpr std::size_t kDirective = 64;

class Formatter {
 public:
  Formatter(const void* arguments, char* to, std::size_t capacity)
      : next_(static_cast<const unsigned char*>(arguments)),
        base_(next_),
        to_(to),
        capacity_(capacity) {}

  Formatted run(const char* format) {
    while (*format) {
      const char* percent = std::strchr(format, '%');
      if (!percent) percent = format + std::strlen(format);
      copy(format, static_cast<std::size_t>(percent - format));
      format = *percent ? directive(percent) : percent;
    }
    return {bytes_, taken_};
  }

 private:
  template <class T>
  T take() {
    // Offsets count from the start of the buffer, which is itself aligned to 8.
    auto offset = static_cast<std::size_t>(next_ - base_);
    offset = (offset + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    T value;
    std::memcpy(&value, base_ + offset, sizeof(T));
    next_ = base_ + offset + sizeof(T);
    ++taken_;
    return value;
  }

  void copy(const char* text, std::size_t bytes) {
    bytes = std::min(bytes, capacity_ - bytes_);
    std::memcpy(to_ + bytes_, text, bytes);
    bytes_ += bytes;
  }

  template <class T>
  void print(T value) {
    // snprintf wants room for a terminator; the buffer's last byte is spent on it.
    int written = std::snprintf(to_ + bytes_, capacity_ - bytes_, spec_, value);
    if (written < 0 || capacity_ == bytes_) return;
    bytes_ += std::min(static_cast<std::size_t>(written), capacity_ - bytes_ - 1);
  }

  // Appends to the directive that snprintf gets; what does not fit spoils it, and it is copied as
  // text.
  void add(char c) {
    if (spec_bytes_ + 1 < kDirective)
      spec_[spec_bytes_++] = c;
    else
      spoilt_ = true;
  }

  // A number in the format, or `*` with the number among the arguments.
  const char* number(const char* at) {
    if (*at == '*') {
      char digits[16];
      std::snprintf(digits, sizeof(digits), "%d", take<std::int32_t>());
      for (const char* d = digits; *d; ++d) add(*d);
      return at + 1;
    }
    while (*at >= '0' && *at <= '9') add(*at++);
    return at;
  }

  // `percent` is at the %; returns what follows the directive.
  const char* directive(const char* percent) {
    spec_bytes_ = 0;
    spoilt_ = false;
    const char* at = percent + 1;
    add('%');
    while (*at && std::strchr("-+ #0", *at)) add(*at++);
    at = number(at);
    if (*at == '.') {
      add(*at++);
      at = number(at);
    }
    bool wide = false;
    int halves = 0;
    for (; *at && std::strchr("hlqjztL", *at); ++at) {
      halves += *at == 'h';
      wide |= *at != 'h' && *at != 'L';
    }
    if (*at == '\0' || !convert(*at, wide, halves)) {
      copy(percent, static_cast<std::size_t>(at - percent) + (*at != '\0'));
    }
    return *at ? at + 1 : at;
  }

  void finish(const char* conversion) {
    for (; *conversion; ++conversion) add(*conversion);
    spec_[spec_bytes_] = '\0';
  }

  // False if the directive is none that can be printed.
  bool convert(char conversion, bool wide, int halves) {
    if (conversion == '%') return copy("%", 1), true;
    char text[4] = {'l', 'l', conversion, '\0'};
    bool integer = std::strchr("diuoxX", conversion);
    if (integer && !wide) text[0] = text[1] = 'h';
    finish(text + (!integer ? 2 : wide ? 0 : 2 - std::min(halves, 2)));
    if (spoilt_) return false;
    if (integer && wide)
      print(take<long long>());
    else if (integer || conversion == 'c')
      print(take<std::int32_t>());
    else if (std::strchr("eEfFgGaA", conversion))
      print(take<double>());
    else if (conversion == 's' || conversion == 'p')
      print(take<const char*>());
    else
      return false;
    return true;
  }

  const unsigned char* next_;
  const unsigned char* base_;
  char* to_;
  std::size_t capacity_;
  std::size_t bytes_ = 0;
  int taken_ = 0;
  char spec_[kDirective] = {};
  std::size_t spec_bytes_ = 0;
  bool spoilt_ = false;
};

}  // namespace

Formatted format_packed(const char* format, const void* arguments, char* to, std::size_t capacity) {
  return Formatter(arguments, to, capacity).run(format);
}

}  // namespace cuda_shim::devices::cpu
