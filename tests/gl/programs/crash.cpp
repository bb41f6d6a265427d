// Preloaded into the renderer by a test: a driver that crashes in one function.
#include "driver_preload.h"
#include <cstdlib>

Proc get_proc(const char* name) {
    return strcmp(name, CRASH_IN) == 0 ? (Proc)abort : g_real(name);
}
