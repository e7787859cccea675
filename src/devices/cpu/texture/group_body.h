// Vector code of texture fetches: included once for each instruction set, in a namespace of its
// own, and compiled for that set. `gather_words` and `gather_pairs` are there already.
//
// The operations and their order are those of fetch.cpp and axis.cpp, so that the bits are.

// --- Coordinates

// Where a lane's numbers are small enough for an index of 32 bits to be exact.
constexpr float kNear = 0x1p23f;

[[gnu::always_inline]] inline Floats position(const GroupPlan& plan, const GroupAxis& axis,
                                              Floats coordinate) {
  if (!plan.normalized) return coordinate;
  Floats turn = coordinate;
  if (axis.mode == CUDA_SHIM_ADDRESS_WRAP) {
    turn = coordinate - __builtin_elementwise_floor(coordinate);
  } else if (axis.mode == CUDA_SHIM_ADDRESS_MIRROR) {
    const Floats half = coordinate * 0.5f;
    turn = (half - __builtin_elementwise_floor(half)) * 2.0f;
    turn = turn > 1.0f ? 2.0f - turn : turn;
  }
  return turn * static_cast<float>(axis.extent);
}

/// The byte where a texel is along an axis; `outside` gains the lanes beyond the border.
[[gnu::always_inline]] inline Ints place_of(const GroupAxis& axis, Ints index, Ints& outside) {
  const Ints last = Ints{} + (axis.extent - 1);
  if (axis.mode == CUDA_SHIM_ADDRESS_WRAP) {
    index = index < 0 ? index + axis.extent : index;
    index = index > last ? index - axis.extent : index;
  } else {
    if (axis.mode == CUDA_SHIM_ADDRESS_BORDER) outside |= (index < 0) | (index > last);
    index = index < 0 ? Ints{} : index;
    index = index > last ? last : index;
  }
  return index * axis.step;
}

// --- Texels

/// Of few bytes each; no byte beyond is read.
template <unsigned bytes>
[[gnu::always_inline]] inline Words load_below_words(const char* base, Ints place) {
  Words all = {};
  for (unsigned i = 0; i < kWidth; ++i) {
    std::uint32_t word = 0;
    __builtin_memcpy(&word, base + place[i], bytes);
    all[i] = word;
  }
  return all;
}

template <TexelBits bits>
constexpr unsigned kBits = bits == TexelBits::kWord   ? 32
                           : bits == TexelBits::kByte ? 8
                                                      : 16;

[[gnu::always_inline]] inline Words to_float_bits(Words half) {
  const Words sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
  const Words scaled = (Words)((Floats)(magnitude << 13) * 0x1p112f);
  return magnitude >= 0x7c00u ? sign | 0x7f800000u | magnitude << 13 : sign | scaled;
}

template <TexelBits bits>
[[gnu::always_inline]] inline Words channel_of(const GroupPlan& plan, Words word, unsigned shift) {
  if constexpr (bits == TexelBits::kWord) return word;
  constexpr unsigned kUnused = 32 - kBits<bits>;
  Words channel = word << (kUnused - shift);
  if (plan.is_signed)
    channel = (Words)((Ints)channel >> kUnused);
  else
    channel = channel >> kUnused;
  if constexpr (bits == TexelBits::kHalf) return to_float_bits(channel);
  if (plan.greatest == 0) return channel;
  Floats number = __builtin_convertvector((Ints)channel, Floats) / plan.greatest;
  number = number < -1.0f ? Floats{} - 1.0f : number;
  return (Words)number;
}

/// What a texel is whose channels lie in one word, or in the low part of it.
template <TexelBits bits, unsigned channels>
[[gnu::always_inline]] inline void take_apart(const GroupPlan& plan, Words word, Words* texel) {
  for (unsigned c = 0; c < channels; ++c) texel[c] = channel_of<bits>(plan, word, c * kBits<bits>);
}

/// The channels that the format has, and no more.
template <TexelBits bits, unsigned channels>
[[gnu::always_inline]] inline void read(const GroupPlan& plan, Ints place, Words* texel) {
  constexpr unsigned kAll = kBits<bits> * channels;
  if constexpr (kAll < 32) {
    take_apart<bits, channels>(plan, load_below_words<kAll / 8>(plan.base, place), texel);
  } else {
    Words word = {};
    for (unsigned c = 0; c < channels; ++c) {
      const unsigned at = c * kBits<bits>;
      if (at % 32 == 0) word = gather_words(plan.base + at / 8, place);
      texel[c] = channel_of<bits>(plan, word, at % 32);
    }
  }
}

