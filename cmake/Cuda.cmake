# The CUDA toolkit: headers for the API layer, nvcc for samples and tests. CUDA_SHIM_CUDA_ROOT is set by tools/bootstrap where the
# toolkit came as wheels; an installed toolkit is found by itself.
set(CUDA_SHIM_CUDA_ROOT "$ENV{CUDA_HOME}" CACHE PATH "Folder with the toolkit's bin and include")
if(NOT CUDA_SHIM_CUDA_ROOT AND EXISTS /usr/local/cuda)
  set(CUDA_SHIM_CUDA_ROOT /usr/local/cuda CACHE PATH "" FORCE)
endif()
find_path(CUDA_SHIM_CUDA_INCLUDE cuda.h HINTS ${CUDA_SHIM_CUDA_ROOT}/include REQUIRED NO_DEFAULT_PATH)
find_program(CUDA_SHIM_NVCC nvcc HINTS ${CUDA_SHIM_CUDA_ROOT}/bin)
add_library(cuda_toolkit_headers INTERFACE)
target_include_directories(cuda_toolkit_headers SYSTEM INTERFACE ${CUDA_SHIM_CUDA_INCLUDE})
