// Texture and surface references (driver API manual, sections "Texture Reference Management" and
// "Surface Reference Management"), all deprecated: variables of modules that stand for a texture.
#include "api/objects/texture_reference.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/driver/entry.h"
#include "api/objects/allocations.h"
#include "api/objects/array.h"
#include "api/objects/function.h"
#include "api/objects/module.h"
#include "api/objects/owned_set.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::SurfaceReference;
using objects::TextureReference;
using State = TextureReference::State;

constexpr unsigned kTextureFlags = CU_TRSF_READ_AS_INTEGER | CU_TRSF_NORMALIZED_COORDINATES |
                                   CU_TRSF_SRGB | CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION;

// Never destroyed: applications call us from exit handlers.
objects::OwnedSet<TextureReference>& created_references() {
  static auto* all = new objects::OwnedSet<TextureReference>;
  return *all;
}

/// Runs work(Context&, TextureReference&).
template <class Work>
CUresult on_reference(const char* name, CUtexref handle, Work&& work) {
  return in_context(name, [&](Context& context) -> Status {
    TextureReference* reference = find<TextureReference>(handle);
    return reference == nullptr ? invalid_handle("texture reference") : work(context, *reference);
  });
}

/// Runs change(State&) -> Status.
template <class Change>
CUresult set(const char* name, CUtexref handle, Change&& change) {
  return on_reference(name, handle,
                      [&](Context&, TextureReference& reference) { return reference.set(change); });
}

/// Runs ask(const State&) -> Status once it is known that there is room for the answer.
template <class Ask>
CUresult get(const char* name, CUtexref handle, bool has_room, Ask&& ask) {
  return on_reference(name, handle, [&](Context&, TextureReference& reference) -> Status {
    return has_room ? ask(reference.state()) : null_argument();
  });
}

Status check_mode(CUfilter_mode mode) {
  if (mode == CU_TR_FILTER_MODE_POINT || mode == CU_TR_FILTER_MODE_LINEAR) return {};
  return invalid(fmt::format("{} is no filter mode.", static_cast<int>(mode)));
}

Status check_mode(CUaddress_mode mode) {
  if (mode >= CU_TR_ADDRESS_MODE_WRAP && mode <= CU_TR_ADDRESS_MODE_BORDER) return {};
  return invalid(fmt::format("{} is no address mode.", static_cast<int>(mode)));
}

Status check_axis(int dim) {
  return dim >= 0 && dim < 3 ? Status() : invalid(fmt::format("There is no dimension {}.", dim));
}

Status check_array_flags(unsigned flags) {
  if (flags == CU_TRSA_OVERRIDE_FORMAT) return {};
  return invalid(fmt::format("Flags 0x{:x} are not CU_TRSA_OVERRIDE_FORMAT.", flags));
}

Status set_format(State& state, CUarray_format format, unsigned channels) {
  const objects::ArrayFormat* found = objects::find_array_format(format);
  if (found == nullptr)
    return invalid(fmt::format("0x{:x} is no format.", static_cast<unsigned>(format)));
  if (channels != 1 && channels != 2 && channels != 4)
    return invalid(fmt::format("A texture has no {} channels.", channels));
  state.format = format;
  state.channels = channels;
  if (!state.bound) return {};
  // Memory is seen anew; an array has a format of its own.
  if (state.resource.resType == CU_RESOURCE_TYPE_LINEAR) {
    state.resource.res.linear.format = format;
    state.resource.res.linear.numChannels = channels;
  } else if (state.resource.resType == CU_RESOURCE_TYPE_PITCH2D) {
    state.resource.res.pitch2D.format = format;
    state.resource.res.pitch2D.numChannels = channels;
  }
  return {};
}

void bind(State& state, const CUDA_RESOURCE_DESC& resource) {
  state.bound = true;
  state.resource = resource;
}

std::uint64_t texture_alignment(Context& context) {
  Result<int> found = device_attribute(context.device(), CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
  return found ? static_cast<std::uint64_t>(*found) : 1;
}

CUresult set_plane(const char* name, CUtexref handle, const CUDA_ARRAY_DESCRIPTOR* plane,
                   CUdeviceptr address, std::size_t pitch) {
  return on_reference(name, handle, [&](Context& context, TextureReference& reference) {
    return reference.set([&](State& state) -> Status {
      if (plane == nullptr) return null_argument();
      if (address % texture_alignment(context) != 0)
        return invalid(fmt::format("Address 0x{:x} is not aligned as textures are.", address));
      CUDA_RESOURCE_DESC resource = {};
      resource.resType = CU_RESOURCE_TYPE_PITCH2D;
      resource.res.pitch2D = {address,      plane->Format, plane->NumChannels,
                              plane->Width, plane->Height, pitch};
      bind(state, resource);
      return set_format(state, plane->Format, plane->NumChannels);
    });
  });
}

Status not_bound(const char* what) {
  return invalid(fmt::format("The texture reference is not bound to {}.", what));
}

}  // namespace

