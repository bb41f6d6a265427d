// EGL images that stay inside the process: made of a texture or renderbuffer.
//
// The app has a number. The image is made by a record on the stream of a context that knows the
// texture, so it comes where the app's thread put it among the context's commands; the live set
// keeps which textures and renderbuffers have their storage in common (src/prune/fold/images.cpp).
// Images of pixmaps, of dma-bufs and of other APIs' memory are not offered.
#include "gen/gl/encode.h"
#include "interpose/live/pruner.h"
#include "interpose/ws/egl.h"

namespace glckpt::ws {
namespace {

struct Image {
    DisplayObject* display;
};

std::unordered_map<uint64_t, Image>& images() { // under the world's lock
    static auto* const map = new std::unordered_map<uint64_t, Image>;
    return *map;
}

bool of_gl(EGLenum target) {
    return target == EGL_GL_TEXTURE_2D || target == EGL_GL_TEXTURE_3D ||
           target == EGL_GL_RENDERBUFFER ||
           (target >= EGL_GL_TEXTURE_CUBE_MAP_POSITIVE_X &&
            target <= EGL_GL_TEXTURE_CUBE_MAP_NEGATIVE_Z);
}

// A context of `of`'s share group whose stream the calling thread may write to: its own, or one
// that is current nowhere, claimed for the time being. Null: all are other threads'.
WsContext* claim_writer(WsContext* of, bool* claimed) {
    *claimed = false;
    WsContext* own = t_thread.current;
    if (own && own->gl->group == of->gl->group)
        return own;
    Locked hold(world().lock);
    WsContext* found = of->owner ? nullptr : of;
    for (WsContext* c : world().live_contexts)
        if (!found && !c->owner && c->gl->group == of->gl->group)
            found = c;
    if (found) {
        found->owner = &t_thread;
        *claimed = true;
    }
    return found;
}

// What no sibling needs any longer, the renderer may let go of.
void forget_gone() {
    std::vector<uint64_t> gone;
    {
        Pruner& p = Pruner::get();
        Locked hold(p.lock);
        p.fold_all();
        gone.swap(p.fold().images_gone);
    }
    for (const uint64_t id : gone)
        ask(kDestroyImage, SurfaceOnly{id});
}

template <class Attrib>
EGLImage create(EGLDisplay handle, EGLContext context, EGLenum target, EGLClientBuffer buffer,
                const Attrib* attribs) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_NO_IMAGE;
    if (context != EGL_NO_CONTEXT && !is_context(context))
        return egl_error(EGL_BAD_CONTEXT);
    if (!of_gl(target))
        return egl_error(EGL_BAD_PARAMETER);
    auto* c = static_cast<WsContext*>(context);
    if (!c || c->display != d->object)
        return egl_error(EGL_BAD_CONTEXT);
    std::vector<int32_t> list;
    for (const Attrib* a = attribs; a && *a != EGL_NONE; a += 2)
        list.insert(list.end(), {(int32_t)a[0], (int32_t)a[1]});
    if (!list.empty())
        list.push_back(EGL_NONE);
    forget_gone();
    bool claimed;
    WsContext* writer = claim_writer(c, &claimed);
    if (!writer)
        return egl_error(EGL_BAD_ALLOC);
    uint64_t id;
    {
        Locked hold(world().lock);
        id = world().next_surface++;
    }
    const EGLint error =
        encode::xCreateImage(writer->gl->stream, id, target, (GLuint)(uintptr_t)buffer,
                             list.empty() ? nullptr : list.data(), list.size() * sizeof(int32_t));
    Locked hold(world().lock);
    if (claimed)
        writer->owner = nullptr;
    if (error != EGL_SUCCESS)
        return egl_error(error);
    images()[id] = {d->object};
    egl_ok();
    return reinterpret_cast<EGLImage>(id);
}

EGLBoolean destroy(EGLDisplay handle, EGLImage image) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    const auto id = reinterpret_cast<uint64_t>(image);
    {
        Locked hold(world().lock);
        const auto it = images().find(id);
        if (it == images().end() || it->second.display != d->object)
            return egl_error(EGL_BAD_PARAMETER);
        images().erase(it);
    }
    // What this thread has asked of it so far has been done to it.
    if (t_thread.current)
        t_thread.current->gl->stream.wait_executed();
    {
        Pruner& p = Pruner::get();
        Locked hold(p.lock);
        p.fold_all();
        p.fold().destroy_image(id);
    }
    forget_gone();
    return egl_ok();
}

} // namespace
} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLImage eglCreateImage(EGLDisplay handle, EGLContext context, EGLenum target,
                        EGLClientBuffer buffer, const EGLAttrib* attribs) {
    return create(handle, context, target, buffer, attribs);
}
EGLImageKHR eglCreateImageKHR(EGLDisplay handle, EGLContext context, EGLenum target,
                              EGLClientBuffer buffer, const EGLint* attribs) {
    return create(handle, context, target, buffer, attribs);
}
EGLBoolean eglDestroyImage(EGLDisplay handle, EGLImage image) { return destroy(handle, image); }
EGLBoolean eglDestroyImageKHR(EGLDisplay handle, EGLImageKHR image) {
    return destroy(handle, image);
}

} // extern "C"
