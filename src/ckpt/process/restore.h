// The guest's half of bringing a process back: what its own threads can do for themselves.
#pragma once
#include "base/status.h"
#include "ckpt/state.h"
#include "ckpt/stop/threads.h"

namespace glckpt::ckpt {

// Each thread, on itself, before it parks: name, alternate stack, scheduling.
void restore_own_thread(const ThreadSlot& slot);
// When everything is attached: a program may have lowered the limit on descriptors below glckpt's.
void restore_limits(const ProcessState& state);
// The checkpoint thread: layout, dispositions, prctl.
void restore_process(const ProcessState& state, int exe_fd);

} // namespace glckpt::ckpt
