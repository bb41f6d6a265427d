// What a process is beside its memory, threads and descriptors. Saved by the guest in the stop.
#pragma once
#include "base/status.h"
#include "ckpt/state.h"
#include "ckpt/stop/threads.h"

namespace glckpt::ckpt {

void save_identity(ProcessState& state); // program, names, credentials, clocks, folders
void save_limits(ProcessState& state);
void save_layout(ProcessState& state);  // PR_SET_MM_MAP's fields
void save_signals(ProcessState& state); // dispositions, what is pending for the process
void save_timers(ProcessState& state);  // itimers and POSIX timers
SavedThread save_thread(const ThreadSlot& slot);

// After a restart, from the checkpoint thread, all others held: what must start last.
void requeue_pending(const ProcessState& state);
void arm_itimers(const ProcessState& state);

} // namespace glckpt::ckpt
