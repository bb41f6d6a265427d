// A selection, a feedback and a list that is compiled and executed in every frame: moments that a
// checkpoint cannot be taken in, which it waits for to pass. Prints as frame.h does.
#include "frame.h"

static void square(float x, float size) {
    glBegin(GL_QUADS);
    glVertex3f(x, x, 0.1f);
    glVertex3f(x + size, x, 0.2f);
    glVertex3f(x + size, x + size, 0.3f);
    glVertex3f(x, x + size, 0.4f);
    glEnd();
}

int main(int argc, char** argv) {
    Frames f(32, 32, nullptr);
    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        const float at = -0.9f + 0.01f * (float)(i % 90);
        glClearColor(0, 0.1f * (float)(i % 10), 0.5f, 1);
        glClear(GL_COLOR_BUFFER_BIT);

        GLuint picked[64] = {};
        glSelectBuffer(64, picked);
        glRenderMode(GL_SELECT);
        glInitNames();
        glPushName(7);
        square(at, 0.3f);
        f.moment();
        glLoadName((GLuint)i);
        square(at + 2 * (float)(i % 2), 0.2f); // outside of the picture every other time
        const GLint hits = glRenderMode(GL_RENDER);
        f.add(&hits, sizeof hits);
        f.add(picked, sizeof picked);

        GLfloat told[64] = {};
        glFeedbackBuffer(64, GL_3D, told);
        glRenderMode(GL_FEEDBACK);
        square(at, 0.4f);
        f.moment();
        glPassThrough((float)i);
        const GLint values = glRenderMode(GL_RENDER);
        f.add(&values, sizeof values);
        f.add(told, sizeof told);

        glNewList(1, GL_COMPILE_AND_EXECUTE);
        glColor3f(1, 0.01f * (float)(i % 100), 0);
        square(at, 0.5f);
        f.moment();
        glTranslatef(0.01f, 0, 0);
        glEndList();
        glColor3f(0, 1, 0);
        glCallList(1);
        glLoadIdentity();
        f.done();
    }
}
