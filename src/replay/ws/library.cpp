// Finds the real libraries. The renderer's environment has neither our preload nor our folder, so
// the loader's own search gives the system's; GLCKPT_GL_LIBRARY_PATH names another folder (a driver
// that is not installed system-wide).
#include "replay/ws/display.h"
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <string>

namespace glckpt::replay {

void* driver_library(const char* soname) {
    std::string name = soname;
    if (const char* folder = getenv("GLCKPT_GL_LIBRARY_PATH"))
        name = std::string(folder) + "/" + soname;
    if (void* lib = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL))
        return lib;
    fprintf(stderr, "glckpt: renderer: %s\n", dlerror());
    return nullptr;
}

} // namespace glckpt::replay
