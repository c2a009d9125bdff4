# What `cmake --install` lays down: the command, both libraries with their headers, and the package that
# find_package(finwait) finds. tests/consumer is a project that uses it.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/finwait)
set(data_dir ${CMAKE_INSTALL_DATADIR}/finwait)

install(TARGETS finwait)
install(TARGETS finwait_harness finwait_cases EXPORT finwait)

# The folders are kept, so that "harness/..." and "cases/..." are found as they are here. What only tests include and
# what shows libtins' own types is no part of the library.
install(DIRECTORY harness cases DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/finwait
        FILES_MATCHING PATTERN "*.hpp"
        PATTERN "*_test.hpp" EXCLUDE PATTERN "tins_*.hpp" EXCLUDE PATTERN "testing" EXCLUDE
        PATTERN "expectations" EXCLUDE PATTERN "profiles" EXCLUDE PATTERN "requirements" EXCLUDE)
install(DIRECTORY cases/expectations cases/profiles cases/requirements DESTINATION ${data_dir} FILES_MATCHING PATTERN "*.toml")
install(FILES docs/results.schema.json DESTINATION ${data_dir} OPTIONAL)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT finwait FILE finwait-targets.cmake NAMESPACE finwait:: DESTINATION ${package_dir})
configure_package_config_file(cmake/finwait-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/finwait-config.cmake
                              INSTALL_DESTINATION ${package_dir}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/finwait-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/finwait-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/finwait-config-version.cmake
        DESTINATION ${package_dir})
