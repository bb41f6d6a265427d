#include "base/critical.h"

namespace glckpt {

thread_local CriticalState t_critical;
std::atomic<void (*)()> g_park_self{nullptr};

} // namespace glckpt
