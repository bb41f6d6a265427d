// Multi-bind commands that fail for one of their names and bind the others, and what lighting made
// of the color of a raster position.
#include "frame.h"

static void expect_error(GLenum wanted) {
    if (const GLenum e = glGetError(); e != wanted) {
        printf("GL error %#x, not %#x\n", e, wanted);
        exit(1);
    }
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    if (!glGetString(GL_VERSION) || atof((const char*)glGetString(GL_VERSION)) < 4.4)
        Frames::fail("no context of OpenGL 4.4");
    GLuint tex[4], buf[4], samplers[2];
    glGenTextures(4, tex);
    glGenBuffers(4, buf);
    glGenSamplers(2, samplers);
    for (int i = 0; i < 4; ++i) {
        const GLubyte color[4] = {(GLubyte)(60 * i), 100, (GLubyte)(200 - 50 * i), 255};
        glBindTexture(GL_TEXTURE_2D, tex[i]);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 1, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE, color);
        glBindBuffer(GL_UNIFORM_BUFFER, buf[i]);
        glBufferData(GL_UNIFORM_BUFFER, 4096, nullptr, GL_STATIC_DRAW);
    }
    glBindTexture(GL_TEXTURE_2D, 0);
    GLint alignment = 256, units = 0;
    glGetIntegerv(GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT, &alignment);
    glGetIntegerv(GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS, &units);
    const GLubyte bits[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const GLfloat light[4] = {0.3f, 0.8f, 0.1f, 1};
    glEnable(GL_LIGHT0);
    glLightfv(GL_LIGHT0, GL_DIFFUSE, light);

    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClear(GL_COLOR_BUFFER_BIT);
        if (i % 5 == 0) {
            const GLuint some[3] = {tex[i / 5 % 4], 987654, tex[(i / 5 + 1) % 4]};
            glBindTextures(1, 3, some);
            expect_error(GL_INVALID_OPERATION);
            glBindTextures((GLuint)units - 1, 3, some); // refused as a whole
            expect_error(GL_INVALID_OPERATION);
            const GLuint two[2] = {987654, samplers[i / 5 % 2]};
            glBindSamplers(2, 2, two);
            expect_error(GL_INVALID_OPERATION);
            const GLintptr offsets[3] = {alignment, 1, 2 * alignment}; // the second does not align
            const GLsizeiptr sizes[3] = {64, 64, 128};
            const GLuint buffers[3] = {buf[i / 5 % 4], buf[0], buf[(i / 5 + 2) % 4]};
            glBindBuffersRange(GL_UNIFORM_BUFFER, 0, 3, buffers, offsets, sizes);
            expect_error(GL_INVALID_VALUE);
        }
        GLint v = 0;
        for (GLuint k = 1; k < 4; ++k) {
            glActiveTexture(GL_TEXTURE0 + k);
            glGetIntegerv(GL_TEXTURE_BINDING_2D, &v);
            f.add(&v, sizeof v);
            glGetIntegerv(GL_SAMPLER_BINDING, &v);
            f.add(&v, sizeof v);
            glEnable(GL_TEXTURE_2D);
            glBegin(GL_TRIANGLES);
            glMultiTexCoord2f(GL_TEXTURE0 + k, 0.5f, 0.5f);
            for (int c = 0; c < 3; ++c)
                glVertex2f(-0.9f + 0.5f * (float)k + (c == 1 ? 0.4f : 0), c == 2 ? 0.4f : 0);
            glEnd();
            glDisable(GL_TEXTURE_2D);
        }
        glActiveTexture(GL_TEXTURE0);
        for (GLuint k = 0; k < 3; ++k) {
            GLint64 start = 0;
            glGetIntegeri_v(GL_UNIFORM_BUFFER_BINDING, k, &v);
            glGetInteger64i_v(GL_UNIFORM_BUFFER_START, k, &start);
            f.add(&v, sizeof v);
            f.add(&start, sizeof start);
        }
        // Its color is lit where it is given, by the light of then.
        if (i % 7 == 0) {
            const GLfloat from[4] = {(float)(i % 3), 0, 1, 0};
            glLightfv(GL_LIGHT0, GL_POSITION, from);
            glEnable(GL_LIGHTING);
            glNormal3f(0, 0, 1);
            glRasterPos2f(-0.5f, -0.7f);
            glDisable(GL_LIGHTING);
            glLightfv(GL_LIGHT0, GL_POSITION, light);
        }
        if (i % 7 == 3)
            glPushAttrib(GL_CURRENT_BIT);
        if (i % 7 == 5)
            glPopAttrib();
        GLfloat color[4];
        glGetFloatv(GL_CURRENT_RASTER_COLOR, color);
        f.add(color, sizeof color);
        glBitmap(8, 8, 0, 0, 0, 0, bits);
        f.done();
    }
}
