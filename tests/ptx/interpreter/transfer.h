#pragma once
// What instructions that copy or reduce on behalf of a thread need of other chapters.

#include <cstdint>
#include <string_view>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {

/// atomic.cpp: what memory holds after `operation` (add, min, ... ) of what it held and `b`.
Bits reduced(std::string_view operation, Bits old, Bits b, ScalarType type);
/// mbarrier.cpp: the object at the shared address waits for so many bytes fewer.
void complete_transactions(Lane& lane, std::uint64_t object, std::uint64_t bytes);

}  // namespace cuda_shim::tests::interpreter
