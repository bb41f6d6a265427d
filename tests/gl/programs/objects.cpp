// Objects whose contents or names a new renderer could lose: mipmaps that the driver made, texture
// 0, proxies, tables taken out of buffer objects, what was drawn through a framebuffer that is
// gone, programs deleted or linked in vain while in use, views of deleted textures, a third stencil
// face.
#include "frame.h"
#include <cstring>

static GLuint shader(GLenum type, const char* text, bool compile = true) {
    const GLuint s = glCreateShader(type);
    glShaderSource(s, 1, &text, nullptr);
    if (compile)
        glCompileShader(s);
    return s;
}

static GLuint program(const char* fragment) {
    const GLuint p = glCreateProgram();
    glAttachShader(p, shader(GL_VERTEX_SHADER, "void main() { gl_Position = gl_Vertex; }"));
    glAttachShader(p, shader(GL_FRAGMENT_SHADER, fragment));
    glLinkProgram(p);
    return p;
}

static void rect(float x, float y) {
    glBegin(GL_QUADS);
    for (int i = 0; i < 4; ++i)
        glVertex2f(x + (i == 1 || i == 2 ? 0.4f : 0), y + (i > 1 ? 0.4f : 0));
    glEnd();
}

static void add_integer(Frames& f, GLenum pname) {
    GLint v = 0;
    glGetIntegerv(pname, &v);
    f.add(&v, sizeof v);
}

