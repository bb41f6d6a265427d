// GL_EXT_direct_state_access where the app's side has a shadow of what the command is about: buffer
// objects and their maps, vertex arrays, client state.
//
// The extension defines its commands by the older ones with something else bound for their time
// being, and so are these made. Nothing here is compiled into display lists
// (EXT_direct_state_access, "Display Lists": client state, buffer objects and vertex arrays are
// not), so that the sequence is as good as the command. What is different is who makes objects:
// these commands make the object of a buffer's name that has been generated only, and refuse a
// vertex array of a name that has not. All other commands of the extension travel as they are.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include <cstdlib>

namespace glckpt {
namespace {

void error(GLenum e) { encode::xError(stream(), e); }

void make_buffer(GLuint buffer) {
    const BufferShadow* b = buffer_shadow(buffer);
    const GLuint was = shadow().array_buffer;
    if (!b || b->size > 0 || buffer == was)
        return; // has storage, so it is an object
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    glBindBuffer(GL_ARRAY_BUFFER, was);
}

bool generated(NameClass c, GLuint name) {
    if (!name || !t_context->group)
        return false;
    Locked hold(t_context->group->lock);
    return t_context->names(c).used(name);
}

// With a vertex array bound for the time being. `refused`: there is none such, and the app knows.
class OnVertexArray {
  public:
    explicit OnVertexArray(GLuint vaobj) : was_(shadow().vao_name) {
        if (!generated(NameClass::vertex_array, vaobj)) {
            error(GL_INVALID_OPERATION);
            return;
        }
        refused = false;
        other_ = vaobj != was_;
        if (other_)
            glBindVertexArray(vaobj);
    }
    ~OnVertexArray() {
        if (other_)
            glBindVertexArray(was_);
    }
    OnVertexArray(const OnVertexArray&) = delete;
    OnVertexArray& operator=(const OnVertexArray&) = delete;
    bool refused = true;

  private:
    GLuint was_;
    bool other_ = false;
};

class OnArrayBuffer {
  public:
    explicit OnArrayBuffer(GLuint buffer) : was_(shadow().array_buffer), other_(buffer != was_) {
        if (other_)
            glBindBuffer(GL_ARRAY_BUFFER, buffer);
    }
    ~OnArrayBuffer() {
        if (other_)
            glBindBuffer(GL_ARRAY_BUFFER, was_);
    }
    OnArrayBuffer(const OnArrayBuffer&) = delete;
    OnArrayBuffer& operator=(const OnArrayBuffer&) = delete;

  private:
    GLuint was_;
    bool other_;
};

// With another texture unit's client state. `refused`: there is no such unit.
class OnClientUnit {
  public:
    OnClientUnit(GLuint unit, GLenum otherwise) : was_(shadow().client_active_texture) {
        if (unit != was_ && unit >= 8) {
            error(otherwise);
            return;
        }
        refused = false;
        other_ = unit != was_;
        if (other_)
            glClientActiveTexture(GL_TEXTURE0 + unit);
    }
    ~OnClientUnit() {
        if (other_)
            glClientActiveTexture(GL_TEXTURE0 + was_);
    }
    OnClientUnit(const OnClientUnit&) = delete;
    OnClientUnit& operator=(const OnClientUnit&) = delete;
    bool refused = true;

