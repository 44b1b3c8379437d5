# SPDX-License-Identifier: Apache-2.0
# Run by ms_embed() at build time: cmake -DOUTPUT=x.c -DPREFIX=p [-DNAMES=n] [-DPIECES=d -DWHOLE=d]
# "-DFILES=a;b" -P embed.cmake
# Bytes are written as character constants, which may be negative as a char may be.
# Every byte array ends with a NUL that its length does not count.

# The file with a piece in the place of each line `-- include <name>`; its path replaces `file`.
macro(join_pieces file)
    file(READ ${${file}} text)
    while(text MATCHES "-- include ([a-z_.]+)\n")
        set(line "${CMAKE_MATCH_0}")
        file(READ ${PIECES}/${CMAKE_MATCH_1} piece)
        string(REPLACE "${line}" "${piece}" text "${text}")
    endwhile()
    get_filename_component(base ${${file}} NAME)
    set(${file} ${WHOLE}/${base})
    file(WRITE ${${file}} "${text}")
endmacro()

set(code "/* Made by the build from the files named below: do not edit. */\n#include <stddef.h>\n")
foreach(file IN LISTS FILES)
    if(PIECES)
        join_pieces(file)
    endif()
    get_filename_component(name ${file} NAME_WE)
    get_filename_component(base ${file} NAME)
    string(REGEX REPLACE "[^A-Za-z0-9]" "_" symbol "${PREFIX}_${name}")
    file(READ ${file} hex HEX)
    string(LENGTH "${hex}" digits)
    math(EXPR length "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................................................)" "\\1\n" bytes "${bytes}")
    string(APPEND code
        "/* ${base} */\nextern const char ${symbol}[];\nextern const size_t ${symbol}_len;\n"
        "const char ${symbol}[] = {\n${bytes}0};\nconst size_t ${symbol}_len = ${length};\n")
endforeach()
if(NAMES)
    string(APPEND code "/* The names of all of them, in order. */\nextern const char *const ${NAMES}[];\nextern const size_t ${NAMES}_count;\n")
    string(APPEND code "const char *const ${NAMES}[] = {\n")
    set(count 0)
    foreach(file IN LISTS FILES)
        get_filename_component(name ${file} NAME_WE)
        string(APPEND code "    \"${name}\",\n")
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND code "};\nconst size_t ${NAMES}_count = ${count};\n")
endif()
file(WRITE ${OUTPUT} "${code}")
