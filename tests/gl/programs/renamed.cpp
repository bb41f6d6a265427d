// Names used again: deleted and given to something else, of another kind, target, size or type, in
// no order; names that were never generated; shaders and programs that take each other's names;
// ranges of lists deleted in part. A dozen operations by a random number a frame, then a look at
// all there is.
#include "shaders.h"

namespace {

uint32_t g_seed = 12345;
uint32_t draw_number(uint32_t below) {
    g_seed = g_seed * 1664525u + 1013904223u;
    return (g_seed >> 8) % below;
}

constexpr GLenum kTargets[] = {GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D, GL_TEXTURE_CUBE_MAP,
                               GL_TEXTURE_RECTANGLE};
constexpr int kSlots = 12;
struct Texture {
    GLuint name = 0;
    GLenum target = 0;
} g_textures[kSlots];
GLuint g_buffers[kSlots], g_programs[kSlots], g_renderbuffers[kSlots], g_framebuffers[kSlots],
    g_lists[kSlots], g_arrays[kSlots], g_samplers[kSlots], g_queries[kSlots];

void texture(Texture& t) {
    GLubyte texels[6 * 6 * 6 * 4];
    const uint32_t first = draw_number(256);
    for (size_t i = 0; i < sizeof texels; ++i)
        texels[i] = (GLubyte)(first + i * 3);
    if (t.name)
        glDeleteTextures(1, &t.name);
    // Half of the names come from the app itself.
    if (draw_number(2)) {
        glGenTextures(1, &t.name);
    } else {
        t.name = 5000 + draw_number(8);
        for (Texture& o : g_textures)
            if (&o != &t && o.name == t.name) {
                glDeleteTextures(1, &o.name);
                o.name = 0;
            }
    }
    t.target = kTargets[draw_number(5)];
    glBindTexture(t.target, t.name);
    glTexParameteri(t.target, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    const GLsizei n = (GLsizei)draw_number(5) + 2;
    const GLint format = draw_number(2) ? GL_RGBA8 : GL_RGB5_A1;
    switch (t.target) {
    case GL_TEXTURE_1D:
        glTexImage1D(t.target, 0, format, n, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
        break;
    case GL_TEXTURE_3D:
        glTexImage3D(t.target, 0, format, n, n, n, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
        break;
    case GL_TEXTURE_CUBE_MAP:
        for (GLenum face = 0; face < 6; ++face)
            glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + face, 0, format, n, n, 0, GL_RGBA,
                         GL_UNSIGNED_BYTE, texels + face);
        break;
    default:
        glTexImage2D(t.target, 0, format, n, n, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
    }
}

void buffer(GLuint& b) {
    if (b)
        glDeleteBuffers(1, &b);
    if (draw_number(2))
        glGenBuffers(1, &b);
    else
        b = 7000 + (GLuint)(&b - g_buffers);
    GLuint data[32];
    for (GLuint& d : data)
        d = draw_number(1000000);
    const GLenum target = draw_number(2) ? GL_ARRAY_BUFFER : GL_COPY_WRITE_BUFFER;
    glBindBuffer(target, b);
    glBufferData(target, (GLsizeiptr)(draw_number(32) + 1) * 4, data, GL_DYNAMIC_DRAW);
}

void code(GLuint& p) { // a shader or a program: they share their names
    if (p) {
        if (glIsProgram(p))
            glDeleteProgram(p);
        else
            glDeleteShader(p);
    }
    if (draw_number(3) == 0) {
        const char* text = draw_number(2) ? "void main() { gl_Position = vec4(1); }" : "nonsense";
        p = glCreateShader(draw_number(2) ? GL_VERTEX_SHADER : GL_FRAGMENT_SHADER);
        glShaderSource(p, 1, &text, nullptr);
        glCompileShader(p);
        return;
    }
    p = program({{GL_VERTEX_SHADER, "uniform vec4 a; void main() { gl_Position = a; }"},
                 {GL_FRAGMENT_SHADER, "uniform vec3 b; void main() { gl_FragColor.rgb = b; }"}});
    glUseProgram(p);
    glUniform4f(glGetUniformLocation(p, "a"), (float)draw_number(100), 1, 2, 3);
    glUniform3f(glGetUniformLocation(p, "b"), (float)draw_number(100), 5, 6);
    glUseProgram(0);
}

void target_of_drawing(int i) {
    if (g_renderbuffers[i])
        glDeleteRenderbuffers(1, &g_renderbuffers[i]);
    if (g_framebuffers[i])
        glDeleteFramebuffers(1, &g_framebuffers[i]);
    glGenRenderbuffers(1, &g_renderbuffers[i]);
    glGenFramebuffers(1, &g_framebuffers[i]);
    glBindRenderbuffer(GL_RENDERBUFFER, g_renderbuffers[i]);
    glRenderbufferStorage(GL_RENDERBUFFER, draw_number(2) ? GL_RGBA8 : GL_RGBA4,
                          (GLsizei)draw_number(5) + 3, 4);
    glBindFramebuffer(GL_FRAMEBUFFER, g_framebuffers[i]);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER,
                              g_renderbuffers[i]);
    glClearColor((float)draw_number(16) / 15, (float)draw_number(16) / 15, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT); // only the GPU has it
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
}

void list(GLuint& l) {
    if (l && draw_number(2)) {
        glDeleteLists(l, 2); // a range, of which the last may be somebody else's
        l = 0;
        return;
    }
    if (!l)
        l = glGenLists(2);
    glNewList(l + draw_number(2), GL_COMPILE);
    glColor3ub((GLubyte)draw_number(256), (GLubyte)draw_number(256), 0);
    glRectf(-0.5f, -0.5f, (float)draw_number(10) / 10, 0.5f);
    glEndList();
}

void small(int i) {
    if (g_samplers[i])
        glDeleteSamplers(1, &g_samplers[i]);
    glGenSamplers(1, &g_samplers[i]);
    glSamplerParameteri(g_samplers[i], GL_TEXTURE_WRAP_S,
                        draw_number(2) ? GL_REPEAT : GL_CLAMP_TO_EDGE);
    if (g_arrays[i])
        glDeleteVertexArrays(1, &g_arrays[i]);
    glGenVertexArrays(1, &g_arrays[i]);
    glBindVertexArray(g_arrays[i]);
    const int other = (int)draw_number(kSlots);
    if (g_buffers[other]) {
        glBindBuffer(GL_ARRAY_BUFFER, g_buffers[other]);
        glVertexAttribPointer(draw_number(4), 2, GL_FLOAT, GL_FALSE, (GLsizei)draw_number(8) * 4,
                              nullptr);
    }
    glBindVertexArray(0);
    if (g_queries[i])
        glDeleteQueries(1, &g_queries[i]);
    glGenQueries(1, &g_queries[i]);
    const GLenum kind = draw_number(2) ? GL_SAMPLES_PASSED : GL_PRIMITIVES_GENERATED;
    glBeginQuery(kind, g_queries[i]);
    glRectf(-0.1f, -0.1f, (float)draw_number(10) * 0.1f, 0.1f);
    glEndQuery(kind);
}

void look(Frames& f) {
    for (int i = 0; i < kSlots; ++i) {
        GLint v[4] = {};
        GLubyte texels[6 * 6 * 6 * 4] = {};
        if (const Texture& t = g_textures[i]; t.name) {
            glBindTexture(t.target, t.name);
            glGetTexImage(t.target == GL_TEXTURE_CUBE_MAP ? GL_TEXTURE_CUBE_MAP_NEGATIVE_Z
                                                          : t.target,
                          0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
            f.add(texels, sizeof texels);
        }
        if (g_buffers[i]) {
            GLuint data[32] = {};
            glBindBuffer(GL_ARRAY_BUFFER, g_buffers[i]);
            glGetBufferParameteriv(GL_ARRAY_BUFFER, GL_BUFFER_SIZE, v);
            glGetBufferSubData(GL_ARRAY_BUFFER, 0, v[0], data);
            f.add(data, sizeof data);
        }
        if (const GLuint p = g_programs[i]; p && glIsProgram(p)) {
            float u[4] = {};
            glGetUniformfv(p, glGetUniformLocation(p, "a"), u);
            f.add(u, sizeof u);
            glGetUniformfv(p, glGetUniformLocation(p, "b"), u);
            f.add(u, sizeof u);
        } else if (p) {
            glGetShaderiv(p, GL_COMPILE_STATUS, v);
            glGetShaderiv(p, GL_SHADER_TYPE, v + 1);
            f.add(v, sizeof v);
        }
        if (g_framebuffers[i]) {
            glBindFramebuffer(GL_FRAMEBUFFER, g_framebuffers[i]);
            glReadPixels(0, 0, 3, 4, GL_RGBA, GL_UNSIGNED_BYTE, texels);
            f.add(texels, 3 * 4 * 4);
            glBindFramebuffer(GL_FRAMEBUFFER, 0);
        }
        if (g_lists[i]) {
            glCallList(g_lists[i]);
            glCallList(g_lists[i] + 1);
        }
        if (g_samplers[i]) {
            glGetSamplerParameteriv(g_samplers[i], GL_TEXTURE_WRAP_S, v);
            glBindVertexArray(g_arrays[i]);
            for (GLuint k = 0; k < 4; ++k) {
                glGetVertexAttribiv(k, GL_VERTEX_ATTRIB_ARRAY_BUFFER_BINDING, v + 1);
                glGetVertexAttribiv(k, GL_VERTEX_ATTRIB_ARRAY_STRIDE, v + 2);
                v[1] = v[1] != 0;
                f.add(v, sizeof v);
            }
            glBindVertexArray(0);
            GLuint result = 0;
            glGetQueryObjectuiv(g_queries[i], GL_QUERY_RESULT, &result);
            f.add(&result, sizeof result);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    Frames f(48, 32, nullptr);
    // Else a driver could generate one of the names that are ours.
    for (GLuint i = 0; i < kSlots; ++i) {
        const GLuint t = 5000 + i, b = 7000 + i;
        glBindTexture(GL_TEXTURE_2D, t);
        glBindBuffer(GL_ARRAY_BUFFER, b);
        glDeleteTextures(1, &t);
        glDeleteBuffers(1, &b);
    }
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        for (int k = 0; k < 12; ++k) {
            const auto slot = (int)draw_number(kSlots);
            switch (draw_number(6)) {
            case 0:
                texture(g_textures[slot]);
                break;
            case 1:
                buffer(g_buffers[slot]);
                break;
            case 2:
                code(g_programs[slot]);
                break;
            case 3:
                target_of_drawing(slot);
                break;
            case 4:
                list(g_lists[slot]);
                break;
            default:
                small(slot);
            }
            if (k % 6 == 5)
                f.moment();
        }
        look(f);
        f.done();
    }
}
