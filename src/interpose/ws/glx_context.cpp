// GLX contexts: made, made current, asked, destroyed.
#include "interpose/ws/glx.h"

namespace glckpt::ws {
namespace {

// Which API a context made with these attributes has (GLX_ARB_create_context_profile).
Api api_of(const int* attribs) {
    int major = 1, minor = 0, profile = GLX_CONTEXT_CORE_PROFILE_BIT_ARB, flags = 0;
    for (const int* a = attribs; a && *a; a += 2) {
        if (*a == GLX_CONTEXT_MAJOR_VERSION_ARB)
            major = a[1];
        else if (*a == GLX_CONTEXT_MINOR_VERSION_ARB)
            minor = a[1];
        else if (*a == GLX_CONTEXT_PROFILE_MASK_ARB)
            profile = a[1];
        else if (*a == GLX_CONTEXT_FLAGS_ARB)
            flags = a[1];
    }
    if (profile & GLX_CONTEXT_ES2_PROFILE_BIT_EXT)
        return major == 1 ? Api::Gles1 : Api::Gles2;
    const bool has_profiles = major > 3 || (major == 3 && minor >= 2);
    if (has_profiles && (profile & GLX_CONTEXT_CORE_PROFILE_BIT_ARB))
        return Api::GlCore;
    if (major == 3 && minor == 1 && (flags & GLX_CONTEXT_FORWARD_COMPATIBLE_BIT_ARB))
        return Api::GlCore;
    return Api::GlCompat;
}

struct Request {
    DisplayObject* display;
    ContextStyle style;
    const Config* config;
    VisualID visual;
    int render_type;
    Bool direct;
    const int* attribs;
    int minor;
};

GLXContext make(::Display* dpy, const Request& r, GLXContext share_handle) {
    if (share_handle && !is_context(share_handle)) {
        raise_glx(dpy, GLXBadContext, 0, r.minor);
        return nullptr;
    }
    WsContext* share = context_of(share_handle);
    if (share && share->display != r.display) {
        raise_x(dpy, BadMatch, 0, r.minor);
        return nullptr;
    }
    static std::atomic<unsigned> ids{1};
    auto c = std::make_unique<WsContext>();
    c->display = r.display;
    c->glx_id = ids++;
    c->visual = (uint32_t)r.visual;
    c->made.style = r.style;
    c->made.config = r.config ? r.config->index : -1;
    c->made.render_type = r.render_type;
    c->made.direct = (uint32_t)r.direct;
    if (r.style == ContextStyle::GlxAttribs) {
        for (const int* a = r.attribs; a && *a; a += 2)
            c->attribs.insert(c->attribs.end(), {a[0], a[1]});
        c->attribs.push_back(None);
    }
    Failure why{};
    WsContext* made = create_context(
        std::move(c), r.style == ContextStyle::GlxAttribs ? api_of(r.attribs) : Api::GlCompat,
        share, &why);
    if (!made) {
        if (why.code || why.glx)
            raise_failure(dpy, why, BadMatch, 0, r.minor);
        return nullptr;
    }
    return handle_of(made);
}

// The config whose visual this is: what a context made from a visual uses.
const Config* config_for_visual(DisplayObject& d, VisualID visual) {
    for (const Config& c : d.configs)
        if ((VisualID)c.at(glx_column(GLX_VISUAL_ID)) == visual)
            return &c;
    return nullptr;
}

Bool bind(::Display* dpy, GLXDrawable draw, GLXDrawable read, GLXContext handle, int minor) {
    Thread& t = t_thread;
    if (!handle) {
        if (draw || read) {
            raise_x(dpy, BadMatch, 0, minor);
            return False;
        }
        make_current(nullptr, nullptr, nullptr, false);
        t.glx_display = nullptr;
        return True;
    }
    WsContext* c = context_of(handle);
    if (c == t.current && c->bound && c->draw && c->read && c->draw->id == draw &&
        c->read->id == read)
        return True;
    if (!is_context(handle) && c != t.current) {
        raise_glx(dpy, GLXBadContext, 0, minor);
        return False;
    }
    if ((draw == None) != (read == None)) {
        raise_x(dpy, BadMatch, 0, minor);
        return False;
    }
    bool fresh_draw = false, fresh_read = false;
    Surface* d = draw ? glx_drawable(dpy, draw, c->display, c->made.config, &fresh_draw) : nullptr;
    Surface* r =
        read == draw ? d : glx_drawable(dpy, read, c->display, c->made.config, &fresh_read);
    if (d)
        reach_server(dpy, *d);
    if (r)
        reach_server(dpy, *r);
    const Bind result = make_current(c, d, r, false);
    if (result == Bind::Done) {
        t.glx_display = dpy;
        return True;
    }
    if (result == Bind::Elsewhere)
        raise_x(dpy, BadAccess, 0, minor);
    else
        raise_failure(dpy, ask_for<Failure>(kLastError, ContextOnly{c->gl->id}), BadMatch, draw,
                      minor);
    if (fresh_draw && d)
        destroy_surface(d);
    if (fresh_read && r)
        destroy_surface(r);
    return False;
}

} // namespace
} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

