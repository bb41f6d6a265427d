#include "x11/init.h"

namespace {

[[gnu::constructor]] void start() { glckpt::x11::x11_init(); }

} // namespace
