// Commands whose arguments or results hold object names of a class that the call does not tell.
#include "gen/gl/records.h"
#include "replay/exec.h"
#include "replay/feedback.h"
#include "replay/helper.h"
#include <algorithm>
#include <vector>

namespace glckpt::replay {
namespace {

// Class of the name that a pname asks for; Count if it is no name.
NameClass class_of(GLenum pname) {
    switch (pname) {
    case GL_TEXTURE_BINDING_1D:
    case GL_TEXTURE_BINDING_2D:
    case GL_TEXTURE_BINDING_3D:
    case GL_TEXTURE_BINDING_CUBE_MAP:
    case GL_TEXTURE_BINDING_RECTANGLE:
    case GL_TEXTURE_BINDING_1D_ARRAY:
    case GL_TEXTURE_BINDING_2D_ARRAY:
    case GL_TEXTURE_BINDING_CUBE_MAP_ARRAY:
    case GL_TEXTURE_BINDING_BUFFER:
    case GL_TEXTURE_BINDING_2D_MULTISAMPLE:
    case GL_TEXTURE_BINDING_2D_MULTISAMPLE_ARRAY:
    case GL_TEXTURE_BINDING_EXTERNAL_OES:
    case GL_IMAGE_BINDING_NAME:
        return NameClass::texture;
    case GL_ARRAY_BUFFER_BINDING:
    case GL_ELEMENT_ARRAY_BUFFER_BINDING:
    case GL_VERTEX_ARRAY_BUFFER_BINDING:
    case GL_NORMAL_ARRAY_BUFFER_BINDING:
    case GL_COLOR_ARRAY_BUFFER_BINDING:
    case GL_INDEX_ARRAY_BUFFER_BINDING:
    case GL_TEXTURE_COORD_ARRAY_BUFFER_BINDING:
    case GL_EDGE_FLAG_ARRAY_BUFFER_BINDING:
    case GL_SECONDARY_COLOR_ARRAY_BUFFER_BINDING:
    case GL_FOG_COORD_ARRAY_BUFFER_BINDING:
    case GL_WEIGHT_ARRAY_BUFFER_BINDING:
    case GL_VERTEX_ATTRIB_ARRAY_BUFFER_BINDING:
    case GL_VERTEX_BINDING_BUFFER:
    case GL_PIXEL_PACK_BUFFER_BINDING:
    case GL_PIXEL_UNPACK_BUFFER_BINDING:
    case GL_UNIFORM_BUFFER_BINDING:
    case GL_SHADER_STORAGE_BUFFER_BINDING:
    case GL_ATOMIC_COUNTER_BUFFER_BINDING:
    case GL_TRANSFORM_FEEDBACK_BUFFER_BINDING:
    case GL_COPY_READ_BUFFER_BINDING:
    case GL_COPY_WRITE_BUFFER_BINDING:
    case GL_DRAW_INDIRECT_BUFFER_BINDING:
    case GL_DISPATCH_INDIRECT_BUFFER_BINDING:
    case GL_PARAMETER_BUFFER_BINDING:
    case GL_QUERY_BUFFER_BINDING:
    case GL_TEXTURE_BUFFER_BINDING:
        return NameClass::buffer;
    case GL_DRAW_FRAMEBUFFER_BINDING:
    case GL_READ_FRAMEBUFFER_BINDING:
        return NameClass::framebuffer;
    case GL_RENDERBUFFER_BINDING:
        return NameClass::renderbuffer;
    case GL_VERTEX_ARRAY_BINDING:
        return NameClass::vertex_array;
    case GL_SAMPLER_BINDING:
        return NameClass::sampler;
    case GL_TRANSFORM_FEEDBACK_BINDING:
        return NameClass::transform_feedback;
    case GL_PROGRAM_PIPELINE_BINDING:
        return NameClass::pipeline;
    case GL_CURRENT_PROGRAM:
    case GL_ACTIVE_PROGRAM:
    case GL_VERTEX_SHADER:
    case GL_FRAGMENT_SHADER:
    case GL_GEOMETRY_SHADER:
    case GL_TESS_CONTROL_SHADER:
    case GL_TESS_EVALUATION_SHADER:
    case GL_COMPUTE_SHADER:
        return NameClass::program;
    case GL_CURRENT_QUERY:
        return NameClass::query;
    default:
        return NameClass::Count;
    }
}

template <class T>
void back_to_virtual(Exec& x, GLenum pname, T* value) {
    const NameClass c = class_of(pname);
    if (c != NameClass::Count)
        *value = (T)x.virtual_of(c, (GLuint)*value);
}

// A probed call, one value of which may be a name.
template <class T, class Call>
void get(Exec& x, log::PayloadRef ref, GLenum pname, Call call) {
    T* to = static_cast<T*>(x.probe(ref));
    x.probe_call(ref, to, [&] { call(to); });
    if (to && x.shared().reply_bytes == sizeof(T))
        back_to_virtual(x, pname, to);
}

} // namespace

#define RECORD(name) auto* r = reinterpret_cast<const rec::name*>(record)

void decode_xForget(Exec& x, const char* record) {
    RECORD(xForget);
    const GLuint name = x.forget_name((NameClass)r->kind, r->temporary);
    x.was_called((NameClass)r->kind, r->temporary, r->name);
    // In a context where nothing is bound; if there can be none, here.
    const Helper helper(x, 0);
    switch ((NameClass)r->kind) {
    case NameClass::texture:
        x.gl.glDeleteTextures(1, &name);
        break;
    case NameClass::buffer:
        x.gl.glDeleteBuffers(1, &name);
        break;
    case NameClass::renderbuffer:
        (x.gl.glDeleteRenderbuffers ? x.gl.glDeleteRenderbuffers
                                    : x.gl.glDeleteRenderbuffersOES)(1, &name);
        break;
    default:
        x.gl.glDeleteSamplers(1, &name);
    }
}
void decode_glGetIntegerv(Exec& x, const char* record) {
    RECORD(glGetIntegerv);
    get<GLint>(x, r->data, r->pname, [&](GLint* v) { x.gl.glGetIntegerv(r->pname, v); });
}
void decode_glGetIntegeri_v(Exec& x, const char* record) {
    RECORD(glGetIntegeri_v);
    get<GLint>(x, r->data, r->target, [&](GLint* v) {
        GLint64 range = 0;
        if (bound_feedback_value(x, r->target, r->index, &range))
            *v = (GLint)range;
        else
            x.gl.glGetIntegeri_v(r->target, r->index, v);
    });
}
void decode_glGetInteger64v(Exec& x, const char* record) {
    RECORD(glGetInteger64v);
    get<GLint64>(x, r->data, r->pname, [&](GLint64* v) { x.gl.glGetInteger64v(r->pname, v); });
}
void decode_glGetInteger64i_v(Exec& x, const char* record) {
    RECORD(glGetInteger64i_v);
    get<GLint64>(x, r->data, r->target, [&](GLint64* v) {
        if (!bound_feedback_value(x, r->target, r->index, v))
            x.gl.glGetInteger64i_v(r->target, r->index, v);
    });
}
void decode_glGetVertexAttribiv(Exec& x, const char* record) {
    RECORD(glGetVertexAttribiv);
    get<GLint>(x, r->params, r->pname,
               [&](GLint* v) { x.gl.glGetVertexAttribiv(r->index, r->pname, v); });
}
void decode_glGetVertexArrayiv(Exec& x, const char* record) {
    RECORD(glGetVertexArrayiv);
    const GLuint vao = x.real(NameClass::vertex_array, r->vaobj);
    get<GLint>(x, r->param, r->pname, [&](GLint* v) { x.gl.glGetVertexArrayiv(vao, r->pname, v); });
}
void decode_glGetProgramPipelineiv(Exec& x, const char* record) {
    RECORD(glGetProgramPipelineiv);
    const GLuint p = x.real(NameClass::pipeline, r->pipeline);
    get<GLint>(x, r->params, r->pname,
               [&](GLint* v) { x.gl.glGetProgramPipelineiv(p, r->pname, v); });
}
void decode_glGetTransformFeedbacki_v(Exec& x, const char* record) {
    RECORD(glGetTransformFeedbacki_v);
    const GLuint f = x.real(NameClass::transform_feedback, r->xfb);
    get<GLint>(x, r->param, r->pname,
               [&](GLint* v) { x.gl.glGetTransformFeedbacki_v(f, r->pname, r->index, v); });
}
void decode_glGetQueryiv(Exec& x, const char* record) {
    RECORD(glGetQueryiv);
    get<GLint>(x, r->params, r->pname,
               [&](GLint* v) { x.gl.glGetQueryiv(r->target, r->pname, v); });
}
void decode_glGetProgramivARB(Exec& x, const char* record) {
    RECORD(glGetProgramivARB);
    GLint* to = static_cast<GLint*>(x.out(record, r->params));
    if (!to)
        return;
    x.gl.glGetProgramivARB(r->target, r->pname, to);
    if (r->pname == GL_PROGRAM_BINDING_ARB)
        *to = (GLint)x.virtual_of(NameClass::arb_program, (GLuint)*to);
}
void decode_glGetTexLevelParameteriv(Exec& x, const char* record) {
    RECORD(glGetTexLevelParameteriv);
    get<GLint>(x, r->params,
               r->pname == GL_TEXTURE_BUFFER_DATA_STORE_BINDING ? GL_TEXTURE_BUFFER_BINDING : 0,
               [&](GLint* v) { x.gl.glGetTexLevelParameteriv(r->target, r->level, r->pname, v); });
}
void decode_glGetTextureLevelParameterivEXT(Exec& x, const char* record) {
    RECORD(glGetTextureLevelParameterivEXT);
    const GLuint t = x.bind_name(NameClass::texture, r->texture);
    get<GLint>(x, r->params,
               r->pname == GL_TEXTURE_BUFFER_DATA_STORE_BINDING ? GL_TEXTURE_BUFFER_BINDING : 0,
               [&](GLint* v) {
                   x.gl.glGetTextureLevelParameterivEXT(t, r->target, r->level, r->pname, v);
               });
}
void decode_glGetMultiTexLevelParameterivEXT(Exec& x, const char* record) {
    RECORD(glGetMultiTexLevelParameterivEXT);
    get<GLint>(x, r->params,
               r->pname == GL_TEXTURE_BUFFER_DATA_STORE_BINDING ? GL_TEXTURE_BUFFER_BINDING : 0,
               [&](GLint* v) {
                   x.gl.glGetMultiTexLevelParameterivEXT(r->texunit, r->target, r->level, r->pname,
                                                         v);
               });
}

namespace {

// The object attached may be a texture or a renderbuffer: ask which.
template <class Ask>
void attachment(Exec& x, log::PayloadRef ref, GLenum pname, Ask ask) {
    GLint* to = static_cast<GLint*>(x.probe(ref));
    x.probe_call(ref, to, [&] { ask(pname, to); });
    if (!to || pname != GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME || x.shared().reply_bytes != 4)
        return;
    GLint type = 0;
    ask(GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE, &type);
    *to = (GLint)x.virtual_of(type == GL_TEXTURE ? NameClass::texture : NameClass::renderbuffer,
                              (GLuint)*to);
}

} // namespace

void decode_glGetFramebufferAttachmentParameteriv(Exec& x, const char* record) {
    RECORD(glGetFramebufferAttachmentParameteriv);
    attachment(x, r->params, r->pname, [&](GLenum p, GLint* v) {
        x.gl.glGetFramebufferAttachmentParameteriv(r->target, r->attachment, p, v);
    });
}
void decode_glGetNamedFramebufferAttachmentParameteriv(Exec& x, const char* record) {
    RECORD(glGetNamedFramebufferAttachmentParameteriv);
    const GLuint f = x.real(NameClass::framebuffer, r->framebuffer);
    attachment(x, r->params, r->pname, [&](GLenum p, GLint* v) {
        x.gl.glGetNamedFramebufferAttachmentParameteriv(f, r->attachment, p, v);
    });
}
void decode_glGetNamedFramebufferAttachmentParameterivEXT(Exec& x, const char* record) {
    RECORD(glGetNamedFramebufferAttachmentParameterivEXT);
    const GLuint f = x.bind_name(NameClass::framebuffer, r->framebuffer);
    attachment(x, r->params, r->pname, [&](GLenum p, GLint* v) {
        x.gl.glGetNamedFramebufferAttachmentParameterivEXT(f, r->attachment, p, v);
    });
}

void decode_glGetAttachedShaders(Exec& x, const char* record) {
    RECORD(glGetAttachedShaders);
    GLsizei n = 0;
    auto* count = static_cast<GLsizei*>(x.out(record, r->count));
    auto* shaders = static_cast<GLuint*>(x.out(record, r->shaders));
    x.gl.glGetAttachedShaders(x.real(NameClass::program, r->program), r->maxCount, &n, shaders);
    for (GLsizei i = 0; i < n && shaders; ++i)
        shaders[i] = x.virtual_of(NameClass::program, shaders[i]);
    if (count)
        *count = n;
}
void decode_glGetAttachedObjectsARB(Exec& x, const char* record) {
    RECORD(glGetAttachedObjectsARB);
    GLsizei n = 0;
    auto* count = static_cast<GLsizei*>(x.out(record, r->count));
    auto* objects = static_cast<GLhandleARB*>(x.out(record, r->obj));
    x.gl.glGetAttachedObjectsARB(x.real(NameClass::program, r->containerObj), r->maxCount, &n,
                                 objects);
    for (GLsizei i = 0; i < n && objects; ++i)
        objects[i] = x.virtual_of(NameClass::program, objects[i]);
    if (count)
        *count = n;
}
// A program that is in use, and a shader that is attached, keep their names until they are not
// (OpenGL 4.6, sections 7.1 and 7.3): those that were deleted earlier are looked after each time.
static void forget_dead(Exec& x, GLuint name) {
    GroupLock hold(*x.group);
    auto& dying = x.group->dying_programs;
    if (name)
        dying.push_back(name);
    std::erase_if(dying, [&](GLuint v) {
        const GLuint real = x.group->names[(int)NameClass::program].real(v);
        if (real && (x.gl.glIsProgram(real) || x.gl.glIsShader(real)))
            return false;
        x.group->names[(int)NameClass::program].forget(v);
        return true;
    });
}

void decode_glDeleteObjectARB(Exec& x, const char* record) {
    RECORD(glDeleteObjectARB);
    const GLuint real = x.real(NameClass::program, r->obj);
    if (x.gl.glDeleteObjectARB)
        x.gl.glDeleteObjectARB(real);
    else if (x.gl.glIsProgram(real))
        x.gl.glDeleteProgram(real);
    else
        x.gl.glDeleteShader(real);
    forget_dead(x, r->obj);
}
void decode_glDeleteProgram(Exec& x, const char* record) {
    RECORD(glDeleteProgram);
    x.gl.glDeleteProgram(x.real(NameClass::program, r->program));
    forget_dead(x, r->program);
}
void decode_glDeleteShader(Exec& x, const char* record) {
    RECORD(glDeleteShader);
    x.gl.glDeleteShader(x.real(NameClass::program, r->shader));
    forget_dead(x, r->shader);
}

namespace {

// KHR_debug identifiers (and EXT_debug_label's) to classes.
GLuint labelled(Exec& x, GLenum identifier, GLuint name) {
    switch (identifier) {
    case GL_BUFFER:
    case GL_BUFFER_OBJECT_EXT:
        return x.real(NameClass::buffer, name);
    case GL_SHADER:
    case GL_SHADER_OBJECT_EXT:
    case GL_PROGRAM:
    case GL_PROGRAM_OBJECT_EXT:
        return x.real(NameClass::program, name);
    case GL_VERTEX_ARRAY:
    case GL_VERTEX_ARRAY_OBJECT_EXT:
        return x.real(NameClass::vertex_array, name);
    case GL_QUERY:
    case GL_QUERY_OBJECT_EXT:
        return x.real(NameClass::query, name);
    case GL_PROGRAM_PIPELINE:
    case GL_PROGRAM_PIPELINE_OBJECT_EXT:
        return x.real(NameClass::pipeline, name);
    case GL_TRANSFORM_FEEDBACK:
        return x.real(NameClass::transform_feedback, name);
    case GL_SAMPLER:
        return x.real(NameClass::sampler, name);
    case GL_TEXTURE:
        return x.real(NameClass::texture, name);
    case GL_RENDERBUFFER:
        return x.real(NameClass::renderbuffer, name);
    case GL_FRAMEBUFFER:
        return x.real(NameClass::framebuffer, name);
    default:
        return name;
    }
}

} // namespace

void decode_glObjectLabel(Exec& x, const char* record) {
    RECORD(glObjectLabel);
    if (x.gl.glObjectLabel)
        x.gl.glObjectLabel(r->identifier, labelled(x, r->identifier, r->name), r->length,
                           (const GLchar*)x.in(record, r->label));
}
void decode_glGetObjectLabel(Exec& x, const char* record) {
    RECORD(glGetObjectLabel);
    if (x.gl.glGetObjectLabel)
        x.gl.glGetObjectLabel(r->identifier, labelled(x, r->identifier, r->name), r->bufSize,
                              (GLsizei*)x.out(record, r->length), (GLchar*)x.out(record, r->label));
}
void decode_glLabelObjectEXT(Exec& x, const char* record) {
    RECORD(glLabelObjectEXT);
    if (x.gl.glLabelObjectEXT)
        x.gl.glLabelObjectEXT(r->type, labelled(x, r->type, r->object), r->length,
                              (const GLchar*)x.in(record, r->label));
}
void decode_glGetObjectLabelEXT(Exec& x, const char* record) {
    RECORD(glGetObjectLabelEXT);
    if (x.gl.glGetObjectLabelEXT)
        x.gl.glGetObjectLabelEXT(r->type, labelled(x, r->type, r->object), r->bufSize,
                                 (GLsizei*)x.out(record, r->length),
                                 (GLchar*)x.out(record, r->label));
}

namespace {

GLuint image_name(Exec& x, GLenum target, GLuint name) {
    return x.real(target == GL_RENDERBUFFER ? NameClass::renderbuffer : NameClass::texture, name);
}

} // namespace

void decode_glCopyImageSubData(Exec& x, const char* record) {
    RECORD(glCopyImageSubData);
    if (!x.gl.glCopyImageSubData)
        return x.missing(Op::glCopyImageSubData);
    x.gl.glCopyImageSubData(image_name(x, r->srcTarget, r->srcName), r->srcTarget, r->srcLevel,
                            r->srcX, r->srcY, r->srcZ, image_name(x, r->dstTarget, r->dstName),
                            r->dstTarget, r->dstLevel, r->dstX, r->dstY, r->dstZ, r->srcWidth,
                            r->srcHeight, r->srcDepth);
}
void decode_glCopyImageSubDataNV(Exec& x, const char* record) {
    RECORD(glCopyImageSubDataNV);
    if (!x.gl.glCopyImageSubDataNV)
        return x.missing(Op::glCopyImageSubDataNV);
    x.gl.glCopyImageSubDataNV(image_name(x, r->srcTarget, r->srcName), r->srcTarget, r->srcLevel,
                              r->srcX, r->srcY, r->srcZ, image_name(x, r->dstTarget, r->dstName),
                              r->dstTarget, r->dstLevel, r->dstX, r->dstY, r->dstZ, r->width,
                              r->height, r->depth);
}

#undef RECORD
} // namespace glckpt::replay
