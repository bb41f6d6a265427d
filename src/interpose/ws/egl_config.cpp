// EGL configs: answered from the frozen list.
#include "interpose/ws/egl.h"
#include "interpose/ws/egl_choose.h"
#include <algorithm>

namespace glckpt::ws {
namespace {

template <class Pick>
void give(size_t n, EGLConfig* out, EGLint size, EGLint* count, Pick pick) {
    const auto limit = out ? std::min<size_t>(n, (size_t)std::max(size, 0)) : n;
    for (size_t i = 0; out && i < limit; ++i)
        out[i] = handle_of(pick(i));
    *count = (EGLint)limit;
}

} // namespace

const Config* egl_config(const EglDisplay& d, EGLConfig handle) {
    const auto& list = d.object->configs;
    const auto* c = static_cast<const Config*>(handle);
    if (list.empty() || c < list.data() || c >= list.data() + list.size() ||
        ((const char*)c - (const char*)list.data()) % (long)sizeof(Config) != 0)
        return nullptr;
    return c;
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLBoolean eglGetConfigs(EGLDisplay handle, EGLConfig* out, EGLint size, EGLint* count) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    if (!count)
        return egl_error(EGL_BAD_PARAMETER);
    const auto& list = d->object->configs;
    give(list.size(), out, size, count, [&](size_t i) -> const Config& { return list[i]; });
    return egl_ok();
}

EGLBoolean eglChooseConfig(EGLDisplay handle, const EGLint* attribs, EGLConfig* out, EGLint size,
                           EGLint* count) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    if (!count)
        return egl_error(EGL_BAD_PARAMETER);
    const auto& list = d->object->configs;
    std::vector<const int32_t*> rows;
    rows.reserve(list.size());
    for (const Config& c : list)
        rows.push_back(c.values);
    bool bad;
    const std::vector<int> chosen = choose_egl_configs(rows, attribs, &bad);
    if (bad)
        return egl_error(EGL_BAD_ATTRIBUTE);
    give(chosen.size(), out, size, count,
         [&](size_t i) -> const Config& { return list[(size_t)chosen[i]]; });
    return egl_ok();
}

EGLBoolean eglGetConfigAttrib(EGLDisplay handle, EGLConfig config, EGLint attrib, EGLint* value) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    const Config* c = egl_config(*d, config);
    if (!c)
        return egl_error(EGL_BAD_CONFIG);
    if (!value)
        return egl_error(EGL_BAD_PARAMETER);
    const int column = column_of(*d->object, attrib);
    if (column < 0 || c->at(column) == kNoValue)
        return egl_error(EGL_BAD_ATTRIBUTE);
    *value = c->at(column);
    return egl_ok();
}

} // extern "C"
