// Preloaded into the renderer by a test: a driver that crashes, by CRASH_IN_CHECKPOINT in what only
// a checkpoint calls when the program never sets how pixels are packed, else in glBlendFunc.
#define GL_GLEXT_PROTOTYPES
#include "driver_preload.h"
#include <GL/gl.h>
#include <cstdlib>

static void pixel_store(GLenum pname, GLint value) {
    if (pname >= GL_PACK_SWAP_BYTES && pname <= GL_PACK_ALIGNMENT)
        abort();
    ((decltype(&glPixelStorei))g_real("glPixelStorei"))(pname, value);
}

Proc get_proc(const char* name) {
    if (CRASH_IN_CHECKPOINT)
        return strcmp(name, "glPixelStorei") == 0 ? (Proc)pixel_store : g_real(name);
    return strcmp(name, "glBlendFunc") == 0 ? (Proc)abort : g_real(name);
}
