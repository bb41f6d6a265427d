// The guest's side of a restart: what the restorer told it, and what must still be done by the
// checkpoint thread before the app goes on.
#pragma once
#include "ckpt/state.h"

namespace glckpt::ckpt {

struct ThreadSlot;

// Before the fork: what the restarted threads will need to find in memory.
void prepare_restart(const Credentials& credentials);
uint64_t handover_address();
uint64_t restart_entry();
uint64_t ended_entry(); // of a first thread that has ended // where a restarted thread enters

// In the restarted process, on the checkpoint thread, `threads` others on their way to their
// parking places: attaches the endpoints, arms timers, reports to the tool. Ends the process if
// an endpoint cannot attach: it must not run on without its peer.
// `self`: the checkpoint thread's own slot.
void finish_restart(const ProcessState& saved, const ThreadSlot& self, int threads);

// This process's pid as the user sees it: another one than getpid() says inside a pid namespace.
int seen_pid();
// The glckpt-restore that stands for us; 0: none.
int tool_pid();
// Neither is the child's.
void forget_restart_in_fork_child();

} // namespace glckpt::ckpt
