// Maps that are flushed by hand, and wrongly: bytes beside what was flushed have been written, too.
// They are undefined (OpenGL 4.6, section 6.3.2), but where a map is the buffer's own memory a
// program finds them in the buffer, whatever it flushed; so it must here.
#include "frame.h"
#include <cstring>
#include <vector>

static void look(Frames& f, GLuint buffer, GLsizeiptr size) {
    std::vector<unsigned char> data((size_t)size);
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    glGetBufferSubData(GL_ARRAY_BUFFER, 0, size, data.data());
    f.add(data.data(), data.size());
}

int main(int argc, char** argv) {
    Frames f(64, 48, nullptr);
    if (!glGetString(GL_VERSION) || atof((const char*)glGetString(GL_VERSION)) < 3.1)
        Frames::fail("no context of OpenGL 3.1");
    constexpr GLsizeiptr kSize = 512;
    constexpr GLbitfield kExplicit = GL_MAP_WRITE_BIT | GL_MAP_FLUSH_EXPLICIT_BIT;
    std::vector<unsigned char> data(kSize);
    for (size_t i = 0; i < data.size(); ++i)
        data[i] = (unsigned char)(i * 13 + 5);
    GLuint b[2];
    glGenBuffers(2, b);
    for (const GLuint name : b) {
        glBindBuffer(GL_ARRAY_BUFFER, name);
        glBufferData(GL_ARRAY_BUFFER, kSize, data.data(), GL_STREAM_DRAW);
    }

    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClearColor((float)(i % 7) / 7, 0.5f, 0.25f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        // An element's number where its bytes are meant: what is flushed was not written.
        glBindBuffer(GL_ARRAY_BUFFER, b[0]);
        auto* p = (unsigned char*)glMapBufferRange(GL_ARRAY_BUFFER, 0, kSize, kExplicit);
        if (!p)
            Frames::fail("no map");
        memset(p + 4 * (i % 100), i, 12);
        p[kSize - 1] = (unsigned char)(i * 3);
        glFlushMappedBufferRange(GL_ARRAY_BUFFER, i % 100, 1);
        glUnmapBuffer(GL_ARRAY_BUFFER);
        look(f, b[0], kSize);

        // Counted from the buffer's beginning; and some bytes are written again after their flush.
        glBindBuffer(GL_ARRAY_BUFFER, b[1]);
        p = (unsigned char*)glMapBufferRange(GL_ARRAY_BUFFER, 96, 160, kExplicit);
        if (!p)
            Frames::fail("no map");
        memset(p, 2 * i + 1, 32);
        glFlushMappedBufferRange(GL_ARRAY_BUFFER, 96, 32);
        p[96] = (unsigned char)(i + 9);
        glFlushMappedBufferRange(GL_ARRAY_BUFFER, 96, 1);
        p[96] = (unsigned char)(i + 10);
        glUnmapBuffer(GL_ARRAY_BUFFER);
        look(f, b[1], kSize);

        // What other calls have put there in between is not undone by the next map.
        glBufferSubData(GL_ARRAY_BUFFER, i % 64, 64, data.data() + i % 32);
        f.done();
    }
    return 0;
}
