// The window system's records: passed on to the backend (src/replay/ws).
#include "gen/gl/records.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"

namespace glckpt::replay {

void decode_wsMakeCurrent(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::wsMakeCurrent*>(record);
    if (x.stream.attaching) {
        ws_hold_window(x.stream.id, r->draw);
        ws_hold_window(x.stream.id, r->read);
    }
    const bool ok = ws_make_current(x.stream.id, r->draw, r->read, x.stream.attaching);
    if (ok) {
        x.draw = r->draw;
        x.read = r->read;
        context_became_current(x);
        if (!x.debug_taken) {
            x.debug_taken = true;
            GLint flags = 0; // debug contexts have messages from the start
            x.gl.glGetIntegerv(GL_CONTEXT_FLAGS, &flags);
            if (x.gl.glGetError() == GL_NO_ERROR && (flags & GL_CONTEXT_FLAG_DEBUG_BIT))
                x.take_debug_messages();
        }
    }
    x.reply_value(ok);
}
void decode_wsRelease(Exec& x, const char*) { ws_release(x.stream.id); }
void decode_wsSwapBuffers(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::wsSwapBuffers*>(record);
    ws_swap(x.stream.id, r->drawable);
    x.shared().frames_done.fetch_add(1, std::memory_order_release);
    frame_done(x.stream);
}
void decode_wsSwapInterval(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::wsSwapInterval*>(record);
    ws_swap_interval(x.stream.id, r->drawable, r->interval);
}
void decode_wsWaitGL(Exec& x, const char*) {
    ws_wait_gl(x.stream.id);
    x.reply_value(1);
}

} // namespace glckpt::replay
