// Transform feedback: captures that go on over many frames, paused and not, in objects that are
// bound and that are not; what glDrawTransformFeedback draws of them, while it is captured again
// and long after; buffers that are full. What is in the buffers is part of the checksum.
#include "frame.h"

namespace {

GLuint capture_program(const char* text, const std::vector<const char*>& varyings, GLenum mode) {
    const GLuint p = glCreateProgram();
    const GLuint s = glCreateShader(GL_VERTEX_SHADER);
    glShaderSource(s, 1, &text, nullptr);
    glCompileShader(s);
    glAttachShader(p, s);
    glDeleteShader(s);
    glTransformFeedbackVaryings(p, (GLsizei)varyings.size(), varyings.data(), mode);
    glLinkProgram(p);
    GLint ok = 0;
    glGetProgramiv(p, GL_LINK_STATUS, &ok);
    if (!ok)
        Frames::fail("link");
    return p;
}

GLuint buffer(GLsizeiptr bytes) {
    GLuint b;
    glGenBuffers(1, &b);
    glBindBuffer(GL_ARRAY_BUFFER, b);
    std::vector<char> zero((size_t)bytes);
    glBufferData(GL_ARRAY_BUFFER, bytes, zero.data(), GL_DYNAMIC_COPY);
    return b;
}

void add_buffer(Frames& f, GLuint b, GLsizeiptr bytes) {
    std::vector<char> all((size_t)bytes);
    glBindBuffer(GL_ARRAY_BUFFER, b);
    glGetBufferSubData(GL_ARRAY_BUFFER, 0, bytes, all.data());
    f.add(all.data(), all.size());
}

} // namespace

int main(int argc, char** argv) {
    Frames f(64, 64, nullptr);
    const char* together =
        "#version 140\nuniform float t; out vec4 place; out float n;\n"
        "void main() { float i = float(gl_VertexID);\n"
        "  place = vec4(cos(i + t), sin(i * 1.7 + t), 0.0, 1.0) * 0.8; place.w = 1.0;\n"
        "  n = i * 0.25 + t; gl_Position = place; }\n";
    const GLuint first = capture_program(together, {"place", "n"}, GL_INTERLEAVED_ATTRIBS);
    // (Mesa's software drivers draw as many as the first buffer has of the stride drawn with.)
    const GLuint second = capture_program(together, {"place", "n"}, GL_SEPARATE_ATTRIBS);
    const char* plain = "#version 140\nin vec4 place; void main() { gl_Position = place; }\n";
    const char* color = "#version 140\nout vec4 c; uniform vec4 k; void main() { c = k; }\n";
    GLuint show = glCreateProgram();
    for (const auto& [type, text] :
         {std::pair<GLenum, const char*>{GL_VERTEX_SHADER, plain}, {GL_FRAGMENT_SHADER, color}}) {
        const GLuint s = glCreateShader(type);
        glShaderSource(s, 1, &text, nullptr);
        glCompileShader(s);
        glAttachShader(show, s);
    }
    glBindAttribLocation(show, 0, "place");
    glLinkProgram(show);
    const GLint t1 = glGetUniformLocation(first, "t"), t2 = glGetUniformLocation(second, "t"),
                k = glGetUniformLocation(show, "k");

    constexpr GLsizeiptr kBytes = 20 * 300, kSmall = 20 * 17;
    const GLuint whole = buffer(kBytes), part = buffer(kSmall + 64), ns = buffer(kBytes),
                 places = buffer(kBytes);
    GLuint objects[3];
    glGenTransformFeedbacks(3, objects);
    glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, objects[0]);
    glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, whole);
    glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, objects[1]);
    glBindBufferRange(GL_TRANSFORM_FEEDBACK_BUFFER, 0, part, 32, kSmall);
    glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, objects[2]);
    glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, places);
    glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 1, ns);
    GLuint arrays[3], query;
    glGenVertexArrays(3, arrays);
    const struct {
        GLuint buffer;
        GLsizei stride;
        size_t at;
    } sources[3] = {{whole, 20, 0}, {part, 20, 32}, {places, 16, 0}};
    for (int i = 0; i < 3; ++i) {
        glBindVertexArray(arrays[i]);
        glBindBuffer(GL_ARRAY_BUFFER, sources[i].buffer);
        glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, sources[i].stride,
                              (const void*)sources[i].at);
        glEnableVertexAttribArray(0);
    }
    glGenQueries(1, &query);
    glEnable(GL_PROGRAM_POINT_SIZE);
    glDisable(GL_PROGRAM_POINT_SIZE);
    glPointSize(3);
    bool begun[3] = {}, complete[3] = {};

    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0.1f, 0.02f * (float)(i % 20), 0.3f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glBindVertexArray(0);
        for (int o = 0; o < 3; ++o) {
            const GLuint program = o == 2 ? second : first;
            const int phase = (i + o * 3) % 11;
            glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, objects[o]);
            glUseProgram(program);
            glUniform1f(o == 2 ? t2 : t1, 0.1f * (float)(i % 13));
            glEnable(GL_RASTERIZER_DISCARD);
            if (phase == 0) {
                // (Mesa 22.3 has one mode for all of a context's: the last one's.)
                glBeginTransformFeedback(GL_POINTS);
                glFinish(); // replaced with nothing captured yet
                begun[o] = true;
                complete[o] = false;
            } else if (begun[o]) {
                glResumeTransformFeedback();
            }
            if (begun[o]) {
                glBeginQuery(GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN, query);
                glDrawArrays(GL_POINTS, i % 5, 7 + i % 4);
                glEndQuery(GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN);
                glFinish(); // here the renderer may be replaced, while it is active
                if (o != 1)
                    glDrawArrays(GL_POINTS, 1, 3);
                GLint written = 0, start = 0, size = 0;
                glGetQueryObjectiv(query, GL_QUERY_RESULT, &written);
                glGetIntegeri_v(GL_TRANSFORM_FEEDBACK_BUFFER_START, 0, &start);
                glGetIntegeri_v(GL_TRANSFORM_FEEDBACK_BUFFER_SIZE, 0, &size);
                const GLint told[3] = {written, start, size};
                f.add(told, sizeof told);
                if (phase == 6) {
                    glEndTransformFeedback();
                    begun[o] = false;
                    complete[o] = true;
                } else {
                    glPauseTransformFeedback();
                }
            }
            glDisable(GL_RASTERIZER_DISCARD);
        }
        glUseProgram(show);
        for (int o = 0; o < 3; ++o) {
            if (!complete[o])
                continue;
            glUniform4f(k, 0.3f * (float)o, 1, 0.5f, 1);
            glBindVertexArray(arrays[o]);
            if (i % 3)
                glDrawTransformFeedback(GL_POINTS, objects[o]);
            else
                glDrawTransformFeedbackInstanced(GL_LINE_STRIP, objects[o], 2);
        }
        glBindVertexArray(0);
        add_buffer(f, whole, kBytes);
        add_buffer(f, part, kSmall + 64);
        add_buffer(f, ns, kBytes);
        add_buffer(f, places, kBytes);
        if (const GLenum e = glGetError()) { // of something above: natively there is none
            printf("frame %d: GL error %#x\n", i, e);
            return 1;
        }
        f.done();
    }
    return 0;
}