extern "C" {

CUresult cuModuleGetTexRef(CUtexref* pTexRef, CUmodule hmod, const char* name) {
  return in_context(__func__, [&](Context&) -> Status {
    objects::Module* module = find<objects::Module>(hmod);
    if (module == nullptr) return invalid_handle("module");
    if (pTexRef == nullptr || name == nullptr) return null_argument();
    Result<TextureReference*> found = module->texture_reference(name);
    if (!found) return std::move(found.error());
    *pTexRef = (*found)->handle();
    return {};
  });
}

CUresult cuModuleGetSurfRef(CUsurfref* pSurfRef, CUmodule hmod, const char* name) {
  return in_context(__func__, [&](Context&) -> Status {
    objects::Module* module = find<objects::Module>(hmod);
    if (module == nullptr) return invalid_handle("module");
    if (pSurfRef == nullptr || name == nullptr) return null_argument();
    Result<SurfaceReference*> found = module->surface_reference(name);
    if (!found) return std::move(found.error());
    *pSurfRef = (*found)->handle();
    return {};
  });
}

CUresult cuTexRefCreate(CUtexref* pTexRef) {
  return in_context(__func__, [&](Context&) -> Status {
    if (pTexRef == nullptr) return null_argument();
    *pTexRef = created_references().add(std::make_unique<TextureReference>())->handle();
    return {};
  });
}

CUresult cuTexRefDestroy(CUtexref hTexRef) {
  return on_reference(__func__, hTexRef, [&](Context&, TextureReference& reference) -> Status {
    if (reference.has_variable()) return invalid("The texture reference belongs to a module.");
    created_references().take(&reference);
    return {};
  });
}

// --- What is bound

CUresult cuTexRefSetArray(CUtexref hTexRef, CUarray hArray, unsigned int Flags) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    if (Status status = check_array_flags(Flags); !status) return status;
    const objects::Array* array = find<objects::Array>(hArray);
    if (array == nullptr) return invalid_handle("array");
    CUDA_RESOURCE_DESC resource = {};
    resource.resType = CU_RESOURCE_TYPE_ARRAY;
    resource.res.array.hArray = hArray;
    bind(state, resource);
    return set_format(state, array->description().Format, array->description().NumChannels);
  });
}

CUresult cuTexRefSetMipmappedArray(CUtexref hTexRef, CUmipmappedArray hMipmappedArray,
                                   unsigned int Flags) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    if (Status status = check_array_flags(Flags); !status) return status;
    const auto* array = find<objects::MipmappedArray>(hMipmappedArray);
    if (array == nullptr) return invalid_handle("mipmapped array");
    CUDA_RESOURCE_DESC resource = {};
    resource.resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
    resource.res.mipmap.hMipmappedArray = hMipmappedArray;
    bind(state, resource);
    const CUDA_ARRAY3D_DESCRIPTOR& base = array->level(0).description();
    return set_format(state, base.Format, base.NumChannels);
  });
}

CUresult cuTexRefSetAddress(size_t* ByteOffset, CUtexref hTexRef, CUdeviceptr dptr, size_t bytes) {
  return on_reference(__func__, hTexRef, [&](Context& context, TextureReference& reference) {
    return reference.set([&](State& state) -> Status {
      const std::uint64_t offset = dptr % texture_alignment(context);
      if (offset != 0 && ByteOffset == nullptr)
        return invalid(fmt::format("Address 0x{:x} is not aligned as textures are.", dptr));
      if (ByteOffset != nullptr) *ByteOffset = offset;
      if (dptr == 0 || bytes == 0) {  // nothing is bound any more
        state.bound = false;
        return {};
      }
      const auto inside = objects::allocations().find(dptr);
      if (!inside || (inside->kind != objects::MemoryKind::kVirtual && !inside->holds(dptr, bytes)))
        return invalid(
            fmt::format("The {} bytes at 0x{:x} are not inside one allocation.", bytes, dptr));
      CUDA_RESOURCE_DESC resource = {};
      resource.resType = CU_RESOURCE_TYPE_LINEAR;
      resource.res.linear = {dptr - offset, state.format, state.channels, bytes + offset};
      bind(state, resource);
      return {};
    });
  });
}

CUresult cuTexRefSetAddress2D_v2(CUtexref hTexRef, const CUDA_ARRAY_DESCRIPTOR* desc,
                                 CUdeviceptr dptr, size_t Pitch) {
  return set_plane(__func__, hTexRef, desc, dptr, Pitch);
}

