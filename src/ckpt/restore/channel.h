// Between glckpt-restore and the process it brings back: a stream socket. First the tool tells
// the process its number as the user sees it (which a process in a namespace cannot know), at the
// end the process tells how the restart went: "restored" or "failed <why>".
#pragma once
#include "base/status.h"
#include <string>

namespace glckpt::ckpt {

struct Channel {
    int tool = -1, program = -1;
    static Channel make();
};
// Tool: waits for the process's first byte, answers with its pid. 0 if it has died.
int introduce(int tool_end);
// Process: says hello, learns its pid and the tool's.
bool learn_pids(int program_end, int& own_pid_seen, int& tool_pid);
// Tool: how did it go?
Status await_outcome(int tool_end);

} // namespace glckpt::ckpt
