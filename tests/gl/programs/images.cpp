// EGL images: textures and renderbuffers with storage in common, of one context and of two that
// share nothing; sources that get other storage, are deleted, or of which a face, a layer, a level
// is the image; images that are destroyed while their siblings go on, or that wait for one.
#include "frame.h"

namespace {

PFNEGLCREATEIMAGEKHRPROC create_image;
PFNEGLDESTROYIMAGEKHRPROC destroy_image;
PFNGLEGLIMAGETARGETTEXTURE2DOESPROC give_texture;
PFNGLEGLIMAGETARGETRENDERBUFFERSTORAGEOESPROC give_renderbuffer;
PFNGLEGLIMAGETARGETTEXSTORAGEEXTPROC give_storage;

GLuint texture(GLenum target, int size, unsigned seed) {
    GLuint t;
    glGenTextures(1, &t);
    glBindTexture(target, t);
    glTexParameteri(target, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(target, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    std::vector<unsigned char> p((size_t)(size * size * size * 4));
    for (size_t i = 0; i < p.size(); ++i)
        p[i] = (unsigned char)(i * 31 + seed * 17 + i / 7);
    if (target == GL_TEXTURE_CUBE_MAP)
        for (GLenum f = 0; f < 6; ++f)
            glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + f, 0, GL_RGBA8, size, size, 0, GL_RGBA,
                         GL_UNSIGNED_BYTE, p.data() + f * 16);
    else if (target == GL_TEXTURE_3D)
        glTexImage3D(target, 0, GL_RGBA8, size, size, size, 0, GL_RGBA, GL_UNSIGNED_BYTE, p.data());
    else
        glTexImage2D(target, 0, GL_RGBA8, size, size, 0, GL_RGBA, GL_UNSIGNED_BYTE, p.data());
    return t;
}

EGLImageKHR image(Frames& f, EGLenum target, GLuint name, const EGLint* attribs = nullptr) {
    const EGLImageKHR i = create_image(f.display, eglGetCurrentContext(), target,
                                       (EGLClientBuffer)(uintptr_t)name, attribs);
    if (!i)
        Frames::fail("eglCreateImage");
    return i;
}

GLuint sibling(EGLImageKHR i) {
    GLuint t;
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    give_texture(GL_TEXTURE_2D, i);
    return t;
}

void add_texture(Frames& f, GLuint t) {
    GLint w = 0, h = 0;
    glBindTexture(GL_TEXTURE_2D, t);
    glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &w);
    glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_HEIGHT, &h);
    std::vector<unsigned char> p((size_t)(w * h * 4));
    glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, p.data());
    f.add(p.data(), p.size());
}

// A triangle and a clear of a corner: what only the driver knows.
void draw_into(GLuint framebuffer, int frame, int size) {
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glViewport(0, 0, size, size);
    glDisable(GL_TEXTURE_2D);
    glColor4f((float)(frame % 7) / 7, 0.5f, (float)(frame % 3) / 3, 1);
    glBegin(GL_TRIANGLES);
    glVertex2f(-1, -1 + 0.1f * (float)(frame % 9));
    glVertex2f(0.9f, -0.5f);
    glVertex2f(-0.2f * (float)(frame % 4), 0.9f);
    glEnd();
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glViewport(0, 0, 64, 64);
}

GLuint framebuffer_of(GLuint t) {
    GLuint fb;
    glGenFramebuffers(1, &fb);
    glBindFramebuffer(GL_FRAMEBUFFER, fb);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    return fb;
}

template <class F>
void load(F& f, const char* name) {
    f = reinterpret_cast<F>(eglGetProcAddress(name));
    if (!f)
        Frames::fail(name);
}

} // namespace

