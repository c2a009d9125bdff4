# Everything our own targets are compiled with, in one interface target. It is not exported: users keep their own flags.
include(GNUInstallDirs)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the Python extension links the harness

add_library(finwait_options INTERFACE)
target_compile_features(finwait_options INTERFACE cxx_std_20)
target_compile_options(finwait_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                                 -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees phantom reads in std::string, std::vector and std::function at -O2 (GCC bugs 105329, 105562, 107852).
  target_compile_options(finwait_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                                                   -Wno-maybe-uninitialized -Wno-stringop-overread)
endif()
if(FINWAIT_SANITIZE)
  target_compile_options(finwait_options INTERFACE -fsanitize=${FINWAIT_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  target_link_options(finwait_options INTERFACE -fsanitize=${FINWAIT_SANITIZE})
endif()

# finwait_precompile(TARGET [HEADER...]): what most of our files include from others, read once: it is most of the time of a
# build. Sources include all they need none the less: clang-tidy reads them without.
function(finwait_precompile target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <chrono> <coroutine> <cstring> <deque> <filesystem> <fstream> <functional> <map> <memory> <optional>
    <set> <span> <sstream> <string> <string_view> <utility> <variant> <vector>
    <fmt/format.h> <fmt/ranges.h> <tl/expected.hpp> ${ARGN})
endfunction()

# finwait_sources(OUT DIR...): the .cpp files below the folders, tests left out.
function(finwait_sources out)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${ARGN})
  list(FILTER files EXCLUDE REGEX "_test\\.cpp$")
  set(${out} ${files} PARENT_SCOPE)
endfunction()

# finwait_embed(OUT FILE...): OUT becomes a list of rows {"name", R"(text)"} of C++, one for each file, sorted. Texts that
# travel inside the program, so that it needs no files at run time; configured anew when one of them changes.
function(finwait_embed out)
  set(rows "")
  list(SORT ARGN)
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND rows "    {\"${name}\", R\"finwait(${text})finwait\"},\n")
  endforeach()
  set(${out} "${rows}" PARENT_SCOPE)
endfunction()