  private:
    GLuint was_;
    bool other_ = false;
};

// A pointer command into a buffer, of another vertex array.
template <class Call>
void offset_into(GLuint vaobj, GLuint buffer, GLintptr offset, Call call) {
    const OnVertexArray v(vaobj);
    if (v.refused)
        return;
    if (offset < 0)
        return error(GL_INVALID_VALUE);
    if (buffer && !generated(NameClass::buffer, buffer))
        return error(GL_INVALID_OPERATION);
    const OnArrayBuffer b(buffer);
    call(reinterpret_cast<const void*>(offset));
}

// An array's name may be a texture unit's there.
template <class Call>
void with_array(GLenum array, Call call) {
    if (array < GL_TEXTURE0 || array > GL_TEXTURE31)
        return call(array);
    const OnClientUnit u(array - GL_TEXTURE0, GL_INVALID_ENUM);
    if (!u.refused)
        call(GL_TEXTURE_COORD_ARRAY);
}

void client_state(GLenum array, GLuint index, void (*call)(GLenum)) {
    if (array != GL_TEXTURE_COORD_ARRAY)
        return error(GL_INVALID_ENUM);
    const OnClientUnit u(index, GL_INVALID_VALUE);
    if (!u.refused)
        call(array);
}

void indexed_pointer(GLenum pname, GLuint index, void** to) {
    if (pname != GL_TEXTURE_COORD_ARRAY_POINTER)
        return error(GL_INVALID_ENUM);
    const OnClientUnit u(index, GL_INVALID_VALUE);
    if (!u.refused)
        glGetPointerv(pname, to);
}

bool is_pointer(GLenum pname) {
    return (pname >= GL_VERTEX_ARRAY_POINTER && pname <= GL_EDGE_FLAG_ARRAY_POINTER) ||
           pname == GL_FOG_COORD_ARRAY_POINTER || pname == GL_SECONDARY_COLOR_ARRAY_POINTER;
}

bool of_texture_units(GLenum pname) {
    switch (pname) {
    case GL_TEXTURE_COORD_ARRAY:
    case GL_TEXTURE_COORD_ARRAY_SIZE:
    case GL_TEXTURE_COORD_ARRAY_TYPE:
    case GL_TEXTURE_COORD_ARRAY_STRIDE:
    case GL_TEXTURE_COORD_ARRAY_BUFFER_BINDING:
        return true;
    default:
        return false;
    }
}

void default_pixel_store() {
    static constexpr GLenum zeroes[] = {
        GL_UNPACK_SWAP_BYTES, GL_UNPACK_LSB_FIRST,  GL_UNPACK_IMAGE_HEIGHT, GL_UNPACK_SKIP_IMAGES,
        GL_UNPACK_ROW_LENGTH, GL_UNPACK_SKIP_ROWS,  GL_UNPACK_SKIP_PIXELS,  GL_PACK_SWAP_BYTES,
        GL_PACK_LSB_FIRST,    GL_PACK_IMAGE_HEIGHT, GL_PACK_SKIP_IMAGES,    GL_PACK_ROW_LENGTH,
        GL_PACK_SKIP_ROWS,    GL_PACK_SKIP_PIXELS,
    };
    for (const GLenum pname : zeroes)
        glPixelStorei(pname, 0);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    glPixelStorei(GL_PACK_ALIGNMENT, 4);
    glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
    glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
}

void default_arrays() {
    glBindBuffer(GL_ARRAY_BUFFER, 0);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, 0);
    for (const GLenum array :
         {GL_EDGE_FLAG_ARRAY, GL_INDEX_ARRAY, GL_SECONDARY_COLOR_ARRAY, GL_FOG_COORD_ARRAY,
          GL_COLOR_ARRAY, GL_NORMAL_ARRAY, GL_VERTEX_ARRAY})
        glDisableClientState(array);
    glEdgeFlagPointer(0, nullptr);
    glIndexPointer(GL_FLOAT, 0, nullptr);
    glSecondaryColorPointer(3, GL_FLOAT, 0, nullptr);
    glFogCoordPointer(GL_FLOAT, 0, nullptr);
    glColorPointer(4, GL_FLOAT, 0, nullptr);
    glNormalPointer(GL_FLOAT, 0, nullptr);
    glVertexPointer(4, GL_FLOAT, 0, nullptr);
    GLint units = 0, attribs = 0;
    glGetIntegerv(GL_MAX_TEXTURE_COORDS, &units);
    glGetIntegerv(GL_MAX_VERTEX_ATTRIBS, &attribs);
    for (GLint i = 0; i < units; ++i) {
        glClientActiveTexture(GL_TEXTURE0 + (GLenum)i);
        glDisableClientState(GL_TEXTURE_COORD_ARRAY);
        glTexCoordPointer(4, GL_FLOAT, 0, nullptr);
    }
    for (GLuint i = 0; i < (GLuint)attribs; ++i) {
        glDisableVertexAttribArray(i);
        glVertexAttribPointer(i, 4, GL_FLOAT, GL_FALSE, 0, nullptr);
    }
    glClientActiveTexture(GL_TEXTURE0);
    const auto* version = reinterpret_cast<const char*>(glGetString(GL_VERSION));
    if (version && strtod(version, nullptr) >= 3.1) {
        glPrimitiveRestartIndex(0);
        glDisable(GL_PRIMITIVE_RESTART);
    }
}

} // namespace

