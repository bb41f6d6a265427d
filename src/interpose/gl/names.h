// Virtual names, allocated on the app's side so that glGen* needs no round trip.
#pragma once
#include "interpose/gl/context.h"

namespace glckpt {

void alloc_names(NameClass c, GLsizei n, GLuint* out);
GLuint alloc_name(NameClass c);
void free_names(NameClass c, GLsizei n, const GLuint* names);
void free_name(NameClass c, GLuint name);
// A name used without glGen (legal in compatibility profiles): must not be handed out later.
void note_name_slow(NameClass c, GLuint name);
inline void note_name(NameClass c, GLuint name) {
    if (name && t_context->api != Api::GlCore)
        note_name_slow(c, name);
}

} // namespace glckpt
