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
uint64_t began_at(int pid); // in ticks since the system's start; 0: it is gone

// A connection to the checkpoint thread of that process; negative: there is none (yet).
int connect_to_process(int pid);
// The process that leads the tree which this process is in: the topmost above it in which glckpt
// is, or where the tree has several such (registry.h) the first of them.
int root_of_tree();

} // namespace glckpt::ckpt
