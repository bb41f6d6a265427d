// What a stop does to the system call that it interrupts, and how that is undone.
#pragma once
#include "ckpt/stop/threads.h"

namespace glckpt::ckpt {

// Before the thread goes on from its frame, here or restarted: makes the interrupted system call
// happen again. Runs in the signal handler of that thread: no libc, no locks.
// `restarted`: another process than the one that was stopped.
void undo_interruption(ThreadSlot& slot, bool restarted);

// At the stop: how much of a relative time-out was left (deadline.h).
void note_time_left(ThreadSlot& slot);

} // namespace glckpt::ckpt