CUresult cuTexRefSetAddress2D(CUtexref hTexRef, const CUDA_ARRAY_DESCRIPTOR* desc, CUdeviceptr dptr,
                              size_t Pitch) {
  return set_plane(__func__, hTexRef, desc, dptr, Pitch);
}

CUresult cuTexRefGetArray(CUarray* phArray, CUtexref hTexRef) {
  return get(__func__, hTexRef, phArray != nullptr, [&](const State& state) -> Status {
    if (!state.bound || state.resource.resType != CU_RESOURCE_TYPE_ARRAY)
      return not_bound("an array");
    *phArray = state.resource.res.array.hArray;
    return {};
  });
}

CUresult cuTexRefGetMipmappedArray(CUmipmappedArray* phMipmappedArray, CUtexref hTexRef) {
  return get(__func__, hTexRef, phMipmappedArray != nullptr, [&](const State& state) -> Status {
    if (!state.bound || state.resource.resType != CU_RESOURCE_TYPE_MIPMAPPED_ARRAY)
      return not_bound("a mipmapped array");
    *phMipmappedArray = state.resource.res.mipmap.hMipmappedArray;
    return {};
  });
}

CUresult cuTexRefGetAddress(CUdeviceptr* pdptr, CUtexref hTexRef) {
  return get(__func__, hTexRef, pdptr != nullptr, [&](const State& state) -> Status {
    const bool linear = state.resource.resType == CU_RESOURCE_TYPE_LINEAR;
    if (!state.bound || (!linear && state.resource.resType != CU_RESOURCE_TYPE_PITCH2D))
      return not_bound("memory");
    *pdptr = linear ? state.resource.res.linear.devPtr : state.resource.res.pitch2D.devPtr;
    return {};
  });
}

// --- How it is read

CUresult cuTexRefSetFormat(CUtexref hTexRef, CUarray_format fmt, int NumPackedComponents) {
  return set(__func__, hTexRef, [&](State& state) {
    return set_format(state, fmt, static_cast<unsigned>(std::max(NumPackedComponents, 0)));
  });
}

CUresult cuTexRefSetAddressMode(CUtexref hTexRef, int dim, CUaddress_mode am) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    if (Status status = check_axis(dim); !status) return status;
    if (Status status = check_mode(am); !status) return status;
    state.reading.addressMode[dim] = am;
    return {};
  });
}

CUresult cuTexRefSetFilterMode(CUtexref hTexRef, CUfilter_mode fm) {
  return set(__func__, hTexRef, [&](State& state) {
    state.reading.filterMode = fm;
    return check_mode(fm);
  });
}

CUresult cuTexRefSetMipmapFilterMode(CUtexref hTexRef, CUfilter_mode fm) {
  return set(__func__, hTexRef, [&](State& state) {
    state.reading.mipmapFilterMode = fm;
    return check_mode(fm);
  });
}

CUresult cuTexRefSetMipmapLevelBias(CUtexref hTexRef, float bias) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    state.reading.mipmapLevelBias = bias;
    return {};
  });
}

CUresult cuTexRefSetMipmapLevelClamp(CUtexref hTexRef, float minMipmapLevelClamp,
                                     float maxMipmapLevelClamp) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    state.reading.minMipmapLevelClamp = minMipmapLevelClamp;
    state.reading.maxMipmapLevelClamp = maxMipmapLevelClamp;
    return {};
  });
}

CUresult cuTexRefSetMaxAnisotropy(CUtexref hTexRef, unsigned int maxAniso) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    state.reading.maxAnisotropy = maxAniso;
    return {};
  });
}

CUresult cuTexRefSetBorderColor(CUtexref hTexRef, float* pBorderColor) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    if (pBorderColor == nullptr) return null_argument();
    std::copy_n(pBorderColor, 4, state.reading.borderColor);
    return {};
  });
}

CUresult cuTexRefSetFlags(CUtexref hTexRef, unsigned int Flags) {
  return set(__func__, hTexRef, [&](State& state) -> Status {
    if (Flags & ~kTextureFlags)
      return invalid(fmt::format("0x{:x} are no texture flags.", Flags & ~kTextureFlags));
    state.reading.flags = Flags;
    return {};
  });
}

CUresult cuTexRefGetFormat(CUarray_format* pFormat, int* pNumChannels, CUtexref hTexRef) {
  return get(__func__, hTexRef, pFormat != nullptr || pNumChannels != nullptr,
             [&](const State& state) -> Status {
               if (pFormat != nullptr) *pFormat = state.format;
               if (pNumChannels != nullptr) *pNumChannels = static_cast<int>(state.channels);
               return {};
             });
}

