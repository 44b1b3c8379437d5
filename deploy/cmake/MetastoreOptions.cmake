# SPDX-License-Identifier: Apache-2.0
# How everything is compiled. Options: METASTORE_TESTS, METASTORE_SANITIZE, METASTORE_FUZZ,
# METASTORE_COVERAGE, METASTORE_ANALYZE, METASTORE_WERROR, METASTORE_PACKAGES.

include(CheckCCompilerFlag)
include(CheckLinkerFlag)

option(METASTORE_TESTS "build the unit and component tests" OFF)
option(METASTORE_SANITIZE "address and undefined-behaviour sanitizers" OFF)
option(METASTORE_FUZZ "build the fuzz targets with libFuzzer (needs clang)" OFF)
option(METASTORE_COVERAGE "instrument for gcov" OFF)
option(METASTORE_ANALYZE "gcc's static analysis (-fanalyzer) with every file" OFF)
option(METASTORE_WERROR "a warning is an error" OFF)
option(METASTORE_PACKAGES "for deploy/make-packages: compile and install as a Debian package does" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Assertions stay in every build.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
if(METASTORE_PACKAGES) # stripped anyway; with link-time optimization, names in it differ from one directory to another
    add_compile_options(-g0)
    add_link_options(-g0)
endif()
# Small functions of one module are called by all others, several times a request.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND
   NOT METASTORE_TESTS AND NOT METASTORE_ANALYZE)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

add_compile_definitions(_GNU_SOURCE METASTORE_VERSION="${PROJECT_VERSION}")
# Adds those of the flags that the compiler knows: gcc 12 and 14, clang 14 and 19 differ, and so do machines.
function(ms_add_known_options)
    set(CMAKE_REQUIRED_FLAGS -Werror) # clang only warns of a flag that is another machine's
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "MS_COMPILER_KNOWS${flag}" known)
        check_c_compiler_flag(${flag} ${known})
        if(${known})
            add_compile_options(${flag})
        endif()
    endforeach()
endfunction()

function(ms_add_known_link_options)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "MS_LINKER_KNOWS${flag}" known)
        check_linker_flag(C ${flag} ${known})
        if(${known})
            add_link_options(${flag})
        endif()
    endforeach()
endfunction()

add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wcast-align
    -Wwrite-strings -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
    -Wdouble-promotion -Walloca -Werror=format-security
    -fstack-protector-strong -fno-common -fPIE -fno-strict-aliasing)
# Control flow is protected by one flag on x86 and by another on AArch64.
ms_add_known_options(
    -fcf-protection=full -mbranch-protection=standard -fstack-clash-protection
    -Wtrampolines -Wbidi-chars=any -Wlogical-op -Wduplicated-cond
    -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3)
add_link_options(-fPIE -pie) # with link-time optimization this compiles
ms_add_known_link_options(
    -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,-z,separate-code -Wl,--as-needed)

if(METASTORE_WERROR)
    add_compile_options(-Werror)
endif()
if(METASTORE_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
    # Every test is built so: a third of the time goes into what only faster programs or a debugger need. Reports have
    # their functions and lines.
    if(NOT METASTORE_FUZZ)
        add_compile_options($<$<CONFIG:RelWithDebInfo>:-O1> $<$<CONFIG:RelWithDebInfo>:-g1>)
    endif()
elseif(METASTORE_ANALYZE)
    # Not for leaks (it loses sight of whatever a container owns; LeakSanitizer sees them in tests), and not for
    # NULL with a length of 0 (it does not follow struct ms_str by value).
    add_compile_options(-fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-null-argument)
    # Newer ones take the first element of an intrusive list for the one that was removed and freed a turn before.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
        add_compile_options(-Wno-analyzer-use-after-free -Wno-analyzer-double-free)
    endif()
else()
    # What is undefined gets a meaning; the sanitizers and the analyser, which look for it, must not
    # be told so. _FORTIFY_SOURCE would hide their checks too.
    add_compile_options(-fno-strict-overflow -fno-delete-null-pointer-checks
                        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                        $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
if(METASTORE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(METASTORE_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
