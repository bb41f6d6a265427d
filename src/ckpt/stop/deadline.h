// Relative time-outs keep their deadline.
//
// A poll of 10 s that is stopped after 9 and simply made again would last 19. The kernel tells
// what is left only for some calls (select and ppoll write it back themselves; nanosleep only
// where the caller gave a place). So the wrappers of the others note the deadline in the thread
// before they enter the kernel, and the stop handler puts the rest into the repeated call.
#pragma once
#include <cstdint>
#include <ctime>

namespace glckpt::ckpt {

struct Deadline {
    long syscall = -1;  // the number the wrapper is about to use; -1: none
    uint64_t at_ns = 0; // CLOCK_MONOTONIC
    timespec left{};    // where a repeated call reads its time-out from
};
extern thread_local Deadline t_deadline;

} // namespace glckpt::ckpt
