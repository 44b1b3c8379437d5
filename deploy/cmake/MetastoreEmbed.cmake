# SPDX-License-Identifier: Apache-2.0
# ms_embed(OUTPUT generated/x.c SYMBOL_PREFIX p [NAMES n] FILES …): a C file that holds the bytes of
# each file as `const char p_<name>[]` with `const size_t p_<name>_len`, where <name> is the file's
# name without its ending, other characters than letters and digits as `_`; with NAMES also
# `const char *const n[]`, the names, and `n_count`. PIECES d WHOLE e: a line `-- include <name>` in one
# of them stands for the file d/<name>, or another one of FILES, whose parameters `with $8 $2` renames: see embed.cmake;
# what comes of it is embedded and left in e/.

set(MS_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)

function(ms_embed)
    cmake_parse_arguments(ARG "" "OUTPUT;SYMBOL_PREFIX;NAMES;PIECES;WHOLE;JOIN" "FILES;BETWEEN" ${ARGN})
    set(pieces)
    if(ARG_PIECES)
        file(GLOB pieces CONFIGURE_DEPENDS ${ARG_PIECES}/*)
    endif()
    add_custom_command(
        OUTPUT ${ARG_OUTPUT}
        COMMAND ${CMAKE_COMMAND} -DOUTPUT=${ARG_OUTPUT} -DPREFIX=${ARG_SYMBOL_PREFIX}
                -DNAMES=${ARG_NAMES} -DPIECES=${ARG_PIECES} -DWHOLE=${ARG_WHOLE}
                -DJOIN=${ARG_JOIN} "-DBETWEEN=${ARG_BETWEEN}" "-DFILES=${ARG_FILES}" -P ${MS_EMBED_SCRIPT}
        DEPENDS ${ARG_FILES} ${pieces} ${MS_EMBED_SCRIPT}
        VERBATIM)
endfunction()
