#pragma once
// What each character can be part of, as one table of bits: the lexer's inner loops test a bit per
// byte.

#include <cstdint>

namespace cuda_shim::kernels::ptx {

enum CharacterClass : std::uint8_t {
  kBlank = 1,      ///< separates words
  kNameStart = 2,  ///< may begin a name: letters $ % _
  kNameRest = 4,   ///< may go on a name: letters digits $ % _
  kDigit = 8,      ///< 0-9
  kWordRest = 16,  ///< of a word after a dot: letters digits _ :
  kBodyMark = 32,  ///< matters while a body is skipped: braces, quotes, slash
  kOperandMark =
      64,  ///< an operand may follow (comma, brackets), or what holds none (quotes, slash)
  kNumberRest = 128,  ///< may go on a number, its suffixes and prefixes too: letters digits
};

struct CharacterTable {
  std::uint8_t classes[256];
};

consteval CharacterTable make_character_table() {
  CharacterTable table{};
  auto add = [&](unsigned char first, unsigned char last, unsigned bits) {
    for (unsigned c = first; c <= last; ++c) table.classes[c] |= static_cast<std::uint8_t>(bits);
  };
  add(' ', ' ', kBlank);
  add('\t', '\r', kBlank);
  add('a', 'z', kNameStart | kNameRest | kWordRest | kNumberRest);
  add('A', 'Z', kNameStart | kNameRest | kWordRest | kNumberRest);
  add('0', '9', kDigit | kNameRest | kWordRest | kNumberRest);
  add('_', '_', kNameStart | kNameRest | kWordRest);
  add('$', '$', kNameStart | kNameRest);
  add('%', '%', kNameStart | kNameRest);
  add(':', ':', kWordRest);
  for (char mark : {'{', '}', '"', '/'}) add(mark, mark, kBodyMark);
  for (char mark : {',', '{', '(', '[', '"', '/'}) add(mark, mark, kOperandMark);
  return table;
}

inline constexpr CharacterTable kCharacters = make_character_table();

inline bool is(char c, unsigned classes) {
  return (kCharacters.classes[static_cast<unsigned char>(c)] & classes) != 0;
}

}  // namespace cuda_shim::kernels::ptx