extern "C" {

// --- buffers
GLCKPT_GL void glNamedBufferDataEXT(GLuint buffer, GLsizeiptr size, const void* data,
                                    GLenum usage) {
    make_buffer(buffer);
    glNamedBufferData(buffer, size, data, usage);
}
GLCKPT_GL void glNamedBufferStorageEXT(GLuint buffer, GLsizeiptr size, const void* data,
                                       GLbitfield flags) {
    make_buffer(buffer);
    glNamedBufferStorage(buffer, size, data, flags);
}
GLCKPT_GL void glNamedBufferSubDataEXT(GLuint buffer, GLintptr offset, GLsizeiptr size,
                                       const void* data) {
    make_buffer(buffer);
    glNamedBufferSubData(buffer, offset, size, data);
}
GLCKPT_GL void* glMapNamedBufferEXT(GLuint buffer, GLenum access) {
    make_buffer(buffer);
    return glMapNamedBuffer(buffer, access);
}
GLCKPT_GL void* glMapNamedBufferRangeEXT(GLuint buffer, GLintptr offset, GLsizeiptr length,
                                         GLbitfield access) {
    make_buffer(buffer);
    return glMapNamedBufferRange(buffer, offset, length, access);
}
GLCKPT_GL GLboolean glUnmapNamedBufferEXT(GLuint buffer) { return glUnmapNamedBuffer(buffer); }
GLCKPT_GL void glFlushMappedNamedBufferRangeEXT(GLuint buffer, GLintptr offset, GLsizeiptr length) {
    make_buffer(buffer);
    glFlushMappedNamedBufferRange(buffer, offset, length);
}
GLCKPT_GL void glNamedCopyBufferSubDataEXT(GLuint readBuffer, GLuint writeBuffer,
                                           GLintptr readOffset, GLintptr writeOffset,
                                           GLsizeiptr size) {
    make_buffer(readBuffer);
    make_buffer(writeBuffer);
    glCopyNamedBufferSubData(readBuffer, writeBuffer, readOffset, writeOffset, size);
}
GLCKPT_GL void glClearNamedBufferDataEXT(GLuint buffer, GLenum internalformat, GLenum format,
                                         GLenum type, const void* data) {
    make_buffer(buffer);
    glClearNamedBufferData(buffer, internalformat, format, type, data);
}
GLCKPT_GL void glClearNamedBufferSubDataEXT(GLuint buffer, GLenum internalformat, GLsizeiptr offset,
                                            GLsizeiptr size, GLenum format, GLenum type,
                                            const void* data) {
    make_buffer(buffer);
    glClearNamedBufferSubData(buffer, internalformat, offset, size, format, type, data);
}
GLCKPT_GL void glGetNamedBufferParameterivEXT(GLuint buffer, GLenum pname, GLint* params) {
    make_buffer(buffer);
    glGetNamedBufferParameteriv(buffer, pname, params);
}
GLCKPT_GL void glGetNamedBufferPointervEXT(GLuint buffer, GLenum pname, void** params) {
    make_buffer(buffer);
    glGetNamedBufferPointerv(buffer, pname, params);
}
GLCKPT_GL void glGetNamedBufferSubDataEXT(GLuint buffer, GLintptr offset, GLsizeiptr size,
                                          void* data) {
    make_buffer(buffer);
    glGetNamedBufferSubData(buffer, offset, size, data);
}

// --- vertex arrays
GLCKPT_GL void glVertexArrayVertexOffsetEXT(GLuint vaobj, GLuint buffer, GLint size, GLenum type,
                                            GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset,
                [&](const void* p) { glVertexPointer(size, type, stride, p); });
}
GLCKPT_GL void glVertexArrayColorOffsetEXT(GLuint vaobj, GLuint buffer, GLint size, GLenum type,
                                           GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset,
                [&](const void* p) { glColorPointer(size, type, stride, p); });
}
GLCKPT_GL void glVertexArrayEdgeFlagOffsetEXT(GLuint vaobj, GLuint buffer, GLsizei stride,
                                              GLintptr offset) {
    offset_into(vaobj, buffer, offset, [&](const void* p) { glEdgeFlagPointer(stride, p); });
}
GLCKPT_GL void glVertexArrayIndexOffsetEXT(GLuint vaobj, GLuint buffer, GLenum type, GLsizei stride,
                                           GLintptr offset) {
    offset_into(vaobj, buffer, offset, [&](const void* p) { glIndexPointer(type, stride, p); });
}
GLCKPT_GL void glVertexArrayNormalOffsetEXT(GLuint vaobj, GLuint buffer, GLenum type,
                                            GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset, [&](const void* p) { glNormalPointer(type, stride, p); });
}
GLCKPT_GL void glVertexArrayTexCoordOffsetEXT(GLuint vaobj, GLuint buffer, GLint size, GLenum type,
                                              GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset,
                [&](const void* p) { glTexCoordPointer(size, type, stride, p); });
}
GLCKPT_GL void glVertexArrayMultiTexCoordOffsetEXT(GLuint vaobj, GLuint buffer, GLenum texunit,
                                                   GLint size, GLenum type, GLsizei stride,
                                                   GLintptr offset) {
    offset_into(vaobj, buffer, offset, [&](const void* p) {
        const OnClientUnit u(texunit - GL_TEXTURE0, GL_INVALID_ENUM);
        if (!u.refused)
            glTexCoordPointer(size, type, stride, p);
    });
}
GLCKPT_GL void glVertexArrayFogCoordOffsetEXT(GLuint vaobj, GLuint buffer, GLenum type,
                                              GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset, [&](const void* p) { glFogCoordPointer(type, stride, p); });
}
GLCKPT_GL void glVertexArraySecondaryColorOffsetEXT(GLuint vaobj, GLuint buffer, GLint size,
                                                    GLenum type, GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset,
                [&](const void* p) { glSecondaryColorPointer(size, type, stride, p); });
}
GLCKPT_GL void glVertexArrayVertexAttribOffsetEXT(GLuint vaobj, GLuint buffer, GLuint index,
                                                  GLint size, GLenum type, GLboolean normalized,
                                                  GLsizei stride, GLintptr offset) {
    offset_into(vaobj, buffer, offset, [&](const void* p) {
        glVertexAttribPointer(index, size, type, normalized, stride, p);
    });
}
GLCKPT_GL void glVertexArrayVertexAttribIOffsetEXT(GLuint vaobj, GLuint buffer, GLuint index,
                                                   GLint size, GLenum type, GLsizei stride,
                                                   GLintptr offset) {
    offset_into(vaobj, buffer, offset,
                [&](const void* p) { glVertexAttribIPointer(index, size, type, stride, p); });
}
GLCKPT_GL void glVertexArrayVertexAttribLOffsetEXT(GLuint vaobj, GLuint buffer, GLuint index,
                                                   GLint size, GLenum type, GLsizei stride,
                                                   GLintptr offset) {
    offset_into(vaobj, buffer, offset,
                [&](const void* p) { glVertexAttribLPointer(index, size, type, stride, p); });
}
GLCKPT_GL void glEnableVertexArrayEXT(GLuint vaobj, GLenum array) {
    if (const OnVertexArray v(vaobj); !v.refused)
        with_array(array, glEnableClientState);
}
GLCKPT_GL void glDisableVertexArrayEXT(GLuint vaobj, GLenum array) {
    if (const OnVertexArray v(vaobj); !v.refused)
        with_array(array, glDisableClientState);
}
GLCKPT_GL void glEnableVertexArrayAttribEXT(GLuint vaobj, GLuint index) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glEnableVertexAttribArray(index);
}
GLCKPT_GL void glDisableVertexArrayAttribEXT(GLuint vaobj, GLuint index) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glDisableVertexAttribArray(index);
}
GLCKPT_GL void glVertexArrayBindVertexBufferEXT(GLuint vaobj, GLuint bindingindex, GLuint buffer,
                                                GLintptr offset, GLsizei stride) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glBindVertexBuffer(bindingindex, buffer, offset, stride);
}
GLCKPT_GL void glVertexArrayVertexAttribFormatEXT(GLuint vaobj, GLuint attribindex, GLint size,
                                                  GLenum type, GLboolean normalized,
                                                  GLuint relativeoffset) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glVertexAttribFormat(attribindex, size, type, normalized, relativeoffset);
}
GLCKPT_GL void glVertexArrayVertexAttribIFormatEXT(GLuint vaobj, GLuint attribindex, GLint size,
                                                   GLenum type, GLuint relativeoffset) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glVertexAttribIFormat(attribindex, size, type, relativeoffset);
}
GLCKPT_GL void glVertexArrayVertexAttribLFormatEXT(GLuint vaobj, GLuint attribindex, GLint size,
                                                   GLenum type, GLuint relativeoffset) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glVertexAttribLFormat(attribindex, size, type, relativeoffset);
}
GLCKPT_GL void glVertexArrayVertexAttribBindingEXT(GLuint vaobj, GLuint attribindex,
                                                   GLuint bindingindex) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glVertexAttribBinding(attribindex, bindingindex);
}
GLCKPT_GL void glVertexArrayVertexBindingDivisorEXT(GLuint vaobj, GLuint bindingindex,
                                                    GLuint divisor) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glVertexBindingDivisor(bindingindex, divisor);
}
GLCKPT_GL void glVertexArrayVertexAttribDivisorEXT(GLuint vaobj, GLuint index, GLuint divisor) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glVertexAttribDivisor(index, divisor);
}
// Mesa answers for pointers here, too, with their lower half.
GLCKPT_GL void glGetVertexArrayIntegervEXT(GLuint vaobj, GLenum pname, GLint* param) {
    const OnVertexArray v(vaobj);
    if (v.refused)
        return;
    if (!is_pointer(pname))
        return glGetIntegerv(pname, param);
    void* p = nullptr;
    glGetPointerv(pname, &p);
    *param = (GLint)(intptr_t)p;
}
GLCKPT_GL void glGetVertexArrayPointervEXT(GLuint vaobj, GLenum pname, void** param) {
    if (const OnVertexArray v(vaobj); !v.refused)
        glGetPointerv(pname, param);
}
GLCKPT_GL void glGetVertexArrayIntegeri_vEXT(GLuint vaobj, GLuint index, GLenum pname,
                                             GLint* param) {
    const OnVertexArray v(vaobj);
    if (v.refused)
        return;
    if (!of_texture_units(pname))
        return glGetVertexAttribiv(index, pname, param);
    const OnClientUnit u(index, GL_INVALID_VALUE);
    if (!u.refused)
        glGetIntegerv(pname, param);
}
GLCKPT_GL void glGetVertexArrayPointeri_vEXT(GLuint vaobj, GLuint index, GLenum pname,
                                             void** param) {
    const OnVertexArray v(vaobj);
    if (v.refused)
        return;
    if (pname == GL_TEXTURE_COORD_ARRAY_POINTER)
        indexed_pointer(pname, index, param);
    else
        glGetVertexAttribPointerv(index, pname, param);
}

