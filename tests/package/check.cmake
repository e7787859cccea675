# Installs into a folder of the build tree, moves that (an installation may not remember where it was made), builds a project that finds
# it by find_package, and runs its program: by itself, and by the installed launcher without any path to our libraries.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${result}:\n${output}")
  endif()
endfunction()

foreach(variable IN ITEMS LD_LIBRARY_PATH LD_PRELOAD)
  unset(ENV{${variable}})
endforeach()
file(REMOVE_RECURSE ${FOLDER}/first ${FOLDER}/prefix ${FOLDER}/consumer)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/first)
file(RENAME ${FOLDER}/first ${FOLDER}/prefix)

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${FOLDER}/consumer -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_PREFIX_PATH=${FOLDER}/prefix -DCUDA_INCLUDE=${CUDA_INCLUDE} -DLIBRARIES=${FOLDER}/prefix/${LIBDIR})
run(${CMAKE_COMMAND} --build ${FOLDER}/consumer)
run(${FOLDER}/consumer/by_package)
run(${FOLDER}/prefix/bin/cuda-shim info ${FOLDER}/consumer/by_name)
run(${FOLDER}/prefix/bin/cuda-shim run ${FOLDER}/consumer/by_name)
