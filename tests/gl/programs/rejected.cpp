// What a driver rejects, at once or when a display list is called, leaves the state untouched; and
// corners that piglit found: commands between glBegin and glEnd, labels of programs, layered cube
// maps, 32 bits of depth, answers into a buffer or into exactly as much memory as they take.
#include "frame.h"
#include <cstring>
#include <sys/mman.h>

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
    const GLuint lists = glGenLists(4);
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
    // No program; and Mesa refuses it in any list, at once, however that is compiled.
    glNewList(lists + 3, GL_COMPILE_AND_EXECUTE);
    glDispatchComputeIndirect(0);
    glEnable(GL_DITHER);
    glEndList();
    expect(GL_INVALID_OPERATION);

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
    // Four corners at the end of what is mapped.
    char* page = static_cast<char*>(
        mmap(nullptr, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    munmap(page + 4096, 4096);
    const GLfloat corners[] = {0.5f, 0.5f, 0.9f, 0.5f, 0.5f, 0.9f, 0.9f, 0.9f};
    const void* strip = memcpy(page + 4096 - sizeof corners, corners, sizeof corners);
    GLuint query;
    glGenQueries(1, &query);
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
        // A query's result, wherever it is taken, while a buffer is bound that answers would go to.
        glBeginQuery(GL_SAMPLES_PASSED, query);
        glRectf(-0.2f, -0.2f, 0.1f, 0.3f);
        glEndQuery(GL_SAMPLES_PASSED);
        glBindBuffer(GL_QUERY_BUFFER, pack);
        glGetIntegerv(GL_MATRIX_MODE, &v);
        glGetQueryObjectuiv(query, GL_QUERY_RESULT, (GLuint*)8);
        glGetBufferSubData(GL_QUERY_BUFFER, 8, 4, &v);
        f.add(&v, sizeof v);
        glBindBuffer(GL_QUERY_BUFFER, 0);
        // Indices that restart a primitive are no vertices: behind the array there is nothing.
        glVertexPointer(2, GL_FLOAT, 0, strip);
        glEnableClientState(GL_VERTEX_ARRAY);
        const GLushort order[] = {0, 1, 2, 1000, 1, 2, 3};
        const GLubyte few[] = {0, 1, 2, 255, 1, 2, 3};
        glColor3f(0.1f, (GLfloat)(i % 6) / 6, 0.9f);
        glEnable(GL_PRIMITIVE_RESTART);
        glPrimitiveRestartIndex(1000);
        glDrawElements(GL_LINE_STRIP, 7, GL_UNSIGNED_SHORT, order);
        glPrimitiveRestartIndex(255);
        glDrawElements(GL_TRIANGLE_STRIP, 7, GL_UNSIGNED_BYTE, few);
        glDisable(GL_PRIMITIVE_RESTART);
        glDrawElements(GL_POINTS, 3, GL_UNSIGNED_BYTE, few + 4);
        // Elements one by one.
        const GLubyte colors[] = {255, 0, 0, 255, 0, 200, 9, 255, 3, 7, 250, 255, 90, 91, 92, 255};
        const GLshort wide[] = {-1, -1, 0, -1, 0, 0, -1, 0};
        glColorPointer(4, GL_UNSIGNED_BYTE, 0, colors);
        glEnableClientState(GL_COLOR_ARRAY);
        glVertexPointer(2, GL_SHORT, 0, wide);
        glBegin(GL_TRIANGLE_FAN);
        for (int k = 0; k < 4; ++k)
            glArrayElement(k);
        glEnd();
        glGetFloatv(GL_CURRENT_COLOR, back);
        f.add(back, 4 * sizeof back[0]);
        glDisableClientState(GL_COLOR_ARRAY);
        glDisableClientState(GL_VERTEX_ARRAY);
        GLint guarded[4] = {1, 2, 3, 4};
        glGetVertexAttribiv(1, GL_VERTEX_ATTRIB_ARRAY_SIZE, guarded);
        f.add(guarded, sizeof guarded);
        glClear(GL_COLOR_BUFFER_BIT); // of state alone: see "Not yet" in docs/status.md
        f.done();
    }
}
