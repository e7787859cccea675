// Access of one device to another's memory (runtime API manual, section "Peer Device Memory
// Access"). Peers are named by ordinal here and by context in the driver API.

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

CUDART_ENTRY(cudaDeviceCanAccessPeer, (int* can, int device, int peer), (can, device, peer)) {
  CUDART_TRY(check_device(device));
  CUDART_TRY(check_device(peer));
  return in_driver(cuDeviceCanAccessPeer, can, device, peer);
}

CUDART_ENTRY(cudaDeviceEnablePeerAccess, (int peer, unsigned int flags), (peer, flags)) {
  CUcontext context;
  CUDART_TRY(check_device(peer));
  CUDART_TRY(primary_context(peer, &context));
  return in_context(cuCtxEnablePeerAccess, context, flags);
}

CUDART_ENTRY(cudaDeviceDisablePeerAccess, (int peer), (peer)) {
  CUcontext context;
  CUDART_TRY(check_device(peer));
  CUDART_TRY(primary_context(peer, &context));
  return in_context(cuCtxDisablePeerAccess, context);
}

CUDART_ENTRY(cudaDeviceGetP2PAttribute,
             (int* value, cudaDeviceP2PAttr attribute, int source, int destination),
             (value, attribute, source, destination)) {
  CUDART_TRY(check_device(source));
  CUDART_TRY(check_device(destination));
  return in_driver(cuDeviceGetP2PAttribute, value, static_cast<CUdevice_P2PAttribute>(attribute),
                   source, destination);
}
