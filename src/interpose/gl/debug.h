// Debug messages (KHR_debug): callbacks and the log.
#pragma once
#include "interpose/gl/context.h"

namespace glckpt {

// Calls the app's callback for what has come from the driver. Called at the end of the commands
// that wait for the renderer; also at others, if the app wants its messages at once.
void deliver_debug_messages();

inline void debug_point() {
    if (stream().has_debug_messages()) [[unlikely]]
        deliver_debug_messages();
}

// At the end of an exported function, when its results are out.
struct DebugPoint {
    DebugPoint() = default;
    DebugPoint(const DebugPoint&) = delete;
    DebugPoint& operator=(const DebugPoint&) = delete;
    ~DebugPoint() { debug_point(); }
};

// glEnable and glDisable of the two capabilities that matter here.
void debug_capability(GLenum cap, bool on);
// What glGet answers about the log; false if pname is none of it.
bool debug_integer(GLenum pname, GLint* v);

} // namespace glckpt
