// Problems that turn each row of a matrix into a row of another one.
#pragma once

#include "buffer.h"
#include "problem.h"
#include "simd.h"

namespace bench {

constexpr int kColumns = 1024;
constexpr int kWidth = kLanes<float>;

class RowProblem : public Problem {
 public:
  explicit RowProblem(int rows)
      : rows_(rows),
        in_(std::size_t(rows) * kColumns, Uniform{-4, 4, 0}),
        out_(std::size_t(rows) * kColumns) {}

  double difference() override { return out_.difference(); }
  Work work() const override { return {2.0 * in_.bytes(), 0}; }

 protected:
  int rows_;
  Buffer<float> in_, out_;
};

}  // namespace bench
