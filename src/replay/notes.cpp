// What the decoders must remember of some calls.
#include "replay/exec.h"

namespace glckpt::replay {

void Exec::note_glNewList(const rec::glNewList& r) {
    if (inside_begin || compiling || !r.list ||
        (r.mode != GL_COMPILE && r.mode != GL_COMPILE_AND_EXECUTE))
        return;
    compiling = r.list;
    compiles_only = r.mode == GL_COMPILE;
    shape = {};
}

void Exec::note_glEndList(const rec::glEndList&) {
    if (compiling) {
        GroupLock hold(*group);
        group->lists.set(compiling, std::move(shape));
    }
    compiling = 0;
    compiles_only = false;
}

void Exec::note_glDeleteLists(const rec::glDeleteLists& r) {
    GroupLock hold(*group);
    group->lists.erase(r.list, r.range);
}

void Exec::note_glCallList(const rec::glCallList& r) {
    note_pops_of_list(r.head_);
    if (compiling)
        shape.calls.push_back(r.list);
    if (compiles_only || !group->lists.matters(inside_begin))
        return;
    GroupLock hold(*group);
    inside_begin = group->lists.after(r.list, inside_begin);
}

void Exec::note_glCallLists(const rec::glCallLists& r) {
    note_pops_of_list(r.head_);
    if (compiles_only || !group->lists.matters(inside_begin))
        return;
    const void* p = in(reinterpret_cast<const char*>(&r), r.lists);
    GroupLock hold(*group);
    for (GLsizei i = 0; p && i < r.n; ++i)
        inside_begin = group->lists.after(list_base + log::list_offset(r.type, p, i), inside_begin);
}

void Exec::note_glLinkProgram(const rec::glLinkProgram& r) {
    // A program that is in use keeps its executable when it does not link again (OpenGL 4.6,
    // section 7.3): the live set must know. Asked only then: drivers compile in the background.
    if (current_program == r.program && r.program) {
        GLint linked = GL_FALSE;
        gl.glGetProgramiv(real(NameClass::program, r.program), GL_LINK_STATUS, &linked);
        if (!linked) {
            const_cast<log::RecordHeader&>(r.head_).flags |= log::kNotLinked;
            return;
        }
    }
    GroupLock hold(*group);
    group->numbers.erase(r.program); // the numbers told before are those of the old executable
}

void Exec::note_glBufferStorage(const rec::glBufferStorage& r) {
    GLenum query = 0;
    switch (r.target) {
    case GL_ARRAY_BUFFER:
        query = GL_ARRAY_BUFFER_BINDING;
        break;
    case GL_ELEMENT_ARRAY_BUFFER:
        query = GL_ELEMENT_ARRAY_BUFFER_BINDING;
        break;
    case GL_COPY_READ_BUFFER:
        query = GL_COPY_READ_BUFFER_BINDING;
        break;
    case GL_COPY_WRITE_BUFFER:
        query = GL_COPY_WRITE_BUFFER_BINDING;
        break;
    case GL_PIXEL_PACK_BUFFER:
        query = GL_PIXEL_PACK_BUFFER_BINDING;
        break;
    case GL_PIXEL_UNPACK_BUFFER:
        query = GL_PIXEL_UNPACK_BUFFER_BINDING;
        break;
    case GL_UNIFORM_BUFFER:
        query = GL_UNIFORM_BUFFER_BINDING;
        break;
    case GL_TEXTURE_BUFFER:
        query = GL_TEXTURE_BUFFER_BINDING;
        break;
    case GL_TRANSFORM_FEEDBACK_BUFFER:
        query = GL_TRANSFORM_FEEDBACK_BUFFER_BINDING;
        break;
    case GL_DRAW_INDIRECT_BUFFER:
        query = GL_DRAW_INDIRECT_BUFFER_BINDING;
        break;
    case GL_DISPATCH_INDIRECT_BUFFER:
        query = GL_DISPATCH_INDIRECT_BUFFER_BINDING;
        break;
    case GL_SHADER_STORAGE_BUFFER:
        query = GL_SHADER_STORAGE_BUFFER_BINDING;
        break;
    case GL_ATOMIC_COUNTER_BUFFER:
        query = GL_ATOMIC_COUNTER_BUFFER_BINDING;
        break;
    case GL_QUERY_BUFFER:
        query = GL_QUERY_BUFFER_BINDING;
        break;
    default:
        return;
    }
    GLint bound = 0;
    gl.glGetIntegerv(query, &bound);
    const GLuint v = virtual_of(NameClass::buffer, (GLuint)bound);
    GroupLock hold(*group);
    group->storage_flags[v] = r.flags;
}

void Exec::note_glNamedBufferStorage(const rec::glNamedBufferStorage& r) {
    GroupLock hold(*group);
    group->storage_flags[r.buffer] = r.flags;
}

} // namespace glckpt::replay
