#pragma once
// For tests that end in the child of a fork. Include it once in an executable.

namespace cuda_shim::test {

/// Set in the child: what only the parent's threads held looks lost there, and is no leak.
inline bool in_forked_child = false;

}  // namespace cuda_shim::test

/// Asked by the leak check of the address sanitizer, if there is one.
extern "C" int __lsan_is_turned_off() {
  return cuda_shim::test::in_forked_child ? 1 : 0;
}
