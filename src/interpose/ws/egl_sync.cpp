// EGL sync objects.
//
// A fence is a place in a context's stream, behind a record that has the renderer finish. It is
// signaled once the stream has been executed up to there, which both sides know from memory they
// share: no object in the driver, nothing to make again in a new renderer.
#include "gen/gl/encode.h"
#include "interpose/ws/egl.h"
#include <ctime>

namespace glckpt::ws {
namespace {

struct Sync {
    DisplayObject* display;
    EGLenum type;
    uint32_t context = 0; // fence: the stream's number
    uint64_t position = 0;
    std::atomic<uint32_t> signaled{0}; // reusable
};

std::unordered_set<Sync*>& syncs() { // under the world's lock
    static auto* const set = new std::unordered_set<Sync*>;
    return *set;
}

Sync* sync_of(const EglDisplay& d, EGLSync handle) {
    auto* s = static_cast<Sync*>(handle);
    Locked hold(world().lock);
    if (!syncs().count(s) || s->display != d.object)
        return egl_error(EGL_BAD_PARAMETER);
    return s;
}

bool is_signaled(const Sync& s) {
    if (s.type == EGL_SYNC_REUSABLE_KHR)
        return s.signaled.load(std::memory_order_acquire) != 0;
    Locked hold(world().lock);
    for (const WsContext* c : world().live_contexts)
        if (c->gl->id == s.context)
            return c->gl->stream.shared().executed.load(std::memory_order_acquire) >= s.position;
    return true; // its context is gone, after having executed everything
}

uint64_t now_ns() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

// What is wrong with the type is another error in the extension than in EGL 1.5.
EGLSync create(EGLDisplay handle, EGLenum type, bool has_attribs, EGLint bad_type) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_NO_SYNC;
    if (type != EGL_SYNC_FENCE && type != EGL_SYNC_REUSABLE_KHR)
        return egl_error(bad_type);
    if (has_attribs)
        return egl_error(EGL_BAD_ATTRIBUTE);
    auto s = std::make_unique<Sync>();
    s->display = d->object;
    s->type = type;
    if (type == EGL_SYNC_FENCE) {
        WsContext* c = current_egl();
        if (!c || c->display != d->object)
            return egl_error(EGL_BAD_MATCH);
        // A wait for the driver that nobody here waits for.
        log::Stream& stream = c->gl->stream;
        auto* record = reinterpret_cast<log::RecordHeader*>(stream.reserve(sizeof(rec::wsWaitGL)));
        *record = {(uint16_t)Op::wsWaitGL, 0, sizeof(rec::wsWaitGL)};
        stream.commit(sizeof(rec::wsWaitGL));
        stream.publish();
        s->context = c->gl->id;
        s->position = stream.position();
    }
    egl_ok();
    Locked hold(world().lock);
    syncs().insert(s.get());
    return s.release();
}

EGLint client_wait(EGLDisplay handle, EGLSync sync, EGLTime timeout) {
    EglDisplay* d = initialized_display(handle);
    Sync* s = d ? sync_of(*d, sync) : nullptr;
    if (!s)
        return EGL_FALSE;
    egl_ok();
    const uint64_t begin = now_ns();
    for (int i = 0; !is_signaled(*s); ++i) {
        if (timeout != EGL_FOREVER && now_ns() - begin >= timeout)
            return EGL_TIMEOUT_EXPIRED;
        // Hot at first, then at ease: a fence is usually a frame away.
        const timespec nap{0, i < 50 ? 20'000 : 500'000};
        nanosleep(&nap, nullptr);
    }
    return EGL_CONDITION_SATISFIED;
}

template <class Value>
EGLBoolean get_attrib(EGLDisplay handle, EGLSync sync, EGLint attrib, Value* value) {
    EglDisplay* d = initialized_display(handle);
    Sync* s = d ? sync_of(*d, sync) : nullptr;
    if (!s)
        return EGL_FALSE;
    if (!value)
        return egl_error(EGL_BAD_PARAMETER);
    switch (attrib) {
    case EGL_SYNC_TYPE:
        *value = (Value)s->type;
        return egl_ok();
    case EGL_SYNC_STATUS:
        *value = is_signaled(*s) ? EGL_SIGNALED : EGL_UNSIGNALED;
        return egl_ok();
    case EGL_SYNC_CONDITION:
        if (s->type != EGL_SYNC_FENCE)
            return egl_error(EGL_BAD_ATTRIBUTE);
        *value = EGL_SYNC_PRIOR_COMMANDS_COMPLETE;
        return egl_ok();
    default:
        return egl_error(EGL_BAD_ATTRIBUTE);
    }
}

} // namespace
} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLSync eglCreateSync(EGLDisplay d, EGLenum type, const EGLAttrib* attribs) {
    return create(d, type, attribs && *attribs != EGL_NONE, EGL_BAD_PARAMETER);
}
EGLSyncKHR eglCreateSyncKHR(EGLDisplay d, EGLenum type, const EGLint* attribs) {
    return create(d, type, attribs && *attribs != EGL_NONE, EGL_BAD_ATTRIBUTE);
}

