// Words are found by a lexer of their own, simpler than the parser's: a wrong idea of where a word
// ends is one more mutation.

#include "ptx/fuzz/mutator.h"

#include <algorithm>
#include <string_view>

#include "ptx/fuzz/dictionary.h"

namespace cuda_shim::tests::fuzz {
namespace {

/// Inputs that grow without end test memory and nothing else.
constexpr std::size_t kLongestText = 1 << 16;

enum class WordKind { kOpcode, kDotWord, kName, kNumber, kMark };

struct Word {
  std::size_t begin = 0, size = 0;
  WordKind kind = WordKind::kMark;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
         c == '%';
}

std::size_t word_end(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (text[at] == '.' || is_name(text[at]))
    while (end < text.size() && (is_name(text[end]) || (text[at] == '.' && text[end] == ':')))
      ++end;
  return end;
}

/// Of a word that stands where a statement begins.
bool begins_statement(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\n')) {
    --at;
    if (text[at] == '\n') return true;
  }
  return at == 0 || text[at - 1] == ';' || text[at - 1] == '{';
}

WordKind kind_of(std::string_view text, std::size_t at, std::size_t size) {
  if (text[at] == '.' && size > 1) return WordKind::kDotWord;
  if (is_digit(text[at])) return WordKind::kNumber;
  if (!is_name(text[at])) return WordKind::kMark;
  return begins_statement(text, at) ? WordKind::kOpcode : WordKind::kName;
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\n' || text[at] == '\t') {
      ++at;
      continue;
    }
    const std::size_t end = word_end(text, at);
    words.push_back({at, end - at, kind_of(text, at, end - at)});
    at = end;
  }
  return words;
}

