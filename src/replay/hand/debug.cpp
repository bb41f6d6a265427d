// Debug messages of the driver, into the stream's ring (log/debug.h).
#include "log/debug.h"
#include "gen/gl/records.h"
#include "replay/exec.h"
#include "replay/stream.h"

namespace glckpt::replay {
namespace {

// Called by the driver: on the stream's thread, or on one of its own.
void said(GLenum source, GLenum type, GLuint id, GLenum severity, GLsizei length,
          const GLchar* text, const void* user) {
    auto& x = *static_cast<Exec*>(const_cast<void*>(user));
    // The app knows what was said while its state was built up for the first time.
    if (x.stream.attaching || x.debug_quiet)
        return;
    if (length < 0)
        length = (GLsizei)strlen(text);
    const std::lock_guard hold(x.debug_lock);
    log::debug_write(x.shared(), x.reply_block() + log::kReplyBlock,
                     {source, type, id, severity, x.debug_callback ? 0u : 1u, (uint32_t)length},
                     text);
}

} // namespace

void Exec::take_debug_messages() {
    if (gl.glDebugMessageCallback)
        gl.glDebugMessageCallback(said, this);
}

void decode_xDebugCallback(Exec& x, const char* record) {
    x.debug_callback = reinterpret_cast<const rec::xDebugCallback*>(record)->on;
    x.take_debug_messages();
}

} // namespace glckpt::replay
