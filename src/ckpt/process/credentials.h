// Who a thread is to the kernel. Users, groups and capabilities belong to each thread; libc changes
// them in all at once, but not setfsuid() and capset(), nor does a raw system call.
#pragma once
#include <cstdint>

namespace glckpt::ckpt {

struct Credentials;

struct ThreadCredentials {
    uint32_t uids[4] = {}, gids[4] = {}; // real, effective, saved, of the file system
    uint64_t effective = 0, permitted = 0, inheritable = 0;
    uint32_t secure_bits = 0;
};

// Of the calling thread. System calls only: runs in the stop's handler.
void read_thread_credentials(ThreadCredentials& out);
// Makes the calling thread what it was. What cannot be had (the restorer has refused by then what
// it can tell) is left.
void restore_credentials(const Credentials& process, const ThreadCredentials& thread);

} // namespace glckpt::ckpt
