// A GL context's state as text, one item a line, asked of the driver: every glGet parameter that
// the registry knows, and every object's parameters and contents (as hashes). Two contexts in the
// same state give the same text, whichever driver's names and addresses they have.
//
// It shares nothing with what it tests: no table of src/prune, no reading back of src/replay. It
// leaves the context as it found it.
#pragma once
#define GL_GLEXT_PROTOTYPES
#include "gen/cut/tables.h"
#include "replay/probe.h"
#include <GL/gl.h>
#include <GL/glext.h>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace glckpt::cut {

// clang-format off
#define GLCKPT_CUT_FUNCTIONS(X) \
    X(glActiveTexture) X(glBindBuffer) X(glBindFramebuffer) X(glBindRenderbuffer) X(glBindTexture) \
    X(glBindVertexArray) X(glBlitFramebuffer) X(glCheckFramebufferStatus) X(glClampColor) X(glClientActiveTexture) \
    X(glDeleteFramebuffers) X(glDeleteRenderbuffers) X(glDeleteTextures) X(glDisable) X(glEnable) X(glFinish) \
    X(glFramebufferRenderbuffer) X(glFramebufferTexture2D) X(glFramebufferTextureLayer) X(glFramebufferTexture3D) \
    X(glFramebufferTexture) \
    X(glGenFramebuffers) X(glGenRenderbuffers) X(glGenTextures) X(glGetActiveAttrib) X(glGetActiveUniform) \
    X(glGetActiveUniformBlockName) X(glGetActiveUniformBlockiv) X(glGetActiveUniformsiv) \
    X(glGetAttachedShaders) X(glGetAttribLocation) \
    X(glGetBooleanv) X(glGetBufferParameteriv) X(glGetBufferSubData) X(glGetClipPlane) X(glGetCompressedTexImage) \
    X(glGetError) X(glGetFloati_v) X(glGetFloatv) X(glGetFragDataLocation) X(glGetFramebufferAttachmentParameteriv) \
    X(glGetFramebufferParameteriv) X(glGetInteger64i_v) X(glGetIntegeri_v) X(glGetIntegerv) X(glGetLightfv) \
    X(glGetMapfv) X(glGetMapiv) X(glGetMaterialfv) X(glGetObjectLabel) X(glGetPixelMapfv) X(glGetPolygonStipple) \
    X(glGetProgramEnvParameterfvARB) X(glGetProgramLocalParameterfvARB) X(glGetProgramPipelineiv) \
    X(glGetProgramResourceName) X(glGetProgramResourceiv) X(glGetProgramInterfaceiv) \
    X(glGetProgramStringARB) X(glGetProgramiv) X(glGetProgramivARB) X(glGetRenderbufferParameteriv) \
    X(glGetSamplerParameterfv) X(glGetSamplerParameteriv) X(glGetShaderSource) X(glGetShaderiv) X(glGetString) \
    X(glGetTexEnvfv) X(glGetTexGenfv) X(glGetTexImage) X(glGetTexLevelParameteriv) X(glGetTexParameterfv) \
    X(glGetTexParameteriv) X(glGetTransformFeedbacki64_v) X(glGetTransformFeedbacki_v) X(glGetTransformFeedbackiv) \
    X(glGetTransformFeedbackVarying) \
    X(glGetUniformLocation) X(glGetUniformdv) X(glGetUniformfv) X(glGetUniformiv) X(glGetUniformuiv) \
    X(glGetVertexAttribdv) X(glGetVertexAttribfv) X(glGetVertexAttribiv) X(glGetVertexAttribPointerv) \
    X(glIsBuffer) X(glIsEnabled) X(glIsEnabledi) X(glIsFramebuffer) X(glIsList) X(glIsProgram) X(glIsProgramPipeline) \
    X(glIsQuery) X(glIsRenderbuffer) X(glIsSampler) X(glIsShader) X(glIsTexture) X(glIsTransformFeedback) \
    X(glIsVertexArray) X(glLoadMatrixf) X(glMapBufferRange) X(glMatrixMode) X(glPixelStorei) X(glPixelTransferf) \
    X(glPixelTransferi) X(glPopMatrix) X(glPushMatrix) X(glReadBuffer) X(glReadPixels) X(glRenderbufferStorage) \
    X(glTexImage2D) X(glUnmapBuffer)
// clang-format on

struct Functions {
#define GLCKPT_CUT_DECLARE(f) decltype(&::f) f = nullptr;
    GLCKPT_CUT_FUNCTIONS(GLCKPT_CUT_DECLARE)
#undef GLCKPT_CUT_DECLARE
};

