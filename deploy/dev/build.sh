# build.sh: compiling by CMake presets, and the commands about sources: build, clean.

# build_preset NAME: configures when needed, and compiles; quick when nothing changed.
build_preset() {
    local preset=$1 launcher=()
    cd "$ROOT"
    if have ccache && [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ]; then
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    if [ ! -f "build/$preset/build.ninja" ]; then
        step "Configuring the $preset build" cmake --preset "$preset" "${launcher[@]}"
    fi
    step "Building ($preset)" cmake --build --preset "$preset"
}
