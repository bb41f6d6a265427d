// Has the program said anything lately of what its children are to get (MADV_DONTFORK,
// MADV_WIPEONFORK)? The copy that writes an image is such a child: what was looked at before the
// stop is looked at again if it has.
#pragma once
#include <atomic>
#include <cstdint>
#include <sys/mman.h>

namespace glckpt::ckpt {

inline std::atomic<uint64_t> g_fork_advice{0};

inline bool is_fork_advice(int advice) {
    return advice == MADV_DONTFORK || advice == MADV_DOFORK || advice == MADV_WIPEONFORK ||
           advice == MADV_KEEPONFORK;
}

} // namespace glckpt::ckpt
