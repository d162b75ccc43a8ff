# SPDX-License-Identifier: Apache-2.0
# spandrel_embed_page(TARGET): builds the page (npm ci, vite build) and links it into TARGET, which
# then has spandrel::server::EmbeddedPage(). With SPANDREL_UI=OFF the page is empty and needs no Node.
function(spandrel_embed_page target)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(tool ${CMAKE_SOURCE_DIR}/tools/embed_page.py)
  set(generated ${CMAKE_BINARY_DIR}/generated/page)
  set(outputs ${generated}/embedded_page.cc ${generated}/embedded_page.S)

  if(SPANDREL_UI)
    find_program(NPM_PROGRAM npm REQUIRED)
    set(ui ${CMAKE_SOURCE_DIR}/ui)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${ui}/src/* ${ui}/public/*)
    list(FILTER sources EXCLUDE REGEX "\\.test\\.tsx?$")
    # npm writes this file when it has installed what package-lock.json says.
    set(installed ${ui}/node_modules/.package-lock.json)
    add_custom_command(OUTPUT ${installed}
      COMMAND ${NPM_PROGRAM} ci --no-audit --no-fund
      COMMAND ${CMAKE_COMMAND} -E touch ${installed}
      DEPENDS ${ui}/package.json ${ui}/package-lock.json
      WORKING_DIRECTORY ${ui} COMMENT "Installing the page's packages" VERBATIM)
    add_custom_command(OUTPUT ${outputs}
      COMMAND ${NPM_PROGRAM} run build -- --outDir ${generated}/dist --emptyOutDir --logLevel warn
      COMMAND Python3::Interpreter ${tool} ${generated} ${generated}/dist
      DEPENDS ${installed} ${sources} ${ui}/index.html ${ui}/vite.config.ts ${ui}/tsconfig.json ${tool}
      WORKING_DIRECTORY ${ui} COMMENT "Building the page" VERBATIM)
  else()
    add_custom_command(OUTPUT ${outputs}
      COMMAND Python3::Interpreter ${tool} ${generated}
      DEPENDS ${tool} COMMENT "Leaving the page out" VERBATIM)
  endif()

  target_sources(${target} PRIVATE ${outputs})
endfunction()
