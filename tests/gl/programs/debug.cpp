// Debug messages: callbacks at once and later, filters in groups, the log; of the app's own and of
// the driver (errors).
#include "frame.h"
#include <cstring>
#include <pthread.h>
#include <string>

static Frames* g_frames;
static pthread_t g_thread;
static int g_calls;
static std::string g_said;

static void said(GLenum source, GLenum type, GLuint id, GLenum severity, GLsizei length,
                 const GLchar* text, const void* user) {
    if (user != &g_calls || !pthread_equal(pthread_self(), g_thread) ||
        (size_t)length != strlen(text))
        Frames::fail("callback");
    ++g_calls;
    // The driver's own words and numbers are its own; that it said something is not.
    if (source != GL_DEBUG_SOURCE_API) {
        g_frames->add(text, (size_t)length);
        g_frames->add(&id, 4);
    }
    g_frames->add(&type, 4);
    g_frames->add(&severity, 4);
}

static void insert(GLuint id, GLenum severity, const char* text) {
    glDebugMessageInsert(GL_DEBUG_SOURCE_APPLICATION, GL_DEBUG_TYPE_MARKER, id, severity, -1, text);
}

int main(int argc, char** argv) {
    const EGLint debug[] = {EGL_CONTEXT_MAJOR_VERSION,
                            4,
                            EGL_CONTEXT_MINOR_VERSION,
                            5,
                            EGL_CONTEXT_OPENGL_DEBUG,
                            EGL_TRUE,
                            EGL_NONE};
    Frames f(32, 16, debug);
    g_frames = &f;
    g_thread = pthread_self();
    glDebugMessageCallback(said, &g_calls);
    glEnable(GL_DEBUG_OUTPUT_SYNCHRONOUS);
    glDebugMessageControl(GL_DONT_CARE, GL_DONT_CARE, GL_DONT_CARE, 0, nullptr, GL_TRUE);
    glDebugMessageControl(GL_DEBUG_SOURCE_API, GL_DEBUG_TYPE_OTHER, GL_DONT_CARE, 0, nullptr,
                          GL_FALSE);
    glDebugMessageControl(GL_DEBUG_SOURCE_API, GL_DEBUG_TYPE_PERFORMANCE, GL_DONT_CARE, 0, nullptr,
                          GL_FALSE);
    const GLuint quiet[] = {3, 5};
    glDebugMessageControl(GL_DEBUG_SOURCE_APPLICATION, GL_DEBUG_TYPE_MARKER, GL_DONT_CARE, 2, quiet,
                          GL_FALSE);
    glPushDebugGroup(GL_DEBUG_SOURCE_APPLICATION, 77, -1, "outer");
    glDebugMessageControl(GL_DEBUG_SOURCE_APPLICATION, GL_DEBUG_TYPE_MARKER, GL_DEBUG_SEVERITY_LOW,
                          0, nullptr, GL_FALSE);
    const int frames = frames_wanted(argc, argv);
    for (int frame = 0; frame < frames; ++frame) {
        glClearColor((float)(frame % 7) / 7, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        const int before = g_calls;
        insert((GLuint)frame % 8, GL_DEBUG_SEVERITY_HIGH, "high"); // 3 and 5 are filtered
        insert(100, GL_DEBUG_SEVERITY_LOW, "low");                 // filtered in the group
        const bool filtered = frame % 8 == 3 || frame % 8 == 5;
        if (g_calls != before + !filtered)
            Frames::fail("inserted messages");
        glEnable(0x1234); // the driver complains, at once
        if (g_calls != before + !filtered + 1)
            Frames::fail("the driver's message");
        if (glGetError() != GL_INVALID_ENUM || glGetError())
            Frames::fail("error");
        // The log, without a callback: kept over a new renderer.
        glDebugMessageCallback(nullptr, nullptr);
        insert(200, GL_DEBUG_SEVERITY_HIGH, "logged");
        insert(201, GL_DEBUG_SEVERITY_HIGH, "logged too");
        GLint logged = 0, next = 0;
        glGetIntegerv(GL_DEBUG_LOGGED_MESSAGES, &logged);
        glGetIntegerv(GL_DEBUG_NEXT_LOGGED_MESSAGE_LENGTH, &next);
        GLuint ids[4] = {};
        char text[64] = {};
        const GLuint n =
            glGetDebugMessageLog(4, sizeof text, nullptr, nullptr, ids, nullptr, nullptr, text);
        if (logged != 2 || next != 7 || n != 2)
            Frames::fail("log");
        f.add(ids, sizeof ids);
        f.add(text, sizeof text);
        glDebugMessageCallback(said, &g_calls);
        if (frame % 3 == 2) { // later ones: delivered when something waits
            glDisable(GL_DEBUG_OUTPUT_SYNCHRONOUS);
            glEnable(0x1234);
            glGetError();
            glFinish();
            glEnable(GL_DEBUG_OUTPUT_SYNCHRONOUS);
        }
        if (frame % 10 == 9) {
            glPopDebugGroup();
            insert(101, GL_DEBUG_SEVERITY_LOW, "outside");
            glPushDebugGroup(GL_DEBUG_SOURCE_APPLICATION, 78, -1, "again");
            glDebugMessageControl(GL_DEBUG_SOURCE_APPLICATION, GL_DEBUG_TYPE_MARKER,
                                  GL_DEBUG_SEVERITY_LOW, 0, nullptr, GL_FALSE);
        }
        f.add(&g_calls, 4);
        f.done();
    }
}
