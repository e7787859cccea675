#pragma once
// The lexer: a cursor that walks over PTX text.
//
// PTX needs no token list: what a character means is known from where it stands, so the parser asks
// the cursor for what it expects next. That is what makes parsing fast: each byte is looked at
// about once and nothing is stored.
//
// The first error is kept and moves the cursor to the end of the text, where every question is
// answered with "no". So the parsing functions need not look for errors after each step, and every
// loop that needs another character ends.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/ptx/characters.h"
#include "kernels/ptx/parser.h"

namespace cuda_shim::kernels::ptx {

class Cursor {
 public:
  /// `start` is the location of the first character, for a piece of a larger text.
  explicit Cursor(std::string_view text, Location start = {1, 1})
      : begin_(text.data()),
        at_(begin_),
        end_(begin_ + text.size()),
        line_start_(begin_),
        first_column_(start.column),
        line_(start.line) {}

  // --- Looking. All of these first move past blanks and comments, unless said otherwise.
  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }
  /// The next character; 0 at the end.
  char peek() {
    skip_blanks();
    return here();
  }
  /// The character at the cursor, blanks not skipped; 0 at the end.
  char here() const { return at_ < end_ ? *at_ : '\0'; }
  /// The character after that one.
  char after_here() const { return at_ + 1 < end_ ? at_[1] : '\0'; }
  /// Where the next character is.
  Location location() {
    skip_blanks();
    return location_of(at_);
  }
  /// Where the cursor is, blanks not skipped.
  Location exact_location() const { return location_of(at_); }
  const char* position() {
    skip_blanks();
    return at_;
  }
  /// The text from `start` to the cursor, blanks not skipped.
  std::string_view text_since(const char* start) const {
    return {start, static_cast<std::size_t>(at_ - start)};
  }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

  // --- Taking
  /// Moves past `c` if it comes next.
  bool accept(char c) {
    if (peek() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  /// As accept, for operators of several characters.
  bool accept(std::string_view characters);
  /// As accept, but anything else is an error; `where` says after what: "the operand".
  bool expect(char c, std::string_view where);
  /// A name: register, variable, label, opcode. Empty if none comes next.
  std::string_view accept_name() {
    return is(peek(), kNameStart) ? take_while(kNameRest) : std::string_view();
  }
  std::string_view expect_name(std::string_view what);
  /// `.word` -> "word" (which may hold "::"); empty if none comes next.
  std::string_view accept_dot_word();
  /// `.word` only if it is this one.
  bool accept_dot_word(std::string_view word);
  /// "text" -> text; backslashes stay as they are.
  std::optional<std::string_view> accept_string();
  /// Characters of a class, from the cursor on.
  std::string_view take_while(unsigned classes) {
    const char* start = at_;
    while (at_ < end_ && is(*at_, classes)) ++at_;
    return {start, static_cast<std::size_t>(at_ - start)};
  }
  /// Moves past `count` characters that were looked at (none of them a newline).
  void advance(std::size_t count) { at_ += count; }
  /// Moves back over `count` characters taken last, unless there was an error.
  void retreat(std::size_t count) {
    if (!failed()) at_ -= count;
  }
  /// Moves to the brace that closes the one just taken and returns the text before it; comments and
  /// strings are respected.
  std::string_view skip_block();

  // --- Failing
  bool failed() const { return diagnostic_.has_value(); }
  /// Keeps the first error and ends the text.
  void fail(Location location, std::string message);
  /// "... expected <what>, found `...`", at the cursor.
  void fail_expected(std::string_view what);
  Diagnostic take_diagnostic() { return std::move(*diagnostic_); }

  // --- Nesting: operands, expressions and scopes count here, so that no input exhausts the stack.
  static constexpr unsigned kMaximumNesting = 200;
  class Nested {
   public:
    explicit Nested(Cursor& cursor) : cursor_(cursor) {
      if (++cursor_.nesting_ > kMaximumNesting) cursor_.fail_nesting();
    }
    ~Nested() { --cursor_.nesting_; }
    Nested(const Nested&) = delete;

   private:
    Cursor& cursor_;
  };

 private:
  void skip_blanks() {
    while (at_ < end_ && is(*at_, kBlank)) {
      if (*at_ == '\n') start_line(at_ + 1);
      ++at_;
    }
    if (at_ < end_ && (*at_ == '/' || *at_ == '#' || *at_ == '@')) skip_comments();
  }
  void skip_comments();
  bool skip_one_comment();
  bool skip_block_comment();
  bool is_directive_line() const;
  void skip_line();
  void start_line(const char* first) {
    ++line_;
    line_start_ = first;
    first_column_ = 1;
  }
  void count_lines(const char* from, const char* to);
  Location location_of(const char* place) const {
    return {line_, first_column_ + static_cast<std::uint32_t>(place - line_start_)};
  }
  std::string found() const;
  void fail_nesting();

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* line_start_;
  std::uint32_t first_column_;
  std::uint32_t line_;
  unsigned nesting_ = 0;
  std::optional<Diagnostic> diagnostic_;
};

/// At most one line of `text`, shortened for a message.
std::string one_line(std::string_view text);

}  // namespace cuda_shim::kernels::ptx
