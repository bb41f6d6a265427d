// Between glckpt-restore and the process it brings back: a stream socket. First the tool tells
// the process its number as the user sees it (which a process in a namespace cannot know), at the
// end the process tells how the restart went: "restored" or "failed <why>".
#pragma once
#include "base/status.h"
#include <string>
#include <vector>

namespace glckpt::ckpt {

struct Channel {
    int tool = -1, program = -1;
    static Channel make();
};
// Process: says hello, learns its pid and the tool's.
bool learn_pids(int program_end, int& own_pid_seen, int& tool_pid);
// Tool: answers each process's first byte with its pid, which goes to `pids` (in the order of the
// channels; 0 where there is none), and waits until all have said how it went, or one that it
// failed.
Status await_outcome(const std::vector<int>& tool_ends, std::vector<int>& pids);

} // namespace glckpt::ckpt