static void add_image(Frames& f, GLenum target, GLint level, size_t pixels) {
    std::vector<unsigned char> p(pixels * 4);
    glGetTexImage(target, level, GL_RGBA, GL_UNSIGNED_BYTE, p.data());
    f.add(p.data(), p.size());
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    std::vector<unsigned char> noise(64 * 64 * 4);
    for (size_t i = 0; i < noise.size(); ++i)
        noise[i] = (unsigned char)(i * 2654435761u >> 13);

    // The driver makes the levels as the base level is told.
    GLuint tex[4], fb = 0, rb = 0, buffer = 0;
    glGenTextures(4, tex);
    glBindTexture(GL_TEXTURE_2D, tex[0]);
    glTexParameteri(GL_TEXTURE_2D, GL_GENERATE_MIPMAP, GL_TRUE);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 32, 32, 0, GL_RGBA, GL_UNSIGNED_BYTE, noise.data());

    // Drawn to through framebuffers that do not last.
    glBindTexture(GL_TEXTURE_2D, tex[1]);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    auto clear_through = [&](GLuint t, float red) {
        GLuint passing = 0;
        glGenFramebuffers(1, &passing);
        glBindFramebuffer(GL_FRAMEBUFFER, passing);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
        glClearColor(red, 0.25f, 0.5f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glDeleteFramebuffers(1, &passing);
    };

    // Two views of a texture that is deleted.
    glBindTexture(GL_TEXTURE_2D, tex[2]);
    glTexStorage2D(GL_TEXTURE_2D, 2, GL_RGBA8, 16, 16);
    GLuint views[2];
    glGenTextures(2, views);
    for (GLuint i = 0; i < 2; ++i)
        glTextureView(views[i], GL_TEXTURE_2D, tex[2], GL_RGBA8, i, 1, 0, 1);
    glBindTexture(GL_TEXTURE_2D, 0);
    glDeleteTextures(1, &tex[2]);

    // Integers cannot be drawn as pixels.
    glGenFramebuffers(1, &fb);
    glGenRenderbuffers(1, &rb);
    glBindRenderbuffer(GL_RENDERBUFFER, rb);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA16UI, 8, 8);
    glBindFramebuffer(GL_FRAMEBUFFER, fb);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);

    // Tables out of a buffer object, which is written over afterwards.
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffer);
    glBufferData(GL_PIXEL_UNPACK_BUFFER, 512, noise.data(), GL_STATIC_DRAW);
    glPixelMapusv(GL_PIXEL_MAP_G_TO_G, 16, nullptr);
    glPolygonStipple((const GLubyte*)64);
    glBufferSubData(GL_PIXEL_UNPACK_BUFFER, 0, 512, noise.data() + 512);
    glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);

    glTexImage2D(GL_PROXY_TEXTURE_2D, 1, GL_RGB, 8, 4, 0, GL_RGB, GL_UNSIGNED_BYTE, nullptr);

    // One program in use that does not link again, one that is deleted.
    const GLuint kept = program("void main() { gl_FragColor = vec4(0.2, 0.9, 0.4, 1.0); }");
    glUseProgram(kept);
    glAttachShader(kept, shader(GL_FRAGMENT_SHADER, "void main() { gl_FragColor = undefined; }"));
    glLinkProgram(kept);
    const GLuint gone = program("void main() { gl_FragColor = vec4(0.8, 0.1, 0.6, 1.0); }");
    const bool two_sided = strstr((const char*)glGetString(GL_EXTENSIONS), "EXT_stencil_two_side");

    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClearColor(0.1f, 0.1f, 0.1f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        if (i == n / 2) {
            glUseProgram(gone);
            glDeleteProgram(gone);
        }
        GLint v = 0;
        glGetProgramiv(kept, GL_LINK_STATUS, &v);
        f.add(&v, sizeof v);
        if (i >= n / 2) {
            glGetProgramiv(gone, GL_DELETE_STATUS, &v);
            f.add(&v, sizeof v);
        }
        rect(-0.9f, -0.9f);

        glBindTexture(GL_TEXTURE_2D, tex[0]);
        if (i % 9 == 3)
            glTexSubImage2D(GL_TEXTURE_2D, 0, i % 16, 3, 8, 8, GL_RGBA, GL_UNSIGNED_BYTE,
                            noise.data() + i * 4);
        add_image(f, GL_TEXTURE_2D, 2, 8 * 8);

        if (i % 8 == 1) {
            clear_through(tex[1], (float)(i % 5) / 5);
            clear_through(views[i / 8 % 2], (float)(i % 7) / 7);
            glBindFramebuffer(GL_FRAMEBUFFER, 0);
        }
        glBindTexture(GL_TEXTURE_2D, tex[1]);
        add_image(f, GL_TEXTURE_2D, 0, 16 * 16);
        glBindTexture(GL_TEXTURE_2D, views[1]);
        if (i % 6 == 5)
            glTexSubImage2D(GL_TEXTURE_2D, 0, 2, 2, 4, 4, GL_RGBA, GL_UNSIGNED_BYTE,
                            noise.data() + i * 4);
        add_image(f, GL_TEXTURE_2D, 0, 8 * 8);
        glBindTexture(GL_TEXTURE_2D, views[0]);
        if (i > 20)
            add_image(f, GL_TEXTURE_2D, 0, 16 * 16);

        glBindTexture(GL_TEXTURE_2D, 0); // which has contents, too
        if (i % 10 == 0)
            glCopyTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 0, 0, 16, 16, 0);
        glBindTexture(GL_TEXTURE_2D, i % 2 ? tex[1] : 0);
        GLint bound = 0;
        glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
        f.add(&bound, sizeof bound);
        glBindTexture(GL_TEXTURE_2D, 0);
        add_image(f, GL_TEXTURE_2D, 0, 16 * 16);

        glBindFramebuffer(GL_FRAMEBUFFER, fb);
        const GLuint color[4] = {(GLuint)i, 60000, 3, 4};
        if (i % 7 == 0)
            glClearBufferuiv(GL_COLOR, 0, color);
        GLuint pixel[4] = {};
        glReadPixels(5, 5, 1, 1, GL_RGBA_INTEGER, GL_UNSIGNED_INT, pixel);
        f.add(pixel, sizeof pixel);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);

        GLushort map[16];
        glGetPixelMapusv(GL_PIXEL_MAP_G_TO_G, map);
        f.add(map, sizeof map);
        GLubyte stipple[128];
        glGetPolygonStipple(stipple);
        f.add(stipple, sizeof stipple);
        glGetTexLevelParameteriv(GL_PROXY_TEXTURE_2D, 1, GL_TEXTURE_WIDTH, &v);
        f.add(&v, sizeof v);

        if (two_sided) {
            glActiveStencilFaceEXT(i % 3 ? GL_BACK : GL_FRONT);
            if (i % 5 == 0)
                glStencilFunc(GL_LESS, i % 100 + 1, 0xff);
            add_integer(f, GL_STENCIL_REF);
            glActiveStencilFaceEXT(GL_FRONT);
            add_integer(f, GL_STENCIL_REF);
            glActiveStencilFaceEXT(GL_BACK);
            add_integer(f, GL_STENCIL_REF);
        }
        f.done();
    }
}
