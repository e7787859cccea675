#pragma once
// Names in the text of a function's body, found without parsing it: for questions about thousands
// of bodies that a parser would answer too slowly. Comments, strings, numbers and the words after
// dots hold none.

#include <string_view>

#include "kernels/ptx/characters.h"

namespace cuda_shim::kernels::ptx {

inline const char* skip_blanks(const char* at, const char* end) {
  while (at < end && is(*at, kBlank)) ++at;
  return at;
}

/// Behind characters of the classes.
inline const char* skip_all(const char* at, const char* end, unsigned classes) {
  while (at < end && is(*at, classes)) ++at;
  return at;
}

/// After an opening quote.
inline const char* skip_string(const char* at, const char* end) {
  while (at < end && *at != '"' && *at != '\n') ++at;
  return at < end ? at + 1 : end;
}

/// After a slash, which begins a comment or does not.
inline const char* skip_comment(const char* at, const char* end) {
  if (at == end || (*at != '/' && *at != '*')) return at;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  const std::size_t length = *at == '/' ? rest.find('\n') : rest.find("*/", 1);
  return length == std::string_view::npos ? end : at + length + 1;
}

/// The name that begins at `at`.
inline std::string_view name_at(const char* at, const char* end) {
  return {at, static_cast<std::size_t>(skip_all(at, end, kNameRest) - at)};
}

/// Calls found(name) for each name; opcodes and registers are names too.
template <class Found>
void for_each_name(std::string_view body, Found found) {
  const char* const end = body.data() + body.size();
  for (const char* at = body.data(); at < end;) {
    const char first = *at;
    if (is(first, kNameStart)) {
      const std::string_view name = name_at(at, end);
      found(name);
      at += name.size();
    } else if (is(first, kDigit)) {
      at = skip_all(at, end, kNumberRest);
    } else if (first == '.') {
      at = skip_all(at + 1, end, kWordRest);
    } else if (first == '"') {
      at = skip_string(at + 1, end);
    } else if (first == '/') {
      at = skip_comment(at + 1, end);
    } else {
      ++at;
    }
  }
}

/// What the text after the word `call` calls by name; empty if it cannot be told.
inline std::string_view called_name(const char* at, const char* end) {
  while (at < end && *at == '.') at = skip_all(at + 1, end, kWordRest);
  at = skip_blanks(at, end);
  if (at < end && *at == '(') {
    while (at < end && *at != ')') ++at;
    at = skip_blanks(at < end ? at + 1 : end, end);
    if (at == end || *at != ',') return {};
    at = skip_blanks(at + 1, end);
  }
  return at < end && is(*at, kNameStart) ? name_at(at, end) : std::string_view();
}

}  // namespace cuda_shim::kernels::ptx
