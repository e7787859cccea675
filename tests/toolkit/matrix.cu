// Matrix units beyond what the samples show (they take nvcuda::wmma through its main types): bytes
// without a sign, elements of four bits and of one, fp8 by inline PTX, and random fractions in half
// precision, whose sums need not be exact.

#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <mma.h>

#include <cmath>

#include "check.h"

namespace wmma = nvcuda::wmma;
using namespace toolkit;

namespace {

/// Reads element `i` of `kBits` bits.
template <int kBits>
int element(const std::vector<unsigned>& words, int i, bool is_signed) {
  const int place = i * kBits;
  const int value = static_cast<int>(words[place / 32] >> place % 32 & ((1u << kBits) - 1));
  return is_signed && value >> (kBits - 1) ? value - (1 << kBits) : value;
}

std::vector<unsigned> random_words(int count, int seed) {
  Random random(seed);
  std::vector<unsigned> words(count);
  for (unsigned& word : words) word = random();
  return words;
}

template <class Element, int kM, int kN, int kK>
__global__ void multiply_integers(const void* a, const void* b, int* d) {
  wmma::fragment<wmma::matrix_a, kM, kN, kK, Element, wmma::row_major> fragment_a;
  wmma::fragment<wmma::matrix_b, kM, kN, kK, Element, wmma::col_major> fragment_b;
  wmma::fragment<wmma::accumulator, kM, kN, kK, int> sum;
  wmma::fill_fragment(sum, 3);
  // Elements narrower than a byte are loaded through a pointer to what holds several.
  using Storage = typename std::conditional<(kK == 16), const unsigned char, const void>::type;
  wmma::load_matrix_sync(fragment_a, static_cast<Storage*>(a), kK);
  wmma::load_matrix_sync(fragment_b, static_cast<Storage*>(b), kK);
  wmma::mma_sync(sum, fragment_a, fragment_b, sum);
  wmma::store_matrix_sync(d, sum, kN, wmma::mem_row_major);
}

template <class Element, int kBits, bool kSigned, int kM, int kN, int kK>
void integers(const char* what) {
  const auto a = random_words(kM * kK * kBits / 32, 5), b = random_words(kN * kK * kBits / 32, 6);
  const Array<unsigned> device_a(a), device_b(b);
  const Array<int> d(kM * kN);
  multiply_integers<Element, kM, kN, kK><<<1, 32>>>(static_cast<const unsigned*>(device_a),
                                                    static_cast<const unsigned*>(device_b), d);
  std::vector<int> expected(kM * kN, 3);
  for (int i = 0; i < kM * kN; ++i)
    for (int k = 0; k < kK; ++k)
      expected[i] +=
          element<kBits>(a, i / kN * kK + k, kSigned) * element<kBits>(b, i % kN * kK + k, kSigned);
  expect_same(what, d, expected);
}

__global__ void multiply_bits(const void* a, const void* b, int* by_xor, int* by_and) {
  using Bit = wmma::experimental::precision::b1;
  wmma::fragment<wmma::matrix_a, 8, 8, 128, Bit, wmma::row_major> fragment_a;
  wmma::fragment<wmma::matrix_b, 8, 8, 128, Bit, wmma::col_major> fragment_b;
  wmma::fragment<wmma::accumulator, 8, 8, 128, int> none, sum;
  wmma::fill_fragment(none, 0);
  wmma::load_matrix_sync(fragment_a, a, 128);
  wmma::load_matrix_sync(fragment_b, b, 128);
  wmma::bmma_sync(sum, fragment_a, fragment_b, none, wmma::experimental::bmmaBitOpXOR);
  wmma::store_matrix_sync(by_xor, sum, 8, wmma::mem_row_major);
  wmma::bmma_sync(sum, fragment_a, fragment_b, none, wmma::experimental::bmmaBitOpAND);
  wmma::store_matrix_sync(by_and, sum, 8, wmma::mem_row_major);
}

void narrow_integers() {
  integers<unsigned char, 8, false, 16, 16, 16>("unsigned char");
  integers<unsigned char, 8, false, 8, 32, 16>("unsigned char, 8x32x16");
  integers<wmma::experimental::precision::u4, 4, false, 8, 8, 32>("4 bits");
  integers<wmma::experimental::precision::s4, 4, true, 8, 8, 32>("4 bits with a sign");
  const auto a = random_words(32, 7), b = random_words(32, 8);
  const Array<unsigned> device_a(a), device_b(b);
  const Array<int> by_xor(64), by_and(64);
  multiply_bits<<<1, 32>>>(static_cast<const unsigned*>(device_a),
                           static_cast<const unsigned*>(device_b), by_xor, by_and);
  std::vector<int> expected_xor(64), expected_and(64);
  for (int i = 0; i < 64; ++i)
    for (int word = 0; word < 4; ++word) {
      const unsigned p = a[i / 8 * 4 + word], q = b[i % 8 * 4 + word];
      expected_xor[i] += __builtin_popcount(p ^ q);
      expected_and[i] += __builtin_popcount(p & q);
    }
  expect_same("bits, exclusive or", by_xor, expected_xor);
  expect_same("bits, and", by_and, expected_and);
}

/// One tile of 16 x 8 x 32 in fp8. Registers as the PTX manual lays out their elements.
template <bool kE4M3>
__global__ void multiply_fp8(const unsigned char* a, const unsigned char* b, float* d) {
  const int group = threadIdx.x / 4, place = threadIdx.x % 4 * 4;
  const auto four = [](const unsigned char* from) {
    return *reinterpret_cast<const unsigned*>(from);
  };
  const unsigned a0 = four(a + group * 32 + place), a1 = four(a + (group + 8) * 32 + place);
  const unsigned a2 = four(a + group * 32 + place + 16),
                 a3 = four(a + (group + 8) * 32 + place + 16);
  const unsigned b0 = four(b + group * 32 + place), b1 = four(b + group * 32 + place + 16);
  float sum[4] = {1, 1, 1, 1};
  if (kE4M3)
    asm("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
  else
    asm("mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
  for (int i = 0; i < 4; ++i) d[(group + i / 2 * 8) * 8 + threadIdx.x % 4 * 2 + i % 2] = sum[i];
}

template <bool kE4M3>
void fp8_of(const char* what) {
  std::vector<unsigned char> a(16 * 32), b(8 * 32);
  std::vector<float> expected(16 * 8, 1.0f);
  Random random(11);
  const auto value = [](unsigned char bits, bool e4m3) {
    return __half2float(__half(__nv_cvt_fp8_to_halfraw(bits, e4m3 ? __NV_E4M3 : __NV_E5M2)));
  };
  // Exponents close together: all sums are exact.
  for (auto& x : a) x = static_cast<unsigned char>((random() & 0x8f) + 0x30);
  for (auto& x : b) x = static_cast<unsigned char>((random() & 0x8f) + 0x30);
  for (int i = 0; i < 16 * 8; ++i)
    for (int k = 0; k < 32; ++k)
      expected[i] += value(a[i / 8 * 32 + k], kE4M3) * value(b[i % 8 * 32 + k], true);
  const Array<unsigned char> device_a(a), device_b(b);
  const Array<float> d(16 * 8);
  multiply_fp8<kE4M3><<<1, 32>>>(device_a, device_b, d);
  expect_same(what, d, expected);
}

void fp8() {
  fp8_of<true>("e4m3");
  fp8_of<false>("e5m2 by e4m3");
}

__global__ void multiply_halves(const __half* a, const __half* b, float* d, int size) {
  wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> fragment_a;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major> fragment_b;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  const int row = blockIdx.y * 16, column = blockIdx.x * 16;
  for (int k = 0; k < size; k += 16) {
    wmma::load_matrix_sync(fragment_a, a + row * size + k, size);
    wmma::load_matrix_sync(fragment_b, b + k * size + column, size);
    wmma::mma_sync(sum, fragment_a, fragment_b, sum);
  }
  wmma::store_matrix_sync(d + row * size + column, sum, size, wmma::mem_row_major);
}

void fractions() {
  constexpr int kSize = 128;
  std::vector<__half> a(kSize * kSize), b(kSize * kSize);
  Random random(13);
  for (auto* matrix : {&a, &b})
    for (__half& x : *matrix) x = __float2half(random() / 2147483648.0f - 1);
  const Array<__half> device_a(a), device_b(b);
  const Array<float> d(kSize * kSize);
  multiply_halves<<<dim3(kSize / 16, kSize / 16), 32>>>(device_a, device_b, d, kSize);
  const std::vector<float> got = d.host();
  double worst = 0;
  for (int i = 0; i < kSize * kSize; ++i) {
    double sum = 0;
    for (int k = 0; k < kSize; ++k)
      sum += double(__half2float(a[i / kSize * kSize + k])) *
             double(__half2float(b[k * kSize + i % kSize]));
    worst = std::fmax(worst, std::fabs(got[i] - sum));
  }
  // Each of the additions errs by at most an ulp of a float below 128.
  expect(worst <= kSize * std::ldexp(1.0, -17), "sums");
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(
      argc, argv, {{"narrow_integers", narrow_integers}, {"fp8", fp8}, {"fractions", fractions}});
}
