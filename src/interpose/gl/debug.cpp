// Debug messages: the driver gives them to the renderer, which puts them into the stream's ring
// (log/debug.h) with a callback of its own, whether or not the app has one; the log that a context
// without a callback keeps (OpenGL 4.6, section 20.6) is kept here, so that it is in the image.
//
// When the app's callback is called: without GL_DEBUG_OUTPUT_SYNCHRONOUS the driver may call it at
// any time, from any thread; here it is called on the thread that has the context, at the next
// command that waits for the renderer, or a swap or flush. With it, each command that can raise a
// message waits until it has been executed and calls it before it returns, as the app's debugger
// expects. Messages that the app inserts itself are always delivered before the call returns.
#include "interpose/gl/debug.h"
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/exports.h"
#include "log/debug.h"

namespace glckpt {
namespace {

void pull() {
    Context& c = *t_context;
    log::DebugMessage m;
    while (log::debug_take(c.stream.shared(), c.stream.debug_block(), &m)) {
        if (!m.head.logged) {
            c.debug.to_deliver.push_back(std::move(m));
            continue;
        }
        if (c.debug.most_logged < 0)
            encode::glGetIntegerv(c.stream, GL_MAX_DEBUG_LOGGED_MESSAGES, &c.debug.most_logged);
        if ((GLint)c.debug.log.size() < c.debug.most_logged)
            c.debug.log.push_back(std::move(m));
    }
}

// Everything issued so far has said what it has to say.
void pull_all() {
    if (stream().inside_begin)
        return;
    stream().wait_executed();
    pull();
}

void after_call(log::Stream& s) {
    if (s.inside_begin || t_context->debug.delivering || &s != &stream())
        return;
    s.wait_executed();
    debug_point();
}

void update_mode() {
    const Shadow& s = shadow();
    stream().after_call = s.debug_callback && t_context->debug.synchronous ? after_call : nullptr;
}

// Inserted by the app itself: delivered before the call returns.
void inserted() {
    if (!shadow().debug_callback || !stream().real() || stream().inside_begin)
        return;
    stream().wait_executed();
    debug_point();
}

} // namespace

void deliver_debug_messages() {
    Context& c = *t_context;
    if (c.debug.delivering || c.stream.inside_begin)
        return;
    pull();
    c.debug.delivering = true;
    while (!c.debug.to_deliver.empty()) {
        const log::DebugMessage m = std::move(c.debug.to_deliver.front());
        c.debug.to_deliver.pop_front();
        if (const GLDEBUGPROC callback = c.shadow.debug_callback)
            callback(m.head.source, m.head.type, m.head.id, m.head.severity, (GLsizei)m.head.length,
                     m.text.c_str(), c.shadow.debug_user);
    }
    c.debug.delivering = false;
}

void debug_capability(GLenum cap, bool on) {
    if (cap == GL_DEBUG_OUTPUT_SYNCHRONOUS) {
        t_context->debug.synchronous = on;
        update_mode();
    } else if (on) { // from now on there are messages: the renderer takes them
        encode::xDebugCallback(stream(), shadow().debug_callback ? 1 : 0);
    }
}

bool debug_integer(GLenum pname, GLint* v) {
    if (pname != GL_DEBUG_LOGGED_MESSAGES && pname != GL_DEBUG_NEXT_LOGGED_MESSAGE_LENGTH)
        return false;
    if (!stream().real())
        return false;
    pull_all();
    const auto& log = t_context->debug.log;
    if (pname == GL_DEBUG_LOGGED_MESSAGES)
        *v = (GLint)log.size();
    else
        *v = log.empty() ? 0 : (GLint)log.front().head.length + 1;
    return true;
}

extern "C" {

GLCKPT_GL void glDebugMessageCallback(GLDEBUGPROC callback, const void* userParam) {
    if (!stream().real())
        return;
    // What was said so far belongs to the callback before, or to the log.
    pull_all();
    debug_point();
    shadow().debug_callback = callback;
    shadow().debug_user = userParam;
    encode::xDebugCallback(stream(), callback ? 1 : 0);
    update_mode();
}

GLCKPT_GL void glDebugMessageInsert(GLenum source, GLenum type, GLuint id, GLenum severity,
                                    GLsizei length, const GLchar* buf) {
    encode::glDebugMessageInsert(stream(), source, type, id, severity, length, buf);
    inserted();
}
GLCKPT_GL void glPushDebugGroup(GLenum source, GLuint id, GLsizei length, const GLchar* message) {
    encode::glPushDebugGroup(stream(), source, id, length, message);
    inserted();
}
GLCKPT_GL void glPopDebugGroup(void) {
    encode::glPopDebugGroup(stream());
    inserted();
}

GLCKPT_GL GLuint glGetDebugMessageLog(GLuint count, GLsizei bufSize, GLenum* sources, GLenum* types,
                                      GLuint* ids, GLenum* severities, GLsizei* lengths,
                                      GLchar* messageLog) {
    if (!stream().real())
        return 0;
    if (messageLog && bufSize < 0) {
        encode::xError(stream(), GL_INVALID_VALUE);
        return 0;
    }
    pull_all();
    auto& log = t_context->debug.log;
    GLuint n = 0;
    for (; n < count && !log.empty(); ++n) {
        const log::DebugMessage& m = log.front();
        const auto size = (GLsizei)m.head.length + 1;
        if (messageLog) {
            if (size > bufSize)
                break;
            memcpy(messageLog, m.text.c_str(), (size_t)size);
            messageLog += size;
            bufSize -= size;
        }
        if (sources)
            sources[n] = m.head.source;
        if (types)
            types[n] = m.head.type;
        if (ids)
            ids[n] = m.head.id;
        if (severities)
            severities[n] = m.head.severity;
        if (lengths)
            lengths[n] = size;
        log.pop_front();
    }
    return n;
}

} // extern "C"
} // namespace glckpt
