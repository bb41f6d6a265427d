// What only the GPU has, of a texture and a renderbuffer that were deleted while a framebuffer has
// them (as toolkits do that make a larger framebuffer before they give up the old one): for frames
// to come it is read and drawn to, through the framebuffer alone.
#include "frame.h"

namespace {

constexpr GLsizei kSize = 24;
struct Kind {
    GLenum internal, format, type;
    bool integer;
};
constexpr Kind kKinds[] = {{GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, false},
                           {GL_RGB10_A2, GL_RGBA, GL_UNSIGNED_SHORT, false},
                           {GL_RGBA16F, GL_RGBA, GL_FLOAT, false},
                           {GL_RGBA8UI, GL_RGBA_INTEGER, GL_UNSIGNED_INT, true},
                           {GL_RG8, GL_RG, GL_UNSIGNED_BYTE, false}};

void triangle(int i, float depth) {
    glColor3f(0.1f * (float)(i % 10), 0.8f, 0.3f);
    glBegin(GL_TRIANGLES);
    glVertex3f(-0.9f, -0.8f + 0.05f * (float)(i % 7), depth);
    glVertex3f(0.8f, -0.5f, -depth);
    glVertex3f(0.1f, 0.9f, depth);
    glEnd();
}

GLuint make(const Kind& k, int i) {
    GLuint fb, texture, depth;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    if (i % 2)
        glTexStorage2D(GL_TEXTURE_2D, 1, k.internal, kSize, kSize);
    else
        glTexImage2D(GL_TEXTURE_2D, 0, (GLint)k.internal, kSize, kSize, 0, k.format,
                     k.integer ? GL_UNSIGNED_BYTE : GL_FLOAT, nullptr);
    glGenRenderbuffers(1, &depth);
    glBindRenderbuffer(GL_RENDERBUFFER, depth);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH24_STENCIL8, kSize, kSize);
    glGenFramebuffers(1, &fb);
    glBindFramebuffer(GL_FRAMEBUFFER, fb);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER, depth);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        Frames::fail("incomplete");
    const GLuint clear[4] = {1u + (GLuint)i % 200u, 7, 99, 255};
    glClearDepth(0.7);
    glClearStencil(i % 256);
    glClear(GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
    if (k.integer)
        glClearBufferuiv(GL_COLOR, 0, clear);
    else {
        glClearColor(0.25f, 0.01f * (float)(i % 90), 0.5f, 0.75f);
        glClear(GL_COLOR_BUFFER_BIT);
        triangle(i, 0.2f);
    }
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glDeleteTextures(1, &texture);
    glDeleteRenderbuffers(1, &depth);
    return fb;
}

} // namespace

int main(int argc, char** argv) {
    Frames f(32, 32, nullptr);
    const int n = frames_wanted(argc, argv);
    GLuint fb = 0;
    const Kind* kind = nullptr;
    glEnable(GL_DEPTH_TEST);
    for (int i = 0; i < n; ++i) {
        if (i % 6 == 0) {
            glDeleteFramebuffers(1, &fb);
            kind = &kKinds[(i / 6) % (sizeof kKinds / sizeof *kKinds)];
            fb = make(*kind, i / 6);
        }
        // What reading at a checkpoint must neither follow nor disturb.
        glPixelTransferf(GL_RED_SCALE, 1.0f + (float)(i % 3));
        glPixelStorei(GL_PACK_SKIP_ROWS, i % 3);
        f.moment();
        glPixelTransferf(GL_RED_SCALE, 1);
        glPixelStorei(GL_PACK_SKIP_ROWS, 0);
        glBindFramebuffer(GL_FRAMEBUFFER, fb);
        std::vector<GLubyte> pixels(kSize * kSize * 16);
        glReadPixels(0, 0, kSize, kSize, kind->format, kind->type, pixels.data());
        f.add(pixels.data(), pixels.size());
        glReadPixels(0, 0, kSize, kSize, GL_DEPTH_COMPONENT, GL_FLOAT, pixels.data());
        glReadPixels(0, 0, kSize, kSize, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, pixels.data() + 4096);
        f.add(pixels.data(), pixels.size());
        if (!kind->integer && i % 6 == 3)
            triangle(i, 0.6f);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glClearColor(0, 0.2f, (GLfloat)(i % 5) / 5, 1);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        if (const GLenum e = glGetError())
            printf("frame %d: GL error %#x\n", i, e);
        f.done();
    }
}
