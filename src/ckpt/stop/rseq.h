// Where a thread's rseq area is, by which the kernel tells it on which processor it runs.
#pragma once
#include "ckpt/stop/threads.h"

namespace glckpt::ckpt {

// Of the calling thread. System calls only: runs in the stop's handler.
void find_rseq(ThreadSlot& slot);

} // namespace glckpt::ckpt
