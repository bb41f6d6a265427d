// What a program asks again and again: random commands that change state, right and wrong ones,
// by hand, by lists and by stacks, in two contexts; after each one some questions out of all whose
// answers glckpt may keep. The checksum over the answers and errors is the native one.
#include "frame.h"
#include "shaders.h"
#include <functional>
#include <random>

namespace {

std::mt19937 g_random(4711);
unsigned pick(unsigned n) { return (unsigned)(g_random() % n); }
template <class T, size_t N>
T one_of(const T (&values)[N]) {
    return values[pick(N)];
}

constexpr GLenum kCaps[] = {GL_BLEND,
                            GL_CULL_FACE,
                            GL_DEPTH_TEST,
                            GL_DITHER,
                            GL_SCISSOR_TEST,
                            GL_STENCIL_TEST,
                            GL_MULTISAMPLE,
                            GL_POLYGON_OFFSET_FILL,
                            GL_SAMPLE_ALPHA_TO_COVERAGE,
                            GL_SAMPLE_ALPHA_TO_ONE,
                            GL_SAMPLE_COVERAGE,
                            GL_COLOR_LOGIC_OP,
                            GL_INDEX_LOGIC_OP,
                            GL_LINE_SMOOTH,
                            GL_POINT_SMOOTH,
                            GL_POLYGON_SMOOTH,
                            GL_LINE_STIPPLE,
                            GL_POLYGON_STIPPLE,
                            GL_ALPHA_TEST,
                            GL_LIGHTING,
                            GL_COLOR_MATERIAL,
                            GL_NORMALIZE,
                            GL_RESCALE_NORMAL,
                            GL_FOG,
                            GL_COLOR_SUM,
                            GL_POINT_SPRITE,
                            GL_LIGHT0,
                            GL_LIGHT7,
                            GL_DEPTH_CLAMP,
                            GL_FRAMEBUFFER_SRGB,
                            GL_PROGRAM_POINT_SIZE,
                            GL_RASTERIZER_DISCARD,
                            GL_TEXTURE_CUBE_MAP_SEAMLESS,
                            GL_CLIP_PLANE0,
                            GL_CLIP_PLANE5};

constexpr int kOwn = 4; // objects of each kind that a context has
enum Kind {
    kNone,
    kFramebuffer,
    kRenderbuffer,
    kTexture,
    kSampler,
    kVertexArray,
    kProgram,
    kKinds
};

struct Question {
    GLenum pname;
    int values;
    int kind = 0; // of the object that is named: its number may differ from run to run
};
constexpr Question kQuestions[] = {{GL_VIEWPORT, 4},
                                   {GL_DEPTH_RANGE, 2},
                                   {GL_SCISSOR_BOX, 4},
                                   {GL_BLEND_SRC, 1},
                                   {GL_BLEND_DST_ALPHA, 1},
                                   {GL_BLEND_SRC_RGB, 1},
                                   {GL_BLEND_EQUATION_RGB, 1},
                                   {GL_BLEND_EQUATION_ALPHA, 1},
                                   {GL_BLEND_COLOR, 4},
                                   {GL_COLOR_WRITEMASK, 4},
                                   {GL_COLOR_CLEAR_VALUE, 4},
                                   {GL_LOGIC_OP_MODE, 1},
                                   {GL_ALPHA_TEST_FUNC, 1},
                                   {GL_ALPHA_TEST_REF, 1},
                                   {GL_DEPTH_FUNC, 1},
                                   {GL_DEPTH_WRITEMASK, 1},
                                   {GL_DEPTH_CLEAR_VALUE, 1},
                                   {GL_STENCIL_FUNC, 1},
                                   {GL_STENCIL_WRITEMASK, 1},
                                   {GL_STENCIL_CLEAR_VALUE, 1},
                                   {GL_STENCIL_PASS_DEPTH_PASS, 1},
                                   {GL_STENCIL_BACK_FUNC, 1},
                                   {GL_STENCIL_BACK_WRITEMASK, 1},
                                   {GL_STENCIL_BACK_FAIL, 1},
                                   {GL_CULL_FACE_MODE, 1},
                                   {GL_FRONT_FACE, 1},
                                   {GL_LINE_WIDTH, 1},
                                   {GL_POINT_SIZE, 1},
                                   {GL_POLYGON_OFFSET_FACTOR, 1},
                                   {GL_POLYGON_OFFSET_UNITS, 1},
                                   {GL_SHADE_MODEL, 1},
                                   {GL_PROVOKING_VERTEX, 1},
                                   {GL_SAMPLE_COVERAGE_VALUE, 1},
                                   {GL_SAMPLE_COVERAGE_INVERT, 1},
                                   {GL_PRIMITIVE_RESTART_INDEX, 1},
                                   {GL_FRAMEBUFFER_BINDING, 1, kFramebuffer},
                                   {GL_READ_FRAMEBUFFER_BINDING, 1, kFramebuffer},
                                   {GL_DRAW_BUFFER, 1},
                                   {GL_READ_BUFFER, 1},
                                   {GL_DOUBLEBUFFER, 1},
                                   {GL_RENDERBUFFER_BINDING, 1, kRenderbuffer},
                                   {GL_ACTIVE_TEXTURE, 1},
                                   {GL_TEXTURE_BINDING_1D, 1, kTexture},
                                   {GL_TEXTURE_BINDING_2D, 1, kTexture},
                                   {GL_TEXTURE_BINDING_3D, 1, kTexture},
                                   {GL_SAMPLER_BINDING, 1, kSampler},
                                   {GL_CURRENT_PROGRAM, 1, kProgram},
                                   {GL_VERTEX_ARRAY_BINDING, 1, kVertexArray},
                                   {GL_MATRIX_MODE, 1},
                                   {GL_MODELVIEW_MATRIX, 16},
                                   {GL_PROJECTION_MATRIX, 16},
                                   {GL_MODELVIEW_STACK_DEPTH, 1},
                                   {GL_MAX_TEXTURE_SIZE, 1},
                                   {GL_MAX_VIEWPORT_DIMS, 2},
                                   {GL_MAJOR_VERSION, 1}};

struct Side {
    EGLSurface surface;
    EGLContext context;
    GLuint names[kKinds][kOwn];
    GLuint list;
    int pushed; // client attributes; glckpt refuses to lose a vertex array that they hold
};

Frames* g_frames;
Side* g_now;

template <class T>
void add(T v) {
    g_frames->add(&v, sizeof v);
}

int number_of(int kind, GLuint name) {
    for (int i = 0; name && i < kOwn; ++i)
        if (g_now->names[kind][i] == name)
            return i + 1;
    return name ? 99 : 0;
}

template <class T>
void ask_in(const Question& q, void (*get)(GLenum, T*)) {
    T v[16];
    for (T& x : v)
        x = (T)77;
    get(q.pname, v);
    if (q.kind)
        return add(number_of(q.kind, (GLuint)v[0]));
    g_frames->add(v, sizeof(T) * (size_t)q.values);
}

void ask() {
    if (pick(3) == 0) {
        const GLenum cap = one_of(kCaps);
        if (g_frames->trace)
            printf("ask %#x\n", cap);
        if (pick(2))
            return add(glIsEnabled(cap));
        return ask_in<GLboolean>({cap, 1}, glGetBooleanv);
    }
    const Question q = one_of(kQuestions);
    if (g_frames->trace)
        printf("ask %#x\n", q.pname);
    switch (q.kind ? 0 : pick(4)) {
    case 0:
        return ask_in<GLint>(q, glGetIntegerv);
    case 1:
        return ask_in<GLfloat>(q, glGetFloatv);
    case 2:
        return ask_in<GLdouble>(q, glGetDoublev);
    default:
        return ask_in<GLboolean>(q, glGetBooleanv);
    }
}

GLfloat part() { return (GLfloat)pick(9) / 8; }
GLboolean yes() { return pick(2) ? GL_TRUE : GL_FALSE; }

constexpr GLenum kFactors[] = {GL_ZERO, GL_ONE, GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA};
constexpr GLenum kEquations[] = {GL_FUNC_ADD, GL_FUNC_SUBTRACT, GL_MIN};
constexpr GLenum kCompare[] = {GL_NEVER, GL_LESS, GL_ALWAYS, GL_INVALID_ENUM};
constexpr GLenum kOps[] = {GL_KEEP, GL_ZERO, GL_INCR, GL_FRONT};
constexpr GLenum kFaces[] = {GL_FRONT, GL_BACK, GL_FRONT_AND_BACK};
constexpr GLenum kTargets[] = {GL_FRAMEBUFFER, GL_READ_FRAMEBUFFER, GL_DRAW_FRAMEBUFFER};
constexpr GLenum kTextures[] = {GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D};
// Mesa 22.3 puts back less of these than it should: the live set must follow it, and the driver be
// asked (src/prune/fold/touched.cpp, src/replay/told).
// Without textures: what a stack brings back after a texture was deleted may have another's number.
constexpr GLbitfield kGroups[] = {GL_ALL_ATTRIB_BITS & ~GL_TEXTURE_BIT, GL_ENABLE_BIT,
                                  GL_VIEWPORT_BIT, GL_COLOR_BUFFER_BIT | GL_SCISSOR_BIT,
                                  GL_TRANSFORM_BIT};

// These may be compiled into lists.
const std::function<void()> kState[] = {
    [] { glEnable(one_of(kCaps)); },
    [] { glDisable(one_of(kCaps)); },
    [] { glEnable(one_of(kCaps)); },
    [] { glDisable(one_of(kCaps)); },
    [] { glEnablei(GL_BLEND, pick(2)); },
    [] { glDisablei(GL_BLEND, pick(2)); },
    [] { glEnable(GL_VIEWPORT); },
    [] { glViewport((GLint)pick(9), (GLint)pick(9), (GLsizei)pick(64) - 8, 16); },
    [] { glViewportIndexedf(pick(3), part(), part(), 8, 8); },
    [] { glDepthRange(part(), part()); },
    [] { glDepthRangeIndexed(pick(2), part(), part()); },
    [] { glScissor((GLint)pick(9), (GLint)pick(9), (GLsizei)pick(64) - 8, 16); },
    [] { glScissorIndexed(pick(2), (GLint)pick(9), (GLint)pick(9), 8, 8); },
    [] { glBlendFunc(one_of(kFactors), one_of(kFactors)); },
    [] {
        glBlendFuncSeparate(one_of(kFactors), one_of(kFactors), one_of(kFactors), one_of(kFactors));
    },
    [] { glBlendFunci(pick(2), one_of(kFactors), one_of(kFactors)); },
    [] { glBlendEquation(one_of(kEquations)); },
    [] { glBlendEquationSeparate(one_of(kEquations), one_of(kEquations)); },
    [] { glBlendColor(part(), part(), part(), part()); },
    [] { glColorMask(yes(), yes(), yes(), yes()); },
    [] { glColorMaski(pick(2), yes(), yes(), yes(), yes()); },
    [] { glClearColor(part(), part(), part(), part()); },
    [] { glLogicOp(pick(2) ? GL_COPY : GL_XOR); },
    [] { glAlphaFunc(one_of(kCompare), part()); },
    [] { glDepthFunc(one_of(kCompare)); },
    [] { glDepthMask(yes()); },
    [] { glClearDepth(part()); },
    [] { glStencilFunc(one_of(kCompare), (GLint)pick(9), pick(256)); },
    [] { glStencilFuncSeparate(one_of(kFaces), one_of(kCompare), (GLint)pick(9), pick(256)); },
    [] { glStencilOp(one_of(kOps), one_of(kOps), one_of(kOps)); },
    [] { glStencilOpSeparate(one_of(kFaces), one_of(kOps), one_of(kOps), one_of(kOps)); },
    [] { glStencilMask(pick(256)); },
    [] { glStencilMaskSeparate(one_of(kFaces), pick(256)); },
    [] { glClearStencil((GLint)pick(9)); },
    [] { glCullFace(one_of(kFaces)); },
    [] { glFrontFace(pick(2) ? GL_CW : GL_CCW); },
    [] { glLineWidth((GLfloat)pick(9)); },
    [] { glPointSize((GLfloat)pick(9)); },
    [] { glPolygonOffset(part(), part()); },
    [] { glShadeModel(pick(2) ? GL_FLAT : GL_SMOOTH); },
    [] { glProvokingVertex(pick(2) ? GL_FIRST_VERTEX_CONVENTION : GL_LAST_VERTEX_CONVENTION); },
    [] { glSampleCoverage(part(), yes()); },
    [] { glActiveTexture(GL_TEXTURE0 + pick(3)); },
    [] { glBindTexture(one_of(kTextures), 0); },
    [] { glUseProgram(pick(3) ? g_now->names[kProgram][pick(kOwn)] : 0); },
    [] { glMatrixMode(pick(2) ? GL_MODELVIEW : GL_PROJECTION); },
    [] { glLoadIdentity(); },
    [] { glTranslatef(part(), part(), part()); },
    [] { glRotatef(90 * part(), 0, 0, 1); },
    [] { glPushMatrix(); },
    [] { glPopMatrix(); },
    [] { glPushAttrib(one_of(kGroups)); },
    [] { glPopAttrib(); },
};

// Into lists goes only what no driver rejects.
const std::function<void()> kRight[] = {
    [] { glEnable(one_of(kCaps)); },
    [] { glDisable(one_of(kCaps)); },
    [] { glDisablei(GL_BLEND, pick(2)); },
    [] { glViewport((GLint)pick(9), (GLint)pick(9), 24, 16); },
    [] { glScissor((GLint)pick(9), (GLint)pick(9), 8, 16); },
    [] { glBlendFunc(one_of(kFactors), one_of(kFactors)); },
    [] { glBlendFunci(pick(2), one_of(kFactors), one_of(kFactors)); },
    [] { glColorMask(yes(), yes(), yes(), yes()); },
    [] { glDepthFunc(pick(2) ? GL_LESS : GL_ALWAYS); },
    [] { glStencilMaskSeparate(one_of(kFaces), pick(256)); },
    [] { glActiveTexture(GL_TEXTURE0 + pick(3)); },
    [] { glUseProgram(g_now->names[kProgram][0]); },
    [] { glMatrixMode(pick(2) ? GL_MODELVIEW : GL_PROJECTION); },
    [] { glTranslatef(part(), part(), part()); },
};

void delete_and_make_again(void (*drop)(GLsizei, const GLuint*), void (*make)(GLsizei, GLuint*),
                           GLuint* name) {
    drop(1, name);
    ask(); // before another has the number
    make(1, name);
}

const std::function<void()> kObjects[] = {
    [] { glBindFramebuffer(one_of(kTargets), pick(2) ? one_of(g_now->names[kFramebuffer]) : 0); },
    [] { glDrawBuffer(pick(2) ? GL_BACK : GL_COLOR_ATTACHMENT0); },
    [] { glReadBuffer(pick(2) ? GL_BACK : GL_COLOR_ATTACHMENT1); },
    [] {
        const GLenum bufs[] = {GL_COLOR_ATTACHMENT1, GL_NONE};
        glDrawBuffers(2, bufs);
    },
    [] {
        delete_and_make_again(glDeleteFramebuffers, glGenFramebuffers,
                              &g_now->names[kFramebuffer][pick(kOwn)]);
    },
    [] { glNamedFramebufferDrawBuffer(one_of(g_now->names[kFramebuffer]), GL_NONE); },
    [] { glBindRenderbuffer(GL_RENDERBUFFER, one_of(g_now->names[kRenderbuffer])); },
    [] {
        delete_and_make_again(glDeleteRenderbuffers, glGenRenderbuffers,
                              &g_now->names[kRenderbuffer][pick(kOwn)]);
    },
    [] { glBindTexture(GL_TEXTURE_2D, g_now->names[kTexture][pick(kOwn)]); },
    [] { glBindTextureUnit(pick(3), g_now->names[kTexture][pick(kOwn)]); },
    [] { glBindTextures(0, 3, g_now->names[kTexture]); },
    [] {
        delete_and_make_again(glDeleteTextures, glGenTextures, &g_now->names[kTexture][pick(kOwn)]);
    },
    [] { add(glIsTexture(one_of(g_now->names[kTexture]))); },
    [] { add(glIsFramebuffer(one_of(g_now->names[kFramebuffer]))); },
    [] { add(glIsVertexArray(one_of(g_now->names[kVertexArray]))); },
    [] { glBindSampler(pick(3), one_of(g_now->names[kSampler])); },
    [] {
        delete_and_make_again(glDeleteSamplers, glGenSamplers, &g_now->names[kSampler][pick(kOwn)]);
    },
    [] { glBindVertexArray(one_of(g_now->names[kVertexArray])); },
    [] {
        if (g_now->pushed == 0)
            delete_and_make_again(glDeleteVertexArrays, glGenVertexArrays,
                                  &g_now->names[kVertexArray][pick(kOwn)]);
    },
    [] {
        glPushClientAttrib(GL_CLIENT_ALL_ATTRIB_BITS);
        ++g_now->pushed;
    },
    [] {
        glPopClientAttrib();
        g_now->pushed -= g_now->pushed > 0;
    },
    [] {
        glNewList(g_now->list, pick(2) ? GL_COMPILE : GL_COMPILE_AND_EXECUTE);
        for (unsigned i = pick(5); i; --i) {
            one_of(kRight)();
            ask();
        }
        glEndList();
    },
    [] { glCallList(g_now->list); },
    [] {
        GLint ok = 0, uniforms = 0;
        const GLuint p = one_of(g_now->names[kProgram]);
        glGetProgramiv(p, GL_LINK_STATUS, &ok);
        glGetProgramiv(p, GL_ACTIVE_UNIFORMS, &uniforms);
        add(ok);
        add(uniforms);
    },
    [] { // the vertex shader alone, or both: other uniforms
        const GLuint p = g_now->names[kProgram][1];
        const GLuint s = shader(GL_FRAGMENT_SHADER, pick(2) ? "uniform vec4 a, b; void main() { "
                                                              "gl_FragColor = a + b; }"
                                                            : "void main() { "
                                                              "gl_FragColor = vec4(1); }");
        glAttachShader(p, s);
        glLinkProgram(p);
        glDetachShader(p, s);
        glDeleteShader(s);
    },
};

void make_objects() {
    Side& s = *g_now;
    glGenFramebuffers(kOwn, s.names[kFramebuffer]);
    glGenRenderbuffers(kOwn, s.names[kRenderbuffer]);
    glGenSamplers(kOwn, s.names[kSampler]);
    glGenVertexArrays(kOwn, s.names[kVertexArray]);
    glGenTextures(kOwn, s.names[kTexture]);
    for (GLuint& p : s.names[kProgram])
        p = program({{GL_VERTEX_SHADER, "void main() { gl_Position = gl_Vertex; }"},
                     {GL_FRAGMENT_SHADER, "uniform vec4 c; void main() { gl_FragColor = c; }"}});
    s.list = glGenLists(1);
}

} // namespace

