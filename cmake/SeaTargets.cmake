# The kinds of targets this tree has; a folder's CMakeLists.txt only lists its files.

# sea_library(NAME SOURCES … HEADERS … LIBS …): a static library of common/.
function(sea_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(${name} PUBLIC sea_build ${ARG_LIBS} PRIVATE sea_options ${ARG_PRIVATE_LIBS})
endfunction()

# sea_core(NAME SOURCES … HEADERS … LIBS …): a pure library, and the gate that proves it pure.
function(sea_core name)
  sea_library(${name} ${ARGN})
  add_test(NAME gate.purity.${name}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/gates/purity.sh $<TARGET_FILE:${name}>)
  set_tests_properties(gate.purity.${name} PROPERTIES LABELS gate)
endfunction()

# sea_program(NAME SOURCES … LIBS …): an executable in build/…/bin.
function(sea_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE sea_options ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# sea_embed(TABLE FOLDER FILES …): TABLE.c in the build folder, with the files as a table of sea_http_file.h.
function(sea_embed table folder)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  list(TRANSFORM ARG_FILES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/ OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${table}.c
    COMMAND ${CMAKE_COMMAND} -D OUT=${CMAKE_CURRENT_BINARY_DIR}/${table}.c -D TABLE=${table}
      -D WEB=${CMAKE_CURRENT_SOURCE_DIR}/${folder} "-D FILES=${ARG_FILES}" -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${paths} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
endfunction()

# sea_unit(NAME SOURCES … LIBS …): a cmocka program run by ctest.
function(sea_unit name)
  if(SEA_FUZZ OR NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit)
  target_link_libraries(${name} PRIVATE sea_options ${ARG_LIBS} cmocka)
  target_compile_definitions(${name} PRIVATE SEA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 60)
endfunction()

add_custom_target(fuzzers) # every program of sea_fuzz; what the fuzz preset builds

# sea_fuzz(NAME SOURCES … LIBS … CORPUS …): a libFuzzer program with the corpus tests/fuzz/corpus/NAME, or that in the
# folder CORPUS; without the fuzz preset the same entry point runs over its corpus as a test.
function(sea_fuzz name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_CORPUS)
    set(ARG_CORPUS ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sea_options ${ARG_LIBS})
  add_dependencies(fuzzers ${name})
  if(SEA_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus_main.c)
  endif()
  add_test(NAME fuzz.${name} COMMAND ${name} -runs=0 ${ARG_CORPUS})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 60)
endfunction()