CUresult cuTexRefGetAddressMode(CUaddress_mode* pam, CUtexref hTexRef, int dim) {
  return get(__func__, hTexRef, pam != nullptr, [&](const State& state) -> Status {
    if (Status status = check_axis(dim); !status) return status;
    *pam = state.reading.addressMode[dim];
    return {};
  });
}

CUresult cuTexRefGetFilterMode(CUfilter_mode* pfm, CUtexref hTexRef) {
  return get(__func__, hTexRef, pfm != nullptr, [&](const State& state) -> Status {
    *pfm = state.reading.filterMode;
    return {};
  });
}

CUresult cuTexRefGetMipmapFilterMode(CUfilter_mode* pfm, CUtexref hTexRef) {
  return get(__func__, hTexRef, pfm != nullptr, [&](const State& state) -> Status {
    *pfm = state.reading.mipmapFilterMode;
    return {};
  });
}

CUresult cuTexRefGetMipmapLevelBias(float* pbias, CUtexref hTexRef) {
  return get(__func__, hTexRef, pbias != nullptr, [&](const State& state) -> Status {
    *pbias = state.reading.mipmapLevelBias;
    return {};
  });
}

CUresult cuTexRefGetMipmapLevelClamp(float* pminMipmapLevelClamp, float* pmaxMipmapLevelClamp,
                                     CUtexref hTexRef) {
  const bool has_room = pminMipmapLevelClamp != nullptr && pmaxMipmapLevelClamp != nullptr;
  return get(__func__, hTexRef, has_room, [&](const State& state) -> Status {
    *pminMipmapLevelClamp = state.reading.minMipmapLevelClamp;
    *pmaxMipmapLevelClamp = state.reading.maxMipmapLevelClamp;
    return {};
  });
}

CUresult cuTexRefGetMaxAnisotropy(int* pmaxAniso, CUtexref hTexRef) {
  return get(__func__, hTexRef, pmaxAniso != nullptr, [&](const State& state) -> Status {
    *pmaxAniso = static_cast<int>(state.reading.maxAnisotropy);
    return {};
  });
}

CUresult cuTexRefGetBorderColor(float* pBorderColor, CUtexref hTexRef) {
  return get(__func__, hTexRef, pBorderColor != nullptr, [&](const State& state) -> Status {
    std::ranges::copy(state.reading.borderColor, pBorderColor);
    return {};
  });
}

CUresult cuTexRefGetFlags(unsigned int* pFlags, CUtexref hTexRef) {
  return get(__func__, hTexRef, pFlags != nullptr, [&](const State& state) -> Status {
    *pFlags = state.reading.flags;
    return {};
  });
}

/// The reference of a kernel's module is known already; any other one it cannot read.
CUresult cuParamSetTexRef(CUfunction hfunc, int texunit, CUtexref hTexRef) {
  return on_reference(__func__, hTexRef, [&](Context&, TextureReference& reference) -> Status {
    if (find<objects::Function>(hfunc) == nullptr) return invalid_handle("function");
    if (texunit != CU_PARAM_TR_DEFAULT)
      return invalid(fmt::format("Texture unit {} is not CU_PARAM_TR_DEFAULT.", texunit));
    return reference.has_variable() ? Status()
                                    : not_supported("The texture reference is of no module.");
  });
}

// --- Surface references

CUresult cuSurfRefSetArray(CUsurfref hSurfRef, CUarray hArray, unsigned int Flags) {
  return in_context(__func__, [&](Context&) -> Status {
    SurfaceReference* reference = find<SurfaceReference>(hSurfRef);
    if (reference == nullptr) return invalid_handle("surface reference");
    if (Flags != 0) return invalid(fmt::format("Flags 0x{:x} are not 0.", Flags));
    const objects::Array* array = find<objects::Array>(hArray);
    if (array == nullptr) return invalid_handle("array");
    if ((array->description().Flags & CUDA_ARRAY3D_SURFACE_LDST) == 0)
      return invalid("The array was not made for surfaces.");
    reference->set_array(hArray);
    return {};
  });
}

CUresult cuSurfRefGetArray(CUarray* phArray, CUsurfref hSurfRef) {
  return in_context(__func__, [&](Context&) -> Status {
    SurfaceReference* reference = find<SurfaceReference>(hSurfRef);
    if (reference == nullptr) return invalid_handle("surface reference");
    if (phArray == nullptr) return null_argument();
    if (reference->array() == nullptr) return invalid("The surface reference is not bound.");
    *phArray = reference->array();
    return {};
  });
}

}  // extern "C"