GLXContext glXCreateContext(::Display* dpy, XVisualInfo* visual, GLXContext share, Bool direct) {
    DisplayObject* d = visual ? glx_display(dpy, visual->screen) : nullptr;
    if (!d)
        return nullptr;
    const Config* c = visual_config(*d, visual->visualid);
    if (!c) {
        raise_x(dpy, BadValue, visual->visualid, X_GLXCreateContext);
        return nullptr;
    }
    return make(dpy,
                {d, ContextStyle::GlxLegacy, config_for_visual(*d, visual->visualid),
                 visual->visualid, 0, direct, nullptr, X_GLXCreateContext},
                share);
}

GLXContext glXCreateNewContext(::Display* dpy, GLXFBConfig config, int render_type,
                               GLXContext share, Bool direct) {
    const Config* c = glx_config(config);
    if (!c) {
        raise_glx(dpy, GLXBadFBConfig, 0, X_GLXCreateNewContext);
        return nullptr;
    }
    return make(dpy,
                {c->display, ContextStyle::GlxNew, c, 0, render_type, direct, nullptr,
                 X_GLXCreateNewContext},
                share);
}

GLXContext glXCreateContextWithConfigSGIX(::Display* dpy, GLXFBConfigSGIX config, int render_type,
                                          GLXContext share, Bool direct) {
    return glXCreateNewContext(dpy, config, render_type, share, direct);
}

GLXContext glXCreateContextAttribsARB(::Display* dpy, GLXFBConfig config, GLXContext share,
                                      Bool direct, const int* attribs) {
    const Config* c = config ? glx_config(config) : nullptr;
    if (!dpy || (config && !c)) {
        raise_glx(dpy, GLXBadFBConfig, 0, X_GLXCreateContextAttribsARB);
        return nullptr;
    }
    DisplayObject* d = c ? c->display : glx_display(dpy, DefaultScreen(dpy));
    if (!c) // GLX_EXT_no_config_context: the screen is an attribute
        for (const int* a = attribs; a && *a; a += 2)
            if (*a == GLX_SCREEN)
                d = glx_display(dpy, a[1]);
    if (!d) {
        raise_glx(dpy, GLXBadFBConfig, 0, X_GLXCreateContextAttribsARB);
        return nullptr;
    }
    return make(dpy,
                {d, ContextStyle::GlxAttribs, c, 0, GLX_RGBA_TYPE, direct, attribs,
                 X_GLXCreateContextAttribsARB},
                share);
}

void glXDestroyContext(::Display* dpy, GLXContext context) {
    if (!context)
        return;
    if (!is_context(context)) {
        if (!is_dying_context(context))
            raise_glx(dpy, GLXBadContext, 0, X_GLXDestroyContext);
        return;
    }
    ws::destroy_context(context_of(context));
}

Bool glXMakeCurrent(::Display* dpy, GLXDrawable drawable, GLXContext context) {
    return bind(dpy, drawable, drawable, context, X_GLXMakeCurrent);
}

Bool glXMakeContextCurrent(::Display* dpy, GLXDrawable draw, GLXDrawable read, GLXContext context) {
    return bind(dpy, draw, read, context, X_GLXMakeContextCurrent);
}

Bool glXMakeCurrentReadSGI(::Display* dpy, GLXDrawable draw, GLXDrawable read, GLXContext context) {
    return bind(dpy, draw, read, context, X_GLXMakeContextCurrent);
}

GLXContext glXGetCurrentContext(void) {
    WsContext* c = t_thread.current;
    return c && c->display->is_glx() ? handle_of(c) : nullptr;
}

::Display* glXGetCurrentDisplay(void) {
    return glXGetCurrentContext() ? static_cast<::Display*>(t_thread.glx_display) : nullptr;
}

GLXDrawable glXGetCurrentDrawable(void) {
    WsContext* c = t_thread.current;
    return c && c->display->is_glx() && c->draw ? c->draw->id : None;
}

GLXDrawable glXGetCurrentReadDrawable(void) {
    WsContext* c = t_thread.current;
    return c && c->display->is_glx() && c->read ? c->read->id : None;
}
GLXDrawable glXGetCurrentReadDrawableSGI(void) { return glXGetCurrentReadDrawable(); }

Bool glXIsDirect(::Display* dpy, GLXContext context) {
    if (is_context(context))
        return True;
    raise_glx(dpy, GLXBadContext, 0, X_GLXIsDirect);
    return False;
}

int glXQueryContext(::Display* dpy, GLXContext context, int attribute, int* value) {
    if (!is_context(context)) {
        raise_glx(dpy, GLXBadContext, 0, X_GLXQueryContext);
        return GLX_BAD_CONTEXT;
    }
    WsContext* c = context_of(context);
    switch (attribute) {
    case GLX_FBCONFIG_ID:
        *value = c->made.config >= 0
                     ? c->display->configs[(size_t)c->made.config].at(glx_column(GLX_FBCONFIG_ID))
                     : 0;
        return Success;
    case GLX_RENDER_TYPE:
        *value = c->made.style == ContextStyle::GlxNew ? c->made.render_type : GLX_RGBA_TYPE;
        return Success;
    case GLX_SCREEN:
        *value = (int)c->display->screen;
        return Success;
    default:
        return GLX_BAD_ATTRIBUTE;
    }
}

// Natively the server refuses this between direct contexts.
void glXCopyContext(::Display* dpy, GLXContext source, GLXContext dest, unsigned long) {
    if (!is_context(source) || !is_context(dest))
        raise_glx(dpy, GLXBadContext, 0, X_GLXCopyContext);
    else
        raise_x(dpy, BadMatch, 0, X_GLXCopyContext);
}

} // extern "C"
