// Preloaded into the renderer by a test: another driver. Defines dlsym: once in a library.
#pragma once
#include <cstring>
#include <dlfcn.h>

using Proc = void (*)();
using GetProc = Proc (*)(const char*);
inline GetProc g_real; // the driver's

// The library's: its own functions, or g_real's.
Proc get_proc(const char* name);

// The renderer finds the driver's entry points through eglGetProcAddress, which it finds by dlsym.
extern "C" __attribute__((visibility("default"))) void* dlsym(void* handle, const char* name) {
    using DlSym = void* (*)(void*, const char*);
    static const DlSym next = (DlSym)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    void* const found = next(handle, name);
    if (found && strcmp(name, "eglGetProcAddress") == 0) {
        g_real = (GetProc)found;
        return (void*)get_proc;
    }
    return found;
}
