// Persistent buffer maps: memory that the app may write and read while the buffer is in use.
#pragma once
#include "interpose/gl/context.h"

namespace glckpt {

// The memory of a map of `b`, which is `buffer`; null if the driver refuses it (its error is
// raised).
Map* map_persistent(GLuint buffer, BufferShadow& b, GLintptr offset, GLsizeiptr length,
                    GLbitfield access);
// Ends it, with what the app has written so far; the buffer may be going away.
void unmap_persistent(BufferShadow& b);
// glFlushMappedBufferRange: [offset, offset + length) of the map.
void flush_persistent_range(Map& m, GLintptr offset, GLsizeiptr length);

// What the app has written, before a command that may read it. Called by the encoders of those
// commands when the stream has `persistent_maps`.
void flush_persistent();
// What the driver has written, after the app has waited for it.
void fetch_persistent();
inline void after_wait() {
    if (stream().persistent_maps) [[unlikely]]
        fetch_persistent();
}

} // namespace glckpt
