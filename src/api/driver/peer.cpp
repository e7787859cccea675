// Peer context memory access. All memory of one process is reachable from all of its contexts;
// enabling is a matter of books.
#include <fmt/format.h>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;

bool reachable(const objects::Device& from, const objects::Device& to) {
  return &from != &to && from.has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY) &&
         to.has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY);
}

template <class Work>
CUresult on_pair(const char* name, CUdevice first, CUdevice second, Work&& work) {
  return on_device(name, first, [&](objects::Device& a) -> Status {
    objects::Device* b = objects::find_device(second);
    if (b == nullptr)
      return Status(StatusCode::kInvalidDevice, fmt::format("There is no device {}.", second));
    return work(a, *b);
  });
}

template <class Work>
CUresult with_peer(const char* name, CUcontext handle, Work&& work) {
  return in_context(name, [&](Context& context) -> Status {
    Context* peer = find<Context>(handle);
    if (peer == nullptr || peer == &context)
      return Status(StatusCode::kInvalidContext, "The peer is no other live context.");
    if (!reachable(context.device(), peer->device()))
      return Status(StatusCode::kPeerAccessUnsupported,
                    fmt::format("Device {} cannot reach device {}.", context.device().ordinal(),
                                peer->device().ordinal()));
    return work(context, *peer);
  });
}

}  // namespace

extern "C" {

CUresult cuDeviceCanAccessPeer(int* canAccessPeer, CUdevice dev, CUdevice peerDev) {
  return on_pair(__func__, dev, peerDev, [&](objects::Device& a, objects::Device& b) -> Status {
    if (canAccessPeer == nullptr) return null_argument();
    *canAccessPeer = reachable(a, b);
    return {};
  });
}

CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attrib, CUdevice srcDevice,
                                 CUdevice dstDevice) {
  return on_pair(
      __func__, srcDevice, dstDevice, [&](objects::Device& a, objects::Device& b) -> Status {
        if (value == nullptr || &a == &b)
          return invalid("The result is null or both devices are the same.");
        if (attrib < CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK ||
            attrib > CU_DEVICE_P2P_ATTRIBUTE_CUDA_ARRAY_ACCESS_SUPPORTED)
          return invalid(fmt::format("Attribute {} is unknown.", static_cast<int>(attrib)));
        bool yes = attrib == CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED ||
                   attrib == CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED;
        *value = yes && reachable(a, b);
        return {};
      });
}

CUresult cuCtxEnablePeerAccess(CUcontext peerContext, unsigned int Flags) {
  return with_peer(__func__, peerContext, [&](Context& context, Context& peer) -> Status {
    if (Flags != 0) return invalid("The flags must be 0.");
    if (context.enable_peer(peer)) return {};
    return Status(StatusCode::kPeerAccessAlreadyEnabled, "Access to this peer is enabled already.");
  });
}

CUresult cuCtxDisablePeerAccess(CUcontext peerContext) {
  return with_peer(__func__, peerContext, [&](Context& context, Context& peer) -> Status {
    if (context.disable_peer(peer)) return {};
    return Status(StatusCode::kPeerAccessNotEnabled, "Access to this peer is not enabled.");
  });
}

}  // extern "C"
