// The app's window system objects: displays with their frozen configs, contexts, drawables.
//
// What the app holds (GLXContext, GLXFBConfig, XIDs, EGL handles) are these objects or their
// numbers. They live in the app's memory and never change, whatever renderer, driver or X server
// is behind them; attach.cpp makes a new renderer's real ones from them.
//
// One lock guards the tables (world().lock). It is never held over a question to the renderer: if
// the renderer dies over it, the question first attaches a new one, which reads these tables.
#pragma once
#include "base/lock.h"
#include "interpose/gl/context.h"
#include "interpose/live/stress.h"
#include "interpose/session.h"
#include "log/ws_protocol.h"
#include <climits>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace glckpt::ws {

using namespace log::ws;

constexpr int32_t kNoValue = INT_MIN; // the driver does not know this attribute

struct DisplayObject;

// A frozen config. What the app has as GLXFBConfig or EGLConfig is a pointer to one.
struct Config {
    DisplayObject* display;
    int32_t index;         // its number in questions
    const int32_t* values; // a row, in the order of kGlxConfigAttribs or kEglConfigAttribs
    int32_t at(int column) const { return values[column]; }
};

struct DisplayObject {
    uint32_t id = 0;
    DisplayKind kind{};
    uint32_t screen = 0, device = 0;
    std::string app_name; // X: as the app opened it
    int32_t major = 0, minor = 0;
    std::vector<int32_t> rows; // frozen; visual ids are the app's
    std::vector<Config> configs;
    // Which configs the program has made something of (world().lock), and which of them the
    // present renderer knows by their numbers; empty: all.
    std::vector<bool> used, known;
    // GLX: configs seen through visuals, which glXChooseVisual and glXGetConfig work on.
    std::vector<int32_t> visual_rows;
    std::vector<Config> visuals;
    // Strings frozen at first use, by (StringOf, name).
    std::unordered_map<uint64_t, std::string> strings;

    bool is_glx() const { return kind == DisplayKind::Glx; }
    int columns() const { return is_glx() ? kGlxConfigColumns : kEglConfigColumns; }
};

struct Surface {
    uint64_t id = 0; // GLX: the XID; EGL: beyond 32 bits
    DisplayObject* display = nullptr;
    SurfaceKind kind{};
    int32_t config = -1; // GlxBareWindow: of the context that made it a drawable (current.cpp)
    uint32_t visual = 0; // GlxOldPixmap: the app's visual id
    uint64_t native = 0; // the app's XID
    std::vector<int32_t> attribs;
    int32_t width = 0, height = 0; // pbuffers
    unsigned long event_mask = 0;
    uint32_t last_context = 0; // that was current with it
    int uses = 0;              // by contexts that are current in some thread
    bool destroyed = false;    // by the app, while in use
    bool in_texture = false;   // EGL: bound to one
    bool reached = false;      // the app's requests about it are known to have reached the server
    std::unordered_map<int32_t, int32_t> settings; // EGL: eglSurfaceAttrib
    bool is_window() const {
        return kind == SurfaceKind::GlxBareWindow || kind == SurfaceKind::GlxWindow ||
               kind == SurfaceKind::EglWindow;
    }
};

struct Thread;

// A context as the window system sees it; what the app has as GLXContext or EGLContext.
struct WsContext {
    Context* gl = nullptr;
    DisplayObject* display = nullptr;
    // What it was made from.
    CreateContext made{};
    uint32_t visual = 0; // GlxLegacy: the app's visual id
    std::vector<int32_t> attribs;
    int32_t major = 1; // EGL_CONTEXT_CLIENT_VERSION
    bool flush_on_release = true;
    bool had_drawable = false; // ever
    unsigned glx_id = 0;

    Thread* owner = nullptr; // the thread it is current in
    bool destroyed = false;  // by the app, while current
    // What it is current with in the renderer. It stays so after the app has released it (the
    // stream's thread there does nothing else), until somebody else wants the drawable.
    bool bound = false;
    Surface* draw = nullptr;
    Surface* read = nullptr;
    // Drawables that it was made current with last, even if it is bound to none now.
    uint64_t last_drawables[2] = {};
};

