#include "interpose/ws/proc.h"
#include "gen/gl/exports.h"
#include <cstring>

namespace glckpt::ws {
namespace {

template <class Entry>
void* search(const Entry* table, unsigned count, const char* name) {
    unsigned low = 0, high = count;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        const int c = strcmp(table[middle].name, name);
        if (c == 0)
            return table[middle].function;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return nullptr;
}

} // namespace

void* find_proc(const char* name) {
    if (!name)
        return nullptr;
    void* p = search(kGlEntries, kGlEntryCount, name);
    return p ? p : search(kWsEntries, kWsEntryCount, name);
}

} // namespace glckpt::ws

using Function = void (*)();

extern "C" {

Function glXGetProcAddressARB(const unsigned char* name) {
    return reinterpret_cast<Function>(glckpt::ws::find_proc((const char*)name));
}

Function glXGetProcAddress(const unsigned char* name) { return glXGetProcAddressARB(name); }

Function eglGetProcAddress(const char* name) {
    return reinterpret_cast<Function>(glckpt::ws::find_proc(name));
}

} // extern "C"
