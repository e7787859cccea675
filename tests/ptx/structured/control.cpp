// Statements that hold others: branches, loops, tables of labels; and jumps out of them.

#include "ptx/structured/line.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {
namespace {

constexpr unsigned kMostTrips = 8;

Place apart(const Place& place) {
  Place inner = place;
  inner.with_all = false;
  inner.members.clear();
  ++inner.depth;
  return inner;
}

Place together(const Place& place) {
  Place inner = place;
  ++inner.depth;
  return inner;
}

}  // namespace

std::string Generator::condition(bool uniform) {
  if (uniform) return uniform_predicate();
  if (random_.once_in(2)) comparison();
  return predicate();
}

Statement Generator::branch(const Place& place) {
  const bool uniform = !in_function_ && random_.once_in(4);
  const std::string taken_if = condition(uniform);
  Place then = uniform ? together(place) : apart(place), other = then;
  if (!uniform && warp_ && !place.members.empty() && random_.once_in(2)) {
    then.members = ballot(place.members, taken_if);
    if (random_.once_in(3)) {
      other.members = temporary('t');
      line("xor.b32 {}, {}, {};", other.members, then.members, place.members);
    }
  }
  const std::string otherwise = label(), end = label();
  const bool has_other = random_.once_in(2);
  Statement made;
  line("@!{} bra {};", taken_if, has_other ? otherwise : end);
  made.parts = {taken()};
  made.bodies.push_back(statements(then, 1 + static_cast<unsigned>(random_.below(4))));
  if (has_other) {
    line("bra {};", end);
    set_label(otherwise);
    made.parts.push_back(taken());
    made.bodies.push_back(statements(other, 1 + static_cast<unsigned>(random_.below(3))));
  }
  set_label(end);
  made.parts.push_back(taken());
  return made;
}

/// if (a && b) ..., if (a || b) ... else ...
Statement Generator::short_circuit(const Place& place) {
  const Place inner = apart(place);
  const std::string first = label(), second = label(), end = label();
  Statement made;
  const bool either = random_.once_in(2);
  line("@{} bra {};", (either ? "" : "!") + condition(false), either ? first : second);
  arithmetic();
  line("@!{} bra {};", condition(false), second);
  set_label(first);
  made.parts = {taken()};
  made.bodies.push_back(statements(inner, 1 + static_cast<unsigned>(random_.below(3))));
  const bool falls_through = random_.once_in(3);
  if (!falls_through) line("bra {};", end);
  set_label(second);
  made.parts.push_back(taken());
  made.bodies.push_back(statements(inner, 1 + static_cast<unsigned>(random_.below(2))));
  set_label(end);
  made.parts.push_back(taken());
  return made;
}

Statement Generator::loop(const Place& place) {
  const bool uniform = random_.once_in(3), leaves = random_.once_in(2),
             tests_first = random_.once_in(2);
  const std::string counter = temporary('t'), limit = temporary('t'), goes_on = temporary('q');
  const std::string head = label(), next = label(), end = label();
  if (uniform)
    line("and.b32 {}, {}, 3;", limit, uniform_word());
  else
    line("and.b32 {}, {}, {};", limit, word(), kMostTrips - 1);
  line("mov.b32 {}, 0;", counter);
  Place inner = uniform && !leaves ? together(place) : apart(place);
  ++inner.loops;
  if (leaves)
    inner.ends.insert(inner.ends.end(), {next, end});
  else
    inner.ends.clear();
  const bool keeps_mask = !uniform && !leaves && tests_first && warp_ && !place.members.empty();
  if (keeps_mask) {
    inner.members = temporary('t');
    line("mov.b32 {}, {};", inner.members, place.members);
  }
  set_label(head);
  if (tests_first) {
    line("setp.lt.u32 {}, {}, {};", goes_on, counter, limit);
    if (keeps_mask) line("vote.sync.ballot.b32 {}, {}, {};", inner.members, goes_on, inner.members);
    line("@!{} bra {};", goes_on, end);
  }
  Statement made;
  made.parts = {taken()};
  counters_.push_back(counter);
  made.bodies.push_back(statements(inner, 1 + static_cast<unsigned>(random_.below(4))));
  counters_.pop_back();
  set_label(next);
  line("add.u32 {}, {}, {};", counter, counter, 1 + random_.below(2));
  if (tests_first) {
    line("bra {};", head);
  } else {
    line("setp.lt.u32 {}, {}, {};", goes_on, counter, limit);
    line("@{} bra {};", goes_on, head);
  }
  set_label(end);
  made.parts.push_back(taken());
  return made;
}

Statement Generator::table_jump(const Place& place) {
  const bool uniform = !in_function_ && random_.once_in(3);
  const Place inner = uniform ? together(place) : apart(place);
  const unsigned count = random_.once_in(2) ? 4 : 2;
  const std::string end = label(), table = label(), index = temporary('t');
  std::vector<std::string> targets;
  for (unsigned i = 0; i < count; ++i) targets.push_back(label());
  // Two ways to the same place now and then.
  std::vector<std::string> listed = targets;
  if (random_.once_in(3)) listed.back() = random_.once_in(2) ? targets[0] : end;
  line("and.b32 {}, {}, {};", index, uniform ? uniform_word() : word(), count - 1);
  text_ += fmt::format("{}: .branchtargets {};\n", table, fmt::join(listed, ", "));
  line("brx.idx {}, {};", index, table);
  Statement made;
  made.parts.clear();
  for (unsigned i = 0; i < count; ++i) {
    set_label(targets[i]);
    made.parts.push_back(taken());
    made.bodies.push_back(statements(inner, 1 + static_cast<unsigned>(random_.below(2))));
    if (!random_.once_in(4)) line("bra {};", end);
  }
  set_label(end);
  made.parts.push_back(taken());
  return made;
}

/// break, continue, a jump out of several loops, or the end of the thread.
Statement Generator::leave(const Place& place) {
  Statement made;
  const std::string leaves = condition(false);
  const std::string& where = random_.of(place.ends);
  line("@{}{} {};", random_.once_in(3) ? "!" : "", leaves,
       where == "DONE" && !in_function_ && random_.once_in(3) ? "exit" : "bra " + where);
  made.parts = {taken()};
  return made;
}

Statement Generator::call(const Place&) {
  const std::string a = word(), b = word();
  line("{{ .param .b32 first; .param .b32 second; .param .b32 result;");
  line("st.param.b32 [first], {};", a);
  line("st.param.b32 [second], {};", b);
  line("call (result), function{}, (first, second);", random_.below(kernel_.functions.size()));
  line("ld.param.b32 {}, [result];", target('a'));
  line("}}");
  Statement made;
  made.parts = {taken()};
  return made;
}

}  // namespace cuda_shim::tests::structured
