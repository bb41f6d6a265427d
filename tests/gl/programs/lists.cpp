// Display lists in the middle of things: compiled while questions are asked, holding a glBegin
// without its glEnd, called between the two, with bitmaps that were read by a pixel store long
// gone; and selection, which is over at the next glRenderMode.
#include "frame.h"

static void corner(int i, float x, float y) {
    glVertex2f(x + (i == 1 || i == 2 ? 0.5f : 0), y + (i > 1 ? 0.5f : 0));
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    GLint v = 0;
    const GLuint lists = glGenLists(8);
    enum { Begins, Vertices, Ends, Bitmap, Compiled, Calls, Blend };
    glNewList(lists + Begins, GL_COMPILE);
    glBegin(GL_QUADS);
    glEndList();
    glNewList(lists + Vertices, GL_COMPILE);
    for (int i = 0; i < 4; ++i)
        corner(i, -0.9f, -0.9f);
    glEndList();
    glNewList(lists + Ends, GL_COMPILE);
    glEnd();
    glEndList();
    glNewList(lists + Calls, GL_COMPILE);
    glCallList(lists + Ends);
    glEndList();
    const GLubyte bits[] = {0xff, 0x81, 0xbd, 0xa5, 0xa5, 0xbd, 0x81, 0xff, 0, 0, 0, 0};
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glNewList(lists + Bitmap, GL_COMPILE);
    glBitmap(8, 8, 0, 0, 10, 1, bits);
    glEndList();
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, 64);

    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClear(GL_COLOR_BUFFER_BIT);
        // Begun by a list, ended by another, or by one that calls it.
        glColor3f(0.3f, (float)(i % 10) / 10, 0.7f);
        glCallList(lists + Begins);
        glCallList(lists + Vertices);
        glCallList(i % 2 ? lists + Ends : lists + Calls);
        glGetIntegerv(GL_LIST_BASE, &v);
        glBegin(GL_TRIANGLES);
        for (int k = 0; k < 3; ++k)
            corner(k, 0.1f, 0.1f);
        const GLubyte end = Ends;
        glEnd();
        glListBase(lists);
        glBegin(GL_QUADS);
        glCallList(lists + Vertices);
        for (int k = 0; k < 4; ++k)
            corner(k, -0.2f, -0.4f);
        glCallLists(1, GL_UNSIGNED_BYTE, &end);
        glGetIntegerv(GL_LIST_BASE, &v);
        f.add(&v, sizeof v);
        if (const GLenum e = glGetError())
            Frames::fail(e == GL_INVALID_OPERATION ? "begin and end do not match" : "an error");

        glWindowPos2i(5, 40);
        glCallList(lists + Bitmap);
        glCallList(lists + Bitmap);

        // Compiled over several questions, some in the mode that draws at once.
        glNewList(lists + Compiled, i % 3 ? GL_COMPILE : GL_COMPILE_AND_EXECUTE);
        glColor3f(0.9f, 0.2f, (float)(i % 4) / 4);
        glGetIntegerv(GL_MATRIX_MODE, &v);
        f.add(&v, sizeof v);
        glBegin(GL_TRIANGLES);
        for (int k = 0; k < 3; ++k)
            corner(k, 0.4f, -0.9f);
        glEnd();
        f.add(&v, sizeof v);
        glGetIntegerv(GL_LIST_INDEX, &v);
        f.add(&v, sizeof v);
        glEndList();
        glEnable(GL_BLEND);
        glBlendFunc(GL_ONE, GL_ONE);
        glCallList(lists + Compiled);
        glDisable(GL_BLEND);

        GLuint hits[64] = {};
        glSelectBuffer(64, hits);
        glRenderMode(GL_SELECT);
        glInitNames();
        glPushName(7);
        glCallList(lists + Compiled);
        glGetIntegerv(GL_NAME_STACK_DEPTH, &v);
        f.add(&v, sizeof v);
        glLoadName(8);
        glCallList(lists + Compiled);
        v = glRenderMode(GL_RENDER);
        f.add(&v, sizeof v);
        f.add(hits, 8 * sizeof hits[0]);
        f.done();
    }
}
