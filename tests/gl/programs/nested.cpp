// Display lists that nest: 30 deep, through glCallLists with a base and in every type of name, that
// change the matrix, the color, the attribute stack, the list base and the state; the inner ones
// made anew, deleted and given to others after the outer ones were compiled; compiled while they
// are executed; textures and arrays inside them.
#include "frame.h"
#include <cmath>

namespace {

constexpr int kDepth = 30;

void triangle(float size) {
    glBegin(GL_TRIANGLES);
    glTexCoord2f(0, 0), glVertex2f(-size, -size);
    glTexCoord2f(1, 0), glVertex2f(size, -size);
    glTexCoord2f(0.5f, 1), glVertex2f(0, size);
    glEnd();
}

// The innermost: drawn differently from frame to frame.
void leaf(GLuint list, int seed, GLenum mode) {
    glNewList(list, mode);
    glColor3f((float)(seed % 5) * 0.25f, (float)(seed % 7) * 0.14f, 0.6f);
    triangle(0.1f + (float)(seed % 4) * 0.05f);
    glEndList();
}

// Each turns a little and calls the next one: twice, by two ways.
void chain(GLuint base) {
    for (int i = 0; i < kDepth; ++i) {
        glNewList(base + (GLuint)i, GL_COMPILE);
        glPushMatrix();
        glRotatef(13, 0, 0, 1);
        glTranslatef(0.02f, 0.01f, 0);
        if (i % 3 == 0) {
            glPushAttrib(GL_CURRENT_BIT | GL_ENABLE_BIT | GL_LIST_BIT);
            glEnable(i % 2 ? GL_BLEND : GL_COLOR_LOGIC_OP);
            glListBase(base + (GLuint)i);
            const GLubyte next = 1;
            glCallLists(1, GL_UNSIGNED_BYTE, &next);
            glPopAttrib();
        } else {
            glCallList(base + (GLuint)i + 1);
        }
        glPopMatrix();
        glColor3f((float)i / kDepth, 0.5f, 0.2f);
        if (i % 5 == 4)
            triangle(0.08f);
        glEndList();
    }
}

} // namespace

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    GLint most = 0;
    glGetIntegerv(GL_MAX_LIST_NESTING, &most);
    if (most < kDepth + 8)
        Frames::fail("lists nest less deep");
    const GLuint base = glGenLists(kDepth + 1), more = glGenLists(16);
    leaf(base + kDepth, 0, GL_COMPILE);
    chain(base);
    GLuint texture, buffer;
    glGenTextures(1, &texture);
    glGenBuffers(1, &buffer);
    // A list with a texture object made in it, and arrays read when it was compiled.
    GLubyte texels[8 * 8 * 3];
    for (size_t i = 0; i < sizeof texels; ++i)
        texels[i] = (GLubyte)(i * 11);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glNewList(more, GL_COMPILE);
    glPushAttrib(GL_TEXTURE_BIT | GL_ENABLE_BIT);
    glBindTexture(GL_TEXTURE_2D, texture);
    glEnable(GL_TEXTURE_2D);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB, 8, 8, 0, GL_RGB, GL_UNSIGNED_BYTE, texels);
    glCallList(more + 1);
    glPopAttrib();
    glEndList();
    const float corners[] = {-0.9f, 0.4f, -0.5f, 0.4f, -0.7f, 0.9f};
    glVertexPointer(2, GL_FLOAT, 0, corners);
    glEnableClientState(GL_VERTEX_ARRAY);
    glNewList(more + 2, GL_COMPILE);
    glDrawArrays(GL_TRIANGLES, 0, 3);
    glCallList(more + 3); // not there yet
    glEndList();
    glDisableClientState(GL_VERTEX_ARRAY);
    glBlendFunc(GL_ONE, GL_ONE);
    glLogicOp(GL_XOR);

    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClear(GL_COLOR_BUFFER_BIT);
        if (i % 3 == 0) // anew: what calls it draws the new one
            leaf(base + kDepth, i, i % 2 ? GL_COMPILE : GL_COMPILE_AND_EXECUTE);
        f.moment();
        glCallList(base + (GLuint)(i % 4));
        // One in the middle goes and comes back as another.
        if (i % 5 == 1)
            glDeleteLists(base + 20, 1);
        if (i % 5 == 3)
            leaf(base + 20, i, GL_COMPILE);
        leaf(more + 1, i * 3, GL_COMPILE);
        if (i % 4 == 0)
            leaf(more + 3, i + 1, GL_COMPILE);
        if (i % 4 == 2)
            glDeleteLists(more + 3, 1);
        f.moment();
        // What a list leaves behind stays: matrix, color, base, light.
        glNewList(more + 4, i % 2 ? GL_COMPILE : GL_COMPILE_AND_EXECUTE);
        glMatrixMode(GL_MODELVIEW);
        glRotatef((float)(i % 9), 0, 0, 1);
        glListBase(more + 5);
        glCallList(more);
        glNormal3f(0, (float)(i % 3), 1);
        glSecondaryColor3f(0.25f, (float)(i % 5) * 0.2f, 0);
        glLineWidth(1 + (float)(i % 4));
        glEndList();
        f.moment();
        glCallList(more + 4);
        for (int k = 0; k < 6; ++k) {
            glNewList(more + 5 + (GLuint)k, GL_COMPILE);
            glTranslatef(0.1f * cosf((float)k), 0.1f * sinf((float)k), 0);
            glCallList(base + kDepth - 3);
            glEndList();
        }
        const GLushort shorts[] = {0, 3, 5, 40000};
        const GLfloat floats[] = {1, 2.9f};
        const GLubyte bytes[] = {0, 4, 0, 0, 2, 0}; // two bytes a name: 4, 2
        glPushMatrix();
        glCallLists(4, GL_UNSIGNED_SHORT, shorts);
        glCallLists(2, GL_FLOAT, floats);
        glCallLists(2, GL_2_BYTES, bytes);
        glPopMatrix();
        glCallList(more + 2);
        f.moment();
        float now[16];
        glGetFloatv(GL_MODELVIEW_MATRIX, now);
        f.add(now, sizeof now);
        glGetFloatv(GL_CURRENT_COLOR, now);
        glGetFloatv(GL_CURRENT_NORMAL, now + 4);
        glGetFloatv(GL_CURRENT_SECONDARY_COLOR, now + 8);
        glGetFloatv(GL_LINE_WIDTH, now + 12);
        f.add(now, 13 * sizeof(float));
        GLint v[3];
        glGetIntegerv(GL_LIST_BASE, v);
        glGetIntegerv(GL_ATTRIB_STACK_DEPTH, v + 1);
        v[2] = glIsList(base + 20) + 2 * glIsList(more + 3) + 4 * glIsList(more + 15);
        f.add(v, sizeof v);
        f.done();
    }
}
