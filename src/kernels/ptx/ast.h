#pragma once
// The syntax tree of a PTX module (PTX ISA 9.0).
//
// One generic Instruction stands for every opcode: an opcode word, a list of modifier words, a list
// of operands. What a combination means, and whether it is allowed, is said once, by the rows in
// kernels/instructions. So the tree never changes when an instruction is added.
//
// A function's body is parsed on demand: a module with thousands of kernels is outlined first
// (declarations plus the text range of each body) and a body is parsed when its kernel is compiled.
//
// All strings are views into the module's text, which outlives the tree; nodes are plain values in
// vectors.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cuda_shim::kernels::ptx {

/// Place in the module's text, both counted from 1.
struct Location {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

enum class TypeKind : std::uint8_t {
  kBits,
  kUnsigned,
  kSigned,
  kFloat,
  kPacked,
  kPredicate,
  kOpaque
};

enum class ScalarType : std::uint8_t {
#define CUDA_SHIM_PTX_TYPE(name, spelling, bits, kind) name,
#include "kernels/ptx/types.def"
#undef CUDA_SHIM_PTX_TYPE
};

/// Width in bits of a value of the type (kPred: 1).
unsigned bits_of(ScalarType type);
/// Bytes that one element takes in memory: its bits rounded up to whole bytes.
unsigned bytes_of(ScalarType type);
TypeKind kind_of(ScalarType type);
std::string_view spelling_of(ScalarType type);
/// The type with this spelling (without the dot), or nothing.
std::optional<ScalarType> type_from_spelling(std::string_view word);

enum class StateSpace : std::uint8_t {
  kGeneric,
  kReg,
  kSreg,
  kConst,
  kGlobal,
  kLocal,
  kParam,
  kShared,
  kTex
};

enum class Linkage : std::uint8_t { kNone, kVisible, kExtern, kWeak, kCommon };

/// `bits` holds an integer's two's complement, or the bit pattern of an f64 (from 0d... or a
/// decimal literal) or of an f32 (from 0f...).
struct Immediate {
  enum class Kind : std::uint8_t { kInteger, kF32, kF64 } kind = Kind::kInteger;
  std::uint64_t bits = 0;
};

/// A register, variable, parameter, label or function: resolved when the body is lowered. With
/// `component` for `%r.x`.
struct Name {
  std::string_view text;
  char component = 0;  ///< 'x' 'y' 'z' 'w', or 0. Special registers too: `%tid` with component 'x'.
                       ///< `.r.g.b.a` become x y z w.
  std::string_view
      selector;  ///< of a video instruction's operand: "b0", "h1", "b3210", "h10"; else empty
};

struct Operand;

/// `[base+offset]`, `[name]`, `[immediate]`; texture forms `[tex, {coordinates}]`, `[tex, sampler,
/// {...}]` put the rest in `more`.
///
/// Two spellings stand outside of brackets, with `bracketed` unset: `table+8`, an address as a
/// value (mov.u64 d, table+8); and `table[k]` or `table[r+k]`, the k-th element, whose index is the
/// one operand in `more` (with `subscript` set).
struct Address {
  std::variant<Name, Immediate> base;
  std::int64_t offset = 0;
  std::vector<Operand> more;
  bool bracketed = true;
  bool subscript = false;
};

/// `{a, b, c, d}`; also the operand list of `call` in parentheses, with `parenthesised` set.
struct Vector {
  std::vector<Operand> elements;
  bool parenthesised = false;
};

/// The sink `_`.
struct Sink {};

/// One operand. `p|q` is a Name with `pair`; `!p` has `negated`; `-a` (some video forms) too.
struct Operand {
  std::variant<Sink, Name, Immediate, Address, Vector> value;
  std::optional<Name> pair;
  bool negated = false;
  bool minus = false;  ///< negated with `-`, not with `!`
  Location location;

