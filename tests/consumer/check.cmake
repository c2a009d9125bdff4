# Installs finwait, moves the installation elsewhere, builds the project beside this file with it, and runs that.
#   cmake -D BUILD=finwait's build folder -D WORK=folder to use -D COMPILER=... -P check.cmake
function(step)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${WORK}/moved)
step(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G Ninja -D CMAKE_CXX_COMPILER=${COMPILER}
     -D CMAKE_PREFIX_PATH=${WORK}/moved -D CMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON)
step(${CMAKE_COMMAND} --build ${WORK}/build)
step(${WORK}/build/own_cases)
step(${WORK}/moved/bin/finwait --version)
file(REMOVE_RECURSE ${WORK})
