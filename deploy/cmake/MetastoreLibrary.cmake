# SPDX-License-Identifier: Apache-2.0
# ms_library(NAME SOURCES a.c … LINKS other …): a static library for a module. Third-party
# libraries are linked PRIVATE to the module that may include them, so that a program which does
# not link the module cannot use the library either.

function(ms_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_LINKS})
endfunction()