int main(int argc, char** argv) {
    Frames f(64, 64, nullptr);
    load(create_image, "eglCreateImageKHR");
    load(destroy_image, "eglDestroyImageKHR");
    load(give_texture, "glEGLImageTargetTexture2DOES");
    load(give_renderbuffer, "glEGLImageTargetRenderbufferStorageOES");
    load(give_storage, "glEGLImageTargetTexStorageEXT");

    // Written by upload on one side and by drawing on the other.
    const GLuint a = texture(GL_TEXTURE_2D, 16, 1);
    EGLImageKHR image_a = image(f, EGL_GL_TEXTURE_2D_KHR, a);
    const GLuint a2 = sibling(image_a);
    GLuint rb, rb_fb;
    glGenRenderbuffers(1, &rb);
    glBindRenderbuffer(GL_RENDERBUFFER, rb);
    give_renderbuffer(GL_RENDERBUFFER, image_a);
    glGenFramebuffers(1, &rb_fb);
    glBindFramebuffer(GL_FRAMEBUFFER, rb_fb);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);

    // A renderbuffer's image, as immutable storage.
    GLuint rc, rc_fb, c2;
    glGenRenderbuffers(1, &rc);
    glBindRenderbuffer(GL_RENDERBUFFER, rc);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, 24, 24);
    glGenFramebuffers(1, &rc_fb);
    glBindFramebuffer(GL_FRAMEBUFFER, rc_fb);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rc);
    glClearColor(0.2f, 0.4f, 0.6f, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    EGLImageKHR image_c = image(f, EGL_GL_RENDERBUFFER_KHR, rc);
    glGenTextures(1, &c2);
    glBindTexture(GL_TEXTURE_2D, c2);
    give_storage(GL_TEXTURE_2D, image_c, nullptr);
    destroy_image(f.display, image_c);

    // A face, a layer and a level.
    const GLuint cube = texture(GL_TEXTURE_CUBE_MAP, 8, 3);
    EGLImageKHR image_cube = image(f, EGL_GL_TEXTURE_CUBE_MAP_NEGATIVE_Y_KHR, cube);
    const GLuint cube2 = sibling(image_cube), cube_fb = framebuffer_of(cube2);
    const GLuint volume = texture(GL_TEXTURE_3D, 8, 4);
    const EGLint third[] = {EGL_GL_TEXTURE_ZOFFSET_KHR, 3, EGL_NONE};
    EGLImageKHR image_volume = image(f, EGL_GL_TEXTURE_3D_KHR, volume, third);
    const GLuint volume2 = sibling(image_volume);

    // Sources that come and go.
    GLuint moved = texture(GL_TEXTURE_2D, 12, 5), gone = texture(GL_TEXTURE_2D, 20, 6);
    EGLImageKHR image_moved = image(f, EGL_GL_TEXTURE_2D_KHR, moved),
                image_gone = image(f, EGL_GL_TEXTURE_2D_KHR, gone), waiting = image_gone;
    GLuint moved2 = sibling(image_moved), moved_fb = framebuffer_of(moved2);
    GLuint waiting2 = 0;

    // A context that shares nothing with the first.
    EGLContext other = eglCreateContext(f.display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, nullptr);
    EGLSurface none = EGL_NO_SURFACE;
    if (!eglMakeCurrent(f.display, none, none, other))
        Frames::fail("second context");
    const GLuint far = sibling(image_a);
    eglMakeCurrent(f.display, f.surface, f.surface, f.context);

    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0.1f, 0.02f * (float)(i % 20), 0.3f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        const unsigned char texel[4] = {(unsigned char)(i * 5), 9, (unsigned char)i, 255};
        glBindTexture(GL_TEXTURE_2D, i % 2 ? a : a2);
        glTexSubImage2D(GL_TEXTURE_2D, 0, i % 16, i / 3 % 16, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE,
                        texel);
        if (i % 3 == 0)
            draw_into(rb_fb, i, 16);
        add_texture(f, a2);
        if (i % 4 == 1)
            draw_into(rc_fb, i, 24);
        add_texture(f, c2);
        if (i % 5 == 2)
            draw_into(cube_fb, i, 8);
        glBindTexture(GL_TEXTURE_CUBE_MAP, cube);
        unsigned char face[8 * 8 * 4];
        glGetTexImage(GL_TEXTURE_CUBE_MAP_NEGATIVE_Y, 0, GL_RGBA, GL_UNSIGNED_BYTE, face);
        f.add(face, sizeof face);
        glBindTexture(GL_TEXTURE_3D, volume);
        glTexSubImage3D(GL_TEXTURE_3D, 0, i % 8, 2, 3, 1, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, texel);
        add_texture(f, volume2);

        draw_into(moved_fb, i, 12);
        if (i % 12 == 3) { // orphans moved2
            glBindTexture(GL_TEXTURE_2D, moved);
            glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 1, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE, texel);
        } else if (i % 12 == 5) {
            destroy_image(f.display, image_moved);
        } else if (i % 12 == 8) { // and all over again
            glDeleteFramebuffers(1, &moved_fb);
            glDeleteTextures(1, &moved2);
            glDeleteTextures(1, &moved);
            moved = texture(GL_TEXTURE_2D, 12, (unsigned)i);
            image_moved = image(f, EGL_GL_TEXTURE_2D_KHR, moved);
            moved2 = sibling(image_moved);
            moved_fb = framebuffer_of(moved2);
        }
        add_texture(f, moved2);
        add_texture(f, moved);

        if (i % 16 == 2) { // the image alone has it from here
            const GLuint fb = framebuffer_of(gone);
            draw_into(fb, i, 20);
            glDeleteFramebuffers(1, &fb);
            glDeleteTextures(1, &gone);
        } else if (i % 16 == 9) {
            waiting2 = sibling(waiting);
        } else if (i % 16 == 13) {
            destroy_image(f.display, waiting);
            glDeleteTextures(1, &waiting2);
            waiting2 = 0;
            gone = texture(GL_TEXTURE_2D, 20, (unsigned)i);
            waiting = image(f, EGL_GL_TEXTURE_2D_KHR, gone);
        }
        if (waiting2)
            add_texture(f, waiting2);

        glFlush();
        eglMakeCurrent(f.display, none, none, other);
        add_texture(f, far);
        eglMakeCurrent(f.display, f.surface, f.surface, f.context);
        // What is wrong stays wrong.
        if (destroy_image(f.display, (EGLImageKHR)0x1234) || eglGetError() != EGL_BAD_PARAMETER)
            Frames::fail("eglDestroyImage of nothing");
        give_texture(GL_TEXTURE_2D, (GLeglImageOES) nullptr);
        const GLenum wrong = glGetError();
        f.add(&wrong, sizeof wrong);
        f.done();
    }
    return 0;
}