struct Thread {
    WsContext* current = nullptr;
    void* glx_display = nullptr; // the Display* of glXMakeCurrent
    int32_t egl_error = 0x3000;  // EGL_SUCCESS
    uint32_t egl_api = 0x30A0;   // EGL_OPENGL_ES_API
    bool has_exit_hook = false;
};
extern thread_local Thread t_thread;

struct World {
    Mutex lock;
    std::vector<std::unique_ptr<DisplayObject>> displays;
    std::unordered_set<WsContext*> contexts; // that the app may name
    std::vector<WsContext*> live_contexts;   // that the renderer has
    std::unordered_map<uint64_t, std::unique_ptr<Surface>> surfaces;
    uint32_t next_display = 1;
    uint64_t next_surface = (uint64_t)1 << 32;
    uint32_t attaches = 0; // how often a new renderer has been made from these tables
};
World& world(); // the first call also sets g_ws_attach

// What the renderer is asked to do and what the tables say must agree in every renderer: one that
// is attached between the question (a checkpoint may stop the thread there, or the renderer die)
// and the note in the tables knows nothing of it. So it is asked again, until no renderer came in
// between; questions of this kind may be repeated (replay/ws/ws.cpp). `ask` is called without,
// `note` with world().lock held; `ask` says whether there is something to note.
template <class Ask, class Note>
bool settle(Ask&& ask, Note&& note) {
    World& w = world();
    for (const StressPause again;; again.begin()) {
        uint32_t before;
        {
            Locked hold(w.lock);
            before = w.attaches;
        }
        if (!ask())
            return false;
        Locked hold(w.lock);
        if (w.attaches == before) {
            note();
            return true;
        }
    }
}

// --- questions (world.cpp)
std::vector<char> ask(Kind kind, const void* q, size_t bytes, std::span<const int32_t> rest = {});
template <class Q>
std::vector<char> ask(Kind kind, const Q& q, std::span<const int32_t> rest = {}) {
    return ask(kind, &q, sizeof q, rest);
}
template <class A, class Q>
A ask_for(Kind kind, const Q& q, std::span<const int32_t> rest = {}) {
    const std::vector<char> bytes = ask(kind, &q, sizeof q, rest);
    A a{};
    memcpy(&a, bytes.data(), bytes.size() < sizeof a ? bytes.size() : sizeof a);
    return a;
}
std::vector<int32_t> values_of(const std::vector<char>& answer);

// Opens a display in the renderer, freezes its configs, and has `note` put it into the tables
// (world().lock is held). False: the renderer cannot; *error is EGL's.
bool open_display(DisplayObject& d, int32_t* error, const std::function<void()>& note);
OpenDisplay question_of(const DisplayObject& d);
// Frozen at first use.
const std::string& display_string(DisplayObject& d, StringOf of, int32_t name);
int column_of(const DisplayObject& d, int32_t attrib); // -1: none

CreateContext question_of(const WsContext& c);
CreateSurface question_of(const Surface& s);

// Makes a context of the renderer's; null, with the reason, if the driver refuses.
WsContext* create_context(std::unique_ptr<WsContext> like, Api api, WsContext* share, Failure* why);
// Makes a drawable; null, with the reason, if the driver refuses.
Surface* create_surface(std::unique_ptr<Surface> like, Failure* why);
Surface* find_surface(uint64_t id);
bool is_context(const void* handle);
// Destroyed by the app, but still current somewhere.
bool is_dying_context(const void* handle);

// What the app cannot see any more goes when its last use ends.
void destroy_context(WsContext* c);
void destroy_surface(Surface* s);

// --- being current (current.cpp)
enum class Bind { Done, Elsewhere /* current in another thread */, Refused };
// On the calling thread; null: none. `exclusive`: EGL's rule that a drawable is current in one
// thread at a time.
Bind make_current(WsContext* c, Surface* draw, Surface* read, bool exclusive);
// Unbinds `c` in the renderer; the caller must have it (no thread, or its own, writes to it).
void release_bound(WsContext& c);

enum class Swap { Done, Refused };
Swap swap(Surface* s);
// glFinish on the renderer's side for the current context.
void wait_gl();
void set_swap_interval(Surface* s, int interval);
// The server must know a window before the renderer draws to it.
void reach_server(void* dpy, Surface& s);

Status attach();
// Before the renderer is asked to make something of it: it must know which config it is.
void use_config(DisplayObject& d, int32_t config);

} // namespace glckpt::ws
