// Which processes descend from one, and whether glckpt is in them.
#pragma once
#include "ckpt/tree/tree.h"

namespace glckpt::ckpt {

// Living and dead descendants, parents before children; glckpt's own writing copies left out.
std::vector<TreeMember> descendants_of(int pid);
// Of this process.
std::vector<DeadChild> dead_children();
// One process as /proc/PID/stat tells it; pid 0: it is gone.
TreeMember look_at_process(int pid);

// A connection to the checkpoint thread of that process; negative: there is none (yet).
int connect_to_process(int pid);
// The process at the top of the tree that this process is in: itself, if glckpt is not in its
// parent.
int root_of_tree();

} // namespace glckpt::ckpt
