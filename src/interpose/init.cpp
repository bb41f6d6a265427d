#include "interpose/init.h"
#include "interpose/live/endpoint.h"
#include "interpose/live/stress.h"

namespace glckpt::interpose {

void init_interpose() {
    ckpt::register_endpoint(new GlEndpoint);
    init_stress();
}

} // namespace glckpt::interpose