EGLBoolean eglDestroySync(EGLDisplay handle, EGLSync sync) {
    EglDisplay* d = initialized_display(handle);
    Sync* s = d ? sync_of(*d, sync) : nullptr;
    if (!s)
        return EGL_FALSE;
    {
        Locked hold(world().lock);
        syncs().erase(s);
    }
    delete s;
    return egl_ok();
}
EGLBoolean eglDestroySyncKHR(EGLDisplay d, EGLSyncKHR sync) { return eglDestroySync(d, sync); }

EGLint eglClientWaitSync(EGLDisplay d, EGLSync sync, EGLint, EGLTime timeout) {
    return client_wait(d, sync, timeout);
}
EGLint eglClientWaitSyncKHR(EGLDisplay d, EGLSyncKHR sync, EGLint, EGLTimeKHR timeout) {
    return client_wait(d, sync, timeout);
}

EGLBoolean eglWaitSync(EGLDisplay handle, EGLSync sync, EGLint flags) {
    EglDisplay* d = initialized_display(handle);
    Sync* s = d ? sync_of(*d, sync) : nullptr;
    if (!s)
        return EGL_FALSE;
    WsContext* c = current_egl();
    if (!c)
        return egl_error(EGL_BAD_MATCH);
    if (flags != 0 || s->type != EGL_SYNC_FENCE)
        return egl_error(EGL_BAD_PARAMETER);
    if (s->context != c->gl->id)
        encode::xOrder(c->gl->stream, s->context, s->position);
    return egl_ok();
}
EGLint eglWaitSyncKHR(EGLDisplay d, EGLSyncKHR sync, EGLint flags) {
    return (EGLint)eglWaitSync(d, sync, flags);
}

EGLBoolean eglSignalSyncKHR(EGLDisplay handle, EGLSyncKHR sync, EGLenum mode) {
    EglDisplay* d = initialized_display(handle);
    Sync* s = d ? sync_of(*d, sync) : nullptr;
    if (!s)
        return EGL_FALSE;
    if (s->type != EGL_SYNC_REUSABLE_KHR)
        return egl_error(EGL_BAD_MATCH);
    if (mode != EGL_SIGNALED && mode != EGL_UNSIGNALED)
        return egl_error(EGL_BAD_ATTRIBUTE);
    s->signaled.store(mode == EGL_SIGNALED, std::memory_order_release);
    return egl_ok();
}

EGLBoolean eglGetSyncAttrib(EGLDisplay d, EGLSync sync, EGLint attrib, EGLAttrib* value) {
    return get_attrib(d, sync, attrib, value);
}
EGLBoolean eglGetSyncAttribKHR(EGLDisplay d, EGLSyncKHR sync, EGLint attrib, EGLint* value) {
    return get_attrib(d, sync, attrib, value);
}

} // extern "C"
