# SPDX-License-Identifier: Apache-2.0
# Warnings, hardening, sanitizers and the compiler cache, the same for every target.
if(SPANDREL_WERROR)
  set(errors -Werror)
else()
  set(errors -Werror=unused-result -Werror=return-type)
endif()
add_compile_options(-Wall -Wextra -Wpedantic -Wno-missing-field-initializers ${errors} -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wthread-safety)
endif()

# Tests that must be shorter under a sanitizer, or cannot be, ask for the definitions.
if(SPANDREL_SANITIZER STREQUAL "address")
  add_compile_definitions(SPANDREL_ADDRESS_SANITIZER)
  # GCC takes copies of variants for uninitialized once they are instrumented.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=address,undefined)
elseif(SPANDREL_SANITIZER STREQUAL "thread")
  add_compile_definitions(SPANDREL_THREAD_SANITIZER)
  # Asio uses fences, which the sanitizer does not know.
  add_compile_options(-fsanitize=thread $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  add_link_options(-fsanitize=thread)
elseif(SPANDREL_SANITIZER)
  message(FATAL_ERROR "SPANDREL_SANITIZER is '${SPANDREL_SANITIZER}'; it takes address or thread")
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_compile_options(-fstack-protector-strong)
  add_link_options(-Wl,-z,relro,-z,now)
else()
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(SPANDREL_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "fuzz targets need clang: use the preset 'fuzz'")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths relative to the checkout, so that all build directories share what was compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()
