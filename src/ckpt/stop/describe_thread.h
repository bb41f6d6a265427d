// What only the thread itself can ask the kernel about it.
#pragma once
#include "ckpt/stop/threads.h"
#include <ucontext.h>

namespace glckpt::ckpt {

// Of the calling thread, which stands in the handler of the stop signal with this frame.
void describe_own_thread(ThreadSlot& slot, ucontext_t* frame);

} // namespace glckpt::ckpt
