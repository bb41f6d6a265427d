// GL_EXT_direct_state_access: state that is only ever set past what is bound, at once and by
// display lists, and asked for the same way.
#include "frame.h"
#include <cstring>

static const char* kProgram = "!!ARBfp1.0\n"
                              "PARAM c = program.local[3];\n"
                              "TEMP t;\n"
                              "TEX t, fragment.texcoord[0], texture[1], 2D;\n"
                              "ADD result.color, t, c;\n"
                              "END\n";

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    const char* extensions = (const char*)glGetString(GL_EXTENSIONS);
    if (!extensions || !strstr(extensions, "GL_EXT_direct_state_access"))
        Frames::fail("no context with GL_EXT_direct_state_access");

    GLuint textures[3], buffers[3], vao, fb, rb, program;
    glGenTextures(3, textures);
    glGenBuffers(3, buffers);
    glGenVertexArrays(1, &vao);
    glBindVertexArray(vao);
    glBindVertexArray(0);
    glGenFramebuffers(1, &fb);
    glGenRenderbuffers(1, &rb);
    glGenProgramsARB(1, &program);

    std::vector<GLubyte> pixels(16 * 16 * 4);
    for (size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = (GLubyte)(i * 7);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    for (int i = 0; i < 2; ++i) {
        glTextureImage2DEXT(textures[i], GL_TEXTURE_2D, 0, GL_RGBA8, 16, 16, 0, GL_RGBA,
                            GL_UNSIGNED_BYTE, pixels.data());
        glTextureParameteriEXT(textures[i], GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTextureParameteriEXT(textures[i], GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    }
    glTextureStorage2DEXT(textures[2], GL_TEXTURE_2D, 1, GL_RGBA8, 32, 32);
    glNamedRenderbufferStorageEXT(rb, GL_DEPTH_COMPONENT24, 32, 32);
    glNamedFramebufferTexture2DEXT(fb, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures[2], 0);
    glNamedFramebufferRenderbufferEXT(fb, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, rb);
    if (glCheckNamedFramebufferStatusEXT(fb, GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        Frames::fail("the framebuffer is not complete");
    glBindMultiTextureEXT(GL_TEXTURE1, GL_TEXTURE_2D, textures[1]);
    glBindMultiTextureEXT(GL_TEXTURE0, GL_TEXTURE_2D, textures[2]);
    glMultiTexEnviEXT(GL_TEXTURE1, GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, GL_ADD);
    const GLfloat plane[] = {0.4f, 0.1f, 0, 0.2f};
    glMultiTexGeniEXT(GL_TEXTURE1, GL_S, GL_TEXTURE_GEN_MODE, GL_EYE_LINEAR);
    glMultiTexGenfvEXT(GL_TEXTURE1, GL_S, GL_EYE_PLANE, plane);
    glEnableIndexedEXT(GL_TEXTURE_GEN_S, 1);
    glEnableIndexedEXT(GL_TEXTURE_2D, 1);
    glNamedProgramStringEXT(program, GL_FRAGMENT_PROGRAM_ARB, GL_PROGRAM_FORMAT_ASCII_ARB,
                            (GLsizei)strlen(kProgram), kProgram);

    const GLfloat corners[] = {-0.9f, -0.9f, 0.1f, -0.9f, 0.1f, 0.1f, -0.9f, 0.1f};
    const GLfloat coords[] = {0, 0, 1, 0, 1, 1, 0, 1};
    glNamedBufferDataEXT(buffers[0], sizeof corners, corners, GL_STATIC_DRAW);
    glNamedBufferDataEXT(buffers[1], sizeof coords, nullptr, GL_STATIC_DRAW);
    glNamedBufferSubDataEXT(buffers[1], 0, sizeof coords, coords);
    glVertexArrayVertexOffsetEXT(vao, buffers[0], 2, GL_FLOAT, 0, 0);
    glVertexArrayMultiTexCoordOffsetEXT(vao, buffers[1], GL_TEXTURE1, 2, GL_FLOAT, 0, 0);
    glVertexArrayTexCoordOffsetEXT(vao, buffers[1], 2, GL_FLOAT, 0, 0);
    glEnableVertexArrayEXT(vao, GL_VERTEX_ARRAY);
    glEnableVertexArrayEXT(vao, GL_TEXTURE1);
    glEnableVertexArrayEXT(vao, GL_TEXTURE_COORD_ARRAY);

    const GLuint lists = glGenLists(2);
    const GLfloat loaded[16] = {0.9f, 0, 0, 0, 0, 0.8f, 0, 0, 0, 0, 1, 0, 0.1f, 0.05f, 0, 1};
    glNewList(lists, GL_COMPILE);
    glMatrixLoadfEXT(GL_PROJECTION, loaded);
    glMatrixTranslatefEXT(GL_TEXTURE1, 0.25f, 0, 0);
    glTextureParameteriEXT(textures[1], GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_MIRRORED_REPEAT);
    glTextureSubImage2DEXT(textures[0], GL_TEXTURE_2D, 0, 4, 4, 8, 8, GL_RGBA, GL_UNSIGNED_BYTE,
                           pixels.data() + 33);
    glNamedProgramLocalParameter4fEXT(program, GL_FRAGMENT_PROGRAM_ARB, 3, 0.1f, 0.2f, 0.3f, 0);
    glEndList();
    memset(pixels.data(), 0x55, pixels.size());

    GLint v = 0;
    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClearColor((GLfloat)(i % 8) / 8, 0.3f, 0.1f, 1);
        glBindFramebuffer(GL_FRAMEBUFFER, fb);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        const GLubyte spot[4] = {(GLubyte)(i * 20), 200, (GLubyte)(255 - i), 255};
        glTextureSubImage2DEXT(textures[i % 2], GL_TEXTURE_2D, 0, i % 16, 3, 1, 1, GL_RGBA,
                               GL_UNSIGNED_BYTE, spot);
        glMatrixLoadIdentityEXT(GL_MODELVIEW);
        glMatrixRotatefEXT(GL_MODELVIEW, (GLfloat)i * 5, 0, 0, 1);
        if (i % 5 == 2)
            glCallList(lists);
        glMatrixPushEXT(GL_MODELVIEW);
        glMatrixScalefEXT(GL_MODELVIEW, 0.7f, 0.7f, 1);
        glGetIntegerv(GL_MATRIX_MODE, &v);
        f.add(&v, sizeof v);

        glBindVertexArray(vao);
        if (i % 2) {
            glBindProgramARB(GL_FRAGMENT_PROGRAM_ARB, program);
            glEnable(GL_FRAGMENT_PROGRAM_ARB);
        }
        glDrawArrays(GL_QUADS, 0, 4);
        glDisable(GL_FRAGMENT_PROGRAM_ARB);
        glBindVertexArray(0);
        glMatrixPopEXT(GL_MODELVIEW);

        glGetTextureLevelParameterivEXT(textures[0], GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &v);
        f.add(&v, sizeof v);
        glGetTextureImageEXT(textures[0], GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                             pixels.data());
        f.add(pixels.data(), pixels.size());
        glGetTextureImageEXT(textures[2], GL_TEXTURE_2D, 0, GL_RED, GL_UNSIGNED_BYTE,
                             pixels.data());
        f.add(pixels.data(), 4);
        glGetMultiTexEnvivEXT(GL_TEXTURE1, GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, &v);
        f.add(&v, sizeof v);
        glGetIntegerIndexedvEXT(GL_TEXTURE_BINDING_2D, 1, &v);
        f.add(&v, sizeof v);
        glGetNamedFramebufferAttachmentParameterivEXT(fb, GL_COLOR_ATTACHMENT0,
                                                      GL_FRAMEBUFFER_ATTACHMENT_OBJECT_NAME, &v);
        f.add(&v, sizeof v);
        GLfloat local[4];
        glGetNamedProgramLocalParameterfvEXT(program, GL_FRAGMENT_PROGRAM_ARB, 3, local);
        f.add(local, sizeof local);
        glGetVertexArrayIntegervEXT(vao, GL_VERTEX_ARRAY_BUFFER_BINDING, &v);
        f.add(&v, sizeof v);
        auto* mapped = static_cast<GLfloat*>(glMapNamedBufferEXT(buffers[0], GL_READ_WRITE));
        if (!mapped)
            Frames::fail("a buffer cannot be mapped");
        mapped[0] -= 0.001f;
        f.add(mapped, sizeof corners);
        glUnmapNamedBufferEXT(buffers[0]);

        // What is refused leaves no trace.
        glTextureParameteriEXT(textures[0], GL_TEXTURE_3D, GL_TEXTURE_WRAP_R, GL_REPEAT);
        glGetVertexArrayIntegervEXT(12345, GL_VERTEX_ARRAY_SIZE, &v);
        if (glGetError() != GL_INVALID_OPERATION || glGetError() != GL_NO_ERROR)
            Frames::fail("not the error that is due");
        glPushClientAttribDefaultEXT(GL_CLIENT_ALL_ATTRIB_BITS);
        glGetIntegerv(GL_UNPACK_ALIGNMENT, &v);
        f.add(&v, sizeof v);
        glPopClientAttrib();
        glGetIntegerv(GL_UNPACK_ALIGNMENT, &v);
        f.add(&v, sizeof v);
        f.done();
    }
}
