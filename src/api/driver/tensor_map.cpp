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
constexpr unsigned kUnit = 16;          // bytes: addresses, strides and rows of a box are multiples
constexpr cuuint32_t kPaddedRow = 128;  // elements of a row where each 16 are padded

struct TypeRow {
  cuda_shim_tensor_type type;
  unsigned bits;
  bool is_float;
  bool is_padded = false;
};
// By CUtensorMapDataType.
constexpr TypeRow kTypes[] = {
    {CUDA_SHIM_TENSOR_U8, 8, false},
    {CUDA_SHIM_TENSOR_U16, 16, false},
    {CUDA_SHIM_TENSOR_U32, 32, false},
    {CUDA_SHIM_TENSOR_S32, 32, false},
    {CUDA_SHIM_TENSOR_U64, 64, false},
    {CUDA_SHIM_TENSOR_S64, 64, false},
    {CUDA_SHIM_TENSOR_F16, 16, true},
    {CUDA_SHIM_TENSOR_F32, 32, true},
    {CUDA_SHIM_TENSOR_F64, 64, true},
    {CUDA_SHIM_TENSOR_BF16, 16, true},
    {CUDA_SHIM_TENSOR_F32_FTZ, 32, true},
    {CUDA_SHIM_TENSOR_TF32, 32, true},
    {CUDA_SHIM_TENSOR_TF32_FTZ, 32, true},
    {CUDA_SHIM_TENSOR_B4X16, 4, false},
    {CUDA_SHIM_TENSOR_B4X16_P64, 4, false, true},
    {CUDA_SHIM_TENSOR_B6X16_P32, 6, false, true},
};

struct SwizzleRow {
  cuda_shim_tensor_swizzle swizzle;
  cuda_shim_tensor_atomicity atomicity;
  unsigned bytes;  ///< a row of a box is no longer
  bool serves_u4;  ///< padded elements of 4 bits
  bool serves_u6;
  bool serves_width;  ///< maps of cuTensorMapEncodeIm2colWide
};
// By CUtensorMapSwizzle.
constexpr SwizzleRow kSwizzles[] = {
    {CUDA_SHIM_SWIZZLE_NONE, CUDA_SHIM_ATOM_16B, ~0u, true, true, false},
    {CUDA_SHIM_SWIZZLE_32B, CUDA_SHIM_ATOM_16B, 32, false, false, false},
    {CUDA_SHIM_SWIZZLE_64B, CUDA_SHIM_ATOM_16B, 64, false, false, true},
    {CUDA_SHIM_SWIZZLE_128B, CUDA_SHIM_ATOM_16B, 128, true, true, true},
    {CUDA_SHIM_SWIZZLE_128B, CUDA_SHIM_ATOM_32B, 128, true, true, true},
    {CUDA_SHIM_SWIZZLE_128B, CUDA_SHIM_ATOM_32B_FLIP_8B, 128, false, false, false},
    {CUDA_SHIM_SWIZZLE_128B, CUDA_SHIM_ATOM_64B, 128, false, true, false},
};

/// What all kinds of map have in common.
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

  const TypeRow& type_row() const { return kTypes[type]; }
  const SwizzleRow& swizzle_row() const { return kSwizzles[swizzle]; }
  /// What the address and the strides are multiples of.
  unsigned unit() const {
    return interleave == CU_TENSOR_MAP_INTERLEAVE_32B || type_row().is_padded ? 2 * kUnit : kUnit;
  }
};

Status check_enumerators(const Tensor& tensor) {
  if (tensor.type < CU_TENSOR_MAP_DATA_TYPE_UINT8 ||
      tensor.type > CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B)
    return invalid(fmt::format("{} is no tensor data type.", static_cast<int>(tensor.type)));
  if (tensor.interleave < CU_TENSOR_MAP_INTERLEAVE_NONE ||
      tensor.interleave > CU_TENSOR_MAP_INTERLEAVE_32B ||
      tensor.swizzle < CU_TENSOR_MAP_SWIZZLE_NONE ||
      tensor.swizzle > CU_TENSOR_MAP_SWIZZLE_128B_ATOM_64B ||
      tensor.promotion < CU_TENSOR_MAP_L2_PROMOTION_NONE ||
      tensor.promotion > CU_TENSOR_MAP_L2_PROMOTION_L2_256B ||
      tensor.fill < CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE ||
      tensor.fill > CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA)
    return invalid("The interleave, swizzle, promotion or fill is not one of the enumerators.");
  return {};
}

