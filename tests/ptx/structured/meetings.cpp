// Statements in which threads meet: barriers where all threads of the block come, and warp
// operations among the lanes that are known to come.

#include "ptx/structured/line.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {

void Generator::meeting(const Place& place) {
  if (place.with_all && random_.once_in(3)) {
    if (!flat_ && random_.once_in(3)) return barrier_reduce();
    if (random_.once_in(3))
      return line("{}.s32 %u{}, {}, {};", "add", random_.below(kUniform), uniform_word(),
                  uniform_word());
    return exchange();
  }
  if (!warp_ || place.members.empty()) return place.with_all ? exchange() : arithmetic();
  switch (random_.below(6)) {
    case 0:
    case 1:
      return shuffle(place.members);
    case 2:
    case 3:
      return vote(place.members);
    case 4:
      return match(place.members);
    default:
      return reduce(place.members);
  }
}

/// Everybody writes a place of his own, and reads somebody's.
void Generator::exchange() {
  const Column* place = column(shared_ && !random_.once_in(4));
  if (place == nullptr) return;
  const std::string space = place->shared ? ".shared" : ".global";
  unsigned offset = 0;
  std::string address = own_address(*place, &offset);
  store_from(place->bytes, space, fmt::format("{}+{}", address, offset), guard());
  const unsigned threads = kernel_.threads();
  const bool counts = threads % 32 == 0 && random_.once_in(6);
  line("bar.sync 0{};", counts ? fmt::format(", {}", threads) : "");
  std::string other = temporary('t');
  switch (random_.below(5)) {
    case 0:
      line("sub.s32 {}, {}, %lin;", other, threads - 1);
      break;
    case 1:
      line("add.s32 {}, %lin, {};", other, random_.below(threads));
      line("rem.u32 {}, {}, {};", other, other, threads);
      break;
    case 2:
      line("sub.s32 {}, %lin, %tx;", other);
      break;
    case 3:
      line("xor.b32 {}, %lin, {};", other, 1u << random_.below(6));
      line("min.u32 {}, {}, {};", other, other, threads - 1);
      break;
    default:
      line("rem.u32 {}, {}, {};", other, word(), threads);
      break;
  }
  if (!place->shared) line("mad.lo.s32 {}, %cta, {}, {};", other, threads, other);
  address = slot_address(*place, other, &offset);
  load_into(place->bytes, space, fmt::format("{}+{}", address, offset), guard());
  line("bar.sync 0;");
}

void Generator::barrier_reduce() {
  switch (random_.below(3)) {
    case 0:
      return line("bar.red.popc.u32 %u{}, 0, {};", random_.below(kUniform), predicate());
    case 1:
      return line("bar.red.and.pred {}, 0, {};", target('p'), predicate());
    default:
      return line("bar.red.or.pred {}, 0, !{};", target('p'), predicate());
  }
}

/// A source that is a member, or (for all lanes that there are) any.
void Generator::shuffle(const std::string& members) {
  const std::string result =
      fmt::format("{}{}", target('a'), random_.once_in(2) ? "|" + target('p') : "");
  const std::string value = random_.once_in(4) ? index_like() : word_register();
  static constexpr const char* kModes[] = {"up", "down", "bfly", "idx"};
  const std::string mode = random_.of(kModes);
  if (members == "-1") {
    static constexpr unsigned kSegments[] = {0, 0, 0x1000, 0x1800, 0x1c00, 0x1e00};
    std::string rest = std::to_string(random_.of(kSegments) | (mode == "up" ? 0 : 31));
    if (random_.once_in(6)) rest = word();
    const std::string distance =
        random_.once_in(2) ? std::to_string(1u << random_.below(6)) : word();
    return line("shfl.sync.{}.b32 {}, {}, {}, {}, -1;", mode, result, value, distance, rest);
  }
  if (members == "%wm")
    return line("shfl.sync.{}.b32 {}, {}, {}, {}, %wm;", mode, result, value, word(),
                mode == "up" ? "0" : "%last");
  const std::string from = temporary('t'), bit = temporary('t'), is_member = temporary('q');
  line("and.b32 {}, {}, 31;", from, word());
  line("bfe.u32 {}, {}, {}, 1;", bit, members, from);
  line("setp.ne.u32 {}, {}, 0;", is_member, bit);
  if (random_.once_in(2))
    line("bfind.u32 {}, {};", bit, members);
  else
    line("mov.b32 {}, %lane;", bit);
  line("selp.b32 {}, {}, {}, {};", from, from, bit, is_member);
  line("shfl.sync.idx.b32 {}, {}, {}, 31, {};", result, value, from, members);
}

void Generator::vote(const std::string& members) {
  static constexpr const char* kModes[] = {"all", "any", "uni"};
  const std::string tested = fmt::format("{}{}", random_.once_in(3) ? "!" : "", predicate());
  if (random_.once_in(2))
    return line("vote.sync.ballot.b32 {}, {}, {};", target('a'), tested, members);
  line("vote.sync.{}.pred {}, {}, {};", random_.of(kModes), target('p'), tested, members);
}

void Generator::match(const std::string& members) {
  const bool is_wide = random_.once_in(3);
  std::string value = is_wide ? variable('l', kLongs) : temporary('t');
  if (!is_wide) line("and.b32 {}, {}, 3;", value, word());
  const char* bits = is_wide ? "64" : "32";
  if (random_.once_in(2))
    return line("match.any.sync.b{} {}, {}, {};", bits, target('a'), value, members);
  line("match.all.sync.b{} {}|{}, {}, {};", bits, target('a'), target('p'), value, members);
}

void Generator::reduce(const std::string& members) {
  static constexpr const char* kOperations[] = {"add.s32", "min.s32", "max.s32",
                                                "min.u32", "max.u32", "and.b32",
                                                "or.b32",  "xor.b32", "add.u32"};
  line("redux.sync.{} {}, {}, {};", random_.of(kOperations), target('a'), word_register(), members);
}

std::string Generator::ballot(const std::string& members, const std::string& tested) {
  const std::string lanes = temporary('t');
  line("vote.sync.ballot.b32 {}, {}, {};", lanes, tested, members);
  return lanes;
}

}  // namespace cuda_shim::tests::structured
