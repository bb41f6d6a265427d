#include "state.h"
#include <algorithm>
#include <cstdarg>
#include <cstdlib>

namespace glckpt::cut {

State::State(const GlckptProbe& p) : probe(p), width(p.width), height(p.height) {
#define GLCKPT_CUT_LOAD(f) gl.f = reinterpret_cast<decltype(gl.f)>(p.proc(#f));
    GLCKPT_CUT_FUNCTIONS(GLCKPT_CUT_LOAD)
#undef GLCKPT_CUT_LOAD
    for (size_t i = 0; i < p.count; ++i) {
        driver[p.names[i].cls][p.names[i].app] = p.names[i].driver;
        app[p.names[i].cls][p.names[i].driver] = p.names[i].app;
    }
    const char* v = (const char*)gl.glGetString(GL_VERSION);
    es = v && strncmp(v, "OpenGL ES", 9) == 0;
    if (v)
        for (; *v && (*v < '0' || *v > '9' || v[1] != '.'); ++v) {
        }
    if (v && *v)
        version = (v[0] - '0') * 10 + v[2] - '0';
    compat = !es && (version < 32 || (integer(GL_CONTEXT_PROFILE_MASK) & 2));
    if (!es && version == 31) // without GL_ARB_compatibility it is as a core profile
        compat = strstr((const char*)gl.glGetString(GL_EXTENSIONS) ?: "", "GL_ARB_compatibility");
    ok();
}

bool State::ok() {
    bool none = true;
    for (int i = 0; i < 16 && gl.glGetError() != GL_NO_ERROR; ++i)
        none = false;
    return none;
}

void State::line(const char* format, ...) {
    char text[4096];
    va_list a;
    va_start(a, format);
    int n = vsnprintf(text, sizeof text - 1, format, a);
    va_end(a);
    n = std::min(n, (int)sizeof text - 2);
    std::replace(text, text + n, '\n', ' ');
    text[n++] = '\n';
    // What a driver dies over is the question after the last answer.
    static const bool aloud = getenv("GLCKPT_DEBUG_PROBE") != nullptr;
    if (aloud)
        fwrite(text, 1, (size_t)n, stderr);
    probe.write(probe.to, text, (size_t)n);
}

uint64_t State::hash(const void* p, size_t n) {
    const auto* b = static_cast<const unsigned char*>(p);
    uint64_t h = 0x9e3779b97f4a7c15ull ^ n;
    for (; n >= 8; n -= 8, b += 8) {
        uint64_t w;
        memcpy(&w, b, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    uint64_t w = 0;
    memcpy(&w, b, n);
    h = (h ^ w) * 0xff51afd7ed558ccdull;
    return h ^ h >> 29;
}

// An object that has lost its name is known to its binding alone.
std::string State::name_of(Class c, GLuint real) const {
    if (!real)
        return "0";
    const auto it = app[c].find(real);
    return it == app[c].end() ? "nameless" : std::to_string(it->second);
}

Class State::class_of(const char* pname) {
    auto has = [&](const char* part) { return strstr(pname, part) != nullptr; };
    if (!has("BINDING") && strcmp(pname, "CURRENT_PROGRAM") != 0)
        return kClasses;
    return has("CURRENT_PROGRAM")              ? kProgram
           : has("FRAMEBUFFER_BINDING")        ? kFramebuffer
           : has("RENDERBUFFER_BINDING")       ? kRenderbuffer
           : has("TEXTURE_BINDING")            ? kTexture
           : has("TEXTURE_3D_BINDING")         ? kTexture // GL_TEXTURE_3D_BINDING_EXT, and _OES
           : has("VERTEX_ARRAY_BINDING")       ? kVertexArray
           : has("SAMPLER_BINDING")            ? kSampler
           : has("TRANSFORM_FEEDBACK_BINDING") ? kTransformFeedback
           : has("PROGRAM_PIPELINE_BINDING")   ? kPipeline
           : has("PROGRAM_BINDING")            ? kArbProgram
           : has("BUFFER")                     ? kBuffer
                                               : kClasses;
}

namespace {

// Not state, or the driver's own business: clocks, memory, what the renderer uses for itself; the
// messages are taken from the driver as they come. What is asked per unit is asked there.
// (Mesa 22.3 dies over GL_DEVICE_LUID_EXT.)
bool skipped(const char* n) {
    static const char* const parts[] = {
        "TIMESTAMP",  "GPU_",         "MEMORY",        "DEBUG_LOGGED",
        "DEBUG_NEXT", "RESET_STATUS", "PROGRAM_ERROR", "TEXTURE_BINDING",
        "UUID",       "LUID",         "NODE_MASK"};
    return std::any_of(std::begin(parts), std::end(parts),
                       [&](const char* p) { return strstr(n, p) != nullptr; });
}

// Where a client array is not a buffer's, its driver has it only for the draws that use it.
bool of_arrays(const char* n) { return strstr(n, "_ARRAY_") != nullptr; }

// Undefined while the framebuffer is not complete (OpenGL 4.6, section 9.4; compatibility
// profile: the sizes of its components, too).
bool of_framebuffer(const char* n) {
    static const char* const names[] = {
        "RED_BITS",     "GREEN_BITS", "BLUE_BITS",    "ALPHA_BITS",     "DEPTH_BITS",
        "STENCIL_BITS", "SAMPLES",    "DOUBLEBUFFER", "SAMPLE_BUFFERS", "STEREO"};
    return std::any_of(std::begin(names), std::end(names),
                       [&](const char* name) { return strncmp(n, name, strlen(name)) == 0; });
}

} // namespace

void State::parameters(const std::string& of) {
    const bool complete = !gl.glCheckFramebufferStatus ||
                          gl.glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
    for (const Pname& p : kGetPName) {
        if (!complete && of_framebuffer(p.name))
            continue;
        if (skipped(p.name) || (of_arrays(p.name) && !strstr(p.name, "BINDING")))
            continue;
        if (const Class c = class_of(p.name); c != kClasses) {
            GLint v[kMost];
            int n = 0;
            if (values(v, &n, [&](GLint* to) { gl.glGetIntegerv(p.value, to); }))
                line("%s%s %s", of.c_str(), p.name, name_of(c, (GLuint)v[0]).c_str());
            continue;
        }
        integers(of + p.name, [&](GLint* to) { gl.glGetIntegerv(p.value, to); });
        floats(of + p.name + ".f", [&](GLfloat* to) { gl.glGetFloatv(p.value, to); });
    }
}

void State::capabilities() {
    for (const Pname& p : kEnableCap) {
        if (strstr(p.name, "_ARRAY") || p.value == GL_DEBUG_OUTPUT)
            continue;
        const GLboolean on = gl.glIsEnabled(p.value);
        if (ok())
            line("enabled %s %d", p.name, on);
    }
}

void State::indexed() {
    auto each = [&](const char* name, GLenum pname, int count) {
        for (int i = 0; i < count; ++i) {
            const std::string what = std::string(name) + "[" + std::to_string(i) + "]";
            if (const Class c = class_of(name); c != kClasses) {
                GLint v[kMost];
                int n = 0;
                if (gl.glGetIntegeri_v &&
                    values(v, &n, [&](GLint* to) { gl.glGetIntegeri_v(pname, (GLuint)i, to); }))
                    line("%s %s", what.c_str(), name_of(c, (GLuint)v[0]).c_str());
                continue;
            }
            if (gl.glGetIntegeri_v)
                integers(what, [&](GLint* to) { gl.glGetIntegeri_v(pname, (GLuint)i, to); });
        }
    };
#define GLCKPT_CUT_EACH(pname, count) each(#pname + 3, pname, count)
    const int draws = integer(GL_MAX_DRAW_BUFFERS), views = integer(GL_MAX_VIEWPORTS);
    for (int i = 0; i < draws && gl.glIsEnabledi; ++i) {
        const GLboolean blend = gl.glIsEnabledi(GL_BLEND, (GLuint)i);
        if (ok())
            line("BLEND[%d] %d", i, blend);
    }
    GLCKPT_CUT_EACH(GL_BLEND_SRC_RGB, draws);
    GLCKPT_CUT_EACH(GL_BLEND_DST_RGB, draws);
    GLCKPT_CUT_EACH(GL_BLEND_SRC_ALPHA, draws);
    GLCKPT_CUT_EACH(GL_BLEND_DST_ALPHA, draws);
    GLCKPT_CUT_EACH(GL_BLEND_EQUATION_RGB, draws);
    GLCKPT_CUT_EACH(GL_BLEND_EQUATION_ALPHA, draws);
    GLCKPT_CUT_EACH(GL_COLOR_WRITEMASK, draws);
    for (int i = 0; i < views && gl.glIsEnabledi; ++i) {
        const GLboolean on = gl.glIsEnabledi(GL_SCISSOR_TEST, (GLuint)i);
        if (ok())
            line("SCISSOR_TEST[%d] %d", i, on);
    }
    GLCKPT_CUT_EACH(GL_SCISSOR_BOX, views);
    for (int i = 0; i < views && gl.glGetFloati_v; ++i) {
        const std::string n = "[" + std::to_string(i) + "]";
        floats("VIEWPORT" + n, [&](GLfloat* to) { gl.glGetFloati_v(GL_VIEWPORT, (GLuint)i, to); });
        floats("DEPTH_RANGE" + n,
               [&](GLfloat* to) { gl.glGetFloati_v(GL_DEPTH_RANGE, (GLuint)i, to); });
    }
    const int ubos = integer(GL_MAX_UNIFORM_BUFFER_BINDINGS);
    GLCKPT_CUT_EACH(GL_UNIFORM_BUFFER_BINDING, ubos);
    GLCKPT_CUT_EACH(GL_UNIFORM_BUFFER_START, ubos);
    GLCKPT_CUT_EACH(GL_UNIFORM_BUFFER_SIZE, ubos);
    const int ssbos = integer(GL_MAX_SHADER_STORAGE_BUFFER_BINDINGS);
    GLCKPT_CUT_EACH(GL_SHADER_STORAGE_BUFFER_BINDING, ssbos);
    GLCKPT_CUT_EACH(GL_SHADER_STORAGE_BUFFER_START, ssbos);
    GLCKPT_CUT_EACH(GL_SHADER_STORAGE_BUFFER_SIZE, ssbos);
    const int atomics = integer(GL_MAX_ATOMIC_COUNTER_BUFFER_BINDINGS);
    GLCKPT_CUT_EACH(GL_ATOMIC_COUNTER_BUFFER_BINDING, atomics);
    GLCKPT_CUT_EACH(GL_ATOMIC_COUNTER_BUFFER_START, atomics);
    GLCKPT_CUT_EACH(GL_ATOMIC_COUNTER_BUFFER_SIZE, atomics);
    const int images = integer(GL_MAX_IMAGE_UNITS);
    for (int i = 0; i < images && gl.glGetIntegeri_v; ++i) {
        GLint v[kMost];
        int n = 0;
        if (values(v, &n,
                   [&](GLint* to) { gl.glGetIntegeri_v(GL_IMAGE_BINDING_NAME, (GLuint)i, to); }))
            line("IMAGE_BINDING_NAME[%d] %s", i, name_of(kTexture, (GLuint)v[0]).c_str());
    }
    GLCKPT_CUT_EACH(GL_IMAGE_BINDING_LEVEL, images);
    GLCKPT_CUT_EACH(GL_IMAGE_BINDING_LAYERED, images);
    GLCKPT_CUT_EACH(GL_IMAGE_BINDING_LAYER, images);
    GLCKPT_CUT_EACH(GL_IMAGE_BINDING_ACCESS, images);
    GLCKPT_CUT_EACH(GL_IMAGE_BINDING_FORMAT, images);
    GLCKPT_CUT_EACH(GL_SAMPLE_MASK_VALUE, integer(GL_MAX_SAMPLE_MASK_WORDS));
    GLCKPT_CUT_EACH(GL_TRANSFORM_FEEDBACK_BUFFER_BINDING,
                    integer(GL_MAX_TRANSFORM_FEEDBACK_BUFFERS));
#undef GLCKPT_CUT_EACH
}

void State::dump() {
    gl.glFinish();
    const bool debug = gl.glIsEnabled(GL_DEBUG_OUTPUT) && ok();
    if (debug) // wrong questions are no messages of the app
        gl.glDisable(GL_DEBUG_OUTPUT);
    ok();
    parameters("");
    capabilities();
    indexed();
    // While a list is being compiled, what would have to be bound to be looked at goes into it.
    const bool compiling = compat && integer(GL_LIST_INDEX);
    if (compat)
        lighting();
    if (!compiling)
        bound();
    ok();
    if (debug)
        gl.glEnable(GL_DEBUG_OUTPUT);
}

void State::bound() {
    units();
    if (compat) {
        maps();
        matrices();
        arb_programs();
        lists();
    }
    {
        const Undisturbed here(*this);
        buffers();
        textures();
        renderbuffers();
        samplers();
        framebuffers();
        drawable();
    }
    vertex_arrays();
    programs();
    pipelines();
    feedbacks();
    labels();
}

} // namespace glckpt::cut

extern "C" __attribute__((visibility("default"))) void glckpt_probe(const GlckptProbe* p) {
    glckpt::cut::State(*p).dump();
}
