#include "x11/init.h"
#include "x11/endpoint.h"
#include "x11/move/kin.h"
#include "x11/transport/hub.h"
#include "x11/transport/libc.h"
#include <cstdlib>
#include <pthread.h>
#include <string_view>

namespace glckpt::x11 {
namespace {

// The app's last requests may still be on their way through the pump when it exits.
[[gnu::destructor]] void let_out() {
    constexpr uint64_t kPatience = 500'000'000;
    hub().flush_to_server(kPatience);
}

} // namespace

void init_x11() {
    find_libc();
    const char* on_loss = getenv("GLCKPT_ON_XSERVER_LOSS");
    hub().keeps_lost = on_loss && std::string_view(on_loss) == "wait";
    if (const char* moved = getenv("GLCKPT_X11_MOVED"))
        inherit(hub(), moved);
    static X11Endpoint endpoint;
    ckpt::register_endpoint(&endpoint);
    pthread_atfork(nullptr, nullptr, give_up_hub_after_fork);
}

} // namespace glckpt::x11