/// Makes four channels of those that were read.
template <unsigned channels>
[[gnu::always_inline]] inline void complete(const GroupPlan& plan, Ints outside, Words* texel) {
  for (unsigned c = channels; c < 4; ++c) texel[c] = Words{} + (c == 3 ? plan.channel_one : 0u);
  if (!plan.has_border) return;
  for (unsigned c = 0; c < 4; ++c)
    texel[c] = outside != 0 ? Words{} + plan.texture->border[c] : texel[c];
}

// --- Fetches

/// The coordinates of kWidth lanes, from lane `first` on.
struct Place {
  Words word[2];
};

[[gnu::always_inline]] inline Words load_lanes(const std::uint32_t* from, unsigned lanes) {
  Words all = {};
  if (lanes >= kWidth)
    __builtin_memcpy(&all, from, sizeof all);
  else
    for (unsigned i = 0; i < lanes; ++i) all[i] = from[i];
  return all;
}

[[gnu::always_inline]] inline void store_lanes(std::uint32_t* to, Words all, unsigned lanes) {
  if (lanes >= kWidth)
    __builtin_memcpy(to, &all, sizeof all);
  else
    for (unsigned i = 0; i < lanes; ++i) to[i] = all[i];
}

template <TexelBits bits, unsigned channels>
[[gnu::always_inline]] inline Ints fetch_nearest(const GroupPlan& plan, const Place& at,
                                                 Words* texel) {
  Ints place = {}, outside = {}, odd = {};
  for (unsigned d = 0; d < plan.dimensions; ++d) {
    Ints index;
    if (plan.integer) {
      index = (Ints)at.word[d];
    } else {
      const Floats found = position(plan, plan.axis[d], (Floats)at.word[d]);
      odd |= ~(__builtin_elementwise_abs(found) < kNear);
      index =
          __builtin_convertvector(__builtin_elementwise_floor(odd != 0 ? Floats{} : found), Ints);
    }
    place += place_of(plan.axis[d], index, outside);
  }
  read<bits, channels>(plan, place, texel);
  complete<channels>(plan, outside, texel);
  return odd;
}

[[gnu::always_inline]] inline Words as_result(Floats sum) {
  return sum == sum ? (Words)sum : Words{} + kCanonicalNan;
}

/// Along an axis: the two texels around a coordinate, and the weight of the right one.
struct Between {
  Ints place[2] = {}, outside[2] = {};
  Floats weight = {};
};

[[gnu::always_inline]] inline Between between(const GroupPlan& plan, unsigned d, Words coordinate,
                                              Ints& odd) {
  constexpr float kNoFraction = 0x1.8p23f;
  const GroupAxis& axis = plan.axis[d];
  const Floats found = position(plan, axis, (Floats)coordinate);
  const Ints far = ~(__builtin_elementwise_abs(found) < kNear);
  const Floats centre = (far != 0 ? Floats{} : found) - 0.5f;
  const Floats whole = __builtin_elementwise_floor(centre);
  Between result;
  result.weight = ((centre - whole) * 256.0f + kNoFraction - kNoFraction) / 256.0f;
  const Ints index = __builtin_convertvector(whole, Ints);
  result.place[0] = place_of(axis, index, result.outside[0]);
  result.place[1] = place_of(axis, index + 1, result.outside[1]);
  odd |= far;
  return result;
}

/// Texels of one word each, two of a row at a time: that halves what gathers cost.
struct Pairs {
  Ints first;        ///< of the two words
  Ints from_second;  ///< lanes whose left texel is the second word
  Ints to_first;     ///< lanes whose right texel is the first
  bool possible;
};

[[gnu::always_inline]] inline Pairs pairs_of(const GroupPlan& plan, const Between& x) {
  const std::int32_t step = plan.axis[0].step;
  const Ints last = Ints{} + (plan.axis[0].extent - 2) * step;
  const Ints first = x.place[0] > last ? last : x.place[0];
  const Ints to_first = x.place[1] == first;
  const Ints far = ~(to_first | (x.place[1] == first + step));
  return {first, x.place[0] != first, to_first,
          plan.axis[0].extent >= 2 && __builtin_reduce_or(far) == 0};
}

/// The left and the right texels of a row.
template <TexelBits bits, unsigned channels>
[[gnu::always_inline]] inline void read_row(const GroupPlan& plan, const Between& x,
                                            const Pairs& pairs, Ints row, Words (*texel)[4]) {
  if constexpr (kBits<bits> * channels == 32)
    if (pairs.possible) {
      const WordPairs found = gather_pairs(plan.base, pairs.first + row);
      take_apart<bits, channels>(plan, pairs.from_second != 0 ? found.second : found.first,
                                 texel[0]);
      take_apart<bits, channels>(plan, pairs.to_first != 0 ? found.first : found.second, texel[1]);
      return;
    }
  read<bits, channels>(plan, x.place[0] + row, texel[0]);
  read<bits, channels>(plan, x.place[1] + row, texel[1]);
}

