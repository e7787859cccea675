// Tensor maps (driver API manual, section "Tensor Map Object Management"): the limits of the
// manual, and the structure that the device reads (cuda_shim/tensor_map.h).
#include "cuda_shim/tensor_map.h"

#include <fmt/format.h>

#include <cstring>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;

static_assert(sizeof(CUtensorMap) == sizeof(cuda_shim_tensor_map));

constexpr unsigned kMostDimensions = CUDA_SHIM_TENSOR_DIMENSIONS;
constexpr cuuint64_t kMostExtent = cuuint64_t{1} << 32;
constexpr cuuint64_t kStrideLimit = cuuint64_t{1} << 40;
constexpr cuuint32_t kMostBox = 256, kMostPixels = 1024, kMostElementStride = 8;
constexpr unsigned kUnit = 16;  // bytes: addresses, strides and rows of a box are multiples

struct TypeRow {
  cuda_shim_tensor_type type;
  unsigned bytes;
  bool is_float;
};
// By CUtensorMapDataType; the packed types are not served.
constexpr TypeRow kTypes[] = {
    {CUDA_SHIM_TENSOR_U8, 1, false},      {CUDA_SHIM_TENSOR_U16, 2, false},
    {CUDA_SHIM_TENSOR_U32, 4, false},     {CUDA_SHIM_TENSOR_S32, 4, false},
    {CUDA_SHIM_TENSOR_U64, 8, false},     {CUDA_SHIM_TENSOR_S64, 8, false},
    {CUDA_SHIM_TENSOR_F16, 2, true},      {CUDA_SHIM_TENSOR_F32, 4, true},
    {CUDA_SHIM_TENSOR_F64, 8, true},      {CUDA_SHIM_TENSOR_BF16, 2, true},
    {CUDA_SHIM_TENSOR_F32_FTZ, 4, true},  {CUDA_SHIM_TENSOR_TF32, 4, true},
    {CUDA_SHIM_TENSOR_TF32_FTZ, 4, true},
};

/// What both kinds of map have in common.
struct Tensor {
  CUtensorMapDataType type;
  cuuint32_t rank;
  void* address;
  const cuuint64_t* extents;
  const cuuint64_t* strides;
  const cuuint32_t* element_strides;
  CUtensorMapInterleave interleave;
  CUtensorMapSwizzle swizzle;
  CUtensorMapL2promotion promotion;
  CUtensorMapFloatOOBfill fill;
};

Status take_extents(const Tensor& tensor, cuda_shim_tensor_map& map) {
  for (unsigned d = 0; d < tensor.rank; ++d) {
    if (tensor.extents[d] == 0 || tensor.extents[d] > kMostExtent)
      return invalid(fmt::format("Dimension {} has {} elements.", d, tensor.extents[d]));
    map.last[d] = static_cast<std::uint32_t>(tensor.extents[d] - 1);
    if (tensor.element_strides[d] == 0 || tensor.element_strides[d] > kMostElementStride)
      return invalid(fmt::format("The element stride {} of dimension {} is not from 1 to {}.",
                                 tensor.element_strides[d], d, kMostElementStride));
    map.element_stride[d] = static_cast<std::uint8_t>(tensor.element_strides[d]);
    if (d == 0) continue;
    const cuuint64_t stride = tensor.strides[d - 1];
    if (stride % kUnit != 0 || stride >= kStrideLimit)
      return invalid(fmt::format("The stride {} of dimension {} is no multiple of {} below 2^40.",
                                 stride, d, kUnit));
    map.stride[d - 1] = stride;
  }
  return {};
}

