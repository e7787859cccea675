// The instruction set: every chapter's rows, in the manual's order.

#include <iterator>

#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {

#define CUDA_SHIM_CHAPTER(file, title) std::span<const Row> file##_rows();
#include "kernels/instructions/chapters.def"
#undef CUDA_SHIM_CHAPTER

std::span<const Chapter> chapters() {
  static const Chapter kChapters[] = {
#define CUDA_SHIM_CHAPTER(file, title) {title, file##_rows()},
#include "kernels/instructions/chapters.def"
#undef CUDA_SHIM_CHAPTER
  };
  return kChapters;
}

}  // namespace cuda_shim::kernels::instructions
