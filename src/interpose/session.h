// The app's side of its renderer: starts it, talks to it, replaces it.
//
// The renderer is a process of its own (lib/glckpt/glckpt-renderer), started on first use of GL,
// no child of the app. Two ways lead to it: the contexts' streams (log/stream.h), and the control
// socket for what is rare (window system questions, contexts, drawables, passing streams along),
// one question and one answer at a time.
//
// What the control socket has built in the renderer is described on this side too, in objects that
// outlive the renderer. Attaching to a new renderer asks the same questions again.
#pragma once
#include "base/lock.h"
#include "base/status.h"
#include "interpose/gl/context.h"
#include "log/control.h"
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace glckpt {

// Called to bring the window system part of a new renderer to where the old one was: open displays,
// contexts (by id, with what they were made from), surfaces. Set by the window system faces
// (src/interpose/ws). The Status explains what the new driver lacks.
extern Status (*g_ws_attach)();

class Session {
  public:
    // Made on first use; starts the renderer. Never destroyed.
    static Session& get();
    // Null if this process has not used GL.
    static Session* existing();

    // In a child made by fork(): the session is its parent's.
    static void forget();

    // One question to the renderer, answered by bytes. If the renderer dies over it, it is
    // replaced and asked again. Any thread that is not inside a critical section.
    std::vector<char> ask(log::Ask kind, std::span<const char> question) {
        return ask(kind, question, -1);
    }
    template <class Question>
    std::vector<char> ask(log::Ask kind, const Question& q) {
        return ask(kind, std::span<const char>(reinterpret_cast<const char*>(&q), sizeof q));
    }

    // --- for src/interpose/live
    void start_renderer();
    void stop_renderer();
    // Renderers will be started often (GLCKPT_STRESS): from now on by a process that has the
    // drivers' libraries loaded.
    void expect_many_renderers();
    bool renderer_is_dead();
    // While a renderer is being attached it is asked by the thread that attaches it alone: what
    // other threads would ask about is not all there yet. They wait in ask().
    void begin_attach();
    void end_attach();
    // `attaching`: `fd` is an attach log's; switch_stream() follows.
    void send_stream(Context* c, Context* share_with, int fd, bool attaching);
    log::SwitchAnswer switch_stream(Context* c);
    const char* large_data(uint32_t index);

    // A context's stream is made known to the renderer; its thread starts there.
    void add_stream(Context* context, Context* share_with);
    void remove_stream(Context* context);
    // Payloads with a memory object of their own.
    char* large_reserve(size_t bytes, uint32_t* index);
    void large_free(uint32_t index);
    // So many are in transit that whoever adds another one waits (unless it is part of a draw whose
    // arrays are among them).
    bool many_large();

    const std::vector<Context*>& contexts() const { return contexts_; }
    // "K=V" settings for renderers started from now on.
    void add_renderer_env(const std::string& setting);
    const std::vector<std::string>& renderer_env() const { return renderer_env_; }
    void set_renderer_env(std::vector<std::string> settings) {
        renderer_env_ = std::move(settings);
    }
    // GLCKPT_REFUSED_CALLS=warn, in the environment or among the renderer's settings: a restart
    // goes on without the calls that its driver refuses.
    bool ignores_refused_calls() const;

  private:
    struct Large {
        char* p;
        size_t bytes;
        int fd;
    };
    Session();
    bool try_ask(log::Ask kind, std::span<const char> question, int fd, std::vector<char>* answer);
    std::vector<char> ask(log::Ask kind, std::span<const char> question, int fd);
    bool receive_all(int socket, void* p, size_t n);
    int start_by_spawner(int socket);
    void send_large_again();
    static constexpr size_t kManyLarge = 32; // of kOwnFdSlots descriptors

    Mutex ask_lock_;
    bool attaching_ = false; // under ask_lock_
    int socket_ = -1;        // an own fd
    int renderer_pid_ = 0;
    int spawner_ = -1; // an own fd
    std::vector<std::string> spawner_env_;
    std::vector<Context*> contexts_;
    uint32_t next_stream_ = 1;
    std::unordered_map<uint32_t, Large> large_;
    uint32_t next_large_ = 1;
    Mutex large_lock_;
    std::vector<std::string> renderer_env_;
    std::atomic<uint32_t> generation_{0}; // of renderers; futex
};

} // namespace glckpt