/// Which stride slices of channels have is nowhere said.
Status check_interleave(const Tensor& tensor) {
  if (tensor.interleave == CU_TENSOR_MAP_INTERLEAVE_NONE) return {};
  if (tensor.rank < 3)
    return invalid(fmt::format("A tensor of {} dimensions is not interleaved.", tensor.rank));
  if (tensor.type == CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B)
    return invalid("Tensors of packed 6 bits are not interleaved.");
  if (tensor.interleave == CU_TENSOR_MAP_INTERLEAVE_32B &&
      tensor.swizzle != CU_TENSOR_MAP_SWIZZLE_32B)
    return invalid("A tensor interleaved by 32 bytes has another swizzle than that of 32 bytes.");
  return not_supported("Interleaved tensors are not supported.");
}

Status take_swizzle(const Tensor& tensor, cuda_shim_tensor_map& map) {
  const SwizzleRow& row = tensor.swizzle_row();
  if ((tensor.type == CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B && !row.serves_u4) ||
      (tensor.type == CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B && !row.serves_u6))
    return invalid(fmt::format("Packed elements with padding have no swizzle {}.",
                               static_cast<int>(tensor.swizzle)));
  map.swizzle = static_cast<std::uint8_t>(row.swizzle);
  map.swizzle_atomicity = static_cast<std::uint8_t>(row.atomicity);
  return {};
}

Status take_fill(const Tensor& tensor, cuda_shim_tensor_map& map) {
  map.fill_nan = tensor.fill == CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA;
  if (map.fill_nan != 0 && !tensor.type_row().is_float)
    return invalid("What is outside of a tensor of integers cannot be filled with NaNs.");
  return {};
}

/// The innermost extent of packed elements.
Status check_packed_extent(const Tensor& tensor) {
  const cuuint64_t unit = tensor.type_row().is_padded  ? kPaddedRow
                          : tensor.type_row().bits < 8 ? 2u
                                                       : 1u;
  if (tensor.extents[0] % unit != 0)
    return invalid(
        fmt::format("{} packed elements in a row are no multiple of {}.", tensor.extents[0], unit));
  return {};
}

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
    if (stride % tensor.unit() != 0 || stride >= kStrideLimit)
      return invalid(fmt::format("The stride {} of dimension {} is no multiple of {} below 2^40.",
                                 stride, d, tensor.unit()));
    map.stride[d - 1] = stride;
  }
  return check_packed_extent(tensor);
}

Status take_tensor(const Tensor& tensor, cuda_shim_tensor_map& map) {
  if (tensor.extents == nullptr || tensor.element_strides == nullptr ||
      (tensor.strides == nullptr && tensor.rank > 1))
    return null_argument();
  if (Status status = check_enumerators(tensor); !status) return status;
  if (reinterpret_cast<std::uintptr_t>(tensor.address) % tensor.unit() != 0)
    return invalid(fmt::format("The tensor's address {} is not aligned to {} bytes.",
                               tensor.address, tensor.unit()));
  map.magic = CUDA_SHIM_TENSOR_MAP_MAGIC;
  map.address = reinterpret_cast<std::uintptr_t>(tensor.address);
  map.type = static_cast<std::uint8_t>(tensor.type_row().type);
  map.last_dimension = static_cast<std::uint8_t>(tensor.rank - 1);
  Status status = take_extents(tensor, map);
  if (status) status = take_swizzle(tensor, map);
  if (status) status = take_fill(tensor, map);
  if (status) status = check_interleave(tensor);
  return status;
}

