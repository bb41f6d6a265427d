// Preloaded into the renderer by a test: a driver that refuses the first glBlendFunc that it is
// given, if the environment has REFUSE.
#include "driver_preload.h"
#include <cstdlib>

namespace {

void blend_func(unsigned source, unsigned destination) {
    using BlendFunc = void (*)(unsigned, unsigned);
    static const auto real = (BlendFunc)g_real("glBlendFunc");
    static bool refused = !getenv("REFUSE");
    real(refused ? source : 0xbad, destination);
    refused = true;
}

} // namespace

Proc get_proc(const char* name) {
    return strcmp(name, "glBlendFunc") == 0 ? (Proc)blend_func : g_real(name);
}
