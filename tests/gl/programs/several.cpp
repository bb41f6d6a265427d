// Commands that stand for several others, and those that go another way than usual: multi-bind of
// vertex buffers, images, textures and samplers, feedback buffers by name, uniforms through a
// pipeline, SPIR-V, parameters of assembly programs in rows, the two-sided stencil of ATI, arrays
// enabled as capabilities.
#include "frame.h"
#include "spirv.h"
#include <cmath>
#include <cstring>

static GLuint stage(GLenum type, const char* text) {
    const GLuint p = glCreateShaderProgramv(type, 1, &text);
    GLint ok = 0;
    glGetProgramiv(p, GL_LINK_STATUS, &ok);
    if (!ok) {
        char log[500] = "";
        glGetProgramInfoLog(p, sizeof log, nullptr, log);
        printf("%s\n", log);
        Frames::fail("link");
    }
    return p;
}

static void triangle() {
    static const float corners[] = {-1, -1, 1, -1, 0, 1};
    glEnable(GL_VERTEX_ARRAY); // as a capability
    glVertexPointer(2, GL_FLOAT, 0, corners);
    glDrawArrays(GL_TRIANGLES, 0, 3);
    glDisable(GL_VERTEX_ARRAY);
}

int main(int argc, char** argv) {
    const EGLint compat[] = {EGL_CONTEXT_MAJOR_VERSION,
                             4,
                             EGL_CONTEXT_MINOR_VERSION,
                             5,
                             EGL_CONTEXT_OPENGL_PROFILE_MASK,
                             EGL_CONTEXT_OPENGL_COMPATIBILITY_PROFILE_BIT,
                             EGL_NONE};
    Frames f(96, 64, compat);

    // Multi-bind: two vertex buffers, two images, two textures and samplers.
    const GLuint vs =
        stage(GL_VERTEX_SHADER,
              "#version 430\n"
              "layout(location=0) in vec2 at; layout(location=1) in vec4 tint;\n"
              "uniform float turn; out vec4 color; out gl_PerVertex { vec4 gl_Position; };\n"
              "void main() { gl_Position = vec4(at * mat2(cos(turn), sin(turn),"
              " -sin(turn), cos(turn)), 0, 1); color = tint; }");
    const GLuint fs =
        stage(GL_FRAGMENT_SHADER,
              "#version 430\n"
              "layout(binding=0) uniform sampler2D one; layout(binding=1) uniform sampler2D two;\n"
              "layout(rgba8, binding=0) uniform readonly image2D a;\n"
              "layout(rgba8, binding=1) uniform image2D b;\n"
              "uniform vec4 mixing[2]; in vec4 color; out vec4 o;\n"
              "void main() { ivec2 p = ivec2(gl_FragCoord.xy) % 8;\n"
              "imageStore(b, p, imageLoad(a, p).gbra);\n"
              "o = color * 0.4 + mixing[0] * texture(one, gl_FragCoord.xy * 0.07)"
              " + mixing[1] * texture(two, gl_FragCoord.xy * 0.05); }");
    GLuint pipeline;
    glGenProgramPipelines(1, &pipeline);
    glUseProgramStages(pipeline, GL_VERTEX_SHADER_BIT, vs);
    glUseProgramStages(pipeline, GL_FRAGMENT_SHADER_BIT, fs);
    GLuint buffers[2], textures[3], samplers[2];
    glCreateBuffers(2, buffers);
    const float corners[] = {-0.8f, -0.7f, 0.9f, -0.6f, 0.1f, 0.8f};
    const float tints[] = {1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1};
    glNamedBufferStorage(buffers[0], sizeof corners, corners, 0);
    glNamedBufferStorage(buffers[1], sizeof tints, tints, 0);
    glCreateTextures(GL_TEXTURE_2D, 3, textures);
    std::vector<unsigned char> texels(8 * 8 * 4);
    for (int t = 0; t < 3; ++t) {
        for (size_t i = 0; i < texels.size(); ++i)
            texels[i] = (unsigned char)(i * (size_t)(37 + 11 * t));
        glTextureStorage2D(textures[t], 1, GL_RGBA8, 8, 8);
        glTextureSubImage2D(textures[t], 0, 0, 0, 8, 8, GL_RGBA, GL_UNSIGNED_BYTE, texels.data());
    }
    glCreateSamplers(2, samplers);
    glSamplerParameteri(samplers[0], GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glSamplerParameteri(samplers[1], GL_TEXTURE_WRAP_S, GL_MIRRORED_REPEAT);
    GLuint arrays[2];
    glCreateVertexArrays(2, arrays);
    const GLintptr offsets[] = {0, 0};
    const GLsizei strides[] = {8, 16};
    glVertexArrayVertexBuffers(arrays[0], 0, 2, buffers, offsets, strides);
    for (GLuint a = 0; a < 2; ++a) {
        glEnableVertexArrayAttrib(arrays[a], 0);
        glEnableVertexArrayAttrib(arrays[a], 1);
        glVertexArrayAttribFormat(arrays[a], 0, 2, GL_FLOAT, GL_FALSE, 0);
        glVertexArrayAttribFormat(arrays[a], 1, 4, GL_FLOAT, GL_FALSE, 0);
    }
    glBindVertexArray(arrays[1]);
    glBindVertexBuffers(0, 2, buffers, offsets, strides);
    glBindVertexArray(0);
    glBindTextures(0, 2, textures);
    glBindSamplers(0, 2, samplers);
    const GLuint images[] = {textures[0], textures[2]}; // what is stored to is not sampled
    glBindImageTextures(0, 2, images);

    // Feedback into buffers given by name, of an object and of the default.
    GLuint feedback, captured;
    glCreateTransformFeedbacks(1, &feedback);
    glCreateBuffers(1, &captured);
    glNamedBufferData(captured, 256, nullptr, GL_DYNAMIC_COPY);
    glTransformFeedbackBufferRange(feedback, 0, captured, 64, 128);
    const char* varying = "next";
    const GLuint step = glCreateProgram(), step_vs = glCreateShader(GL_VERTEX_SHADER);
    const char* step_text = "#version 430\nuniform float from; out float next;\n"
                            "void main() { next = from + float(gl_VertexID); }";
    glShaderSource(step_vs, 1, &step_text, nullptr);
    glCompileShader(step_vs);
    glAttachShader(step, step_vs);
    glTransformFeedbackVaryings(step, 1, &varying, GL_INTERLEAVED_ATTRIBS);
    glLinkProgram(step);

    // SPIR-V, if the driver takes it.
    GLint formats = 0;
    glGetIntegerv(GL_NUM_SHADER_BINARY_FORMATS, &formats);
    GLuint compute = 0, sums = 0;
    if (formats) {
        const GLuint s = glCreateShader(GL_COMPUTE_SHADER);
        glShaderBinary(1, &s, GL_SHADER_BINARY_FORMAT_SPIR_V, kSpirv, sizeof kSpirv);
        const GLuint constant = 7, value = 3;
        glSpecializeShader(s, "main", 1, &constant, &value);
        compute = glCreateProgram();
        glAttachShader(compute, s);
        glLinkProgram(compute);
        glDeleteShader(s);
        GLint ok = 0;
        glGetProgramiv(compute, GL_LINK_STATUS, &ok);
        if (!ok)
            Frames::fail("SPIR-V");
        glCreateBuffers(1, &sums);
        const GLuint zero[4] = {};
        glNamedBufferData(sums, 16, zero, GL_DYNAMIC_COPY);
        glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 0, sums);
    }

    // An assembly program, the one without a name.
    const char* text = "!!ARBfp1.0\nPARAM a = program.env[3]; PARAM b = program.local[1];\n"
                       "ADD result.color, a, b;\nEND\n";
    glProgramStringARB(GL_FRAGMENT_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB, (GLsizei)strlen(text),
                       text);
    PFNGLPROGRAMENVPARAMETERS4FVEXTPROC env =
        (PFNGLPROGRAMENVPARAMETERS4FVEXTPROC)eglGetProcAddress("glProgramEnvParameters4fvEXT");
    PFNGLPROGRAMLOCALPARAMETERS4FVEXTPROC local =
        (PFNGLPROGRAMLOCALPARAMETERS4FVEXTPROC)eglGetProcAddress("glProgramLocalParameters4fvEXT");
    PFNGLSTENCILFUNCSEPARATEATIPROC stencil =
        (PFNGLSTENCILFUNCSEPARATEATIPROC)eglGetProcAddress("glStencilFuncSeparateATI");
    const float rows[8] = {0.1f, 0.2f, 0.3f, 1, 0.3f, 0.1f, 0.2f, 1};

    const int frames = frames_wanted(argc, argv);
    for (int frame = 0; frame < frames; ++frame) {
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
        // Uniforms of the pipeline's active program, without glUseProgram.
        glBindProgramPipeline(pipeline);
        if (frame % 3 == 0) {
            glActiveShaderProgram(pipeline, vs);
            glUniform1f(glGetUniformLocation(vs, "turn"), 0.1f * (float)frame);
            glActiveShaderProgram(pipeline, fs);
            const float mixing[8] = {0.3f, 0.1f, 0, 0, 0, 0.1f * (float)(frame % 5), 0.2f, 0};
            glUniform4fv(glGetUniformLocation(fs, "mixing"), 2, mixing);
        }
        glBindVertexArray(arrays[frame & 1]);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        glMemoryBarrier(GL_ALL_BARRIER_BITS);
        glBindVertexArray(0);
        glGetTextureImage(textures[2], 0, GL_RGBA, GL_UNSIGNED_BYTE, (GLsizei)texels.size(),
                          texels.data());
        f.add(texels.data(), texels.size());

        glUseProgram(step);
        glUniform1f(glGetUniformLocation(step, "from"), (float)frame);
        glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, feedback);
        glEnable(GL_RASTERIZER_DISCARD);
        glBeginTransformFeedback(GL_POINTS);
        glDrawArrays(GL_POINTS, 0, 16);
        glEndTransformFeedback();
        glDisable(GL_RASTERIZER_DISCARD);
        glBindTransformFeedback(GL_TRANSFORM_FEEDBACK, 0);
        float values[16];
        glGetNamedBufferSubData(captured, 64, sizeof values, values);
        f.add(values, sizeof values);
        if (compute) {
            glUseProgram(compute);
            glDispatchCompute(1, 1, 1);
            glMemoryBarrier(GL_ALL_BARRIER_BITS);
            GLuint sum[4];
            glGetNamedBufferSubData(sums, 0, sizeof sum, sum);
            f.add(sum, sizeof sum);
        }
        glUseProgram(0);
        glBindProgramPipeline(0);

        glEnable(GL_FRAGMENT_PROGRAM_ARB);
        if (frame % 4 == 0) {
            float now[8];
            for (int i = 0; i < 8; ++i)
                now[i] = rows[i] * (1 + 0.1f * (float)(frame % 7));
            env(GL_FRAGMENT_PROGRAM_ARB, 2, 2, now);
            local(GL_FRAGMENT_PROGRAM_ARB, 0, 2, rows);
            stencil(GL_ALWAYS, GL_NEVER, frame & 1, 255);
        }
        glEnable(GL_STENCIL_TEST);
        glEnable(GL_SCISSOR_TEST);
        glScissor(0, 0, 48, 32);
        triangle();
        glDisable(GL_SCISSOR_TEST);
        glDisable(GL_STENCIL_TEST);
        glDisable(GL_FRAGMENT_PROGRAM_ARB);
        f.done();
    }
}
