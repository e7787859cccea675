#pragma once
// What redirecting a function takes of the processor: the jump that is written over its entry and
// the trampoline that the jump leads to.
//
// A jump that fits into the smallest functions reaches only so far, so each redirected object gets
// a page of trampolines within reach, and a trampoline goes on through a pointer in its slot. The
// slot first points back into the trampoline, to code that asks `cuda_shim_resolve` for the real
// target: a process pays for opening our libraries when it first calls a CUDA function, not before.

#include <cstddef>
#include <cstdint>

namespace cuda_shim::loader {

struct LazyTarget;

/// Bytes that a redirected function must have.
extern const std::size_t kJumpBytes;
/// A jump reaches at most this far, forward and back.
extern const std::uint64_t kJumpReach;
extern const std::size_t kTrampolineBytes;

/// Where in a function of `room` bytes the jump belongs: behind a landing pad for indirect
/// branches, if it begins with one.
std::size_t jump_offset(const std::byte* entry, std::size_t room);

/// Writes the jump to `destination` at `at`.
void write_jump(std::byte* at, const std::byte* destination);

/// Writes a trampoline at `at` and sets `*slot` so that the first call resolves `target`.
/// `*resolver_slot` holds the address of `cuda_shim_resolve_entry`. Both slots lie within reach of
/// `at`.
void write_trampoline(std::byte* at, void** slot, void* const* resolver_slot, LazyTarget* target);

/// Writes a trampoline that leads to `function` at once.
void write_direct_trampoline(std::byte* at, void** slot, void* function);

/// Whether the code at `at` is an empty function followed by padding, long enough for a jump.
bool is_padded_empty_function(const std::byte* at);

}  // namespace cuda_shim::loader

extern "C" {
/// Entered from a trampoline with the LazyTarget in a scratch register; saves all argument
/// registers, calls cuda_shim_resolve, goes on to what that returns. Not a C function.
void cuda_shim_resolve_entry();
void* cuda_shim_resolve(cuda_shim::loader::LazyTarget* target);
}
