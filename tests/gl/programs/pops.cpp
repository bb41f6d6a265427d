// Attribute stacks that stand from one frame to the next, and what pops leave: what lists push and
// pop, groups that an inner level has changed, parts that a driver does not put back.
#include "frame.h"

namespace {

Frames* g_frames;

void say(GLenum pname, int n) {
    GLdouble v[16] = {};
    glGetDoublev(pname, v);
    g_frames->add(v, sizeof v[0] * (size_t)n);
}

void say_all() {
    for (const GLenum cap :
         {GL_BLEND, GL_DEPTH_TEST, GL_COLOR_SUM, GL_LIGHT1, GL_LIGHTING, GL_CLIP_PLANE1, GL_FOG,
          GL_RASTERIZER_DISCARD, GL_TEXTURE_CUBE_MAP_SEAMLESS, GL_SCISSOR_TEST, GL_NORMALIZE,
          GL_PROGRAM_POINT_SIZE, GL_SAMPLE_MASK, GL_LINE_STIPPLE, GL_TEXTURE_2D}) {
        const GLboolean on = glIsEnabled(cap);
        g_frames->add(&on, sizeof on);
    }
    for (const GLenum pname :
         {GL_DEPTH_FUNC, GL_BLEND_EQUATION_RGB, GL_BLEND_EQUATION_ALPHA, GL_PROVOKING_VERTEX,
          GL_SHADE_MODEL, GL_MATRIX_MODE, GL_LINE_WIDTH, GL_POINT_SIZE, GL_FOG_DENSITY,
          GL_CULL_FACE_MODE, GL_STENCIL_BACK_FUNC, GL_ATTRIB_STACK_DEPTH, GL_ACTIVE_TEXTURE,
          GL_LIST_BASE, GL_ZOOM_X, GL_FOG_COORD_SRC, GL_GENERATE_MIPMAP_HINT, GL_DRAW_BUFFER})
        say(pname, 1);
    say(GL_COLOR_CLEAR_VALUE, 4);
    say(GL_VIEWPORT, 4);
    say(GL_DEPTH_RANGE, 2);
    say(GL_LIGHT_MODEL_AMBIENT, 4);
    GLfloat v[4] = {};
    glGetLightfv(GL_LIGHT1, GL_DIFFUSE, v);
    g_frames->add(v, sizeof v);
    glGetTexEnvfv(GL_TEXTURE_ENV, GL_TEXTURE_ENV_COLOR, v);
    g_frames->add(v, sizeof v);
    GLdouble plane[4] = {};
    glGetClipPlane(GL_CLIP_PLANE1, plane);
    g_frames->add(plane, sizeof plane);
}

void flip(GLenum cap) { glIsEnabled(cap) ? glDisable(cap) : glEnable(cap); }

// Something of nearly every group; `i` changes it, and now and then is what it was.
void set_some(int i) {
    const auto f = (GLfloat)(i % 5) / 4;
    switch (i % 12) {
    case 0:
        flip(GL_COLOR_SUM);
        return flip(GL_LIGHT1);
    case 1:
        glProvokingVertex(i % 2 ? GL_FIRST_VERTEX_CONVENTION : GL_LAST_VERTEX_CONVENTION);
        return glShadeModel(i % 3 ? GL_FLAT : GL_SMOOTH);
    case 2:
        return glBlendEquationSeparate(GL_FUNC_ADD, i % 4 ? GL_MIN : GL_FUNC_ADD);
    case 3:
        flip(GL_RASTERIZER_DISCARD);
        return flip(GL_TEXTURE_CUBE_MAP_SEAMLESS);
    case 4:
        glDepthFunc(i % 3 ? GL_LESS : GL_ALWAYS);
        return flip(GL_DEPTH_TEST);
    case 5:
        glMatrixMode(i % 2 ? GL_PROJECTION : GL_MODELVIEW);
        glClearColor(f, 0, 0, 1);
        return flip(GL_CLIP_PLANE1);
    case 6: {
        const GLdouble plane[4] = {f, 1, 2, 3};
        glClipPlane(GL_CLIP_PLANE1, plane);
        const GLfloat color[4] = {f, f, 1, 0};
        glTexEnvfv(GL_TEXTURE_ENV, GL_TEXTURE_ENV_COLOR, color);
        return flip(GL_TEXTURE_2D);
    }
    case 7: {
        const GLfloat color[4] = {f, 0, f, 0};
        glLightfv(GL_LIGHT1, GL_DIFFUSE, color);
        return glLightModelfv(GL_LIGHT_MODEL_AMBIENT, color);
    }
    case 8:
        glViewport(0, 0, 8 + i % 4, 8);
        return glDepthRange(0, f);
    case 9:
        glFogf(GL_FOG_DENSITY, f);
        glFogi(GL_FOG_COORD_SRC, i % 2 ? GL_FOG_COORD : GL_FRAGMENT_DEPTH);
        return flip(GL_FOG);
    case 10:
        glLineWidth(1 + f);
        glPointSize(1 + f);
        return glPixelZoom(1 + f, 1);
    default:
        glStencilFuncSeparate(GL_BACK, i % 2 ? GL_LESS : GL_ALWAYS, 1, 1);
        glActiveTexture(GL_TEXTURE0 + (GLenum)(i % 2));
        glListBase((GLuint)(i % 3));
        return flip(GL_BLEND);
    }
}

} // namespace

int main(int argc, char** argv) {
    Frames f(16, 16, nullptr);
    g_frames = &f;
    glClear(GL_COLOR_BUFFER_BIT);
    // Before anything else pops: what a list leaves, its caller must see.
    const GLuint list = glGenLists(2);
    glNewList(list, GL_COMPILE);
    glPushAttrib(GL_FOG_BIT | GL_LIGHTING_BIT | GL_COLOR_BUFFER_BIT);
    glEnable(GL_COLOR_SUM);
    glProvokingVertex(GL_FIRST_VERTEX_CONVENTION);
    glBlendEquationSeparate(GL_FUNC_ADD, GL_MAX);
    glPopAttrib();
    glEndList();
    glCallList(list);
    say_all();
    glNewList(list + 1, GL_COMPILE_AND_EXECUTE);
    glPushAttrib(GL_DEPTH_BUFFER_BIT | GL_TRANSFORM_BIT);
    glMatrixMode(GL_TEXTURE);
    glPopAttrib();
    glEndList();
    constexpr GLbitfield kMasks[] = {GL_ENABLE_BIT,
                                     GL_ALL_ATTRIB_BITS,
                                     GL_LIGHTING_BIT,
                                     GL_COLOR_BUFFER_BIT,
                                     GL_VIEWPORT_BIT,
                                     GL_TRANSFORM_BIT | GL_FOG_BIT,
                                     GL_TEXTURE_BIT,
                                     GL_DEPTH_BUFFER_BIT | GL_LINE_BIT,
                                     GL_PIXEL_MODE_BIT | GL_STENCIL_BUFFER_BIT | GL_LIST_BIT};
    const int frames = frames_wanted(argc, argv);
    int depth = 0;
    for (int i = 0; i < frames; ++i) {
        for (int k = 0; k < 24; ++k) {
            const int n = i * 7 + k * 5 + i * k;
            set_some(n);
            if (n % 7 == 0 && depth < 12) {
                glPushAttrib(kMasks[n / 7 % 9]);
                ++depth;
            } else if (n % 9 == 1 && depth > 0) {
                glPopAttrib();
                --depth;
            } else if (n % 13 == 2) {
                glCallList(list + (GLuint)(n % 2));
            }
            if (k == 12)
                say_all();
        }
        say_all();
        f.done();
    }
    return 0;
}
