# SPDX-License-Identifier: Apache-2.0
# spandrel_module(NAME [DEPENDS modules...] [LIBRARIES targets...] [TEST_DEPENDS ...] [TEST_LIBRARIES ...]
#                 [PUBLIC_HEADERS] [EXPORT_AS name])
#
# One folder under src/ = one static library `spandrel_NAME` = one namespace. Beside the sources:
#   *_test.cc   are linked into one GoogleTest program, NAME_test
#   *_bench.cc  are linked into one Google Benchmark program, NAME_bench (SPANDREL_BENCH)
#   *_fuzz.cc   are one libFuzzer program each (SPANDREL_FUZZ), with what the tests link
#   testing/    helps tests: its *.cc are a library of their own, spandrel_NAME_testing, which the module's tests
#               and fuzzers link, and those of other modules by TEST_DEPENDS NAME_testing
# PUBLIC_HEADERS: include/spandrel belongs to it. EXPORT_AS: applications know it as Spandrel::name.
function(spandrel_module name)
  cmake_parse_arguments(ARG "PUBLIC_HEADERS" "EXPORT_AS" "DEPENDS;LIBRARIES;TEST_DEPENDS;TEST_LIBRARIES" ${ARGN})
  set(folder ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${folder}/*_test.cc)
  file(GLOB_RECURSE benches CONFIGURE_DEPENDS ${folder}/*_bench.cc)
  file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS ${folder}/*_fuzz.cc)
  file(GLOB_RECURSE testing CONFIGURE_DEPENDS ${folder}/testing/*.cc)
  list(REMOVE_ITEM sources ${tests} ${benches} ${fuzzers} ${testing})

  set(depends ${ARG_DEPENDS})
  list(TRANSFORM depends PREPEND spandrel_)
  if(sources)
    add_library(spandrel_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(spandrel_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(spandrel_${name} ${scope} $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>)
  if(ARG_PUBLIC_HEADERS)
    target_include_directories(spandrel_${name} ${scope} $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:include>)
  endif()
  target_link_libraries(spandrel_${name} ${scope} ${depends} ${ARG_LIBRARIES})
  if(ARG_EXPORT_AS)
    add_library(Spandrel::${ARG_EXPORT_AS} ALIAS spandrel_${name})
    set_target_properties(spandrel_${name} PROPERTIES EXPORT_NAME ${ARG_EXPORT_AS})
    target_compile_features(spandrel_${name} INTERFACE cxx_std_17)
  endif()

  set(test_depends ${ARG_TEST_DEPENDS})
  list(TRANSFORM test_depends PREPEND spandrel_)
  if(testing AND (SPANDREL_TESTS OR SPANDREL_FUZZ))
    add_library(spandrel_${name}_testing STATIC EXCLUDE_FROM_ALL ${testing})
    target_link_libraries(spandrel_${name}_testing PUBLIC spandrel_${name} ${test_depends} ${ARG_TEST_LIBRARIES}
      GTest::gtest GTest::gmock)
    list(PREPEND test_depends spandrel_${name}_testing)
  endif()
  if(SPANDREL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test spandrel_${name} ${test_depends} ${ARG_TEST_LIBRARIES}
      GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE
      SPANDREL_TESTDATA="${folder}/testdata" SPANDREL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name}_test COMMAND ${name}_test)
    # Sanitizers make programs up to ten times slower.
    set_tests_properties(${name}_test PROPERTIES TIMEOUT $<IF:$<BOOL:${SPANDREL_SANITIZER}>,1800,300>)
  endif()
  # Not to be run: so that they go on to compile. Once is enough: not under a sanitizer.
  if(SPANDREL_TESTS AND fuzzers AND NOT SPANDREL_SANITIZER)
    add_library(${name}_fuzz_sources OBJECT ${fuzzers})
    target_link_libraries(${name}_fuzz_sources PRIVATE spandrel_${name} ${test_depends} ${ARG_TEST_LIBRARIES})
  endif()
  if(SPANDREL_TESTS AND benches AND NOT SPANDREL_SANITIZER)
    add_library(${name}_bench_sources OBJECT ${benches})
    target_link_libraries(${name}_bench_sources PRIVATE spandrel_${name} ${ARG_TEST_LIBRARIES} benchmark::benchmark)
  endif()
  if(SPANDREL_BENCH AND benches)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench spandrel_${name} ${ARG_TEST_LIBRARIES} benchmark::benchmark_main)
  endif()
  if(SPANDREL_FUZZ)
    foreach(source ${fuzzers})
      get_filename_component(target ${source} NAME_WE)
      add_executable(${target} ${source})
      target_link_libraries(${target} spandrel_${name} ${test_depends} ${ARG_TEST_LIBRARIES})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
