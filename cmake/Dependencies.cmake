# Third-party libraries, all from the distribution.
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libelf REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(liblz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(libxxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# LLVM 22, linked as one shared library.
find_package(LLVM 22.1 REQUIRED CONFIG PATHS /usr/lib/llvm-22/lib/cmake/llvm)
add_library(llvm INTERFACE)
target_include_directories(llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})

target_link_libraries(llvm INTERFACE LLVM)

if(CUDA_SHIM_TESTS)
  find_package(GTest REQUIRED)
endif()
if(CUDA_SHIM_BENCH)
  find_package(benchmark REQUIRED)
endif()