/// The next group's threads stand below these more often than not, and so do its texels: rows of a
/// texture lie too far apart for the machine to see what comes. An address that is no texel's does
/// no harm.
[[gnu::always_inline]] inline void prefetch_below(const GroupPlan& plan, Ints place) {
  constexpr unsigned kRows = 2;
  constexpr unsigned kLanesOfLine = 3;  // a line of words, and a slanted row of lanes
  const auto distance = kRows * static_cast<std::uint32_t>(plan.axis[1].step);
  const auto base = reinterpret_cast<std::uintptr_t>(plan.base);
  const Words below = (Words)place + distance;
  for (unsigned i = 0; i < kWidth; i += kLanesOfLine)
    __builtin_prefetch(reinterpret_cast<const void*>(base + below[i]));
}

template <TexelBits bits, unsigned channels>
[[gnu::always_inline]] inline Ints fetch_linear(const GroupPlan& plan, const Place& at,
                                                Words* texel) {
  Ints odd = {};
  const bool has_rows = plan.dimensions == 2;
  const Between x = between(plan, 0, at.word[0], odd);
  const Between y = has_rows ? between(plan, 1, at.word[1], odd) : Between{};
  const Pairs pairs = pairs_of(plan, x);
  const unsigned blended = plan.has_border ? 4 : channels;
  Floats sum[4] = {};
  const auto add_row = [&](unsigned j) __attribute__((always_inline)) {
    Words row[2][4];
    read_row<bits, channels>(plan, x, pairs, y.place[j], row);
    for (unsigned i = 0; i < 2; ++i) {
      complete<channels>(plan, x.outside[i] | y.outside[j], row[i]);
      Floats share = i != 0 ? x.weight : 1.0f - x.weight;
      if (has_rows) share *= j != 0 ? y.weight : 1.0f - y.weight;
      for (unsigned c = 0; c < 4; ++c) {
        if (c >= channels && c >= blended) continue;
        // An infinity or NaN that has no weight does not count.
        sum[c] = share == 0.0f ? sum[c] : sum[c] + share * (Floats)row[i][c];
      }
    }
    if (j == 0)
      for (unsigned c = 0; c < 4; ++c) texel[c] = row[0][c];
  };
  add_row(0);
  if (has_rows) {
    prefetch_below(plan, x.place[0] + y.place[1]);
    add_row(1);
  }
  const Ints is_exact = (x.weight == 0.0f) & (y.weight == 0.0f);
  for (unsigned c = 0; c < 4; ++c)
    if (c < channels || c < blended) texel[c] = is_exact != 0 ? texel[c] : as_result(sum[c]);
  return odd;
}

/// Which lanes are marked.
[[gnu::always_inline]] inline std::uint32_t bits_of(Ints marks) {
  if (__builtin_reduce_or(marks) == 0) return 0;
  std::uint32_t found = 0;
  for (unsigned i = 0; i < kWidth; ++i) found |= marks[i] != 0 ? 1u << i : 0;
  return found;
}

template <TexelBits bits, unsigned channels>
std::uint64_t fetch(const GroupPlan& plan, const LaneGroup& group) {
  std::uint64_t left = 0;
  for (unsigned first = 0; first < group.lanes; first += kWidth) {
    const unsigned lanes = group.lanes - first;
    Place at = {};
    for (unsigned d = 0; d < plan.dimensions; ++d)
      at.word[d] = load_lanes(
          group.words + (CUDA_SHIM_TEXTURE_WORD_COORDINATES + d) * group.lanes + first, lanes);
    Words texel[4];
    const Ints odd = plan.linear ? fetch_linear<bits, channels>(plan, at, texel)
                                 : fetch_nearest<bits, channels>(plan, at, texel);
    left |= std::uint64_t{bits_of(odd)} << first;
    for (unsigned c = 0; c < 4; ++c)
      store_lanes(group.results + c * group.lanes + first, texel[c], lanes);
  }
  return left;
}

#define CUDA_SHIM_CHANNELS(bits) {fetch<bits, 1>, fetch<bits, 2>, fetch<bits, 4>}
constexpr GroupFetches kFetches = {
    {CUDA_SHIM_CHANNELS(TexelBits::kWord), CUDA_SHIM_CHANNELS(TexelBits::kHalf),
     CUDA_SHIM_CHANNELS(TexelBits::kShort), CUDA_SHIM_CHANNELS(TexelBits::kByte)}};
#undef CUDA_SHIM_CHANNELS
