// Reading what a driver numbers how (log/numbers.h).
#include "replay/numbers.h"
#include "log/numbers.h"
#include <algorithm>
#include <cstring>

namespace glckpt::replay {

void clear_errors(Driver& gl) {
    for (int i = 0; i < 16 && gl.glGetError() != GL_NO_ERROR; ++i) {
    }
}

GLint program_value(Driver& gl, GLuint program, GLenum pname) {
    GLint v = 0;
    gl.glGetProgramiv(program, pname, &v);
    return gl.glGetError() == GL_NO_ERROR ? v : 0;
}

namespace {

class Table {
  public:
    void add(log::NumberOf of, const char* name, GLint number, GLint count = 1, int stage = 0) {
        log::NumberEntry e{of, (uint8_t)stage, (uint16_t)(strlen(name) + 1), number, count};
        const char* p = reinterpret_cast<const char*>(&e);
        bytes_.insert(bytes_.end(), p, p + sizeof e);
        bytes_.insert(bytes_.end(), name, name + e.name_bytes);
    }
    std::vector<char> take() { return std::move(bytes_); }

  private:
    std::vector<char> bytes_;
};

GLint resources(Driver& gl, GLuint program, GLenum interface) {
    GLint n = 0;
    if (gl.glGetProgramInterfaceiv)
        gl.glGetProgramInterfaceiv(program, interface, GL_ACTIVE_RESOURCES, &n);
    return gl.glGetError() == GL_NO_ERROR ? n : 0;
}

template <class Each>
void each_resource(Driver& gl, GLuint program, GLenum interface, Each each) {
    char name[1024];
    for (GLint i = 0, n = resources(gl, program, interface); i < n; ++i) {
        GLsizei length = 0;
        gl.glGetProgramResourceName(program, interface, (GLuint)i, sizeof name, &length, name);
        if (gl.glGetError() == GL_NO_ERROR)
            each(i, name);
    }
}

void subroutines(Driver& gl, GLuint program, Table& t) {
    if (!gl.glGetProgramStageiv || !gl.glGetActiveSubroutineName)
        return;
    char name[1024];
    for (int s = 0; s < 6; ++s) {
        GLint n = 0, m = 0;
        gl.glGetProgramStageiv(program, kStages[s], GL_ACTIVE_SUBROUTINES, &n);
        gl.glGetProgramStageiv(program, kStages[s], GL_ACTIVE_SUBROUTINE_UNIFORMS, &m);
        if (gl.glGetError() != GL_NO_ERROR)
            continue;
        for (GLint i = 0; i < n; ++i) {
            gl.glGetActiveSubroutineName(program, kStages[s], (GLuint)i, sizeof name, nullptr,
                                         name);
            t.add(log::NumberOf::Subroutine, name, i, 1, s);
        }
        for (GLint i = 0; i < m; ++i) {
            GLint size = 1;
            gl.glGetActiveSubroutineUniformName(program, kStages[s], (GLuint)i, sizeof name,
                                                nullptr, name);
            gl.glGetActiveSubroutineUniformiv(program, kStages[s], (GLuint)i, GL_UNIFORM_SIZE,
                                              &size);
            t.add(log::NumberOf::SubroutineUniform, name,
                  gl.glGetSubroutineUniformLocation(program, kStages[s], name), size, s);
        }
    }
    clear_errors(gl);
}

} // namespace

std::vector<char> read_numbers(Driver& gl, GLuint program) {
    Table t;
    char name[1024];
    clear_errors(gl);
    if (!program_value(gl, program, GL_LINK_STATUS))
        return {};
    for (GLint i = 0, n = program_value(gl, program, GL_ACTIVE_UNIFORMS); i < n; ++i) {
        GLint size = 1;
        GLenum type = 0;
        gl.glGetActiveUniform(program, (GLuint)i, sizeof name, nullptr, &size, &type, name);
        t.add(log::NumberOf::UniformIndex, name, i);
        if (const GLint l = gl.glGetUniformLocation(program, name); l >= 0)
            t.add(log::NumberOf::UniformLocation, name, l, size);
    }
    if (gl.glGetActiveUniformBlockName)
        for (GLint i = 0, n = program_value(gl, program, GL_ACTIVE_UNIFORM_BLOCKS); i < n; ++i) {
            gl.glGetActiveUniformBlockName(program, (GLuint)i, sizeof name, nullptr, name);
            t.add(log::NumberOf::UniformBlock, name, i);
        }
    each_resource(gl, program, GL_SHADER_STORAGE_BLOCK,
                  [&](GLint i, const char* of) { t.add(log::NumberOf::StorageBlock, of, i); });
    for (GLint i = 0, n = program_value(gl, program, GL_ACTIVE_ATTRIBUTES); i < n; ++i) {
        GLint size = 1;
        GLenum type = 0;
        gl.glGetActiveAttrib(program, (GLuint)i, sizeof name, nullptr, &size, &type, name);
        if (const GLint l = gl.glGetAttribLocation(program, name); l >= 0)
            t.add(log::NumberOf::AttribLocation, name, l);
    }
    each_resource(gl, program, GL_PROGRAM_OUTPUT, [&](GLint, const char* of) {
        const GLint l = gl.glGetFragDataLocation(program, of);
        const GLint index = gl.glGetFragDataIndex ? gl.glGetFragDataIndex(program, of) : 0;
        if (l >= 0)
            t.add(log::NumberOf::OutputLocation, of, l, std::max(index, 0));
    });
    subroutines(gl, program, t);
    clear_errors(gl);
    return t.take();
}

} // namespace glckpt::replay
