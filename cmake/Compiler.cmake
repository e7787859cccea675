# Warnings are errors; sanitizers are chosen by preset.
set(CUDA_SHIM_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter -Wno-gnu-zero-variadic-macro-arguments $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:-Wno-return-type-c-linkage> -Werror -fno-omit-frame-pointer)
if(CUDA_SHIM_SANITIZE)
  add_compile_options(-fsanitize=${CUDA_SHIM_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CUDA_SHIM_SANITIZE})
endif()
add_link_options(-Wl,--as-needed)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