int main(int argc, char** argv) {
    Frames f(32, 32, nullptr);
    g_frames = &f;
    EGLConfig config;
    EGLint n = 0, id = 0;
    eglQueryContext(f.display, f.context, EGL_CONFIG_ID, &id);
    const EGLint same[] = {EGL_CONFIG_ID, id, EGL_NONE},
                 size[] = {EGL_WIDTH, 16, EGL_HEIGHT, 16, EGL_NONE};
    eglChooseConfig(f.display, same, &config, 1, &n);
    Side sides[2] = {{.surface = f.surface, .context = f.context},
                     {.surface = eglCreatePbufferSurface(f.display, config, size),
                      .context = eglCreateContext(f.display, config, f.context, nullptr)}};
    for (Side& s : sides) {
        g_now = &s;
        eglMakeCurrent(f.display, s.surface, s.surface, s.context);
        make_objects();
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT |
                GL_STENCIL_BUFFER_BIT); // no memory of others'
    }
    const int frames = frames_wanted(argc, argv);
    const char* watched = getenv("FRAME_WATCH");
    if (argc > 2)
        g_random.seed((unsigned)atoi(argv[2]));
    for (int i = 0; i < frames; ++i) {
        for (int k = 0; k < 60; ++k) {
            if (pick(20) == 0) {
                g_now = &sides[pick(2)];
                eglMakeCurrent(f.display, g_now->surface, g_now->surface, g_now->context);
            }
            const bool state = pick(3);
            const unsigned which =
                pick((unsigned)(state ? std::size(kState) : std::size(kObjects)));
            if (f.trace)
                printf("do %s %u\n", state ? "kState" : "kObjects", which);
            (state ? kState : kObjects)[which]();
            if (watched) { // to find when what differs began to
                GLdouble v[16] = {};
                char* index = nullptr; // FRAME_WATCH=PNAME[:INDEX]
                glGetDoublev((GLenum)strtoul(watched, &index, 0), v);
                printf("watched %u: %g\n", (unsigned)(g_now - sides),
                       v[*index ? atoi(index + 1) & 15 : 0]);
            }
            for (unsigned q = pick(4); q; --q)
                ask();
            if (pick(2))
                add(glGetError());
        }
        // What is left over must not end the test; the picture is the default framebuffer's.
        while (glGetError())
            ;
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glReadBuffer(GL_BACK);
        glPixelStorei(GL_PACK_ALIGNMENT, 4);
        while (glGetError())
            ;
        f.done();
    }
    return 0;
}
