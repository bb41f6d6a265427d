// Indirect draws. The commands lie in a buffer, except in compatibility profiles, where without one
// they may be in the app's memory (OpenGL 4.6 compatibility, section 10.4); and there the arrays
// may be, too, whose elements must be sent with each draw. In both cases each command is taken out
// and issued as the direct draw that it is defined by.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/arrays.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/exports.h"
#include <memory>

namespace glckpt {
namespace {

struct ArraysCommand {
    GLuint count, instances, first, base_instance;
};
struct ElementsCommand {
    GLuint count, instances, first_index;
    GLint base_vertex;
    GLuint base_instance;
};

// The commands themselves, if they must be looked at; null: the driver does that.
class Commands {
  public:
    Commands(const void* indirect, GLsizei n, size_t stride, size_t each) {
        if (t_context->api != Api::GlCompat || n <= 0)
            return;
        const GLuint buffer = bound_buffer(GL_DRAW_INDIRECT_BUFFER);
        if (!buffer) {
            at_ = static_cast<const char*>(indirect);
        } else if (has_client_arrays()) {
            if (stream().persistent_maps)
                flush_persistent();
            const size_t bytes = (size_t)(n - 1) * stride + each;
            copy_.reset(new char[bytes]());
            encode::xBufferRead(stream(), buffer, (GLintptr)indirect, (GLsizeiptr)bytes,
                                copy_.get(), bytes);
            at_ = copy_.get();
        }
    }
    const char* at() const { return at_; }

  private:
    const char* at_ = nullptr;
    std::unique_ptr<char[]> copy_;
};

void draw(GLenum mode, const ArraysCommand& c) {
    glDrawArraysInstancedBaseInstance(mode, (GLint)c.first, (GLsizei)c.count, (GLsizei)c.instances,
                                      c.base_instance);
}
void draw(GLenum mode, GLenum type, const ElementsCommand& c) {
    const size_t index = type == GL_UNSIGNED_INT ? 4 : type == GL_UNSIGNED_SHORT ? 2 : 1;
    glDrawElementsInstancedBaseVertexBaseInstance(
        mode, (GLsizei)c.count, type, (const void*)((size_t)c.first_index * index),
        (GLsizei)c.instances, c.base_vertex, c.base_instance);
}

// Indices must be in a buffer.
bool no_indices() {
    if (shadow().element_buffer())
        return false;
    encode::xError(stream(), GL_INVALID_OPERATION);
    return true;
}

} // namespace

extern "C" {

GLCKPT_GL void glDrawArraysIndirect(GLenum mode, const void* indirect) {
    const Commands commands(indirect, 1, sizeof(ArraysCommand), sizeof(ArraysCommand));
    if (const char* at = commands.at())
        draw(mode, *reinterpret_cast<const ArraysCommand*>(at));
    else
        encode::glDrawArraysIndirect(stream(), mode, indirect);
}

GLCKPT_GL void glDrawElementsIndirect(GLenum mode, GLenum type, const void* indirect) {
    const Commands commands(indirect, 1, sizeof(ElementsCommand), sizeof(ElementsCommand));
    if (!commands.at())
        encode::glDrawElementsIndirect(stream(), mode, type, indirect);
    else if (!no_indices())
        draw(mode, type, *reinterpret_cast<const ElementsCommand*>(commands.at()));
}

GLCKPT_GL void glMultiDrawArraysIndirect(GLenum mode, const void* indirect, GLsizei drawcount,
                                         GLsizei stride) {
    const size_t step = stride > 0 ? (size_t)stride : sizeof(ArraysCommand);
    const Commands commands(indirect, stride < 0 || stride % 4 ? 0 : drawcount, step,
                            sizeof(ArraysCommand));
    if (!commands.at())
        encode::glMultiDrawArraysIndirect(stream(), mode, indirect, drawcount, stride);
    for (GLsizei i = 0; commands.at() && i < drawcount; ++i)
        draw(mode, *reinterpret_cast<const ArraysCommand*>(commands.at() + (size_t)i * step));
}

GLCKPT_GL void glMultiDrawElementsIndirect(GLenum mode, GLenum type, const void* indirect,
                                           GLsizei drawcount, GLsizei stride) {
    const size_t step = stride > 0 ? (size_t)stride : sizeof(ElementsCommand);
    const Commands commands(indirect, stride < 0 || stride % 4 ? 0 : drawcount, step,
                            sizeof(ElementsCommand));
    if (!commands.at())
        encode::glMultiDrawElementsIndirect(stream(), mode, type, indirect, drawcount, stride);
    else if (!no_indices())
        for (GLsizei i = 0; i < drawcount; ++i)
            draw(mode, type,
                 *reinterpret_cast<const ElementsCommand*>(commands.at() + (size_t)i * step));
}

} // extern "C"
} // namespace glckpt
