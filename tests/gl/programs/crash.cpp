// Preloaded into the renderer by a test: a driver that crashes in glBlendFunc.
#include "driver_preload.h"
#include <cstdlib>

Proc get_proc(const char* name) {
    return strcmp(name, "glBlendFunc") == 0 ? (Proc)abort : g_real(name);
}
