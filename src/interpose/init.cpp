#include "interpose/init.h"

namespace glckpt::interpose {

void init_interpose() {}

} // namespace glckpt::interpose
