// Programs and shaders: what the app was told once about a program stays true until it links again.
//
// Several threads may ask about programs of their share group at once: the tables are looked at
// under the group's lock, and nobody waits for the renderer while holding it.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include <optional>

namespace glckpt {
namespace {

using Locations = std::unordered_map<std::string, GLint>;

template <class F>
void with_program(GLuint program, F f) {
    ShareGroup* g = t_context->group.get();
    if (!g || !program)
        return;
    Locked hold(g->lock);
    f(g->programs[program]);
}

// Answered without an error just now.
bool accepted() { return stream().real() && stream().shared().reply_error == 0; }

template <class Ask, class Note>
GLint location(GLuint program, const GLchar* name, Locations ProgramShadow::*which, Ask ask,
               Note note) {
    if (!t_context->group || !name)
        return -1;
    std::optional<GLint> known;
    uint64_t link = 0;
    with_program(program, [&](ProgramShadow& p) {
        link = p.links;
        if (const auto it = (p.*which).find(name); it != (p.*which).end())
            known = it->second;
    });
    if (known && !stream().inside_begin)
        return *known;
    const GLint answer = ask(stream(), program, name);
    if (!accepted())
        return answer;
    bool current = false;
    with_program(program, [&](ProgramShadow& p) {
        if ((current = p.links == link)) // else linked anew by another thread meanwhile
            (p.*which).emplace(name, answer);
    });
    if (current && answer >= 0)
        note(stream(), program, answer, name, strlen(name) + 1);
    return answer;
}

void links_anew(GLuint program) {
    with_program(program, [&](ProgramShadow& p) {
        p.uniforms.clear();
        p.attribs.clear();
        p.linked.clear();
        ++p.links;
    });
}

// What the last link has made of a program.
bool of_the_link(GLenum pname) {
    switch (pname) {
    case GL_LINK_STATUS:
    case GL_ACTIVE_ATTRIBUTES:
    case GL_ACTIVE_ATTRIBUTE_MAX_LENGTH:
    case GL_ACTIVE_UNIFORMS:
    case GL_ACTIVE_UNIFORM_MAX_LENGTH:
    case GL_ACTIVE_UNIFORM_BLOCKS:
    case GL_ACTIVE_UNIFORM_BLOCK_MAX_NAME_LENGTH:
        return true;
    default:
        return false;
    }
}

} // namespace

extern "C" {

GLCKPT_GL GLint glGetUniformLocation(GLuint program, const GLchar* name) {
    return location(program, name, &ProgramShadow::uniforms, encode::glGetUniformLocation,
                    encode::xNoteUniform);
}
GLCKPT_GL GLint glGetAttribLocation(GLuint program, const GLchar* name) {
    return location(program, name, &ProgramShadow::attribs, encode::glGetAttribLocation,
                    encode::xNoteAttrib);
}
GLCKPT_GL void glGetProgramiv(GLuint program, GLenum pname, GLint* params) {
    const DebugPoint deliver;
    if (!params || !of_the_link(pname) || stream().inside_begin)
        return encode::glGetProgramiv(stream(), program, pname, params);
    std::optional<GLint> known;
    uint64_t link = 0;
    with_program(program, [&](ProgramShadow& p) {
        link = p.links;
        if (const auto it = p.linked.find(pname); it != p.linked.end())
            known = it->second;
    });
    if (known) {
        *params = *known;
        return;
    }
    encode::glGetProgramiv(stream(), program, pname, params);
    if (accepted())
        with_program(program, [&](ProgramShadow& p) {
            if (p.links == link)
                p.linked[pname] = *params;
        });
}
// A driver looks at the name first, and at the strings only if it is a shader's: for any other
// name they may point anywhere (seen in piglit's shadersource-errors).
GLCKPT_GL void glShaderSource(GLuint shader, GLsizei count, const GLchar* const* string,
                              const GLint* length) {
    bool is_shader = false;
    with_program(shader, [&](ProgramShadow& p) { is_shader = p.is_shader; });
    if (!is_shader && shader && (is_shader = glIsShader(shader)))
        with_program(shader, [](ProgramShadow& p) { p.is_shader = true; });
    if (!is_shader && shader)
        string = nullptr;
    encode::glShaderSource(stream(), shader, count, string, length);
}
GLCKPT_GL void glLinkProgram(GLuint program) {
    links_anew(program);
    encode::glLinkProgram(stream(), program);
}
GLCKPT_GL void glProgramBinary(GLuint program, GLenum binaryFormat, const void* binary,
                               GLsizei length) {
    links_anew(program);
    encode::glProgramBinary(stream(), program, binaryFormat, binary, length);
}
GLCKPT_GL void glDeleteProgram(GLuint program) {
    // The name stays the program's as long as it is in use; locations asked later are still right.
    encode::glDeleteProgram(stream(), program);
    if (ShareGroup* g = t_context->group.get()) {
        Locked hold(g->lock);
        g->programs.erase(program);
    }
}
GLCKPT_GL GLuint glCreateShaderProgramv(GLenum type, GLsizei count, const GLchar* const* strings) {
    if (count < 0) {
        encode::glDeleteLists(stream(), 1, -1); // raises GL_INVALID_VALUE, as it must
        return 0;
    }
    const GLuint program = alloc_name(NameClass::program);
    const encode::Strings text(count, strings, nullptr);
    encode::xCreateShaderProgram(stream(), program, type, count, (const GLchar*)text.data(),
                                 text.size());
    return program;
}
GLCKPT_GL GLhandleARB glGetHandleARB(GLenum pname) {
    GLint program = 0;
    if (pname == GL_PROGRAM_OBJECT_ARB)
        glGetIntegerv(GL_CURRENT_PROGRAM, &program);
    return (GLhandleARB)program;
}

} // extern "C"
} // namespace glckpt
