#pragma once
// Files of this folder are compiled once for each ABI, with CUDA_SHIM_CUDART_ABI 11, 12 or 13: they
// hold the functions whose signature or structures differ between the majors under one name. They
// do not include cuda_runtime_api.h, whose declarations are those of one major only, and write the
// others' structures themselves.

#include "api/cudart/entry.h"

#if !defined(CUDA_SHIM_CUDART_ABI) || CUDA_SHIM_CUDART_ABI < 11 || CUDA_SHIM_CUDART_ABI > 13
#error "CUDA_SHIM_CUDART_ABI is 11, 12 or 13."
#endif
