# Whole programs on the runtimes of earlier majors: clang builds them with NVIDIA's headers of that major and links NVIDIA's runtime, static
# where NVIDIA gives it (the wheels of 11 have the shared one only); then they run on ours. On a machine without a GPU that NVIDIA's runtime
# accepts, a program that passes has run on ours.
set(wheels ${CMAKE_SOURCE_DIR}/build/cudart_wheels CACHE PATH "NVIDIA's runtime libraries, as tools/fetch_cudart leaves them")
find_program(CUDA_SHIM_FATBINARY fatbinary HINTS ${CUDA_SHIM_CUDA_ROOT}/bin NO_DEFAULT_PATH)
if(NOT CUDA_SHIM_FATBINARY OR NOT EXISTS ${wheels}/11/bin/ptxas OR NOT EXISTS ${wheels}/12/bin/ptxas OR CUDA_SHIM_SANITIZE)
  message(STATUS "No earlier runtimes, or an instrumented build: the tests with whole programs on them are left out.")
  return()
endif()

# old_program(<source> <major> <way> <runtime...>)
function(old_program source major way)
  set(object ${folder}/${source}_${major}.o)
  set(program ${folder}/${source}_${major}_${way})
  add_custom_command(OUTPUT ${program} COMMAND ${CMAKE_CXX_COMPILER} ${object} -o ${program} ${ARGN} DEPENDS ${object} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY old_programs ${program})
  set(name loader.${source}_${major}_${way})
  add_test(NAME ${name}.preloaded COMMAND ${program})
  set_tests_properties(${name}.preloaded PROPERTIES TIMEOUT 120 ENVIRONMENT LD_PRELOAD=$<TARGET_FILE:cuda_shim_preload>)
  add_test(NAME ${name}.launched COMMAND $<TARGET_FILE:cuda-shim> run ${program})
  set_tests_properties(${name}.launched PROPERTIES TIMEOUT 120)
endfunction()

# clang's headers include one of cuRAND's whatever the program, and the wheels have no cuRAND.
file(WRITE ${folder}/absent/curand_mtgp32_kernel.h "")

# old_object(<source> <major>)
function(old_object source major)
  set(toolkit ${folder}/toolkit_${major})
  set(object ${folder}/${source}_${major}.o)
  set(file ${CMAKE_CURRENT_SOURCE_DIR}/programs/${source}.cu)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_CXX_COMPILER} -x cuda -std=c++17 -O2 --cuda-path=${toolkit} -isystem ${toolkit}/include -idirafter ${folder}/absent --cuda-gpu-arch=sm_75
            --cuda-include-ptx=sm_75 -Wno-unknown-cuda-version -Wno-deprecated-declarations -c ${file} -o ${object}
    DEPENDS ${file} VERBATIM)
endfunction()

foreach(major IN ITEMS 11 12)
  # A toolkit as clang expects it; the wheels have no fatbinary, and any version of that will do.
  set(toolkit ${folder}/toolkit_${major})
  file(MAKE_DIRECTORY ${toolkit}/bin)
  foreach(part IN ITEMS include nvvm bin/ptxas)
    file(CREATE_LINK ${wheels}/${major}/${part} ${toolkit}/${part} SYMBOLIC)
  endforeach()
  file(CREATE_LINK ${CUDA_SHIM_FATBINARY} ${toolkit}/bin/fatbinary SYMBOLIC)
  old_object(whole_program ${major})
endforeach()
set(shared_11 ${wheels}/11/lib/libcudart.so.11.0 -Wl,-rpath,${wheels}/11/lib)
old_program(whole_program 11 shared ${shared_11})
old_program(whole_program 12 shared ${wheels}/12/lib/libcudart.so.12 -Wl,-rpath,${wheels}/12/lib)
old_program(whole_program 12 static ${wheels}/12/lib/libcudart_static.a -ldl -lrt -pthread)
old_object(texture_references 11)
old_program(texture_references 11 shared ${shared_11})
get_property(old_programs GLOBAL PROPERTY old_programs)
add_custom_target(loader_old_programs ALL DEPENDS ${old_programs})
add_dependencies(loader_old_programs cuda_shim_runtime)