// --- client state
GLCKPT_GL void glEnableClientStateiEXT(GLenum array, GLuint index) {
    client_state(array, index, glEnableClientState);
}
GLCKPT_GL void glDisableClientStateiEXT(GLenum array, GLuint index) {
    client_state(array, index, glDisableClientState);
}
GLCKPT_GL void glEnableClientStateIndexedEXT(GLenum array, GLuint index) {
    client_state(array, index, glEnableClientState);
}
GLCKPT_GL void glDisableClientStateIndexedEXT(GLenum array, GLuint index) {
    client_state(array, index, glDisableClientState);
}
GLCKPT_GL void glMultiTexCoordPointerEXT(GLenum texunit, GLint size, GLenum type, GLsizei stride,
                                         const void* pointer) {
    const OnClientUnit u(texunit - GL_TEXTURE0, GL_INVALID_ENUM);
    if (!u.refused)
        glTexCoordPointer(size, type, stride, pointer);
}
GLCKPT_GL void glGetPointeri_vEXT(GLenum pname, GLuint index, void** params) {
    indexed_pointer(pname, index, params);
}
GLCKPT_GL void glGetPointerIndexedvEXT(GLenum target, GLuint index, void** data) {
    indexed_pointer(target, index, data);
}
GLCKPT_GL void glClientAttribDefaultEXT(GLbitfield mask) {
    if (mask & GL_CLIENT_PIXEL_STORE_BIT)
        default_pixel_store();
    if (mask & GL_CLIENT_VERTEX_ARRAY_BIT)
        default_arrays();
}
GLCKPT_GL void glPushClientAttribDefaultEXT(GLbitfield mask) {
    glPushClientAttrib(mask);
    glClientAttribDefaultEXT(mask);
}

} // extern "C"
} // namespace glckpt
