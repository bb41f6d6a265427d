// glIs* of objects that a program may ask for before each use (PyMOL asks glIsTexture 150 times a
// frame). Yes stays yes until the name is deleted, in whichever context of the group; no does not
// stay: binding the name makes the object.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"

namespace glckpt {

static GLboolean is_object(NameClass c, GLuint name, GLboolean (*ask)(log::Stream&, GLuint)) {
    const DebugPoint deliver;
    ShareGroup* g = t_context->group.get();
    if (!g || stream().inside_begin)
        return ask(stream(), name);
    {
        Locked hold(g->lock);
        if (t_context->names(c).is_object(name))
            return GL_TRUE;
    }
    const GLboolean yes = ask(stream(), name);
    if (yes) {
        Locked hold(g->lock);
        t_context->names(c).note_object(name);
    }
    return yes;
}

extern "C" {

GLCKPT_GL GLboolean glIsTexture(GLuint name) {
    return is_object(NameClass::texture, name, encode::glIsTexture);
}
GLCKPT_GL GLboolean glIsBuffer(GLuint name) {
    return is_object(NameClass::buffer, name, encode::glIsBuffer);
}
GLCKPT_GL GLboolean glIsRenderbuffer(GLuint name) {
    return is_object(NameClass::renderbuffer, name, encode::glIsRenderbuffer);
}
GLCKPT_GL GLboolean glIsFramebuffer(GLuint name) {
    return is_object(NameClass::framebuffer, name, encode::glIsFramebuffer);
}
GLCKPT_GL GLboolean glIsVertexArray(GLuint name) {
    return is_object(NameClass::vertex_array, name, encode::glIsVertexArray);
}
GLCKPT_GL GLboolean glIsSampler(GLuint name) {
    return is_object(NameClass::sampler, name, encode::glIsSampler);
}

} // extern "C"
} // namespace glckpt
