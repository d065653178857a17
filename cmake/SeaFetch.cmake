# The two C libraries that Debian 12 lacks, yyjson and llhttp, from the Python source packages that carry them:
# fetched once by pip into ${SEADESK_CACHE} (default ~/.cache/seadesk), checked by sum, unpacked and built here.
if(DEFINED ENV{SEADESK_CACHE})
  set(SEA_CACHE $ENV{SEADESK_CACHE})
else()
  set(SEA_CACHE $ENV{HOME}/.cache/seadesk)
endif()

# pip asks a source package's build backend for its metadata even when it only downloads. This stand-in copies the
# metadata that the package brings, so that nothing else is fetched and none of the package's code runs.
set(sea_backend ${CMAKE_BINARY_DIR}/fetch/backend)
file(CONFIGURE OUTPUT ${sea_backend}/setuptools/build_meta.py CONTENT [=[
import email, os, shutil
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    with open("PKG-INFO") as file:
        info = email.message_from_file(file)
    folder = "%s-%s.dist-info" % (info["Name"], info["Version"])
    os.mkdir(os.path.join(directory, folder))
    shutil.copy("PKG-INFO", os.path.join(directory, folder, "METADATA"))
    return folder
]=])
file(TOUCH ${sea_backend}/setuptools/__init__.py)

# sea_fetch(PACKAGE VERSION SHA256 RET_DIR): the folder of the unpacked source package.
function(sea_fetch package version sha256 ret_dir)
  set(archive ${SEA_CACHE}/${package}-${version}.tar.gz)
  if(NOT EXISTS ${archive})
    message(STATUS "Fetching the source package ${package} ${version}")
    find_program(SEA_PIP NAMES pip3 pip REQUIRED)
    string(RANDOM random)
    set(download ${SEA_CACHE}/.download-${random})
    execute_process(COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${sea_backend} PIP_DISABLE_PIP_VERSION_CHECK=1
      ${SEA_PIP} download --quiet --no-deps --no-binary :all: --no-build-isolation --dest ${download}
      ${package}==${version} RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "pip cannot fetch ${package} ${version}; without a network put its source archive at ${archive}")
    endif()
    file(RENAME ${download}/${package}-${version}.tar.gz ${archive})
    file(REMOVE_RECURSE ${download})
  endif()
  file(SHA256 ${archive} sum)
  if(NOT sum STREQUAL sha256)
    message(FATAL_ERROR "${archive} has the SHA-256 sum ${sum}, expected ${sha256}: remove it and configure again")
  endif()
  set(folder ${CMAKE_BINARY_DIR}/fetch/${package}-${version})
  if(NOT EXISTS ${folder})
    file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${CMAKE_BINARY_DIR}/fetch)
  endif()
  set(${ret_dir} ${folder} PARENT_SCOPE)
endfunction()

# sea_fetched(NAME INCLUDE_DIR SOURCES…): a static library of fetched sources, without our warnings and clang-tidy.
function(sea_fetched name include_dir)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} SYSTEM PUBLIC ${include_dir})
  target_link_libraries(${name} PUBLIC sea_build)
  set_target_properties(${name} PROPERTIES C_CLANG_TIDY "")
endfunction()

sea_fetch(yyjson 4.0.6 fcd4dc15c1e39a30bf9fa85d56903029111506860fc3080ab0d81c6c6dacaa8c yyjson_dir)
sea_fetched(yyjson ${yyjson_dir}/yyjson ${yyjson_dir}/yyjson/yyjson.c)

sea_fetch(httptools 0.9.0 d484ebb7e3a3f3597b0f645fbd1b85633674ca808c1f5ba11c2caf7c66f5c8b6 httptools_dir)
set(llhttp_dir ${httptools_dir}/vendor/llhttp)
sea_fetched(llhttp ${llhttp_dir}/include
  ${llhttp_dir}/src/api.c ${llhttp_dir}/src/http.c ${llhttp_dir}/src/llhttp.c)
