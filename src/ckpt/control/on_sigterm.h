// glckpt-run --on-sigterm: SIGTERM means a checkpoint, and then the end.
#pragma once
#include <csignal>

namespace glckpt::ckpt {

// From the constructor, if the option is given and this is the tree's first process: from then on
// the signal is ours, and the program's own wishes for it are only kept.
void take_over_sigterm();
// In the child of a fork: as the program wants it.
void give_up_sigterm();
// sigaction for SIGTERM, while it is ours. False: it is not.
bool virtual_sigterm(const struct sigaction* action, struct sigaction* old);
// On the checkpoint thread: has it come?
bool take_sigterm();
// There was no checkpoint: what would have happened without us.
void pass_sigterm_on();

} // namespace glckpt::ckpt
