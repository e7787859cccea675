// The parts of the cursor that are not on every byte's path: comments, strings, skipping bodies,
// and errors.

#include "kernels/ptx/cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace cuda_shim::kernels::ptx {
namespace {

constexpr std::size_t kLongestQuote = 120;

bool starts_with(const char* at, const char* end, std::string_view prefix) {
  return static_cast<std::size_t>(end - at) >= prefix.size() &&
         std::memcmp(at, prefix.data(), prefix.size()) == 0;
}

/// From after the opening quote: the closing one, or where the line or the text ends.
const char* end_of_string(const char* at, const char* end) {
  while (at < end && *at != '"' && *at != '\n')
    at += *at == '\\' && at + 1 < end && at[1] != '\n' ? 2 : 1;
  return at;
}

}  // namespace

std::string one_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  std::string line(text.substr(0, kLongestQuote));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text.size() > kLongestQuote ? line + "..." : line;
}

// --- Taking

bool Cursor::accept(std::string_view characters) {
  skip_blanks();
  if (!starts_with(at_, end_, characters)) return false;
  at_ += characters.size();
  return true;
}

bool Cursor::expect(char c, std::string_view where) {
  if (accept(c)) return true;
  fail_expected(fmt::format("`{}` after {}", c, where));
  return false;
}

std::string_view Cursor::expect_name(std::string_view what) {
  const std::string_view name = accept_name();
  if (name.empty()) fail_expected(what);
  return name;
}

std::string_view Cursor::accept_dot_word() {
  if (peek() != '.' || !is(after_here(), kWordRest)) return {};
  ++at_;
  return take_while(kWordRest);
}

bool Cursor::accept_dot_word(std::string_view word) {
  if (peek() != '.' || !starts_with(at_ + 1, end_, word)) return false;
  const char* past = at_ + 1 + word.size();
  if (past < end_ && is(*past, kWordRest)) return false;
  at_ = past;
  return true;
}

std::optional<std::string_view> Cursor::accept_string() {
  if (peek() != '"') return std::nullopt;
  const Location start = location();
  const char* first = ++at_;
  at_ = end_of_string(at_, end_);
  if (here() != '"') {
    fail(start, "The string has no closing quote on its line.");
    return std::nullopt;
  }
  const std::string_view text(first, static_cast<std::size_t>(at_ - first));
  ++at_;
  return text;
}

// --- Blanks and comments

/// `#line`, `# 12 "file"`, `#pragma`: what a preprocessor leaves behind. `@@DWARF`: debug data of
/// PTX before 2.0.
bool Cursor::is_directive_line() const {
  if (*at_ == '@') return starts_with(at_, end_, "@@");
  const char* p = at_ + 1;
  while (p < end_ && (*p == ' ' || *p == '\t')) ++p;
  return (p < end_ && is(*p, kDigit)) || starts_with(p, end_, "line") ||
         starts_with(p, end_, "pragma") || starts_with(p, end_, "ident");
}

void Cursor::skip_line() {
  const void* newline = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
  at_ = newline != nullptr ? static_cast<const char*>(newline) : end_;
}

bool Cursor::skip_block_comment() {
  const Location start = location_of(at_);
  const char* from = at_;
  const std::size_t length =
      std::string_view(at_ + 2, static_cast<std::size_t>(end_ - at_) - 2).find("*/");
  if (length == std::string_view::npos) {
    fail(start, "The comment is never closed.");
    return false;
  }
  at_ += length + 4;
  count_lines(from, at_);
  return true;
}

/// Returns whether there was one.
bool Cursor::skip_one_comment() {
  if (*at_ == '/') {
    if (after_here() == '*') return skip_block_comment();
    if (after_here() != '/') return false;
  } else if (!is_directive_line()) {
    return false;
  }
  skip_line();
  return true;
}

void Cursor::skip_comments() {
  while (at_ < end_ && (*at_ == '/' || *at_ == '#' || *at_ == '@') && skip_one_comment()) {
    while (at_ < end_ && is(*at_, kBlank)) {
      if (*at_ == '\n') start_line(at_ + 1);
      ++at_;
    }
  }
}

void Cursor::count_lines(const char* from, const char* to) {
  const auto newlines = std::count(from, to, '\n');
  if (newlines == 0) return;
  line_ += static_cast<std::uint32_t>(newlines);
  line_start_ = to;
  while (line_start_[-1] != '\n') --line_start_;
  first_column_ = 1;
}

// --- Skipping bodies

std::string_view Cursor::skip_block() {
  const Location start = location_of(at_);
  const char* first = at_;
  unsigned depth = 1;
  for (const char* p = at_; p < end_; ++p) {
    if (!is(*p, kBodyMark)) continue;
    if (*p == '{') {
      ++depth;
    } else if (*p == '}') {
      if (--depth > 0) continue;
      count_lines(first, p);
      at_ = p + 1;
      return {first, static_cast<std::size_t>(p - first)};
    } else if (*p == '"') {
      p = end_of_string(p + 1, end_);
    } else if (p + 1 < end_ && (p[1] == '/' || p[1] == '*')) {
      const std::string_view rest(p + 2, static_cast<std::size_t>(end_ - p) - 2);
      const std::size_t length = p[1] == '/' ? rest.find('\n') : rest.find("*/");
      if (length == std::string_view::npos) break;
      p += length + (p[1] == '/' ? 2 : 3);
    }
  }
  fail(start, "The block that opens here is never closed.");
  return {};
}

// --- Failing

void Cursor::fail(Location location, std::string message) {
  if (!diagnostic_) {
    const char* start = at_;
    while (start > begin_ && start[-1] != '\n') --start;
    std::string_view line(start, static_cast<std::size_t>(end_ - start));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos) line.remove_prefix(first);
    diagnostic_ = Diagnostic{location, std::move(message), one_line(line)};
  }
  at_ = end_;
}

std::string Cursor::found() const {
  if (at_ == end_) return "the end of the text";
  const char* last = at_ + 1;
  if (is(*at_, kNameRest))
    while (last < end_ && is(*last, kNameRest)) ++last;
  const std::string word = one_line({at_, static_cast<std::size_t>(last - at_)});
  return fmt::format("`{}`", word == " " ? "?" : word);
}

void Cursor::fail_expected(std::string_view what) {
  const Location place = location();
  fail(place, fmt::format("Expected {}, found {}.", what, found()));
}

void Cursor::fail_nesting() {
  fail(location_of(at_), fmt::format("The text nests deeper than {} levels.", kMaximumNesting));
}

}  // namespace cuda_shim::kernels::ptx