/// The line that holds the place, with its newline.
Word line_at(std::string_view text, std::size_t at) {
  const std::size_t before = text.rfind('\n', at == 0 ? 0 : at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = text.find('\n', std::max(at, begin));
  return {begin, (end == std::string_view::npos ? text.size() : end + 1) - begin, {}};
}

Word any_line(std::string_view text, Random& random) {
  return line_at(text, random.below(text.size()));
}

std::string_view view(std::string_view text, const Word& word) {
  return text.substr(word.begin, word.size);
}

/// What an operand may be; the name of a range of registers (`%r<8>`) is none.
std::vector<std::string_view> names_in(std::string_view text) {
  std::vector<std::string_view> names;
  for (const Word& word : words_of(text)) {
    const std::size_t end = word.begin + word.size;
    const bool is_range = end < text.size() && text[end] == '<';
    if (word.kind == WordKind::kName && !is_range) names.push_back(view(text, word));
  }
  return names;
}

const std::string& known_word(WordKind kind, Random& random) {
  switch (kind) {
    case WordKind::kOpcode:
      return random.of(dictionary().opcodes);
    case WordKind::kDotWord:
      return random.of(dictionary().dot_words);
    case WordKind::kName:
      return random.of(dictionary().names);
    case WordKind::kNumber:
      return random.of(dictionary().numbers);
    case WordKind::kMark:
      return random.of(dictionary().characters);
  }
  return dictionary().opcodes.front();
}

// --- Words

void replace_by_known(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::vector<Word> words = words_of(text);
  if (words.empty()) return;
  const Word word = random.of(words);
  text.replace(word.begin, word.size, known_word(word.kind, random));
}

/// By another word of its kind in the text: registers of another type, other modifiers.
void replace_by_own(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::vector<Word> words = words_of(text);
  if (words.empty()) return;
  const Word word = random.of(words);
  std::vector<Word> peers;
  for (const Word& each : words)
    if (each.kind == word.kind) peers.push_back(each);
  text.replace(word.begin, word.size, std::string(view(text, random.of(peers))));
}

void swap_words(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::vector<Word> words = words_of(text);
  if (words.empty()) return;
  Word first = random.of(words), second = random.of(words);
  if (first.begin > second.begin) std::swap(first, second);
  if (first.begin == second.begin) return;
  const std::string a(view(text, first)), b(view(text, second));
  text.replace(second.begin, second.size, a);
  text.replace(first.begin, first.size, b);
}

void delete_word(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::vector<Word> words = words_of(text);
  if (words.empty()) return;
  const Word word = random.of(words);
  text.erase(word.begin, word.size);
}

void duplicate_word(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::vector<Word> words = words_of(text);
  if (words.empty()) return;
  const Word word = random.of(words);
  text.insert(word.begin, std::string(view(text, word)));
}

void insert_word(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::vector<Word> words = words_of(text);
  if (words.empty()) return;
  const Word word = random.of(words);
  // After an opcode or a modifier a further modifier, most of the time.
  const bool modified = word.kind == WordKind::kOpcode || word.kind == WordKind::kDotWord;
  const WordKind kind =
      modified && !random.once_in(4) ? WordKind::kDotWord : static_cast<WordKind>(random.below(5));
  text.insert(word.begin + word.size, known_word(kind, random));
}

void limit_number(std::string& text, Random& random, const std::vector<std::string>&) {
  std::vector<Word> numbers;
  for (const Word& word : words_of(text))
    if (word.kind == WordKind::kNumber) numbers.push_back(word);
  if (numbers.empty()) return;
  const Word word = random.of(numbers);
  text.replace(word.begin, word.size, random.of(dictionary().numbers));
}

// --- Lines

void delete_line(std::string& text, Random& random, const std::vector<std::string>&) {
  const Word line = any_line(text, random);
  text.erase(line.begin, line.size);
}

void duplicate_line(std::string& text, Random& random, const std::vector<std::string>&) {
  const Word line = any_line(text, random);
  text.insert(line.begin, std::string(view(text, line)));
}

void move_line(std::string& text, Random& random, const std::vector<std::string>&) {
  const Word line = any_line(text, random);
  const std::string moved(view(text, line));
  text.erase(line.begin, line.size);
  text.insert(any_line(text, random).begin, moved);
}

void splice_line(std::string& text, Random& random, const std::vector<std::string>& others) {
  if (others.empty()) return;
  const std::string& other = random.of(others);
  const std::size_t to = any_line(text, random).begin;
  const Word first = any_line(other, random);
  std::size_t size = first.size;
  if (random.once_in(4)) size += random.below(400);
  text.insert(to, other, first.begin, size);
}

/// The line of some statement; empty if there is none.
Word any_statement(std::string_view text, Random& random) {
  std::vector<Word> opcodes;
  for (const Word& word : words_of(text))
    if (word.kind == WordKind::kOpcode) opcodes.push_back(word);
  return opcodes.empty() ? Word() : line_at(text, random.of(opcodes).begin);
}

void insert_instruction(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::string instruction = instruction_of_row(random, names_in(text)) + "\n";
  text.insert(any_statement(text, random).begin, instruction);
}

void replace_instruction(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::string instruction = instruction_of_row(random, names_in(text)) + "\n";
  const Word line = any_statement(text, random);
  text.replace(line.begin, line.size, instruction);
}

void insert_directive(std::string& text, Random& random, const std::vector<std::string>&) {
  std::string directive = random.of(dictionary().directives);
  for (std::size_t words = random.below(4); words > 0; --words)
    directive += " " + known_word(static_cast<WordKind>(1 + random.below(4)), random);
  text.insert(any_line(text, random).begin, directive + (random.once_in(3) ? "\n" : ";\n"));
}

// --- Bytes

void change_byte(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::size_t at = random.below(text.size());
  text[at] = random.once_in(2) ? static_cast<char>(random.next())
                               : static_cast<char>(text[at] ^ (1 << random.below(8)));
}

void insert_bytes(std::string& text, Random& random, const std::vector<std::string>&) {
  const std::size_t at = random.below(text.size());
  text.insert(at, 1 + random.below(3), static_cast<char>(random.next()));
}

void delete_bytes(std::string& text, Random& random, const std::vector<std::string>&) {
  text.erase(random.below(text.size()), 1 + random.below(16));
}

void truncate(std::string& text, Random& random, const std::vector<std::string>&) {
  text.resize(random.below(text.size()));
}

using Change = void (*)(std::string&, Random&, const std::vector<std::string>&);

// A change that stands twice is made twice as often.
constexpr Change kChanges[] = {
    replace_by_known,    replace_by_own,     replace_by_own,      replace_by_own,
    swap_words,          delete_word,        duplicate_word,      insert_word,
    insert_word,         limit_number,       limit_number,        delete_line,
    duplicate_line,      move_line,          splice_line,         splice_line,
    insert_instruction,  insert_instruction, replace_instruction, replace_instruction,
    replace_instruction, insert_directive,   change_byte,         insert_bytes,
    delete_bytes,        truncate,
};

}  // namespace

void mutate(std::string& text, Random& random, const std::vector<std::string>& others) {
  if (text.empty()) text = "\n";
  random.of(kChanges)(text, random, others);
  if (text.size() > kLongestText) text.resize(kLongestText);
}

std::string input(std::uint64_t seed, std::uint64_t index, const std::vector<std::string>& seeds) {
  Random random(seed, index);
  std::string text = seeds.empty() ? "" : random.once_in(2) ? seeds.front() : random.of(seeds);
  // A third of the texts is a kernel with one other instruction, which lowering gets to see; half
  // of the rest has one change.
  if (random.once_in(3)) {
    insert_instruction(text, random, seeds);
    return text;
  }
  do mutate(text, random, seeds);
  while (random.once_in(2));
  return text;
}

}  // namespace cuda_shim::tests::fuzz