// In the order of glckpt::NameClass.
enum Class {
    kTexture,
    kBuffer,
    kFramebuffer,
    kRenderbuffer,
    kVertexArray,
    kQuery,
    kSampler,
    kTransformFeedback,
    kPipeline,
    kArbProgram,
    kProgram,
    kClasses
};

// Values that one question may answer: lists of formats are long.
constexpr int kMost = 512;

class State {
  public:
    explicit State(const GlckptProbe& p);
    void dump();

  private:
    friend class Undisturbed;
    // --- state.cpp
    void line(const char* format, ...) __attribute__((format(printf, 2, 3)));
    GLint integer(GLenum pname) {
        GLint v[kMost] = {};
        gl.glGetIntegerv(pname, v);
        while (gl.glGetError() != GL_NO_ERROR) {
        }
        return v[0];
    }
    bool ok(); // no error since last asked
    std::string name_of(Class c, GLuint driver) const;
    // What `get` writes, up to kMost values; nothing if it is an error.
    template <class T, class Get>
    bool values(T (&v)[kMost], int* n, Get get);
    template <class Get>
    void floats(const std::string& what, Get get);
    template <class Get>
    void integers(const std::string& what, Get get);
    // Of a parameter that may be a name: the class, or kClasses.
    static Class class_of(const char* pname);
    void parameters(const std::string& of);
    void capabilities();
    void indexed();
    void bound();
    void strings();
    // --- fixed.cpp: compatibility state
    void units();
    void lighting();
    void maps();
    void matrices();
    void matrix_stack(GLenum mode, GLenum depth, GLenum matrix, const std::string& of);
    void arb_programs();
    void lists();
    // --- images.cpp
    void textures();
    void texture(const std::string& of, GLenum target);
    void level(const std::string& of, GLenum target, GLenum image, int level);
    void pixels(const std::string& of, GLenum image, int level, int w, int h, int d);
    void renderbuffers();
    void drawable();
    void read_color(const std::string& of, int w, int h, bool whole_numbers, bool bytes);
    void read_depth(const std::string& of, int w, int h, bool depth, bool stencil);
    void attached(const std::string& of, GLuint fbo, GLenum point, int w, int h);
    // --- objects.cpp
    void buffers();
    void samplers();
    void framebuffers();
    void vertex_arrays();
    void attributes(const std::string& of);
    void pipelines();
    void feedbacks();
    void labels();
    // --- programs.cpp
    void programs();
    void shader(const std::string& of, GLuint name);
    void program(const std::string& of, GLuint name);
    void uniforms(const std::string& of, GLuint name);

    static uint64_t hash(const void* p, size_t n);

    const GlckptProbe& probe;
    Functions gl;
    std::map<GLuint, GLuint> app[kClasses], driver[kClasses]; // by the other's name
    bool es = false, compat = false;
    int version = 0; // 10 * major + minor
    int width = 0, height = 0;
};

// While this lives: textures bound to unit 0 of it and framebuffers are put back, and pixels are
// read as they are.
class Undisturbed {
  public:
    explicit Undisturbed(State& s);
    ~Undisturbed();
    Undisturbed(const Undisturbed&) = delete;
    Undisturbed& operator=(const Undisturbed&) = delete;

  private:
    State& s_;
    GLint draw_ = 0, read_ = 0, renderbuffer_ = 0, pack_buffer_ = 0, clamp_ = 0;
    std::vector<std::pair<GLenum, GLint>> store_;
    std::vector<std::pair<GLenum, GLfloat>> transfer_;
    bool debug_ = false;
};

template <class T, class Get>
bool State::values(T (&v)[kMost], int* n, Get get) {
    // What is not written is told by two different fills.
    T other[kMost];
    memset(v, 0x5a, sizeof v);
    memset(other, 0xa5, sizeof other);
    get(v);
    if (!ok())
        return false;
    get(other);
    ok();
    *n = 0;
    for (int i = 0; i < kMost; ++i)
        if (memcmp(&v[i], &other[i], sizeof(T)) == 0)
            *n = i + 1;
    return *n > 0;
}

template <class Get>
void State::floats(const std::string& what, Get get) {
    GLfloat v[kMost];
    int n = 0;
    if (!values(v, &n, get))
        return;
    std::string text;
    char one[32];
    for (int i = 0; i < n; ++i) {
        snprintf(one, sizeof one, " %.9g", (double)v[i]);
        text += one;
    }
    line("%s%s", what.c_str(), text.c_str());
}

template <class Get>
void State::integers(const std::string& what, Get get) {
    GLint v[kMost];
    int n = 0;
    if (!values(v, &n, get))
        return;
    std::string text;
    for (int i = 0; i < n; ++i)
        text += " " + std::to_string(v[i]);
    line("%s%s", what.c_str(), text.c_str());
}

} // namespace glckpt::cut
