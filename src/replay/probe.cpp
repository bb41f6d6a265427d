#include "replay/probe.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

namespace glckpt::replay {
namespace {

GlckptProbeFunction* library() {
    static GlckptProbeFunction* const function = []() -> GlckptProbeFunction* {
        const char* path = getenv("GLCKPT_RENDERER_PROBE");
        if (!path || !*path)
            return nullptr;
        void* lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!lib)
            fprintf(stderr, "glckpt: renderer: %s\n", dlerror());
        return lib ? reinterpret_cast<GlckptProbeFunction*>(dlsym(lib, "glckpt_probe")) : nullptr;
    }();
    return function;
}

thread_local uint32_t t_stream;

void look(Exec& x, const log::ProbeQuestion& q, std::vector<char>& answer) {
    std::vector<GlckptProbe::Name> names;
    for (int i = 0; i < kNameClasses; ++i) {
        const auto cls = (NameClass)i;
        const NameTable& table =
            shared_between_contexts(cls) ? x.group->names[i] : x.own_names(cls);
        table.each([&](GLuint v, GLuint r) { names.push_back({(uint32_t)i, v, r}); });
    }
    t_stream = x.stream.id;
    const GlckptProbe p{[](const char* name) { return ws_proc(t_stream, name); },
                        names.data(),
                        names.size(),
                        q.width,
                        q.height,
                        [](void* to, const char* bytes, size_t n) {
                            auto& v = *static_cast<std::vector<char>*>(to);
                            v.insert(v.end(), bytes, bytes + n);
                        },
                        &answer};
    library()(&p);
}

} // namespace

std::vector<char> probe(std::vector<char>& question) {
    log::ProbeQuestion q{};
    if (question.size() != sizeof q || !library())
        return {};
    memcpy(&q, question.data(), sizeof q);
    std::vector<char> answer;
    if (Stream* s = find_stream(q.stream); s && s->exec->gl.glGetError)
        run_on_stream(*s, [&] { look(*s->exec, q, answer); });
    return answer;
}

} // namespace glckpt::replay
