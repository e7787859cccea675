// The matrix product by hand: C = A B, row-major, for the problems that are about it.
//
// B is copied into panels as wide as two registers, A into panels as high as the registers that are
// left can hold accumulators, both a depth at a time, so that the innermost loop reads two vectors
// and a few scalars in order and does nothing else but multiply and add. A panel of B stays in the
// first-level cache while the panels of a block of A, which stays in the second-level cache, pass
// by it.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.h"
#include "simd.h"

namespace bench {

template <class T>
struct Tile {
  static constexpr int kRows = (kRegisters - 4) / 2;
  static constexpr int kColumns = 2 * kLanes<T>;
  static constexpr int kDepth = 384;
  static constexpr int kBlockRows = 4 * kRows;
};

/// c[kRows][kColumns] += a b, for panels of a common depth.
template <class T>
[[gnu::always_inline]] inline void multiply_panels(int depth, const T* a, const T* b, T* c,
                                                   int stride) {
  constexpr int kRows = Tile<T>::kRows;
  Vector<T> left[kRows] = {}, right[kRows] = {};
  for (int p = 0; p < depth; ++p, a += kRows, b += Tile<T>::kColumns) {
    const Vector<T> b0 = load(b), b1 = load(b + kLanes<T>);
#pragma GCC unroll 32
    for (int row = 0; row < kRows; ++row) {
      const Vector<T> value = broadcast(a[row]);
      left[row] += value * b0;
      right[row] += value * b1;
    }
  }
#pragma GCC unroll 32
  for (int row = 0; row < kRows; ++row) {
    T* place = c + std::size_t(row) * stride;
    store<T>(place, load(place) + left[row]);
    store<T>(place + kLanes<T>, load(place + kLanes<T>) + right[row]);
  }
}

/// The same for a tile that leaves the matrix: by way of a tile of its own.
template <class T>
[[gnu::noinline]] void multiply_panels_at_edge(int depth, const T* a, const T* b, T* c, int stride,
                                               int rows, int columns) {
  alignas(64) T tile[Tile<T>::kRows * Tile<T>::kColumns] = {};
  multiply_panels(depth, a, b, tile, Tile<T>::kColumns);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column)
      c[std::size_t(row) * stride + column] += tile[row * Tile<T>::kColumns + column];
}

/// Rows beyond the matrix are zeros, as are columns of B.
template <class In, class T>
void pack_a(int rows, int depth, const In* a, int stride, T* panel) {
  constexpr int kRows = Tile<T>::kRows;
  for (int top = 0; top < rows; top += kRows, panel += kRows * depth)
    for (int row = 0; row < kRows; ++row) {
      const In* from = a + std::size_t(top + row) * stride;
      const bool inside = top + row < rows;
      for (int p = 0; p < depth; ++p) panel[p * kRows + row] = inside ? T(from[p]) : T(0);
    }
}

template <class In, class T>
void pack_b(int columns, int depth, const In* b, int stride, T* panel) {
  constexpr int kColumns = Tile<T>::kColumns;
  for (int p = 0; p < depth; ++p, panel += kColumns, b += stride) {
    if (columns == kColumns)
      for (int column = 0; column < kColumns; ++column) panel[column] = T(b[column]);
    else
      for (int column = 0; column < kColumns; ++column)
        panel[column] = column < columns ? T(b[column]) : T(0);
  }
}

/// A block of C's rows, `depth` deep.
template <class T>
void multiply_block(int rows, int n, int depth, const T* a, const T* b, T* c) {
  constexpr int kRows = Tile<T>::kRows, kColumns = Tile<T>::kColumns;
  for (int column = 0; column < n; column += kColumns, b += kColumns * depth)
    for (int row = 0; row < rows; row += kRows) {
      T* tile = c + std::size_t(row) * n + column;
      if (row + kRows <= rows && column + kColumns <= n)
        multiply_panels(depth, a + row * depth, b, tile, n);
      else
        multiply_panels_at_edge(depth, a + row * depth, b, tile, n, std::min(kRows, rows - row),
                                std::min(kColumns, n - column));
    }
}

/// Memory that is kept from one product to the next: new pages would have to be cleared each time.
template <class T>
class Scratch {
 public:
  T* at_least(std::size_t count) {
    if (count > count_) memory_ = allocate_host<T>(count_ = count);
    return memory_.get();
  }

 private:
  std::size_t count_ = 0;
  std::unique_ptr<T[], Free> memory_;
};

/// C[m][n] = A[m][k] B[k][n]. From one thread of the program at a time.
template <class In, class T>
void gemm(int m, int n, int k, const In* a, const In* b, T* c) {
  constexpr int kDepth = Tile<T>::kDepth, kColumns = Tile<T>::kColumns;
  constexpr int kBlockRows = Tile<T>::kBlockRows;
  const int panels = (n + kColumns - 1) / kColumns;
  static Scratch<T> scratch_b;
  T* const all_b = scratch_b.at_least(std::size_t(panels) * kColumns * kDepth);
#pragma omp parallel
  {
    static thread_local Scratch<T> scratch_a;
    T* const packed_a = scratch_a.at_least(kBlockRows * kDepth);
#pragma omp for schedule(static)
    for (std::size_t i = 0; i < std::size_t(m) * n; ++i) c[i] = 0;
    for (int from = 0; from < k; from += kDepth) {
      const int depth = std::min(kDepth, k - from);
#pragma omp for schedule(static)
      for (int panel = 0; panel < panels; ++panel)
        pack_b(std::min(kColumns, n - panel * kColumns), depth,
               b + std::size_t(from) * n + panel * kColumns, n,
               all_b + std::size_t(panel) * kColumns * depth);
#pragma omp for schedule(dynamic)
      for (int top = 0; top < m; top += kBlockRows) {
        const int rows = std::min(kBlockRows, m - top);
        pack_a(rows, depth, a + std::size_t(top) * k + from, k, packed_a);
        multiply_block(rows, n, depth, packed_a, all_b, c + std::size_t(top) * n);
      }
    }
  }
}

}  // namespace bench
