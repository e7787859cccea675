# The CUDA toolkit: headers for the API layer, nvcc for samples and tests. CUDA_HOME where there is one, else an installed one, else the one that
# tools/bootstrap fetched into build/toolkit.
set(cuda_shim_cuda_root "")
foreach(folder IN ITEMS "$ENV{CUDA_HOME}" /usr/local/cuda ${CMAKE_SOURCE_DIR}/build/toolkit)
  if(NOT cuda_shim_cuda_root AND EXISTS ${folder}/bin/nvcc)
    set(cuda_shim_cuda_root ${folder})
  endif()
endforeach()
set(CUDA_SHIM_CUDA_ROOT "${cuda_shim_cuda_root}" CACHE PATH "Folder with the toolkit's bin and include")
find_path(CUDA_SHIM_CUDA_INCLUDE cuda.h HINTS ${CUDA_SHIM_CUDA_ROOT}/include REQUIRED NO_DEFAULT_PATH)
find_program(CUDA_SHIM_NVCC nvcc HINTS ${CUDA_SHIM_CUDA_ROOT}/bin)
add_library(cuda_toolkit_headers INTERFACE)
target_include_directories(cuda_toolkit_headers SYSTEM INTERFACE ${CUDA_SHIM_CUDA_INCLUDE})
