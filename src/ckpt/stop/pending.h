// Signals that wait. A queue can be read only by taking from it; what is taken is put back at once,
// in the same order. Putting back a signal as it was (sent by kill(), by the kernel) is allowed to
// no other thread than the one it waits for, or, for those of the process, its first thread.
#pragma once
#include <csignal>
#include <cstdint>
#include <vector>

namespace glckpt::ckpt {

// Of the calling thread alone, every signal being blocked.
void copy_own_queue(std::vector<siginfo_t>& out);
void queue_to_self(const std::vector<siginfo_t>& signals);

// Of the process, on its first thread, every signal being blocked and all others parked.
void copy_process_queue(std::vector<siginfo_t>& out);
void queue_to_process(const std::vector<siginfo_t>& signals);

} // namespace glckpt::ckpt