Status take_modes(const Tensor& tensor, cuda_shim_tensor_map& map) {
  if (tensor.interleave < CU_TENSOR_MAP_INTERLEAVE_NONE ||
      tensor.interleave > CU_TENSOR_MAP_INTERLEAVE_32B ||
      tensor.swizzle < CU_TENSOR_MAP_SWIZZLE_NONE ||
      tensor.swizzle > CU_TENSOR_MAP_SWIZZLE_128B_ATOM_64B ||
      tensor.promotion < CU_TENSOR_MAP_L2_PROMOTION_NONE ||
      tensor.promotion > CU_TENSOR_MAP_L2_PROMOTION_L2_256B ||
      tensor.fill < CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE ||
      tensor.fill > CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA)
    return invalid("The interleave, swizzle, promotion or fill is not one of the enumerators.");
  if (tensor.interleave != CU_TENSOR_MAP_INTERLEAVE_NONE)
    return not_supported("Interleaved tensors are not supported.");
  if (tensor.swizzle > CU_TENSOR_MAP_SWIZZLE_128B)
    return not_supported("Swizzles of other than 16 bytes are not supported.");
  map.swizzle = static_cast<std::uint8_t>(tensor.swizzle);
  map.fill_nan = tensor.fill == CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA;
  if (map.fill_nan != 0 && !kTypes[tensor.type].is_float)
    return invalid("What is outside of a tensor of integers cannot be filled with NaNs.");
  return {};
}

Status take_tensor(const Tensor& tensor, cuda_shim_tensor_map& map) {
  if (tensor.extents == nullptr || tensor.element_strides == nullptr ||
      (tensor.strides == nullptr && tensor.rank > 1))
    return null_argument();
  if (tensor.type > CU_TENSOR_MAP_DATA_TYPE_TFLOAT32_FTZ &&
      tensor.type <= CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B)
    return not_supported("Tensors of packed 4 and 6 bits are not supported.");
  if (tensor.type < CU_TENSOR_MAP_DATA_TYPE_UINT8 ||
      tensor.type > CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B)
    return invalid(fmt::format("{} is no tensor data type.", static_cast<int>(tensor.type)));
  if (reinterpret_cast<std::uintptr_t>(tensor.address) % kUnit != 0)
    return invalid(
        fmt::format("The tensor's address {} is not aligned to {} bytes.", tensor.address, kUnit));
  map.magic = CUDA_SHIM_TENSOR_MAP_MAGIC;
  map.address = reinterpret_cast<std::uintptr_t>(tensor.address);
  map.type = static_cast<std::uint8_t>(kTypes[tensor.type].type);
  map.last_dimension = static_cast<std::uint8_t>(tensor.rank - 1);
  if (Status status = take_extents(tensor, map); !status) return status;
  return take_modes(tensor, map);
}

/// The elements of a box along the innermost dimension.
Status take_row(const Tensor& tensor, cuuint32_t elements, cuda_shim_tensor_map& map) {
  constexpr unsigned kSwizzleBytes[] = {~0u, 32, 64, 128};
  const unsigned bytes = elements * kTypes[tensor.type].bytes;
  if (elements == 0 || elements > kMostBox || bytes % kUnit != 0)
    return invalid(fmt::format("{} elements are no row of a box, which is a multiple of {} bytes.",
                               elements, kUnit));
  if (bytes > kSwizzleBytes[map.swizzle])
    return invalid(fmt::format("A row of {} bytes is longer than the swizzle.", bytes));
  map.box[0] = static_cast<std::uint16_t>(elements);
  return {};
}

Status encode_tiled(const Tensor& tensor, const cuuint32_t* box, cuda_shim_tensor_map& map) {
  if (tensor.rank == 0 || tensor.rank > kMostDimensions)
    return invalid(fmt::format("A tensor has no {} dimensions.", tensor.rank));
  if (box == nullptr) return null_argument();
  if (Status status = take_tensor(tensor, map); !status) return status;
  for (unsigned d = 1; d < tensor.rank; ++d) {
    if (box[d] == 0 || box[d] > kMostBox)
      return invalid(fmt::format("Dimension {} of the box has {} elements.", d, box[d]));
    map.box[d] = static_cast<std::uint16_t>(box[d]);
  }
  return take_row(tensor, box[0], map);
}

/// The corners, width first, each within what its rank allows.
Status take_corners(const Tensor& tensor, const int* lower, const int* upper,
                    cuda_shim_tensor_map& map) {
  constexpr int kMost[] = {32767, 127, 15};  // of 3, 4, 5 dimensions
  const int most = kMost[tensor.rank - 3];
  for (unsigned i = 0; i + 2 < tensor.rank; ++i) {
    for (int corner : {lower[i], upper[i]})
      if (corner > most || corner < -most - 1)
        return invalid(fmt::format("The corner {} of the box of pixels is not from {} to {}.",
                                   corner, -most - 1, most));
    const auto last = static_cast<std::int64_t>(tensor.extents[1 + i]) - 1;
    if (last + upper[i] < lower[i]) return invalid("The box of pixels is empty.");
    map.lower[i] = static_cast<std::int16_t>(lower[i]);
    map.upper[i] = static_cast<std::int16_t>(upper[i]);
  }
  return {};
}

