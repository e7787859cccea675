#pragma once
// One row of a box between shared and global memory: a run of elements of the innermost dimension.

#include "devices/cpu/texture/tensor.h"
#include "devices/cpu/texture/tensor_layout.h"

namespace cuda_shim::devices::cpu {

inline cuda_shim_tensor_kind kind_of(const TensorCopy& copy) {
  return static_cast<cuda_shim_tensor_kind>(copy.operation >> CUDA_SHIM_TENSOR_KIND_SHIFT & 3);
}
inline cuda_shim_tensor_reduction reduction_of(const TensorCopy& copy) {
  return static_cast<cuda_shim_tensor_reduction>(
      copy.operation >> CUDA_SHIM_TENSOR_REDUCTION_SHIFT & 7);
}

/// Moves rows, each to or from where the last one ended in shared memory.
class RowMover {
 public:
  /// The copy must have no fault.
  explicit RowMover(const TensorCopy& copy)
      : copy_(copy),
        layout_(layout_of(copy.map.type)),
        row_bytes_(cuda_shim::devices::cpu::row_bytes(layout_, copy.map.box[0])) {}

  /// `coordinates` of the row's first element, as many as the tensor has dimensions.
  void move(const std::int64_t* coordinates);

  /// What has been moved, without padding.
  std::uint32_t bytes() const { return rows_ * row_bytes_; }

 private:
  /// The elements of the row that the tensor has. In bits, as elements may be smaller than bytes.
  struct Part {
    std::uint64_t first_bit = 0, bits = 0;
    char* global = nullptr;
    unsigned global_bit = 0;  ///< of the first byte
  };

  Part part_inside(const std::int64_t* at) const;
  void load(const Part& part);
  void store(const Part& part);
  void fill_row();
  void convert(const Part& part);
  void load_chunk(char* shared, const char* from, bool flipped) const;
  void store_chunk(const char* shared, char* to) const;
  template <class Move>
  void for_each_chunk(Move move);

  const TensorCopy& copy_;
  const TensorLayout layout_;
  const unsigned row_bytes_;
  unsigned rows_ = 0;
  char row_[256 * 8];  ///< as global memory has it
};

}  // namespace cuda_shim::devices::cpu
