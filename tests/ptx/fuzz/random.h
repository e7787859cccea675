#pragma once
// The fuzzer's random numbers: splitmix64, because an input must be a function of two numbers that
// costs nothing to start.

#include <cstdint>
#include <string>
#include <vector>

namespace cuda_shim::tests::fuzz {

class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t index = 0)
      : state_(seed * 0x9e3779b97f4a7c15u ^ (index + 1) * 0xd1342543de82ef95u) {
    next();
  }

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// 0 ... count-1; 0 if the count is 0.
  std::size_t below(std::size_t count) { return count == 0 ? 0 : next() % count; }
  /// True once in `count` times.
  bool once_in(std::size_t count) { return below(count) == 0; }

  template <class Container>
  const auto& of(const Container& container) {
    return container[below(std::size(container))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace cuda_shim::tests::fuzz
