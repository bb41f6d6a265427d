#include "interpose/ws/xlib.h"
#include <dlfcn.h>

namespace glckpt::ws {

const Xlib& xlib() {
    static const Xlib table = [] {
        // A program that dlopen'ed Xlib without RTLD_GLOBAL has it, but not in the global scope.
        void* lib = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
        if (!lib)
            lib = dlopen("libX11.so.6", RTLD_LAZY);
        Xlib x{};
#define GLCKPT_LOAD(f) x.f = reinterpret_cast<decltype(x.f)>(lib ? dlsym(lib, #f) : nullptr);
        GLCKPT_XLIB_FUNCTIONS(GLCKPT_LOAD)
#undef GLCKPT_LOAD
        return x;
    }();
    return table;
}

} // namespace glckpt::ws
