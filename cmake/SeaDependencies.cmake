# Debian's libraries by pkg-config; the two that Debian 12 lacks come from SeaFetch.
find_package(PkgConfig REQUIRED)
foreach(module rdkafka hiredis libpq libevent libevent_openssl libevent_pthreads libcurl libcrypto libssl libsodium
        libprotobuf-c icu-uc icu-i18n yaml-0.1 gmime-3.0)
  string(REPLACE "-" "_" target ${module})
  string(REPLACE "." "_" target ${target})
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})
endforeach()
