// The caller waits on a word in memory, not on a connection: it is in the image, and a restarted
// process finds its caller waiting where it was.
#include "ckpt/control/from_inside.h"
#include "base/lock.h"
#include "ckpt/control/server.h"
#include "ckpt/interpose.h"
#include "ckpt/lineage.h"
#include "ckpt/tree/discover.h"
#include "glckpt/checkpoint.h"
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace glckpt::ckpt {
namespace {

enum State : uint32_t { Idle, Claimed, Wanted, Done };

struct Request {
    std::atomic<uint32_t> state{Idle};
    int result = -1;
    char image[4096] = {};
    char why[1024] = {};
};
Request g_request;

void finish(int result, const char* why) {
    g_request.result = result;
    snprintf(g_request.why, sizeof g_request.why, "%s", why);
    g_request.state.store(Done);
    futex_wake(g_request.state, INT32_MAX);
}

Result<CheckpointResult> take(const Settings& settings) {
    if (root_of_tree() != own_pid())
        return Status::refused("only the program's first process can ask for a checkpoint");
    CheckpointRequest r;
    r.profile = settings.profile;
    r.external = settings.external;
    r.timeout_s = settings.timeout_s;
    if (g_request.image[0])
        r.output = g_request.image[0] == '/' ? std::string(g_request.image)
                                             : settings.folder + "/" + g_request.image;
    return take_checkpoint(r, settings, nullptr, [&](const CheckpointResult& done) {
        note_written_image(r, done.image, settings.keep);
    });
}

} // namespace

bool serve_request_from_inside(const Settings& settings) {
    if (g_request.state.load() != Wanted)
        return false;
    auto result = take(settings);
    if (!result)
        finish(-1, result.status().why().c_str());
    else if (!result->restarted) // else it has been told
        finish(0, "");
    return true;
}

void tell_restarted_to_inside() {
    if (g_request.state.load() == Wanted)
        finish(1, "");
}

void forget_request_from_inside() { g_request.state.store(Idle); }

} // namespace glckpt::ckpt

using namespace glckpt;
using namespace glckpt::ckpt;

extern "C" {

GLCKPT_EXPORT int glckpt_checkpoint(const char* image) {
    const int saved = errno;
    Request& r = g_request;
    for (uint32_t seen = Idle; !r.state.compare_exchange_strong(seen, Claimed); seen = Idle)
        futex_wait(r.state, seen); // another thread's turn
    int result = -1;
    if (image && strlen(image) >= sizeof r.image) {
        snprintf(r.why, sizeof r.why, "the image's name is too long");
    } else {
        snprintf(r.image, sizeof r.image, "%s", image ? image : "");
        r.state.store(Wanted);
        wake_control_server();
        while (r.state.load() == Wanted)
            futex_wait(r.state, Wanted);
        result = r.result;
    }
    r.state.store(Idle);
    futex_wake(r.state, INT32_MAX);
    errno = saved;
    return result;
}

GLCKPT_EXPORT const char* glckpt_error(void) { return g_request.why; }
}
