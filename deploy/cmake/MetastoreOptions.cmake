# SPDX-License-Identifier: Apache-2.0
# How everything is compiled. Options: METASTORE_TESTS, METASTORE_SANITIZE, METASTORE_FUZZ,
# METASTORE_COVERAGE, METASTORE_WERROR.

option(METASTORE_TESTS "build the unit and component tests" OFF)
option(METASTORE_SANITIZE "address and undefined-behaviour sanitizers" OFF)
option(METASTORE_FUZZ "build the fuzz targets with libFuzzer (needs clang)" OFF)
option(METASTORE_COVERAGE "instrument for gcov" OFF)
option(METASTORE_WERROR "a warning is an error" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
# Small functions of one module are called by all others, several times a request.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND
   NOT METASTORE_TESTS)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

add_compile_definitions(_GNU_SOURCE METASTORE_VERSION="${PROJECT_VERSION}")
add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wcast-align
    -Wwrite-strings -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
    -Wdouble-promotion
    -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fno-common -fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)

if(METASTORE_WERROR)
    add_compile_options(-Werror)
endif()
if(METASTORE_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
else()
    # The sanitizers bring checks of their own, which _FORTIFY_SOURCE would hide.
    add_compile_options($<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
if(METASTORE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(METASTORE_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
