// Pseudo terminals of which the program has both sides: a master somewhere in the tree, slaves,
// and what is on its way between them. A terminal whose master is elsewhere is in terminal.cpp.
#pragma once
#include "ckpt/fd/kind.h"

namespace glckpt::ckpt {

// The number of the pseudo terminal; -1: it is none.
int pty_of_master(int fd);
int pty_of_slave(int fd);
int pty_of_device(uint64_t dev); // of a slave, as /proc/PID/stat tells it
bool is_pty_master(uint32_t mode, uint64_t rdev);

struct PtyState {
    std::string settings; // struct termios as the kernel has it
    std::array<uint16_t, 4> size{};
    bool locked = false, packets = false;
    std::string output, input; // written by the program and not read by the master; typed, not read
    uint32_t mode = 0, uid = 0, gid = 0; // of the slave's device node
    auto fields() {
        return std::tie(settings, size, locked, packets, output, input, mode, uid, gid);
    }
};
// By the master. What is under way is read and put back.
Status save_pty(int master, PtyState& out);
Status fill_pty(int master, const PtyState& state);

// The master of that number, made when it is first asked for; with the old number if it is free.
Result<int> make_pty(int number, RestoreContext& ctx);
long open_pty_slave(int master, int flags);

} // namespace glckpt::ckpt