/// The elements of a box along the innermost dimension.
Status take_row(const Tensor& tensor, cuuint32_t elements, cuda_shim_tensor_map& map) {
  if (elements == 0 || elements > kMostBox)
    return invalid(fmt::format("{} elements are no row of a box.", elements));
  const unsigned bits = elements * tensor.type_row().bits;
  if (tensor.type_row().is_padded ? elements != kPaddedRow : bits % (8 * kUnit) != 0)
    return invalid(
        fmt::format("{} elements are no row of a box, which is a multiple of {} bytes, "
                    "or {} elements with padding.",
                    elements, kUnit, kPaddedRow));
  if (bits / 8 > tensor.swizzle_row().bytes)
    return invalid(fmt::format("A row of {} bytes is longer than the swizzle.", bits / 8));
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

struct Columns {
  const int* lower;
  const int* upper;
  cuuint32_t channels, pixels;
  cuda_shim_tensor_walk walk = CUDA_SHIM_WALK_IM2COL;

  bool is_wide() const { return walk != CUDA_SHIM_WALK_IM2COL; }
  /// Dimensions that have corners.
  unsigned corners(const Tensor& tensor) const { return is_wide() ? 1 : tensor.rank - 2; }
};

/// The corners, width first, each within what their number allows.
Status take_corners(const Tensor& tensor, const Columns& columns, cuda_shim_tensor_map& map) {
  constexpr int kMost[] = {32767, 127, 15};
  const unsigned corners = columns.corners(tensor);
  const int most = kMost[corners - 1];
  for (unsigned i = 0; i < corners; ++i) {
    const int lower = columns.lower[i], upper = columns.upper[i];
    for (int corner : {lower, upper})
      if (corner > most || corner < -most - 1)
        return invalid(fmt::format("The corner {} of the box of pixels is not from {} to {}.",
                                   corner, -most - 1, most));
    const auto last = static_cast<std::int64_t>(tensor.extents[1 + i]) - 1;
    if (last + upper < lower) return invalid("The box of pixels is empty.");
    map.lower[i] = static_cast<std::int16_t>(lower);
    map.upper[i] = static_cast<std::int16_t>(upper);
  }
  return {};
}

Status check_width(const Tensor& tensor) {
  if (!tensor.swizzle_row().serves_width)
    return invalid(fmt::format("Columns along the width have no swizzle {}.",
                               static_cast<int>(tensor.swizzle)));
  if (tensor.interleave != CU_TENSOR_MAP_INTERLEAVE_NONE)
    return invalid("Columns along the width are not interleaved.");
  return {};
}

Status take_pixels(const Columns& columns, cuda_shim_tensor_map& map) {
  if (columns.walk == CUDA_SHIM_WALK_IM2COL_W128) return {};
  if (columns.pixels == 0 || columns.pixels > kMostPixels)
    return invalid(fmt::format("A column has no {} pixels.", columns.pixels));
  map.box[1] = static_cast<std::uint16_t>(columns.pixels);
  return {};
}

Status encode_columns(const Tensor& tensor, const Columns& columns, cuda_shim_tensor_map& map) {
  if (tensor.rank < 3 || tensor.rank > kMostDimensions)
    return invalid(fmt::format("Images of {} dimensions have no columns.", tensor.rank));
  if (columns.lower == nullptr || columns.upper == nullptr) return null_argument();
  map.walk = static_cast<std::uint8_t>(columns.walk);
  Status status = check_enumerators(tensor);
  if (status && columns.is_wide()) status = check_width(tensor);
  if (status) status = take_tensor(tensor, map);
  if (status) status = take_corners(tensor, columns, map);
  if (status) status = take_pixels(columns, map);
  if (status) status = take_row(tensor, columns.channels, map);
  return status;
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

CUresult cuTensorMapEncodeIm2colWide(
    CUtensorMap* tensorMap, CUtensorMapDataType tensorDataType, cuuint32_t tensorRank,
    void* globalAddress, const cuuint64_t* globalDim, const cuuint64_t* globalStrides,
    int pixelBoxLowerCornerWidth, int pixelBoxUpperCornerWidth, cuuint32_t channelsPerPixel,
    cuuint32_t pixelsPerColumn, const cuuint32_t* elementStrides, CUtensorMapInterleave interleave,
    CUtensorMapIm2ColWideMode mode, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion l2Promotion,
    CUtensorMapFloatOOBfill oobFill) {
  return encoded(__func__, tensorMap, [&](cuda_shim_tensor_map& map) -> Status {
    if (mode != CU_TENSOR_MAP_IM2COL_WIDE_MODE_W && mode != CU_TENSOR_MAP_IM2COL_WIDE_MODE_W128)
      return invalid(fmt::format("{} is no mode of columns.", static_cast<int>(mode)));
    return encode_columns(
        {tensorDataType, tensorRank, globalAddress, globalDim, globalStrides, elementStrides,
         interleave, swizzle, l2Promotion, oobFill},
        {&pixelBoxLowerCornerWidth, &pixelBoxUpperCornerWidth, channelsPerPixel, pixelsPerColumn,
         mode == CU_TENSOR_MAP_IM2COL_WIDE_MODE_W ? CUDA_SHIM_WALK_IM2COL_W
                                                  : CUDA_SHIM_WALK_IM2COL_W128},
        map);
  });
}

CUresult cuTensorMapReplaceAddress(CUtensorMap* tensorMap, void* globalAddress) {
  return in_process(__func__, [&]() -> Status {
    if (tensorMap == nullptr) return null_argument();
    cuda_shim_tensor_map map;
    std::memcpy(&map, tensorMap, sizeof map);
    if (map.magic != CUDA_SHIM_TENSOR_MAP_MAGIC) return invalid("This is no tensor map.");
    const unsigned unit =
        map.type == CUDA_SHIM_TENSOR_B4X16_P64 || map.type == CUDA_SHIM_TENSOR_B6X16_P32 ? 2 * kUnit
                                                                                         : kUnit;
    if (reinterpret_cast<std::uintptr_t>(globalAddress) % unit != 0)
      return invalid(
          fmt::format("The tensor's address {} is not aligned to {} bytes.", globalAddress, unit));
    map.address = reinterpret_cast<std::uintptr_t>(globalAddress);
    std::memcpy(tensorMap, &map, sizeof map);
    return {};
  });
}

}  // extern "C"
