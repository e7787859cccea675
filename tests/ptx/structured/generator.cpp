// The frame of a kernel: its launch, its memory, what comes before and after the random statements.

#include "ptx/structured/generator.h"

#include "ptx/structured/line.h"
#include "ptx/structured/names.h"

namespace cuda_shim::tests::structured {
namespace {

using Dimensions = std::array<unsigned, 3>;

constexpr Dimensions kBlocks[] = {
    {32, 1, 1}, {64, 1, 1}, {128, 1, 1}, {33, 1, 1}, {7, 1, 1},  {96, 1, 1}, {100, 1, 1}, {1, 1, 1},
    {16, 4, 1}, {8, 8, 1},  {5, 7, 1},   {32, 2, 1}, {3, 3, 5},  {40, 2, 1}, {16, 2, 3},  {4, 8, 2},
    {2, 16, 1}, {12, 4, 1}, {17, 3, 1},  {64, 1, 2}, {24, 2, 1}, {6, 2, 2},  {128, 1, 1}};
constexpr unsigned kMostDepth = 4, kMostLoops = 2, kMostStatements = 30, kMostOfFlat = 12;
constexpr unsigned kOperations = 8;  // of sums

Statement text_only(std::string text) {
  Statement made;
  made.parts = {std::move(text)};
  return made;
}

}  // namespace

Generator::Generator(std::uint64_t seed) : random_(seed) {
  shared_ = random_.once_in(2);
  warp_ = random_.once_in(2);
  floats_ = random_.once_in(2);
  local_ = random_.once_in(3);
  least_local_ = local_ ? 1u << random_.below(4) : 1;
  atomics_ = random_.once_in(3);
  raw_nans_ = floats_ && random_.once_in(3);
  kernel_.interpretable = !raw_nans_;
  flat_ = random_.once_in(4);
  if (flat_) warp_ = local_ = atomics_ = false;
}

std::string Generator::temporary(char prefix) {
  return fmt::format("%{}{}", prefix, temporaries_++);
}

std::string Generator::label() {
  return fmt::format("L{}", labels_++);
}

Kernel Generator::run() {
  choose_launch();
  choose_columns();
  const std::size_t functions = !flat_ && random_.once_in(3) ? 1 + random_.below(2) : 0;
  for (std::size_t i = 0; i < functions; ++i) write_function();
  write_prologue();
  Place top;
  const bool full = kernel_.threads() % 32 == 0;
  if (warp_) top.members = full && !random_.once_in(4) ? "-1" : "%wm";
  left_ = flat_ ? 2 + static_cast<unsigned>(random_.below(kMostOfFlat))
                : 8 + static_cast<unsigned>(random_.below(kMostStatements));
  kernel_.body = statements(top, left_);
  write_epilogue();
  return std::move(kernel_);
}

void Generator::choose_launch() {
  kernel_.block = random_.of(kBlocks);
  kernel_.grid = {1 + static_cast<unsigned>(random_.below(2)), 1, 1};
}

void Generator::choose_columns() {
  unsigned offset = kInputBytes + kSumBytes, in_shared = kSumBytes;
  for (unsigned i = 0; i < 4; ++i) {
    Column each;
    each.shared = i >= 2;
    each.bytes = 1u << random_.below(5);
    each.stride =
        each.bytes * (random_.once_in(3) ? 2 + static_cast<unsigned>(random_.below(2)) : 1);
    each.reversed = random_.once_in(3);
    unsigned& next = each.shared ? in_shared : offset;
    next = (next + 15) / 16 * 16;
    each.offset = next;
    next += each.stride * (each.shared ? kernel_.threads() : kernel_.all_threads());
    if (!each.shared || shared_) columns_.push_back(each);
  }
  for (unsigned i = 0; i < kSums; ++i)
    sum_operations_.push_back(static_cast<unsigned>(random_.below(kOperations)));
  kernel_.memory_bytes = (offset + 15) / 16 * 16;
  if (shared_)
    kernel_.declarations.push_back(fmt::format(".shared .align 16 .b8 shared[{}];", in_shared));
  if (local_) kernel_.local = fmt::format("  .local .align 16 .b8 local[{}];\n", kLocalBytes);
}

template <class Body>
void Generator::for_each_sum(Body body) {
  const std::string i = temporary('t'), more = temporary('q');
  line("mov.b32 {}, %lin;", i);
  const auto begin = label(), end = label();
  const unsigned sums = kSums * kSumElements;
  for (unsigned done = 0; done < (flat_ ? sums : 1); done += kernel_.threads()) {
    const std::string next = flat_ ? label() : end;
    if (!flat_) set_label(begin);
    line("setp.lt.u32 {}, {}, {};", more, i, sums);
    line("@!{} bra {};", more, next);
    body(i);
    line("add.u32 {}, {}, {};", i, i, kernel_.threads());
    if (!flat_) line("bra {};", begin);
    set_label(next);
  }
}

void Generator::write_prologue() {
  const Dimensions& block = kernel_.block;
  line(".reg .b32 %tx, %ty, %tz, %lin, %gl, %lane, %wm, %last, %n0, %n1, %cta;");
  line(".reg .b64 %mem, %sh, %loc;");
  line(".reg .pred %whole;");
  line("ld.param.u64 %mem, [memory];");
  line("cvta.to.global.u64 %mem, %mem;");
  line("ld.param.u32 %n0, [number0];");
  line("ld.param.u32 %n1, [number1];");
  line("mov.u32 %tx, %tid.x;");
  line("mov.u32 %ty, %tid.y;");
  line("mov.u32 %tz, %tid.z;");
  line("mov.u32 %cta, %ctaid.x;");
  line("mov.u32 %lane, %laneid;");
  if (random_.once_in(2)) {
    line("mad.lo.s32 %lin, %tz, {}, %ty;", block[1]);
    line("mad.lo.s32 %lin, %lin, {}, %tx;", block[0]);
  } else {
    line("mov.u32 %a0, %ntid.y;");
    line("mov.u32 %a1, %ntid.x;");
    line("mad.lo.s32 %lin, %tz, %a0, %ty;");
    line("mad.lo.s32 %lin, %lin, %a1, %tx;");
  }
  line("mad.lo.s32 %gl, %cta, {}, %lin;", kernel_.threads());
  // Lanes that this warp has.
  line("and.b32 %last, %lin, -32;");
  line("sub.s32 %last, {}, %last;", kernel_.threads());
  line("setp.ge.u32 %whole, %last, 32;");
  line("shl.b32 %wm, 1, %last;");
  line("sub.s32 %wm, %wm, 1;");
  line("selp.b32 %wm, -1, %wm, %whole;");
  line("min.u32 %last, %last, 32;");
  line("sub.s32 %last, %last, 1;");
  line("mov.b32 %u0, %n0;");
  line("add.s32 %u1, %n1, %cta;");
  line("xor.b32 %u2, %n0, %n1;");
  // Variables.
  line("mad.wide.u32 %l0, %gl, 16, %mem;");
  line("ld.global.v4.b32 {{%a1, %a2, %a3, %a4}}, [%l0];");
  line("mov.b32 %a0, {};", random_.once_in(2) ? "%tx" : "%gl");
  if (random_.once_in(2))
    line("mad.lo.s32 %a4, %lin, {}, {};", random_.below(9), random_.below(99));
  line("ld.global.u64 %l1, [%l0+4096];");
  line("cvt.s64.s32 %l0, %a3;");
  line("cvt.u16.u32 %h0, %a1;");
  line("cvt.u16.u32 %h1, %lin;");
  line("cvt.rn.f32.s32 %f0, %a1;");
  line("mov.b32 %f1, %a3;");
  line("cvt.rn.f32.u32 %f2, %lin;");
  line("cvt.rn.f64.s32 %d0, %a2;");
  line("mov.b64 %d1, %l1;");
  line("setp.lt.s32 %p0, %a1, 8;");
  line("setp.lt.u32 %p1, %tx, {};", random_.below(20));
  line("setp.ne.s32 %p2, %a2, %a3;");
  if (local_) {
    line("mov.u64 %loc, local;");
    for (unsigned i = 0; i < kLocalBytes; i += 8)
      line("st.local.u64 [%loc+{}], %l{};", i, i / 8 % 2);
  }
  if (shared_) {
    line("mov.u64 %sh, shared;");
    const std::string at = temporary('x');
    for_each_sum([&](const std::string& i) {
      line("mad.wide.u32 {}, {}, 8, %sh;", at, i);
      line("st.shared.v2.b32 [{}], {{{}, %n0}};", at, i);
    });
    for (const Column& each : columns_) {
      if (!each.shared) continue;
      unsigned offset = 0;
      const std::string address = own_address(each, &offset);
      for (unsigned k = 0; k < each.bytes; k += std::min(each.bytes, 4u))
        line("st.shared.u{} [{}+{}], {};", 8 * std::min(each.bytes, 4u), address, offset + k,
             each.bytes >= 4 ? "%a1" : "%h0");
    }
    line("bar.sync 0;");
  }
  kernel_.prologue = {text_only(taken())};
}

void Generator::write_epilogue() {
  const auto room = [&](unsigned bytes) {
    const std::size_t at = kernel_.memory_bytes;
    kernel_.memory_bytes += (std::size_t{bytes} + 15) / 16 * 16;
    return at;
  };
  if (shared_) {
    line("bar.sync 0;");
    const std::string at = temporary('x'), to = temporary('x'), value = temporary('x'),
                      far = temporary('t');
    const std::size_t where_sums = room(kSumBytes * 2);
    for_each_sum([&](const std::string& i) {
      line("mad.wide.u32 {}, {}, 8, %sh;", at, i);
      line("ld.shared.u64 {}, [{}];", value, at);
      line("mad.lo.s32 {}, %cta, {}, {};", far, kSums * kSumElements, i);
      line("mad.wide.u32 {}, {}, 8, %mem;", to, far);
      line("st.global.u64 [{}+{}], {};", to, where_sums, value);
    });
    for (const Column& each : columns_) {
      if (!each.shared) continue;
      unsigned offset = 0;
      const std::string from = own_address(each, &offset), part = temporary('s');
      line("mad.wide.u32 {}, %gl, {}, %mem;", to, each.bytes);
      const std::size_t where = room(each.bytes * kernel_.all_threads());
      for (unsigned k = 0; k < each.bytes; ++k) {
        line("ld.shared.u8 {}, [{}+{}];", part, from, offset + k);
        line("st.global.u8 [{}+{}], {};", to, where + k, part);
      }
    }
  }
  // From here on nobody waits for anybody, and the sums in shared memory have been read.
  shared_ = false;
  Statement before = text_only(taken());
  Place tail;
  tail.with_all = false;
  tail.ends = {"DONE"};
  left_ = static_cast<unsigned>(random_.below(8));
  std::vector<Statement> last = statements(tail, left_);
  set_label("DONE");
  const auto keep = [&](char prefix, unsigned count, unsigned bytes) {
    for (unsigned i = 0; i < count; ++i) {
      const std::string at = temporary('x');
      line("mad.wide.u32 {}, %gl, {}, %mem;", at, bytes);
      line("st.global.{}{} [{}+{}], %{}{};", prefix == 'f' || prefix == 'd' ? 'f' : 'u', bytes * 8,
           at, room(bytes * kernel_.all_threads()), prefix, i);
    }
  };
  for (unsigned i = 0; i < kPredicates; ++i)
    line("selp.b32 %t{}, {}, 0, %p{};", temporaries_ + i, 1 << i, i);
  line("add.u32 %t{}, %t{}, %t{};", temporaries_, temporaries_, temporaries_ + 1);
  line("add.u32 %n0, %t{}, %t{};", temporaries_, temporaries_ + 2);
  temporaries_ += kPredicates;
  keep('n', 1, 4);
  keep('a', kWords, 4);
  keep('u', kUniform, 4);
  keep('l', kLongs, 8);
  keep('h', kHalves, 2);
  keep('f', kFloats, 4);
  keep('d', kDoubles, 8);
  line("ret;");
  kernel_.epilogue.push_back(std::move(before));
  for (Statement& each : last) kernel_.epilogue.push_back(std::move(each));
  kernel_.epilogue.push_back(text_only(taken()));
}

void Generator::write_function() {
  in_function_ = true;
  line("ld.param.b32 %a0, [first];");
  line("ld.param.b32 %a1, [second];");
  line("xor.b32 %a2, %a0, %a1;");
  line("add.s32 %a3, %a0, {};", random_.below(9));
  line("mov.b32 %a4, {};", random_.below(9));
  line("cvt.s64.s32 %l0, %a1;");
  line("mul.wide.u32 %l1, %a0, %a1;");
  line("cvt.u16.u32 %h0, %a0;");
  line("cvt.u16.u32 %h1, %a1;");
  line("cvt.rn.f32.s32 %f0, %a0;");
  line("mov.b32 %f1, %a1;");
  line("mov.b32 %f2, {};", 0);
  line("cvt.rn.f64.s32 %d0, %a2;");
  line("cvt.rn.f64.u32 %d1, %a0;");
  line("setp.lt.s32 %p0, %a0, %a1;");
  line("setp.eq.u32 %p1, %a0, 0;");
  line("setp.lt.s32 %p2, %a1, 0;");
  std::vector<Statement> body = {text_only(taken())};
  Place place;
  place.with_all = false;
  place.in_function = true;
  place.depth = 2;
  place.loops = 1;
  const std::string end = label();
  place.ends = {end};
  left_ = 2 + static_cast<unsigned>(random_.below(6));
  for (Statement& each : statements(place, left_)) body.push_back(std::move(each));
  set_label(end);
  line("st.param.b32 [result], %a{};", random_.below(kWords));
  line("ret;");
  body.push_back(text_only(taken()));
  kernel_.function_heads.push_back(
      fmt::format(".func (.param .b32 result) function{}(.param .b32 first, .param .b32 second)\n",
                  kernel_.functions.size()));
  kernel_.functions.push_back(std::move(body));
  in_function_ = false;
}

std::vector<Statement> Generator::statements(const Place& place, unsigned count) {
  std::vector<Statement> made;
  for (unsigned i = 0; i < count && left_ > 0; ++i) {
    --left_;
    const unsigned number = ++kernel_.statements;
    made.push_back(statement(place));
    made.back().number = number;
  }
  return made;
}

Statement Generator::statement(const Place& place) {
  if (place.depth < kMostDepth && random_.once_in(3)) {
    switch (random_.below(6)) {
      case 0:
      case 1:
        return branch(place);
      case 2:
        return short_circuit(place);
      case 3:
        return table_jump(place);
      default:
        if (!flat_ && place.loops < kMostLoops) return loop(place);
        return branch(place);
    }
  }
  if (!place.ends.empty() && random_.once_in(5)) return leave(place);
  if (!in_function_ && !kernel_.functions.empty() && random_.once_in(10)) return call(place);
  Statement made;
  if (random_.once_in(3))
    memory();
  else if (random_.once_in(4))
    meeting(place);
  else
    arithmetic();
  made.parts = {taken()};
  return made;
}

}  // namespace cuda_shim::tests::structured
