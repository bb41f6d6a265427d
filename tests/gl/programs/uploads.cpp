// Every way to give GL data, once a frame, for as many frames as one likes: the live set must stay
// what it is after the first ones.
#include "frame.h"
#include <cstring>

namespace {

constexpr EGLint kContext[] = {EGL_CONTEXT_MAJOR_VERSION,
                               4,
                               EGL_CONTEXT_MINOR_VERSION,
                               5,
                               EGL_CONTEXT_OPENGL_PROFILE_MASK,
                               EGL_CONTEXT_OPENGL_COMPATIBILITY_PROFILE_BIT,
                               EGL_NONE};
constexpr int kSide = 16;

void buffers(const GLuint* b, int frame) {
    unsigned char data[256];
    for (int i = 0; i < 256; ++i)
        data[i] = (unsigned char)(i * 7 + frame);
    glBindBuffer(GL_ARRAY_BUFFER, b[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof data, frame % 2 ? nullptr : data, GL_STREAM_DRAW);
    if (frame % 2)
        glBufferSubData(GL_ARRAY_BUFFER, 0, sizeof data, data);
    glBufferSubData(GL_ARRAY_BUFFER, frame % 128, 64, data);
    if (void* p = glMapBuffer(GL_ARRAY_BUFFER, GL_WRITE_ONLY))
        memcpy((char*)p + frame % 200, data, 32);
    glUnmapBuffer(GL_ARRAY_BUFFER);
    if (void* p = glMapBufferRange(GL_ARRAY_BUFFER, 64, 64,
                                   GL_MAP_WRITE_BIT | GL_MAP_FLUSH_EXPLICIT_BIT |
                                       GL_MAP_INVALIDATE_RANGE_BIT)) {
        memcpy(p, data, 64);
        glFlushMappedBufferRange(GL_ARRAY_BUFFER, 0, 64);
    }
    glUnmapBuffer(GL_ARRAY_BUFFER);
    glNamedBufferSubData(b[1], frame % 64, 128, data);
    glCopyNamedBufferSubData(b[0], b[1], 0, 128, 64);
    const GLubyte value = (GLubyte)frame;
    glClearNamedBufferSubData(b[1], GL_R8, 192, 32, GL_RED, GL_UNSIGNED_BYTE, &value);
    glInvalidateBufferSubData(b[1], 224, 32);
    glNamedBufferSubData(b[1], 224, 32, data);
}

void textures(const GLuint* t, const GLuint* b, int frame) {
    std::vector<unsigned char> image(kSide * kSide * 4);
    for (size_t i = 0; i < image.size(); ++i)
        image[i] = (unsigned char)(i + (size_t)frame * 3);
    glBindTexture(GL_TEXTURE_2D, t[0]);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, kSide, kSide, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 image.data());
    glTexSubImage2D(GL_TEXTURE_2D, 0, frame % 8, frame % 5, 4, 4, GL_RGBA, GL_UNSIGNED_BYTE,
                    image.data());
    glGenerateMipmap(GL_TEXTURE_2D);
    glBindTexture(GL_TEXTURE_2D, t[1]); // never whole: parts pile up
    glTexSubImage2D(GL_TEXTURE_2D, 0, (frame * 3) % 12, frame % 12, 4, 4, GL_RGBA, GL_UNSIGNED_BYTE,
                    image.data());
    glCopyTexSubImage2D(GL_TEXTURE_2D, 0, 2, 2, 0, 0, 8, 8);
    glBindBuffer(GL_PIXEL_UNPACK_BUFFER, b[1]);
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, frame % 16, 16, 1, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
    glTextureSubImage3D(t[2], 0, 0, 0, frame % 4, 8, 8, 1, GL_RGBA, GL_UNSIGNED_BYTE, image.data());
    const GLubyte color[4] = {(GLubyte)frame, 1, 2, 3};
    glClearTexSubImage(t[2], 0, 0, 0, 0, 4, 4, 1, GL_RGBA, GL_UNSIGNED_BYTE, color);
    glCopyImageSubData(t[0], GL_TEXTURE_2D, 0, 0, 0, 0, t[2], GL_TEXTURE_3D, 0, 0, 0, 1, 8, 8, 1);
    GLuint passing = 0; // comes and goes
    glGenTextures(1, &passing);
    glBindTexture(GL_TEXTURE_2D, passing);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB, 8, 8, 0, GL_RGBA, GL_UNSIGNED_BYTE, image.data());
    glDeleteTextures(1, &passing);
}

