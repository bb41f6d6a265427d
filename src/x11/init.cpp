#include "x11/init.h"
#include "x11/endpoint.h"
#include "x11/transport/hub.h"
#include "x11/transport/libc.h"
#include <pthread.h>

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
    static X11Endpoint endpoint;
    ckpt::register_endpoint(&endpoint);
    pthread_atfork(nullptr, nullptr, give_up_hub_after_fork);
}

} // namespace glckpt::x11
