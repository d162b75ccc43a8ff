# SPDX-License-Identifier: Apache-2.0
# cmake --install and CPack. Two components: `library` (Debian package libspandrel-dev) is the tracing
# library with its CMake and pkg-config files, `server` (package spandrel) the server.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Spandrel)
set(generated ${CMAKE_BINARY_DIR}/generated/package)

# Not for applications to name.
foreach(internal base proto span signal net wire)
  set_target_properties(spandrel_${internal} PROPERTIES EXPORT_NAME internal_${internal})
endforeach()
install(TARGETS spandrel_base spandrel_proto spandrel_span spandrel_signal spandrel_net spandrel_wire spandrel_sdk spandrel_instrument
  EXPORT SpandrelTargets COMPONENT library)
install(EXPORT SpandrelTargets NAMESPACE Spandrel:: DESTINATION ${package_dir} COMPONENT library)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/spandrel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)

configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/SpandrelConfig.cmake.in ${generated}/SpandrelConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${generated}/SpandrelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/SpandrelConfig.cmake ${generated}/SpandrelConfigVersion.cmake
  ${CMAKE_SOURCE_DIR}/cmake/SpandrelComponents.cmake DESTINATION ${package_dir} COMPONENT library)

# The same definitions as the API's CMake target has: they decide about the API's ABI.
get_target_property(definitions opentelemetry-cpp::api INTERFACE_COMPILE_DEFINITIONS)
set(SPANDREL_PC_DEFINITIONS "")
foreach(definition ${definitions})
  string(APPEND SPANDREL_PC_DEFINITIONS " -D${definition}")
endforeach()
file(RELATIVE_PATH SPANDREL_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${CMAKE_SOURCE_DIR}/cmake/spandrel-sdk.pc.in ${generated}/spandrel-sdk.pc @ONLY)
install(FILES ${generated}/spandrel-sdk.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE RENAME copyright
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libspandrel-dev COMPONENT library)

set(CPACK_COMPONENTS_ALL library)
if(SPANDREL_SERVER)
  install(TARGETS spandrel RUNTIME COMPONENT server)
  install(FILES ${CMAKE_SOURCE_DIR}/packaging/spandrel.service DESTINATION lib/systemd/system COMPONENT server)
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE RENAME copyright
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/spandrel COMPONENT server)
  install(FILES ${CMAKE_SOURCE_DIR}/examples/collector.yaml
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/spandrel/examples COMPONENT server)
  # The program writes its shells' completion itself, where it is installed: not in every build.
  foreach(place bash:bash-completion/completions/spandrel zsh:zsh/vendor-completions/_spandrel
      fish:fish/vendor_completions.d/spandrel.fish)
    string(REGEX MATCH "^([a-z]+):(.*)/([^/]+)$" matched ${place})
    set(script ${generated}/completion/${CMAKE_MATCH_1}/${CMAKE_MATCH_3})
    set(folder ${CMAKE_INSTALL_DATADIR}/${CMAKE_MATCH_2})
    install(CODE "
      file(MAKE_DIRECTORY \"${generated}/completion/${CMAKE_MATCH_1}\")
      execute_process(COMMAND \"$<TARGET_FILE:spandrel>\" completion ${CMAKE_MATCH_1} OUTPUT_FILE \"${script}\"
        COMMAND_ERROR_IS_FATAL ANY)" COMPONENT server)
    install(FILES ${script} DESTINATION ${folder} COMPONENT server)
  endforeach()
  list(APPEND CPACK_COMPONENTS_ALL server)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME spandrel)
set(CPACK_PACKAGE_CONTACT "The Spandrel authors <noreply@spandrel.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libspandrel-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "Tracer behind the OpenTelemetry C++ API
 Records spans, sends them as OTLP, and traces HTTP servers and clients of
 cpp-httplib, libcurl, Boost.Beast and gRPC.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "opentelemetry-cpp-dev, libabsl-dev, libgrpc++-dev, libprotobuf-dev, protobuf-compiler, \
protobuf-compiler-grpc, pkg-config, libnghttp2-dev, libssl-dev, zlib1g-dev, libzstd-dev, libdeflate-dev, libsimdjson-dev, \
libxxhash-dev, libfmt-dev, libspdlog-dev")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS "libcpp-httplib-dev, libcurl4-openssl-dev, libboost-dev")
set(CPACK_DEBIAN_SERVER_PACKAGE_NAME spandrel)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "Trace collector, store, query engine and web page in one server
 Takes OTLP, runs OpenTelemetry Collector configuration, keeps traces durably
 and shows them.")
include(CPack)