  const Name* name() const { return std::get_if<Name>(&value); }
  const Immediate* immediate() const { return std::get_if<Immediate>(&value); }
  const Address* address() const { return std::get_if<Address>(&value); }
  const Vector* vector() const { return std::get_if<Vector>(&value); }
  bool is_sink() const { return std::holds_alternative<Sink>(value); }
};

/// `@p opcode.mod1.mod2 operands;`. `modifiers` are the words after the dots in the order written
/// ("lo", "s32", "shared::cta").
struct Instruction {
  std::string_view opcode;
  std::vector<std::string_view> modifiers;
  std::vector<Operand> operands;
  std::optional<Name> guard;  ///< predicate register
  bool guard_negated = false;
  Location location;
  std::string_view text;  ///< whole statement as written, for messages
};

/// What an element of an initialiser is: a number, or the address of a symbol (generic(s), s+8, a
/// function, 0xff00(s)).
struct InitialValue {
  std::uint64_t index = 0;  ///< of the scalar element, row-major, lanes of a vector counted; nested
                            ///< braces leave gaps, which are zero
  Immediate number;
  std::optional<std::string_view> symbol;
  std::int64_t offset = 0;                ///< added to the symbol's address
  bool generic = false;                   ///< generic(symbol)
  std::optional<std::uint8_t> mask_byte;  ///< 0xff00(symbol): which byte of the address
};

/// A variable or parameter declaration, in module, function or parameter scope.
struct Variable {
  std::string_view name;
  StateSpace space = StateSpace::kReg;
  ScalarType type = ScalarType::kB32;
  unsigned vector = 1;                    ///< .v2 .v4 .v8
  std::optional<unsigned> alignment;      ///< .align, bytes
  std::vector<std::uint64_t> dimensions;  ///< of an array; 0 for `[]`
  std::vector<InitialValue>
      initialiser;  ///< by increasing index, may be shorter than the variable; empty: zeros
  std::vector<std::pair<std::string_view, InitialValue>>
      properties;            ///< of a .texref, .samplerref, .surfref
  bool initialised = false;  ///< an initialiser was written (an empty `{}` too)
  Linkage linkage = Linkage::kNone;
  std::optional<unsigned> register_range;  ///< `.reg .b32 %r<10>`: 10
  bool managed = false;                    ///< .attribute(.managed)
  std::optional<std::pair<std::uint64_t, std::uint64_t>>
      unified;           ///< .attribute(.unified(high, low)) identity
  bool pointer = false;  ///< kernel parameter declared .ptr
  StateSpace pointer_space = StateSpace::kGeneric;
  unsigned pointer_alignment = 0;
  Location location;

  /// Bytes of the whole variable; an unsized array counts its initialiser, or 0.
  std::uint64_t byte_size() const;
  /// Declared or natural alignment in bytes.
  unsigned byte_alignment() const;
};

struct Label {
  std::string_view name;
  Location location;
};

/// `.branchtargets`, `.calltargets`: a labelled list of names.
struct TargetList {
  std::string_view label;
  std::vector<std::string_view> names;
  bool calls = false;  ///< .calltargets
  Location location;
};

/// `.callprototype (ret) _ (params)`, or a function's signature.
struct Signature {
  std::vector<Variable> results;
  std::vector<Variable> parameters;
  bool noreturn = false;
};

/// `.maxntid`, `.reqntid`, `.minnctapersm`, `.maxnreg`, `.pragma` ... of a function (directives.def
/// lists them).
struct PerformanceDirective {
  std::string_view name;  ///< without the dot
  std::vector<std::uint64_t> values;
  std::string_view text;  ///< of .pragma: between the quotes
};

struct Prototype {
  std::string_view label;
  Signature signature;
  std::vector<PerformanceDirective> directives;
  Location location;
};

struct Scope;

/// One statement of a body, in order. `.loc`, `.pragma` and debug data are checked and dropped.
using Statement =
    std::variant<Instruction, Label, Variable, TargetList, Prototype, std::vector<Scope>>;

/// `{ ... }`: names declared in it shadow outer ones. (A nested scope is a vector of one, which
/// breaks the recursion.)
struct Scope {
  std::vector<Statement> statements;
};

/// `.entry` or `.func`.
struct Function {
  std::string_view name;
  bool is_entry = false;
  Linkage linkage = Linkage::kNone;
  Signature signature;
  std::vector<PerformanceDirective> directives;
  std::optional<std::pair<std::uint64_t, std::uint64_t>>
      unified;  ///< .attribute(.unified(high, low)) identity
  /// Text between the outer braces and where it starts; empty view with null data for a
  /// declaration.
  std::string_view body_text;
  Location body_location;
  Location location;
  bool has_body() const { return body_text.data() != nullptr; }
};

/// A module: header, then variables and functions in the order written.
struct Module {
  unsigned version_major = 0, version_minor = 0;
  std::string_view target;  ///< first word of .target, e.g. "sm_90a"
  std::vector<std::string_view> target_options;
  unsigned address_size = 64;
  Location address_size_location;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  /// `.alias name, aliasee;`
  std::vector<std::pair<std::string_view, std::string_view>> aliases;
};

}  // namespace cuda_shim::kernels::ptx
