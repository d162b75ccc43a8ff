# SPDX-License-Identifier: Apache-2.0
# spandrel_embed_protos(TARGET FOLDER SYMBOL): compiles the .proto files of FOLDER to descriptors and links them
# into TARGET: one google.protobuf.FileDescriptorSet between the symbols SYMBOL_begin and SYMBOL_end.
function(spandrel_embed_protos target folder symbol)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS ${folder}/*.proto)
  set(generated ${CMAKE_BINARY_DIR}/generated/${symbol})
  file(MAKE_DIRECTORY ${generated})
  add_custom_command(OUTPUT ${generated}/set.bin
    COMMAND protobuf::protoc -I ${folder} -I "$<JOIN:${Protobuf_INCLUDE_DIRS},;-I;>" --include_imports
      --descriptor_set_out=${generated}/set.bin ${protos}
    DEPENDS ${protos} COMMAND_EXPAND_LISTS COMMENT "Describing what is served over gRPC" VERBATIM)
  file(CONFIGURE OUTPUT ${generated}/set.S CONTENT
"  .section .rodata
  .globl @symbol@_begin, @symbol@_end
  .hidden @symbol@_begin
  .hidden @symbol@_end
  .balign 16
@symbol@_begin:
  .incbin \"@generated@/set.bin\"
@symbol@_end:
  .byte 0
  .section .note.GNU-stack,\"\",%progbits
" @ONLY)
  set_source_files_properties(${generated}/set.S PROPERTIES OBJECT_DEPENDS ${generated}/set.bin)
  target_sources(${target} PRIVATE ${generated}/set.S ${generated}/set.bin)
endfunction()
