#pragma once
// CUB's device-wide functions are called twice: for the size of their workspace, then to work.

#include "check.h"

namespace toolkit {

template <class Call>
void with_workspace(Call call) {
  std::size_t bytes = 0;
  CHECK(call(nullptr, bytes));
  Array<unsigned char> workspace(bytes);
  CHECK(call(static_cast<void*>(workspace), bytes));
}

}  // namespace toolkit
