# Warnings are errors; sanitizers are chosen by preset.
set(CUDA_SHIM_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter -Wno-gnu-zero-variadic-macro-arguments $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:-Wno-return-type-c-linkage> -Werror -fno-omit-frame-pointer)
if(CUDA_SHIM_SANITIZE)
  # Applications pass any number for an enumeration, and the API says what they get for it; functions are called through
  # types that other compilers gave them, translated kernels among them, which carry no marks of a sanitizer.
  add_compile_options(-fsanitize=${CUDA_SHIM_SANITIZE} -fno-sanitize=enum,function -fno-sanitize-recover=all
                      -fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/sanitizer_ignore.txt)
  add_link_options(-fsanitize=${CUDA_SHIM_SANITIZE})
else()
  # A missing symbol is found when a library is linked, not when an application opens it.
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>:-Wl,-z,defs>)
endif()
add_link_options(-Wl,--as-needed -Wl,--compress-debug-sections=zlib)

find_program(CCACHE ccache)
if(CCACHE)
  # Objects are shared between clones and build folders.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