struct Columns {
  const int* lower;
  const int* upper;
  cuuint32_t channels, pixels;
};

Status encode_columns(const Tensor& tensor, const Columns& columns, cuda_shim_tensor_map& map) {
  if (tensor.rank < 3 || tensor.rank > kMostDimensions)
    return invalid(fmt::format("Images of {} dimensions have no columns.", tensor.rank));
  if (columns.lower == nullptr || columns.upper == nullptr) return null_argument();
  map.im2col = 1;
  Status status = take_tensor(tensor, map);
  if (status) status = take_corners(tensor, columns.lower, columns.upper, map);
  if (!status) return status;
  if (columns.pixels == 0 || columns.pixels > kMostPixels)
    return invalid(fmt::format("A column has no {} pixels.", columns.pixels));
  map.box[1] = static_cast<std::uint16_t>(columns.pixels);
  return take_row(tensor, columns.channels, map);
}

/// Runs encode(map) and gives the map out if it succeeds.
template <class Encode>
CUresult encoded(const char* name, CUtensorMap* out, Encode encode) {
  return in_process(name, [&]() -> Status {
    if (out == nullptr) return null_argument();
    cuda_shim_tensor_map map = {};
    if (Status status = encode(map); !status) return status;
    std::memcpy(out, &map, sizeof map);
    return {};
  });
}

}  // namespace

extern "C" {

CUresult cuTensorMapEncodeTiled(CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType,
                                cuuint32_t tensorRank, void* globalAddress,
                                const cuuint64_t* globalDim, const cuuint64_t* globalStrides,
                                const cuuint32_t* boxDim, const cuuint32_t* elementStrides,
                                CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion l2Promotion,
                                CUtensorMapFloatOOBfill oobFill) {
  return encoded(__func__, tensorMap, [&](cuda_shim_tensor_map& map) {
    return encode_tiled({tensorDataType, tensorRank, globalAddress, globalDim, globalStrides,
                         elementStrides, interleave, swizzle, l2Promotion, oobFill},
                        boxDim, map);
  });
}

CUresult cuTensorMapEncodeIm2col(CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType,
                                 cuuint32_t tensorRank, void* globalAddress,
                                 const cuuint64_t* globalDim, const cuuint64_t* globalStrides,
                                 const int* pixelBoxLowerCorner, const int* pixelBoxUpperCorner,
                                 cuuint32_t channelsPerPixel, cuuint32_t pixelsPerColumn,
                                 const cuuint32_t* elementStrides, CUtensorMapInterleave interleave,
                                 CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion,
                                 CUtensorMapFloatOOBfill oobFill) {
  return encoded(__func__, tensorMap, [&](cuda_shim_tensor_map& map) {
    return encode_columns(
        {tensorDataType, tensorRank, globalAddress, globalDim, globalStrides, elementStrides,
         interleave, swizzle, l2Promotion, oobFill},
        {pixelBoxLowerCorner, pixelBoxUpperCorner, channelsPerPixel, pixelsPerColumn}, map);
  });
}

CUresult cuTensorMapReplaceAddress(CUtensorMap* tensorMap, void* globalAddress) {
  return in_process(__func__, [&]() -> Status {
    if (tensorMap == nullptr) return null_argument();
    cuda_shim_tensor_map map;
    std::memcpy(&map, tensorMap, sizeof map);
    if (map.magic != CUDA_SHIM_TENSOR_MAP_MAGIC) return invalid("This is no tensor map.");
    if (reinterpret_cast<std::uintptr_t>(globalAddress) % kUnit != 0)
      return invalid(
          fmt::format("The tensor's address {} is not aligned to {} bytes.", globalAddress, kUnit));
    map.address = reinterpret_cast<std::uintptr_t>(globalAddress);
    std::memcpy(tensorMap, &map, sizeof map);
    return {};
  });
}

}  // extern "C"
