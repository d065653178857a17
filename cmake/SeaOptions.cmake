# Every compiler and linker flag of the tree; no other file sets one.
option(SEA_WERROR "Warnings are errors" ON)
option(SEA_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
option(SEA_HARDEN "Hardening flags of a release (OpenSSF guide)" OFF)
option(SEA_FUZZ "libFuzzer instrumentation; needs clang" OFF)
option(SEA_COVERAGE "Line coverage" OFF)
option(SEA_CRASHPOINTS "Named crash points that tests arm through SEADESK_CRASH_AT" OFF)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

# Build-wide: the same object code for our sources and the generated ones.
add_library(sea_build INTERFACE)
target_compile_definitions(sea_build INTERFACE _GNU_SOURCE SEADESK_VERSION="${PROJECT_VERSION}"
  $<$<BOOL:${SEA_CRASHPOINTS}>:SEA_CRASHPOINTS=1>)
if(SEA_SANITIZE OR SEA_FUZZ)
  target_compile_options(sea_build INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(sea_build INTERFACE -fsanitize=address,undefined)
endif()
if(SEA_FUZZ)
  target_compile_options(sea_build INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SEA_HARDEN)
  target_compile_options(sea_build INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-clash-protection -fstack-protector-strong -fno-delete-null-pointer-checks
    -fno-strict-overflow -fno-strict-aliasing
    $<$<COMPILE_LANG_AND_ID:C,GNU>:-ftrivial-auto-var-init=zero>
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=full>
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},aarch64>:-mbranch-protection=standard>)
  target_link_options(sea_build INTERFACE -pie -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)
endif()
if(SEA_COVERAGE)
  target_compile_options(sea_build INTERFACE --coverage)
  target_link_options(sea_build INTERFACE --coverage)
endif()

# What our own sources must pass on top.
add_library(sea_options INTERFACE)
target_link_libraries(sea_options INTERFACE sea_build)
target_compile_options(sea_options INTERFACE -Wall -Wextra -Wformat=2 -Wshadow -Wconversion
  -Wimplicit-fallthrough -Wundef -Wvla -Wpointer-arith
  $<$<NOT:$<C_COMPILER_ID:Clang>>:-Wcast-qual> # clang complains of casts in protobuf-c's macros
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum>
  $<$<BOOL:${SEA_WERROR}>:-Werror>)
