// Preloaded into the renderer by a test: a driver that numbers as it likes. Uniform locations are
// moved by a number that depends on the process, uniform blocks are counted from the other end,
// attributes that nobody has bound go to places of their own.
#define GL_GLEXT_PROTOTYPES
#include "driver_preload.h"
#include <GL/gl.h>
#include <GL/glext.h>
#include <set>
#include <string>
#include <unistd.h>

namespace {

GLint by() { return 5 + getpid() % 7; }
bool odd() { return getpid() & 1; }

template <class F>
F real(const char* name) {
    return (F)g_real(name);
}
GLint back(GLint l) { return l < 0 ? l : l >= by() ? l - by() : 100000; }

GLint uniform_location(GLuint p, const GLchar* n) {
    const GLint l = real<PFNGLGETUNIFORMLOCATIONPROC>("glGetUniformLocation")(p, n);
    return l < 0 ? l : l + by();
}
void uniform1f(GLint l, GLfloat x) { real<PFNGLUNIFORM1FPROC>("glUniform1f")(back(l), x); }
void uniform2f(GLint l, GLfloat x, GLfloat y) {
    real<PFNGLUNIFORM2FPROC>("glUniform2f")(back(l), x, y);
}
void uniform4f(GLint l, GLfloat x, GLfloat y, GLfloat z, GLfloat w) {
    real<PFNGLUNIFORM4FPROC>("glUniform4f")(back(l), x, y, z, w);
}
void get_uniform(GLuint p, GLint l, GLfloat* v) {
    real<PFNGLGETUNIFORMFVPROC>("glGetUniformfv")(p, back(l), v);
}

GLuint other_end(GLuint p, GLuint i) {
    GLint n = 0;
    real<PFNGLGETPROGRAMIVPROC>("glGetProgramiv")(p, GL_ACTIVE_UNIFORM_BLOCKS, &n);
    return odd() && i < (GLuint)n ? (GLuint)n - 1 - i : i;
}
GLuint block_index(GLuint p, const GLchar* n) {
    return other_end(p, real<PFNGLGETUNIFORMBLOCKINDEXPROC>("glGetUniformBlockIndex")(p, n));
}
void block_binding(GLuint p, GLuint i, GLuint b) {
    real<PFNGLUNIFORMBLOCKBINDINGPROC>("glUniformBlockBinding")(p, other_end(p, i), b);
}
void block_name(GLuint p, GLuint i, GLsizei n, GLsizei* l, GLchar* s) {
    real<PFNGLGETACTIVEUNIFORMBLOCKNAMEPROC>("glGetActiveUniformBlockName")(p, other_end(p, i), n,
                                                                            l, s);
}

std::set<std::pair<GLuint, std::string>> g_bound;
void bind_attrib(GLuint p, GLuint i, const GLchar* n) {
    g_bound.insert({p, n});
    real<PFNGLBINDATTRIBLOCATIONPROC>("glBindAttribLocation")(p, i, n);
}
void link_program(GLuint p) {
    if (!g_bound.count({p, "corner"}) && !g_bound.count({p, "shift"})) {
        const auto bind = real<PFNGLBINDATTRIBLOCATIONPROC>("glBindAttribLocation");
        bind(p, odd() ? 3 : 6, "corner");
        bind(p, odd() ? 6 : 2, "shift");
    }
    real<PFNGLLINKPROGRAMPROC>("glLinkProgram")(p);
}

} // namespace

Proc get_proc(const char* name) {
    struct {
        const char* name;
        Proc ours;
    } static const list[] = {
        {"glGetUniformLocation", (Proc)uniform_location},
        {"glUniform1f", (Proc)uniform1f},
        {"glUniform2f", (Proc)uniform2f},
        {"glUniform4f", (Proc)uniform4f},
        {"glGetUniformfv", (Proc)get_uniform},
        {"glGetUniformBlockIndex", (Proc)block_index},
        {"glUniformBlockBinding", (Proc)block_binding},
        {"glGetActiveUniformBlockName", (Proc)block_name},
        {"glBindAttribLocation", (Proc)bind_attrib},
        {"glLinkProgram", (Proc)link_program},
    };
    for (const auto& e : list)
        if (strcmp(e.name, name) == 0)
            return e.ours;
    return g_real(name);
}
