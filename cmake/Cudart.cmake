# The version scripts of libcudart, made from the rows of src/api/cudart/cudart_api.def.

# cuda_shim_cudart_version_script(<major> <soname> <output>): exports the rows that the major has, under one version node named like
# the library, as NVIDIA's does; all else is local.
function(cuda_shim_cudart_version_script major soname output)
  set(list ${CMAKE_SOURCE_DIR}/src/api/cudart/cudart_api.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} rows REGEX "^CUDA_SHIM_CUDART\\(")
  set(names "")
  foreach(row IN LISTS rows)
    string(REGEX MATCH "^CUDA_SHIM_CUDART\\(([A-Za-z0-9_]+), ([0-9]+), ([0-9]+), (Implemented|Missing)\\)$" matched "${row}")
    if(NOT matched)
      message(FATAL_ERROR "cudart_api.def has a row that is not CUDA_SHIM_CUDART(name, first, last, state): ${row}")
    endif()
    if(major GREATER_EQUAL CMAKE_MATCH_2 AND major LESS_EQUAL CMAKE_MATCH_3)
      string(APPEND names "    ${CMAKE_MATCH_1};\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${output} CONTENT "${soname} {\n  global:\n${names}  local: *;\n};\n")
endfunction()
