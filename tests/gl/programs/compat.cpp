// The old ways: immediate mode, display lists that nest, matrix and attribute stacks left pushed
// across frames, lights given in moved coordinates, client arrays, texture environment, deleted but
// bound objects.
#include "frame.h"

static GLuint cube_list(GLuint inner) {
    glNewList(inner, GL_COMPILE);
    glBegin(GL_QUADS);
    for (int side = 0; side < 4; ++side) {
        glNormal3f((float)(side == 0) - (float)(side == 1), (float)(side == 2) - (float)(side == 3),
                   0.4f);
        const float s = side & 1 ? -0.4f : 0.4f;
        glTexCoord2f(0, 0), glVertex3f(s, -0.4f, -0.4f);
        glTexCoord2f(1, 0), glVertex3f(s, 0.4f, -0.4f);
        glTexCoord2f(1, 1), glVertex3f(-s * 0.3f, 0.4f, 0.4f);
        glTexCoord2f(0, 1), glVertex3f(s, -0.4f, 0.4f);
    }
    glEnd();
    glEndList();
    const GLuint outer = glGenLists(1);
    glNewList(outer, GL_COMPILE);
    glColor4f(0.9f, 0.7f, 0.4f, 1);
    glPushMatrix();
    glScalef(0.8f, 0.8f, 0.8f);
    glCallList(inner);
    glPopMatrix();
    glEnable(GL_BLEND); // a list that leaves state behind
    glEndList();
    return outer;
}

int main(int argc, char** argv) {
    Frames f(160, 120, nullptr);
    glEnable(GL_DEPTH_TEST);
    glMatrixMode(GL_PROJECTION);
    glFrustum(-1, 1, -0.75, 0.75, 1, 20);
    glMatrixMode(GL_MODELVIEW);
    glTranslatef(0, 0, -3);
    glPushMatrix(); // stays pushed: the loop draws on level 2
    glPushAttrib(GL_ENABLE_BIT | GL_LIGHTING_BIT);
    glEnable(GL_LIGHTING);
    glEnable(GL_LIGHT0);
    glEnable(GL_COLOR_MATERIAL);
    const float at[] = {1, 1, 2, 1}, warm[] = {0.9f, 0.8f, 0.6f, 1};
    glLightfv(GL_LIGHT0, GL_POSITION, at); // transformed by what is in force now
    glLightfv(GL_LIGHT0, GL_DIFFUSE, warm);
    GLuint texture;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    std::vector<unsigned char> check(16 * 16 * 3);
    for (size_t i = 0; i < check.size(); ++i)
        check[i] = (unsigned char)((i / 3 + i / 48) % 2 ? 255 : 60 + i % 97);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB, 16, 16, 0, GL_RGB, GL_UNSIGNED_BYTE, check.data());
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glTexEnvi(GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_MODULATE);
    glEnable(GL_TEXTURE_2D);
    glDeleteLists(glGenLists(3), 2);
    const GLuint list = cube_list(77);
    glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
    const float fan[] = {-1, -1, 0.5f, 1, -1, 0.5f, 0, 1, -0.5f};
    const unsigned char colors[] = {255, 0, 0, 90, 0, 255, 0, 90, 0, 0, 255, 90};
    const unsigned short order[] = {2, 0, 1};

    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0.1f, 0.02f * (float)(i % 20), 0.3f, 1);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        glRotatef(7, 0.3f, 1, 0.2f); // never reset: the history grows
        glCallList(list);
        glPushAttrib(GL_ALL_ATTRIB_BITS);
        glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
        glDisable(GL_TEXTURE_2D);
        glDisable(GL_LIGHTING);
        glEnableClientState(GL_VERTEX_ARRAY);
        glEnableClientState(GL_COLOR_ARRAY);
        glVertexPointer(3, GL_FLOAT, 0, fan);
        glColorPointer(4, GL_UNSIGNED_BYTE, 0, colors);
        glDrawElements(GL_TRIANGLES, 3, GL_UNSIGNED_SHORT, order);
        glPopClientAttrib();
        glPopAttrib();
        // A selection buffer that is said to be larger than it is: only what is hit is written.
        GLuint hits[24];
        for (GLuint& h : hits)
            h = 0xabababab;
        glSelectBuffer((GLsizei)sizeof hits, hits);
        glRenderMode(GL_SELECT);
        glInitNames();
        glPushName(5);
        glCallList(list);
        glLoadName(7);
        glCallList(list);
        const GLint found = glRenderMode(GL_RENDER);
        f.add(&found, sizeof found);
        f.add(hits, sizeof hits);
        // A corner of the texture changes every frame.
        glTexSubImage2D(GL_TEXTURE_2D, 0, i % 16, 3, 1, 1, GL_RGB, GL_UNSIGNED_BYTE,
                        &check[(size_t)i % 600]);
        float m[16];
        glGetFloatv(GL_MODELVIEW_MATRIX, m);
        f.add(m, sizeof m);
        // A material keeps what it took from the current color.
        glPushAttrib(GL_LIGHTING_BIT | GL_CURRENT_BIT);
        glEnable(GL_COLOR_MATERIAL);
        glColorMaterial(GL_FRONT, GL_EMISSION);
        glColor3f(0.125f, (float)(i % 8) / 8, 0.5f);
        glDisable(GL_COLOR_MATERIAL);
        glColor3f(0, 1, 1);
        glFinish(); // here the renderer may be replaced
        float emission[4];
        glGetMaterialfv(GL_FRONT, GL_EMISSION, emission);
        f.add(emission, sizeof emission);
        glPopAttrib();
        GLint bound = 0;
        glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
        f.add(&bound, sizeof bound);
        f.done();
    }
    return 0;
}
