// Tensor maps as the programming guide uses them: encoded by the driver's function that the runtime
// finds, given to a kernel as a parameter; boxes are fetched, changed and written back by
// cuda::ptx's functions, and a map is made anew in the kernel.

#include <cuda.h>
#include <cudaTypedefs.h>

#include <cuda/barrier>
#include <cuda/ptx>
#include <vector>

#include "check.h"

namespace ptx = cuda::ptx;
using namespace toolkit;

namespace {

using Barrier = cuda::barrier<cuda::thread_scope_block>;

constexpr int kWidth = 100, kHeight = 60, kPitch = 104;  // a multiple of 16 bytes
constexpr int kBoxWidth = 32, kBoxHeight = 8;

PFN_cuTensorMapEncodeTiled_v12000 encoder() {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result;
  CHECK(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found, 12000, cudaEnableDefault,
                                         &result));
  return reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(found);
}

CUtensorMap encode(int* tensor, CUtensorMapSwizzle swizzle) {
  CUtensorMap map;
  const cuuint64_t extents[] = {kWidth, kHeight}, strides[] = {kPitch * sizeof(int)};
  const cuuint32_t box[] = {kBoxWidth, kBoxHeight}, steps[] = {1, 1};
  const CUresult result =
      encoder()(&map, CU_TENSOR_MAP_DATA_TYPE_INT32, 2, tensor, extents, strides, box, steps,
                CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  expect_equal("encoding", static_cast<int>(result), static_cast<int>(CUDA_SUCCESS));
  return map;
}

/// Every block adds a thousand to its box, elements outside are nought.
__global__ void add_thousand(const __grid_constant__ CUtensorMap map, int* outside) {
  __shared__ alignas(1024) int box[kBoxHeight][kBoxWidth];
  __shared__ Barrier ready;
  const int x = blockIdx.x * kBoxWidth, y = blockIdx.y * kBoxHeight;
  if (threadIdx.x == 0) {
    init(&ready, blockDim.x);
    ptx::fence_proxy_async(ptx::space_shared);
  }
  __syncthreads();
  Barrier::arrival_token token;
  if (threadIdx.x == 0) {
    const int at[] = {x, y};
    ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, box, &map, at,
                              cuda::device::barrier_native_handle(ready));
    token = cuda::device::barrier_arrive_tx(ready, 1, sizeof box);
  } else {
    token = ready.arrive();
  }
  ready.wait(std::move(token));
  for (int i = 0; i < kBoxHeight; ++i) {
    if (x + int(threadIdx.x) >= kWidth && box[i][threadIdx.x] != 0) atomicAdd(outside, 1);
    box[i][threadIdx.x] += 1000;
  }
  ptx::fence_proxy_async(ptx::space_shared);
  __syncthreads();
  if (threadIdx.x == 0) {
    const int at[] = {x, y};
    ptx::cp_async_bulk_tensor(ptx::space_global, ptx::space_shared, &map, at, box);
    ptx::cp_reduce_async_bulk_tensor(ptx::space_global, ptx::space_shared, ptx::op_add, &map, at,
                                     box);
    ptx::cp_async_bulk_commit_group();
    ptx::cp_async_bulk_wait_group(ptx::n32_t<0>{});
  }
}

/// A row of eight chunks of 16 bytes lies where the guide's pattern of 128 bytes says.
__global__ void read_swizzled(const __grid_constant__ CUtensorMap map, int* out) {
  __shared__ alignas(1024) int4 box[kBoxHeight][kBoxWidth / 4];
  __shared__ Barrier ready;
  if (threadIdx.x == 0) {
    init(&ready, 1);
    ptx::fence_proxy_async(ptx::space_shared);
    const int at[] = {4, 2};
    ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, box, &map, at,
                              cuda::device::barrier_native_handle(ready));
    ready.wait(cuda::device::barrier_arrive_tx(ready, 1, sizeof box));
  }
  __syncthreads();
  const int row = threadIdx.x / 8, chunk = threadIdx.x % 8;
  out[threadIdx.x] = box[row][chunk ^ row % 8].x;
}

std::vector<int> numbers() {
  std::vector<int> values(kPitch * kHeight, -1);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) values[y * kPitch + x] = y * 1000 + x;
  return values;
}

void adds_in_boxes() {
  Array<int> tensor(numbers()), outside(1);
  const CUtensorMap map = encode(tensor, CU_TENSOR_MAP_SWIZZLE_NONE);
  const dim3 grid((kWidth + kBoxWidth - 1) / kBoxWidth, (kHeight + kBoxHeight - 1) / kBoxHeight);
  add_thousand<<<grid, kBoxWidth>>>(map, outside);
  std::vector<int> expected = numbers();
  for (int& value : expected)
    if (value >= 0) value = 2 * (value + 1000);
  expect_same("boxes", tensor, expected);
  expect_same("what is outside", outside, std::vector<int>{0});
}

void reads_swizzled() {
  Array<int> tensor(numbers()), out(kBoxHeight * 8);
  read_swizzled<<<1, kBoxHeight * 8>>>(encode(tensor, CU_TENSOR_MAP_SWIZZLE_128B), out);
  std::vector<int> expected;
  for (int row = 0; row < kBoxHeight; ++row)
    for (int chunk = 0; chunk < 8; ++chunk) expected.push_back((row + 2) * 1000 + 4 + chunk * 4);
  expect_same("swizzled chunks", out, expected);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv, {{"boxes", adds_in_boxes}, {"swizzle", reads_swizzled}});
}
