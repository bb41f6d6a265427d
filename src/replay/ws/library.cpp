// Finds the real libraries. The renderer's environment has neither our preload nor our folder, so
// the loader's own search gives the system's.
#include "replay/ws/display.h"
#include <cstdio>
#include <dlfcn.h>

namespace glckpt::replay {

void* driver_library(const char* soname) {
    if (void* lib = dlopen(soname, RTLD_NOW | RTLD_GLOBAL))
        return lib;
    fprintf(stderr, "glckpt: renderer: %s\n", dlerror());
    return nullptr;
}

} // namespace glckpt::replay
