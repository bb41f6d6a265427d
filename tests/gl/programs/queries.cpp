// Queries that a new renderer must take over: active ones (of several kinds at once), results that
// nobody has asked for yet, conditions, a transform feedback that is paused.
#include "frame.h"

static void square(float at, float size) { glRectf(at, at, at + size, at + size); }
// What is synchronous is where renderers are replaced.
static void pause_here(Frames& f) {
    unsigned char p[4];
    glReadPixels(3, 3, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, p);
    f.add(p, 4);
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    GLuint q[6], never, feedback[2], buffer;
    glGenQueries(6, q);
    glGenQueries(1, &never);
    glGenTransformFeedbacks(2, feedback);
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_TRANSFORM_FEEDBACK_BUFFER, buffer);
    glBufferData(GL_TRANSFORM_FEEDBACK_BUFFER, 4096, nullptr, GL_DYNAMIC_COPY);
    const char* text = "#version 130\nout float y; void main() { y = gl_Vertex.x * 2.0; "
                       "gl_Position = gl_Vertex; }";
    const GLuint program = glCreateProgram(), vs = glCreateShader(GL_VERTEX_SHADER);
    glShaderSource(vs, 1, &text, nullptr);
    glCompileShader(vs);
    glAttachShader(program, vs);
    const char* y = "y";
    glTransformFeedbackVaryings(program, 1, &y, GL_INTERLEAVED_ATTRIBS);
    glLinkProgram(program);
    glEnable(GL_DEPTH_TEST);
    // Two results that nobody asks for until the end, and a condition that is never true.
    glBeginQuery(GL_ANY_SAMPLES_PASSED, never);
    glEndQuery(GL_ANY_SAMPLES_PASSED);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        const GLuint samples = q[i % 3], primitives = q[3 + i % 2];
        glBeginQuery(GL_SAMPLES_PASSED, samples);
        glBeginQuery(GL_PRIMITIVES_GENERATED, primitives);
        glColor3f(0.2f, 0.5f, (float)(i % 10) * 0.1f);
        square(-0.9f + (float)(i % 7) * 0.1f, 0.5f);
        pause_here(f);
        square(-0.5f, 0.3f);
        pause_here(f);
        square(0.1f, 0.2f);
        GLint active = 0;
        glGetQueryiv(GL_SAMPLES_PASSED, GL_CURRENT_QUERY, &active);
        f.add(&active, sizeof active);
        glEndQuery(GL_PRIMITIVES_GENERATED);
        glEndQuery(GL_SAMPLES_PASSED);
        if (i >= 2) { // of the frame before the last
            GLuint v[2] = {}, there = 0;
            glGetQueryObjectuiv(q[(i - 2) % 3], GL_QUERY_RESULT_AVAILABLE, &there);
            glGetQueryObjectuiv(q[(i - 2) % 3], GL_QUERY_RESULT, &v[0]);
            glGetQueryObjectuiv(q[3 + (i - 1) % 2], GL_QUERY_RESULT, &v[1]);
            f.add(v, sizeof v);
        }
        pause_here(f);
        glColor3f(1, 0, 0);
        glBeginConditionalRender(samples, GL_QUERY_WAIT); // true
        square(-0.2f, 0.1f);
        pause_here(f);
        square(0.5f, 0.1f);
        glEndConditionalRender();
        glColor3f(0, 1, 0);
        glBeginConditionalRender(never, GL_QUERY_WAIT);
        square(-1, 0.2f);
        pause_here(f);
        square(0.8f, 0.2f);
        glEndConditionalRender();
        f.add("x", glIsQuery(never) && glIsQuery(samples));

        // Captured in two parts with a pause between them, which is no moment for a new renderer.
        glUseProgram(program);
        glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, feedback[i % 2]);
        glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, buffer);
        glEnable(GL_RASTERIZER_DISCARD);
        glBeginQuery(GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN, q[5]);
        glBeginTransformFeedback(GL_POINTS);
        pause_here(f); // begun, nothing captured
        for (int part = 0; part < 2; ++part) {
            glBegin(GL_POINTS);
            for (int k = 0; k < 5; ++k)
                glVertex2f((float)(i * 7 + part * 5 + k), 0);
            glEnd();
            if (!part) {
                glPauseTransformFeedback();
                glUseProgram(0);
                pause_here(f);
                glUseProgram(program);
                glResumeTransformFeedback();
            }
        }
        glEndTransformFeedback();
        glEndQuery(GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN);
        glDisable(GL_RASTERIZER_DISCARD);
        glUseProgram(0);
        float got[10] = {};
        glGetBufferSubData(GL_TRANSFORM_FEEDBACK_BUFFER, 0, sizeof got, got);
        f.add(got, sizeof got);
        GLint64 written = 0;
        glGetQueryObjecti64v(q[5], GL_QUERY_RESULT, &written);
        f.add(&written, sizeof written);
        f.done();
    }
    return 0;
}
