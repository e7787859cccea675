#pragma once
// Number literals and constant expressions (PTX ISA 9.0, section 4.5), evaluated while they are
// read.
//
// Integers are 64 bits wide, signed unless a literal has the suffix U or does not fit, with C's
// operators and the manual's rules of signedness. Floating-point constants are literals with a
// sign: the ISA has no expressions of them.

#include <optional>

#include "kernels/ptx/cursor.h"

namespace cuda_shim::kernels::ptx {

/// Whether a constant expression could begin at the cursor with something other than a name: digit
/// . + - ~ ! (
bool constant_follows(Cursor& cursor);

/// Reads a constant expression; an error is kept in the cursor.
Immediate parse_constant(Cursor& cursor);

/// As parse_constant, but a floating-point result is an error.
std::uint64_t parse_integer(Cursor& cursor);

/// A plain integer literal without a sign, as `.align`, `.maxntid` and `%r<10>` take; also constant
/// expressions where a parenthesis opens. Above `maximum` it is an error that names `what`.
std::uint64_t parse_count(Cursor& cursor, std::uint64_t maximum, std::string_view what);

}  // namespace cuda_shim::kernels::ptx
