#include "state.h"
#include <algorithm>

namespace glckpt::cut {

void State::buffers() {
    if (!gl.glBindBuffer)
        return;
    const GLint before = integer(GL_ARRAY_BUFFER_BINDING);
    for (const auto& [name, real] : driver[kBuffer]) {
        const std::string of = "buffer " + std::to_string(name) + " ";
        if (!gl.glIsBuffer(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        gl.glBindBuffer(GL_ARRAY_BUFFER, real);
        for (const Pname& p : kBufferPNameARB)
            integers(of + p.name,
                     [&](GLint* to) { gl.glGetBufferParameteriv(GL_ARRAY_BUFFER, p.value, to); });
        GLint size = 0;
        gl.glGetBufferParameteriv(GL_ARRAY_BUFFER, GL_BUFFER_SIZE, &size);
        ok();
        std::vector<char> v((size_t)size);
        if (!es) {
            gl.glGetBufferSubData(GL_ARRAY_BUFFER, 0, size, v.data());
        } else if (size && gl.glMapBufferRange) {
            if (const void* p = gl.glMapBufferRange(GL_ARRAY_BUFFER, 0, size, GL_MAP_READ_BIT)) {
                memcpy(v.data(), p, v.size());
                gl.glUnmapBuffer(GL_ARRAY_BUFFER);
            }
        }
        if (ok())
            line("%scontents %016lx", of.c_str(), hash(v.data(), v.size()));
    }
    gl.glBindBuffer(GL_ARRAY_BUFFER, (GLuint)before);
    ok();
}

void State::samplers() {
    for (const auto& [name, real] : driver[kSampler]) {
        const std::string of = "sampler " + std::to_string(name) + " ";
        if (!gl.glIsSampler || !gl.glIsSampler(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        for (const Pname& p : kSamplerParameterI)
            integers(of + p.name,
                     [&](GLint* to) { gl.glGetSamplerParameteriv(real, p.value, to); });
        for (const Pname& p : kSamplerParameterF)
            floats(of + p.name,
                   [&](GLfloat* to) { gl.glGetSamplerParameterfv(real, p.value, to); });
    }
}

void State::framebuffers() {
    if (!gl.glBindFramebuffer)
        return;
    std::vector<std::pair<std::string, GLenum>> points;
    for (int i = 0; i < std::min(std::max(integer(GL_MAX_COLOR_ATTACHMENTS), 1), 8); ++i)
        points.emplace_back("color " + std::to_string(i), GL_COLOR_ATTACHMENT0 + (GLenum)i);
    points.emplace_back("depth", GL_DEPTH_ATTACHMENT);
    points.emplace_back("stencil", GL_STENCIL_ATTACHMENT);
    for (const auto& [name, real] : driver[kFramebuffer]) {
        const std::string of = "framebuffer " + std::to_string(name) + " ";
        if (!gl.glIsFramebuffer(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        gl.glBindFramebuffer(GL_FRAMEBUFFER, real);
        line("%sstatus %#x", of.c_str(), gl.glCheckFramebufferStatus(GL_FRAMEBUFFER));
        for (const auto& [point, value] : points) {
            auto get = [&, v = value](GLenum pname, GLint* to) {
                gl.glGetFramebufferAttachmentParameteriv(GL_FRAMEBUFFER, v, pname, to);
            };
            GLint type = 0, object = 0;
            get(GL_FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE, &type);
            if (!ok() || !type)
                continue;
            get(GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME, &object);
            line("%s%s is %#x %s", of.c_str(), point.c_str(), type,
                 name_of(type == GL_TEXTURE ? kTexture : kRenderbuffer, (GLuint)object).c_str());
            for (const Pname& p : kFramebufferAttachmentParameterName)
                if (p.value != GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME)
                    integers(of + point + " " + p.name, [&](GLint* to) { get(p.value, to); });
        }
        for (const Pname& p : kGetFramebufferParameter)
            if (gl.glGetFramebufferParameteriv)
                integers(of + p.name, [&](GLint* to) {
                    gl.glGetFramebufferParameteriv(GL_FRAMEBUFFER, p.value, to);
                });
        for (int i = 0; i < integer(GL_MAX_DRAW_BUFFERS); ++i)
            integers(of + "draw buffer " + std::to_string(i),
                     [&](GLint* to) { gl.glGetIntegerv(GL_DRAW_BUFFER0 + (GLenum)i, to); });
        integers(of + "read buffer", [&](GLint* to) { gl.glGetIntegerv(GL_READ_BUFFER, to); });
    }
    ok();
}

void State::attributes(const std::string& of) {
    for (int i = 0; i < integer(GL_MAX_VERTEX_ATTRIBS); ++i) {
        const std::string what = of + "attribute " + std::to_string(i) + " ";
        GLint buffer = 0;
        gl.glGetVertexAttribiv((GLuint)i, GL_VERTEX_ATTRIB_ARRAY_BUFFER_BINDING, &buffer);
        if (!ok())
            return;
        line("%sbuffer %s", what.c_str(), name_of(kBuffer, (GLuint)buffer).c_str());
        // Without a buffer the driver has an array only for the draws that use it.
        for (const Pname& p : kVertexAttribPropertyARB)
            if (p.value != GL_VERTEX_ATTRIB_ARRAY_BUFFER_BINDING &&
                p.value != GL_CURRENT_VERTEX_ATTRIB &&
                (buffer || p.value == GL_VERTEX_ATTRIB_ARRAY_DIVISOR))
                integers(what + p.name,
                         [&](GLint* to) { gl.glGetVertexAttribiv((GLuint)i, p.value, to); });
        if (buffer) {
            void* offset = nullptr;
            gl.glGetVertexAttribPointerv((GLuint)i, GL_VERTEX_ATTRIB_ARRAY_POINTER, &offset);
            line("%soffset %lu", what.c_str(), (unsigned long)offset);
        }
        if (gl.glGetIntegeri_v && !es) {
            GLint64 at[kMost];
            int n = 0;
            if (gl.glGetInteger64i_v && buffer && values(at, &n, [&](GLint64* to) {
                    gl.glGetInteger64i_v(GL_VERTEX_BINDING_OFFSET, (GLuint)i, to);
                }))
                line("%sbinding offset %ld", what.c_str(), at[0]);
        }
    }
}

void State::vertex_arrays() {
    // Current values belong to the context. In a compatibility profile attribute 0 has none, and
    // its answer is an error.
    for (int i = 0; i < integer(GL_MAX_VERTEX_ATTRIBS); ++i)
        floats("current attribute " + std::to_string(i), [&](GLfloat* to) {
            gl.glGetVertexAttribfv((GLuint)i, GL_CURRENT_VERTEX_ATTRIB, to);
        });
    if (!gl.glBindVertexArray) {
        attributes("vertex array 0 ");
        return;
    }
    const GLint before = integer(GL_VERTEX_ARRAY_BINDING);
    auto all = driver[kVertexArray];
    if (compat || es)
        all[0] = 0;
    for (const auto& [name, real] : all) {
        const std::string of = "vertex array " + std::to_string(name) + " ";
        if (real && !gl.glIsVertexArray(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        gl.glBindVertexArray(real);
        if (!ok())
            continue;
        line("%selements %s", of.c_str(),
             name_of(kBuffer, (GLuint)integer(GL_ELEMENT_ARRAY_BUFFER_BINDING)).c_str());
        attributes(of);
        if (compat)
            for (const GLenum p :
                 {GL_VERTEX_ARRAY, GL_NORMAL_ARRAY, GL_COLOR_ARRAY, GL_INDEX_ARRAY,
                  GL_EDGE_FLAG_ARRAY, GL_FOG_COORD_ARRAY, GL_SECONDARY_COLOR_ARRAY})
                line("%sclient array %#x %d", of.c_str(), p, gl.glIsEnabled(p));
    }
    gl.glBindVertexArray((GLuint)before);
    ok();
}

void State::pipelines() {
    for (const auto& [name, real] : driver[kPipeline]) {
        const std::string of = "pipeline " + std::to_string(name) + " ";
        if (!gl.glIsProgramPipeline || !gl.glIsProgramPipeline(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        for (const Pname& p : kPipelineParameterName) {
            GLint v = 0;
            if (p.value == GL_INFO_LOG_LENGTH)
                continue;
            gl.glGetProgramPipelineiv(real, p.value, &v);
            if (ok())
                line("%s%s %s", of.c_str(), p.name, name_of(kProgram, (GLuint)v).c_str());
        }
    }
}

void State::feedbacks() {
    auto all = driver[kTransformFeedback];
    if (!gl.glGetTransformFeedbackiv)
        return;
    all[0] = 0;
    for (const auto& [name, real] : all) {
        const std::string of = "transform feedback " + std::to_string(name) + " ";
        if (real && !gl.glIsTransformFeedback(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        for (const auto& [p, text] : {std::pair{GL_TRANSFORM_FEEDBACK_PAUSED, "paused"},
                                      {GL_TRANSFORM_FEEDBACK_ACTIVE, "active"}})
            integers(of + text,
                     [&, p = p](GLint* to) { gl.glGetTransformFeedbackiv(real, (GLenum)p, to); });
        for (int i = 0; i < integer(GL_MAX_TRANSFORM_FEEDBACK_BUFFERS); ++i) {
            GLint buffer = 0;
            GLint64 start = 0, size = 0;
            gl.glGetTransformFeedbacki_v(real, GL_TRANSFORM_FEEDBACK_BUFFER_BINDING, (GLuint)i,
                                         &buffer);
            gl.glGetTransformFeedbacki64_v(real, GL_TRANSFORM_FEEDBACK_BUFFER_START, (GLuint)i,
                                           &start);
            gl.glGetTransformFeedbacki64_v(real, GL_TRANSFORM_FEEDBACK_BUFFER_SIZE, (GLuint)i,
                                           &size);
            // One that goes on from another renderer is bound behind what it has captured there.
            GLint active = 0;
            gl.glGetTransformFeedbackiv(real, GL_TRANSFORM_FEEDBACK_ACTIVE, &active);
            if (active)
                start = size = 0;
            if (ok() && buffer)
                line("%sbuffer %d %s %ld %ld", of.c_str(), i,
                     name_of(kBuffer, (GLuint)buffer).c_str(), start, size);
        }
    }
}

void State::labels() {
    if (!gl.glGetObjectLabel)
        return;
    static constexpr std::pair<Class, GLenum> kinds[] = {
        {kTexture, GL_TEXTURE},
        {kBuffer, GL_BUFFER},
        {kFramebuffer, GL_FRAMEBUFFER},
        {kRenderbuffer, GL_RENDERBUFFER},
        {kVertexArray, GL_VERTEX_ARRAY},
        {kQuery, GL_QUERY},
        {kSampler, GL_SAMPLER},
        {kTransformFeedback, GL_TRANSFORM_FEEDBACK},
        {kPipeline, GL_PROGRAM_PIPELINE},
        {kProgram, GL_PROGRAM},
        {kProgram, GL_SHADER}};
    for (const auto& [cls, kind] : kinds)
        for (const auto& [name, real] : driver[cls]) {
            char text[512] = {};
            GLsizei n = 0;
            gl.glGetObjectLabel(kind, real, sizeof text, &n, text);
            if (ok() && n)
                line("label %#x %u %s", kind, name, text);
        }
}

} // namespace glckpt::cut