void old_ways(int frame) {
    const float x = (float)(frame % 50) / 50 - 0.5f;
    const float at[6] = {x, -0.5f, x + 0.5f, -0.5f, x, 0.5f};
    glEnableClientState(GL_VERTEX_ARRAY);
    glBindBuffer(GL_ARRAY_BUFFER, 0);
    glVertexPointer(2, GL_FLOAT, 0, at);
    glDrawArrays(GL_TRIANGLES, 0, 3);
    glDisableClientState(GL_VERTEX_ARRAY);
    glNewList(1, GL_COMPILE);
    glColor3f(x + 0.5f, 0.5f, 0);
    glRectf(x, 0, x + 0.1f, 0.1f);
    glEndList();
    glCallList(1);
    const GLubyte bits[8] = {1, 2, 4, 8, 16, 32, 64, (GLubyte)frame};
    glWindowPos2i(frame % 20, 3);
    glBitmap(8, 8, 0, 0, 1, 0, bits);
    glDrawPixels(2, 1, GL_RGBA, GL_UNSIGNED_BYTE, bits);
    glPushMatrix();
    glRotatef((float)frame, 0, 0, 1);
    glPopMatrix();
    glMatrixMode(GL_TEXTURE); // never set whole
    glTranslatef(0.001f, 0, 0);
    glMatrixMode(GL_MODELVIEW);
    glPushAttrib(GL_ALL_ATTRIB_BITS);
    glEnable(GL_BLEND);
    glPopAttrib();
}

} // namespace

int main(int argc, char** argv) {
    Frames f(32, 32, kContext);
    GLuint b[2], t[3];
    glCreateBuffers(2, b);
    glNamedBufferData(b[1], 256, nullptr, GL_DYNAMIC_DRAW);
    glCreateTextures(GL_TEXTURE_2D, 2, t);
    glCreateTextures(GL_TEXTURE_3D, 1, t + 2);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1); // the bitmap's rows
    const std::vector<unsigned char> zero(kSide * kSide * 4);
    glNamedBufferSubData(b[1], 0, 256, zero.data());
    glBindTexture(GL_TEXTURE_2D, t[1]);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, kSide, kSide, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 zero.data());
    glTextureStorage3D(t[2], 1, GL_RGBA8, 8, 8, 4);
    glTextureSubImage3D(t[2], 0, 0, 0, 0, 8, 8, 4, GL_RGBA, GL_UNSIGNED_BYTE, zero.data());
    const int frames = frames_wanted(argc, argv);
    const int say = argc > 2 ? atoi(argv[2]) : 1; // a checksum every so many frames
    for (int i = 0; i < frames; ++i) {
        glClear(GL_COLOR_BUFFER_BIT);
        buffers(b, i);
        textures(t, b, i);
        old_ways(i);
        if (i % say == 0) {
            std::vector<unsigned char> all(kSide * kSide * 4);
            for (int n = 0; n < 2; ++n) {
                glGetTextureImage(t[n], 0, GL_RGBA, GL_UNSIGNED_BYTE, (GLsizei)all.size(),
                                  all.data());
                f.add(all.data(), all.size());
            }
            glGetNamedBufferSubData(b[1], 0, 256, all.data());
            f.add(all.data(), 256);
            f.done();
        }
    }
}
