// What a driver rejects, at once or when a display list is called, leaves the state untouched; and
// corners that piglit found: commands between glBegin and glEnd, labels of programs, layered cube
// maps, 32 bits of depth, answers into a pack buffer or into exactly as much memory as they take.
#include "frame.h"
#include <cstring>

static void expect(GLenum error) {
    const GLenum e = glGetError();
    if (e != error) {
        printf("GL error %#x instead of %#x\n", e, error);
        Frames::fail("not the error that is due");
    }
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    GLint v = 0;
    const GLuint lists = glGenLists(3);
    glNewList(lists, GL_COMPILE);
    glBlendFunc(GL_ONE, GL_ZERO);
    glVertex2f(-0.5f, -0.5f);
    glVertex2f(0.5f, -0.5f);
    glVertex2f(0, 0.5f);
    glEndList();
    glNewList(lists + 1, GL_COMPILE_AND_EXECUTE);
    glBegin(10000);
    glVertex2f(-1, -1);
    glEnd();
    glEnable(GL_DITHER);
    glEndList();
    expect(GL_INVALID_ENUM);

    const GLuint shader = glCreateShader(GL_VERTEX_SHADER), program = glCreateProgram();
    glObjectLabel(GL_PROGRAM, program, -1, "a program");
    glObjectLabel(GL_SHADER, shader, -1, "a shader");

    GLuint cube, fb, rb, fb2, pack;
    glGenTextures(1, &cube);
    glGenFramebuffers(1, &fb);
    glBindTexture(GL_TEXTURE_CUBE_MAP, cube);
    glTexParameteri(GL_TEXTURE_CUBE_MAP, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_NEAREST);
    for (int level = 0; level < 4; ++level)
        for (GLenum face = 0; face < 6; ++face)
            glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + face, level, GL_RGBA, 8 >> level,
                         8 >> level, 0, GL_RGBA, GL_FLOAT, nullptr);
    glGenFramebuffers(1, &fb2);
    glGenRenderbuffers(1, &rb);
    glBindRenderbuffer(GL_RENDERBUFFER, rb);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT32, 4, 4);
    glBindFramebuffer(GL_FRAMEBUFFER, fb2);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, rb);
    glDrawBuffer(GL_NONE);
    glReadBuffer(GL_NONE);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glGenBuffers(1, &pack);
    const GLfloat map[8] = {0, 0.1f, 0.2f, 0.4f, 0.5f, 0.6f, 0.9f, 1};
    glPixelMapfv(GL_PIXEL_MAP_R_TO_R, 8, map);

    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClearColor((GLfloat)(i % 7) / 7, 0.2f, 0.4f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glBlendFunc(GL_SRC_ALPHA, GL_ONE);
        glColor3f(0.2f, 0.9f, (GLfloat)(i % 5) / 5);
        glBegin(GL_TRIANGLES);
        glBlendFunc(GL_ZERO, GL_ZERO);
        glIndexPointer(GL_UNSIGNED_SHORT, 0, &v);
        glMatrixMode(GL_TEXTURE);
        glCallList(lists); // the vertices count, glBlendFunc does not
        glEnd();
        expect(GL_INVALID_OPERATION);
        glGetIntegerv(GL_BLEND_SRC, &v);
        f.add(&v, sizeof v);
        glGetIntegerv(GL_MATRIX_MODE, &v);
        f.add(&v, sizeof v);
        glGetIntegerv(GL_INDEX_ARRAY_TYPE, &v);
        f.add(&v, sizeof v);
        glDisable(GL_DITHER);
        glCallList(lists + 1);
        expect(GL_INVALID_ENUM);
        v = glIsEnabled(GL_DITHER);
        f.add(&v, sizeof v);

        char label[32] = {};
        glGetObjectLabel(GL_PROGRAM, program, sizeof label, nullptr, label);
        f.add(label, sizeof label);

        // All faces of a level at once, looked at in other renderers.
        glBindFramebuffer(GL_FRAMEBUFFER, fb);
        for (int level = 0; level < 4; ++level) {
            glFramebufferTexture(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, cube, level);
            glClearColor((GLfloat)level / 4, (GLfloat)(i % 9) / 9, 0.5f, 1);
            glClear(GL_COLOR_BUFFER_BIT);
            glGetIntegerv(GL_MATRIX_MODE, &v);
        }
        for (int level = 0; level < 4; ++level)
            for (GLenum face = 0; face < 6; ++face) {
                GLubyte pixel[4];
                glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0,
                                       GL_TEXTURE_CUBE_MAP_POSITIVE_X + face, cube, level);
                glReadPixels(0, 0, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel);
                f.add(pixel, sizeof pixel);
            }
        glBindFramebuffer(GL_FRAMEBUFFER, fb2);
        glClearDepth(0.5 + i * 1e-9);
        glClear(GL_DEPTH_BUFFER_BIT);
        glGetIntegerv(GL_MATRIX_MODE, &v);
        GLuint deep[16];
        glReadPixels(0, 0, 4, 4, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT, deep);
        f.add(deep, sizeof deep);
        glClearDepth(1);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);

        glBindBuffer(GL_PIXEL_PACK_BUFFER, pack);
        glBufferData(GL_PIXEL_PACK_BUFFER, 64, nullptr, GL_STREAM_READ);
        glGetPixelMapfv(GL_PIXEL_MAP_R_TO_R, (GLfloat*)16);
        GLfloat back[8];
        glGetBufferSubData(GL_PIXEL_PACK_BUFFER, 16, sizeof back, back);
        f.add(back, sizeof back);
        glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
        GLint guarded[4] = {1, 2, 3, 4};
        glGetVertexAttribiv(1, GL_VERTEX_ATTRIB_ARRAY_SIZE, guarded);
        f.add(guarded, sizeof guarded);
        f.done();
    }
}
