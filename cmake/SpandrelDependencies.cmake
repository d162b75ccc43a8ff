# SPDX-License-Identifier: Apache-2.0
# Everything here is a Debian package; tools/setup.sh installs them and ARCHITECTURE.md says what each is for.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(deflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
add_library(xxHash::xxhash ALIAS PkgConfig::xxhash)

if(SPANDREL_SERVER)
  find_package(yaml-cpp REQUIRED)
  find_package(CLI11 REQUIRED)
  # Not named `re2`: gRPC takes a set re2_FOUND for a re2::re2 target, which pkg-config does not make.
  pkg_check_modules(libre2 REQUIRED IMPORTED_TARGET re2)
  add_library(PkgConfig::re2 ALIAS PkgConfig::libre2)
endif()

# Debian's opentelemetry-cpp-dev asks for gRPC and protobuf in its package file even for the API alone.
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(opentelemetry-cpp CONFIG REQUIRED)

# The generated OTLP classes of Debian's libopentelemetry-proto-dev: a peer for tests, never used by the product.
find_path(OTEL_PROTO_INCLUDE_DIR opentelemetry/proto/trace/v1/trace.pb.h)
find_library(OTEL_PROTO_LIBRARY opentelemetry_proto)
find_library(OTEL_PROTO_GRPC_LIBRARY opentelemetry_proto_grpc)
add_library(opentelemetry_proto_peer INTERFACE)
if(OTEL_PROTO_INCLUDE_DIR AND OTEL_PROTO_LIBRARY)
  target_include_directories(opentelemetry_proto_peer SYSTEM INTERFACE ${OTEL_PROTO_INCLUDE_DIR})
  target_link_libraries(opentelemetry_proto_peer INTERFACE ${OTEL_PROTO_GRPC_LIBRARY}
    ${OTEL_PROTO_LIBRARY} gRPC::grpc++ protobuf::libprotobuf)
endif()

if(SPANDREL_TESTS OR SPANDREL_BENCH OR SPANDREL_FUZZ)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(SPANDREL_TESTS OR SPANDREL_BENCH)
  find_package(benchmark REQUIRED)
endif()
