// Columns of a config's row, by attribute, at compile time.
#pragma once
#include "log/ws_protocol.h"

namespace glckpt::ws {

int no_such_column(); // called in a constant expression only to break it

consteval int glx_column(int32_t attrib) {
    for (int i = 0; i < log::ws::kGlxConfigColumns; ++i)
        if (log::ws::kGlxConfigAttribs[i] == attrib)
            return i;
    return no_such_column();
}
consteval int egl_column(int32_t attrib) {
    for (int i = 0; i < log::ws::kEglConfigColumns; ++i)
        if (log::ws::kEglConfigAttribs[i] == attrib)
            return i;
    return no_such_column();
}

} // namespace glckpt::ws
