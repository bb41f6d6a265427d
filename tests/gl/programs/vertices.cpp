// Draws whose vertices were given long before: in arrays that are locked (GL_EXT_compiled_vertex_
// array), whose elements are sent with the first draw only, and in display lists that were compiled
// from a buffer object. Reading pixels in between is where a renderer may be replaced.
//
// With a second argument the buffer is written after its list was compiled: no checkpoint can
// compile that list anew, and must say so.
#include "frame.h"

static void look(Frames& f) {
    unsigned char pixel[4];
    glReadPixels(f.width / 2, f.height / 2, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel);
    f.add(pixel, sizeof pixel);
}

static GLuint list_from_buffer(bool written_later) {
    const float shape[] = {-0.9f, -0.9f, 0.9f, -0.9f, 0, 0.9f};
    GLuint buffer;
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    glBufferData(GL_ARRAY_BUFFER, sizeof shape, shape, GL_STATIC_DRAW);
    glVertexPointer(2, GL_FLOAT, 0, nullptr);
    glEnableClientState(GL_VERTEX_ARRAY);
    const GLuint list = glGenLists(1);
    glNewList(list, GL_COMPILE);
    glDrawArrays(GL_TRIANGLES, 0, 3);
    glEndList();
    glDisableClientState(GL_VERTEX_ARRAY);
    if (written_later) {
        const float zero[] = {0, 0};
        glBufferSubData(GL_ARRAY_BUFFER, 0, sizeof zero, zero);
    }
    glBindBuffer(GL_ARRAY_BUFFER, 0);
    return list;
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    auto lock = (PFNGLLOCKARRAYSEXTPROC)eglGetProcAddress("glLockArraysEXT");
    auto unlock = (PFNGLUNLOCKARRAYSEXTPROC)eglGetProcAddress("glUnlockArraysEXT");
    const GLuint list = list_from_buffer(argc > 2);
    glEnable(GL_BLEND);
    glBlendFunc(GL_SRC_ALPHA, GL_ONE);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0, 0, 0.01f * (float)(i % 50), 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glColor4f(0.2f, 0.1f, 0, 0.5f);
        glCallList(list);
        std::vector<float> where, color;
        for (int k = 0; k < 500; ++k) {
            where.push_back(0.002f * (float)(k * (i + 7) % 991) - 1);
            where.push_back(0.002f * (float)(k * (i + 3) % 983) - 1);
            color.insert(color.end(), {0.002f * (float)k, 0.5f, 0.01f * (float)(i % 100), 0.7f});
        }
        glEnableClientState(GL_VERTEX_ARRAY);
        glEnableClientState(GL_COLOR_ARRAY);
        glVertexPointer(2, GL_FLOAT, 0, where.data());
        glColorPointer(4, GL_FLOAT, 0, color.data());
        lock(0, 500);
        for (int pass = 0; pass < 3; ++pass) {
            glDrawArrays(GL_TRIANGLES, 3 * pass, 399);
            look(f);
        }
        unlock();
        glDisableClientState(GL_COLOR_ARRAY);
        glDisableClientState(GL_VERTEX_ARRAY);
        f.done();
    }
    return 0;
}
