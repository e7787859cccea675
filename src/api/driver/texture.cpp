// Texture and surface objects (driver API manual, sections "Texture Object Management" and "Surface
// Object Management").
#include "api/objects/texture.h"

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Texture;
using objects::textures;

Status keep(Result<std::unique_ptr<Texture>> made, unsigned long long* handle) {
  if (!made) return std::move(made.error());
  *handle = textures().add(*std::move(made));
  return {};
}

// What is in flight may use the object: waits for it.
CUresult destroy(const char* name, unsigned long long handle, bool surface) {
  return in_context(name, [&](Context& context) -> Status {
    if (!textures().describe(handle, surface, nullptr, nullptr))
      return invalid_handle(surface ? "surface object" : "texture object");
    [[maybe_unused]] Status drained = context.synchronize();
    textures().take(handle, surface);
    return {};
  });
}

CUresult describe(const char* name, unsigned long long handle, bool surface,
                  CUDA_RESOURCE_DESC* resource, CUDA_TEXTURE_DESC* reading) {
  return in_context(name, [&](Context&) -> Status {
    if (resource == nullptr && reading == nullptr) return null_argument();
    if (textures().describe(handle, surface, resource, reading)) return {};
    return invalid_handle(surface ? "surface object" : "texture object");
  });
}

}  // namespace

extern "C" {

CUresult cuTexObjectCreate(CUtexObject* pTexObject, const CUDA_RESOURCE_DESC* pResDesc,
                           const CUDA_TEXTURE_DESC* pTexDesc,
                           const CUDA_RESOURCE_VIEW_DESC* pResViewDesc) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pTexObject == nullptr || pResDesc == nullptr || pTexDesc == nullptr) return null_argument();
    return keep(Texture::make(context, *pResDesc, *pTexDesc, pResViewDesc), pTexObject);
  });
}

CUresult cuTexObjectDestroy(CUtexObject texObject) {
  return destroy(__func__, texObject, false);
}

CUresult cuTexObjectGetResourceDesc(CUDA_RESOURCE_DESC* pResDesc, CUtexObject texObject) {
  return describe(__func__, texObject, false, pResDesc, nullptr);
}

CUresult cuTexObjectGetTextureDesc(CUDA_TEXTURE_DESC* pTexDesc, CUtexObject texObject) {
  return describe(__func__, texObject, false, nullptr, pTexDesc);
}

CUresult cuTexObjectGetResourceViewDesc(CUDA_RESOURCE_VIEW_DESC* pResViewDesc,
                                        CUtexObject texObject) {
  return in_context(__func__, [&](Context&) -> Status {
    if (pResViewDesc == nullptr) return null_argument();
    return textures().describe_view(texObject, pResViewDesc);
  });
}

CUresult cuSurfObjectCreate(CUsurfObject* pSurfObject, const CUDA_RESOURCE_DESC* pResDesc) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pSurfObject == nullptr || pResDesc == nullptr) return null_argument();
    return keep(Texture::make_surface(context, *pResDesc), pSurfObject);
  });
}

CUresult cuSurfObjectDestroy(CUsurfObject surfObject) {
  return destroy(__func__, surfObject, true);
}

CUresult cuSurfObjectGetResourceDesc(CUDA_RESOURCE_DESC* pResDesc, CUsurfObject surfObject) {
  return describe(__func__, surfObject, true, pResDesc, nullptr);
}

}  // extern "C"
