# SPDX-License-Identifier: Apache-2.0
# Debian packages by CPack, for deploy/make-packages: METASTORE_PACKAGES=ON adds what Debian wants in a package
# (changelog, copyright, compressed man pages) and the names, relations and scripts of the three of them.

find_program(GZIP gzip REQUIRED)

# ms_install_compressed(FILE DESTINATION COMPONENT [NAME]): without a name or a time in it, so that two builds agree.
function(ms_install_compressed file destination component)
    get_filename_component(name ${file} NAME)
    if(ARGC GREATER 3)
        set(name ${ARGV3})
    endif()
    set(compressed ${CMAKE_CURRENT_BINARY_DIR}/compressed/${component}/${name}.gz)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/compressed/${component})
    add_custom_command(OUTPUT ${compressed} COMMAND ${GZIP} -9nc ${file} > ${compressed} DEPENDS ${file} VERBATIM)
    string(MAKE_C_IDENTIFIER "compress_${component}_${name}" target)
    add_custom_target(${target} ALL DEPENDS ${compressed})
    install(FILES ${compressed} DESTINATION ${destination} COMPONENT ${component})
endfunction()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # that of SOURCE_DATE_EPOCH, if set
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/changelog
     "metastore (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * Release ${PROJECT_VERSION}.\n\n"
     " -- The metastore authors <metastore@metastore.example>  ${date}\n")
foreach(component common writer reader)
    set(docs ${CMAKE_INSTALL_DATADIR}/doc/metastore-${component})
    install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/debian/copyright DESTINATION ${docs} COMPONENT ${component})
    ms_install_compressed(${CMAKE_CURRENT_BINARY_DIR}/changelog ${docs} ${component})
endforeach()

# What each program is linked with.
foreach(component writer reader)
    set(program metastore-${component})
    set(spdx ${CMAKE_CURRENT_BINARY_DIR}/${program}.spdx.json)
    add_custom_command(OUTPUT ${spdx}
                       COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/make-spdx $<TARGET_FILE:${program}> ${PROJECT_VERSION} > ${spdx}
                       DEPENDS ${program} ${CMAKE_CURRENT_SOURCE_DIR}/make-spdx VERBATIM)
    add_custom_target(spdx_${component} ALL DEPENDS ${spdx})
    install(FILES ${spdx} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${program} COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME metastore)
set(CPACK_PACKAGE_VENDOR metastore)
set(CPACK_PACKAGE_CONTACT "The metastore authors <metastore@metastore.example>")
set(CPACK_SET_DESTDIR ON) # /etc is not below the prefix
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 2)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL common writer reader)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_COMMON_PACKAGE_NAME metastore-common)
set(CPACK_DEBIAN_COMMON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_COMMON_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_COMPONENT_COMMON_DESCRIPTION "What its two programs share: the configuration, the users, the SQL of the
schema and of the roles, samples for proxies, and the manual.")
set(CPACK_DEBIAN_COMMON_PACKAGE_CONTROL_EXTRA
    "${CMAKE_CURRENT_SOURCE_DIR}/debian/conffiles;${CMAKE_CURRENT_BINARY_DIR}/common/postinst")

set(CPACK_DEBIAN_WRITER_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_WRITER_PACKAGE_SUGGESTS "postgresql, docker-registry, metastore-reader")
set(CPACK_COMPONENT_WRITER_DESCRIPTION "Receives the notifications of a docker/distribution registry, scans it,
and keeps what its images hold in PostgreSQL, where metastore-reader finds
it. Any number may run: one leads, the others stand by.")
set(CPACK_DEBIAN_READER_PACKAGE_SUGGESTS "nginx | haproxy")
set(CPACK_COMPONENT_READER_DESCRIPTION "Serves what metastore-writer keeps in PostgreSQL: pages, docker search,
lists, the index that Flatpak reads, and a REST interface. It never
writes. Any number may run, anywhere.")

# CPack takes scripts by their name alone: a folder for each package.
foreach(component common writer reader)
    foreach(script postinst prerm postrm)
        set(file ${CMAKE_CURRENT_SOURCE_DIR}/debian/metastore-${component}.${script})
        if(EXISTS ${file})
            configure_file(${file} ${CMAKE_CURRENT_BINARY_DIR}/${component}/${script} COPYONLY)
        endif()
    endforeach()
endforeach()
foreach(component WRITER READER)
    string(TOLOWER ${component} name)
    set(CPACK_DEBIAN_${component}_PACKAGE_NAME metastore-${name})
    set(CPACK_DEBIAN_${component}_PACKAGE_DEPENDS "metastore-common (= ${PROJECT_VERSION})")
    set(CPACK_DEBIAN_${component}_PACKAGE_SHLIBDEPS ON)
    set(scripts ${CMAKE_CURRENT_BINARY_DIR}/${name})
    set(CPACK_DEBIAN_${component}_PACKAGE_CONTROL_EXTRA "${scripts}/postinst;${scripts}/prerm;${scripts}/postrm")
endforeach()
include(CPack)
