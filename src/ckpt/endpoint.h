// What the engine asks of an endpoint (GL, X11): the one way in which src/ckpt sees them.
//
// The idea (docs: README, "Architecture"): everything outside the process is reached through an
// endpoint, which keeps enough inside the process to attach to a new peer. So a checkpoint is
// "drain every endpoint, snapshot an ordinary process", a restart is "rebuild an ordinary process,
// attach every endpoint", and a resume does nothing at all.
//
// All calls come from the checkpoint thread. Order of a checkpoint:
//   preflight (app running) -> app threads stopped -> drain, in reverse order of registration ->
//   service threads stopped -> describe -> fork (the child writes the image) -> resume -> all go on
// Order of a restart: all threads restored and held -> attach, in order of registration -> go.
#pragma once
#include "base/status.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glckpt::ckpt {

struct AttachRequest {
    std::string display; // X display to attach to; empty: the one in use so far
    std::vector<std::string>
        renderer_env;     // "K=V" for the new renderer, on top of what was set before
    bool stopped = false; // --stopped: the app will not run after the attach, so put on screen what
                          // was on it at the checkpoint, and leave it there
    uint64_t deadline_ns =
        0;             // live: until then the new peer may be looked at; 0: as long as it takes
    bool back = false; // to the peer that a live move has just left
    // By which the processes of a tree find each other: at a restart the tree's new id; live, if
    // several move at once, one of the tool's.
    std::string tree;
};

// What an endpoint adds to the image beside its memory: named sections for the tools.
class SectionSink {
  public:
    virtual ~SectionSink() = default;
    // `name` is a short literal ("gl.json", "gl.log", "thumbnail.rgba"). The bytes are copied.
    virtual void add(const char* name, std::string_view bytes) = 0;
};

class Endpoint {
  public:
    virtual ~Endpoint() = default;
    virtual const char* name() const = 0;
    // Has the program used it at all?
    virtual bool in_use() { return true; }

    // The app runs. Refuse, by name, what could not be restored. Cheap; leaves no trace.
    virtual Status preflight() = 0;

    // The app's threads are stopped, the endpoint's service threads run. On success nothing that
    // matters is left in the peer or on the way to it: all of it is in this process's memory.
    // `deadline_ns` is CLOCK_MONOTONIC. On failure the endpoint is as if it had not been asked.
    virtual Status drain(uint64_t deadline_ns) = 0;

    // After drain, whatever came of the checkpoint: the same process goes on.
    virtual void resume() = 0;

    // In a restarted process (the peer's descriptors, OwnFd::Skip, are not open), or live in a
    // drained one: connect to a new peer and bring it to the state that drain saved. With a
    // `display` in a live one, the caller takes a move back that others cannot follow.
    virtual Status attach(const AttachRequest& request) = 0;

    virtual void describe(SectionSink& sink) = 0;

    // Between drain and describe: what this process tells the others of its tree, and what those
    // tell, each with its pid (nothing for a process alone).
    virtual std::string tell_tree() { return {}; }
    // "K=V" for programs that this process executes from now on, in place of an earlier one.
    virtual std::string environment() { return {}; }
    virtual void hear_tree(const std::vector<std::pair<int, std::string>>&) {}
};

// At start-up, X11 before GL. The registry holds the pointer for ever.
void register_endpoint(Endpoint* endpoint);
const std::vector<Endpoint*>& endpoints();

// Has what endpoints say of the environment given to whatever is executed from now on.
void keep_endpoint_environment();

// A live operation without an image (--replace-renderer, --move-display): stop the app's threads,
// drain every endpoint, run `op`, resume. From the checkpoint thread.
} // namespace glckpt::ckpt
