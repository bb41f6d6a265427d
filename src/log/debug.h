// Debug messages on their way from the driver to the app (KHR_debug).
//
// A ring of bytes beside the reply block, in the stream's shared memory: it is in the image, and a
// new renderer goes on behind it, so no message is lost by a checkpoint or a replacement. Written
// by the renderer (any thread of the driver, under a lock there), read by the app's thread that has
// the context current. Positions never wrap; `position % kDebugBlock` is the place.
#pragma once
#include "log/shared.h"
#include <algorithm>
#include <cstring>
#include <string>

namespace glckpt::log {

struct DebugHeader {
    uint32_t source, type, id, severity;
    uint32_t logged; // no callback was set: it belongs to the log
    uint32_t length; // of the text that follows, without a NUL
};

struct DebugMessage {
    DebugHeader head;
    std::string text;
};

inline void debug_bytes(char* block, uint64_t at, void* app, const void* from, size_t n) {
    auto* to = static_cast<char*>(app);
    for (size_t done = 0; done < n;) {
        const size_t place = (at + done) % kDebugBlock,
                     run = std::min(n - done, kDebugBlock - place);
        if (from)
            memcpy(block + place, static_cast<const char*>(from) + done, run);
        else
            memcpy(to + done, block + place, run);
        done += run;
    }
}

// False if there is no room: it is discarded, as the log does when it is full.
inline bool debug_write(StreamShared& s, char* block, const DebugHeader& h, const char* text) {
    const uint64_t at = s.debug_written.load(std::memory_order_relaxed);
    const uint64_t used = at - s.debug_read.load(std::memory_order_acquire);
    if (used + sizeof h + h.length > kDebugBlock)
        return false;
    debug_bytes(block, at, nullptr, &h, sizeof h);
    debug_bytes(block, at + sizeof h, nullptr, text, h.length);
    s.debug_written.store(at + sizeof h + h.length, std::memory_order_release);
    return true;
}

inline bool debug_take(StreamShared& s, char* block, DebugMessage* m) {
    const uint64_t at = s.debug_read.load(std::memory_order_relaxed);
    if (at == s.debug_written.load(std::memory_order_acquire))
        return false;
    debug_bytes(block, at, &m->head, nullptr, sizeof m->head);
    m->text.resize(m->head.length);
    debug_bytes(block, at + sizeof m->head, m->text.data(), nullptr, m->head.length);
    s.debug_read.store(at + sizeof m->head + m->head.length, std::memory_order_release);
    return true;
}

} // namespace glckpt::log
