// What waits in a unix socket: bytes or messages, who sent them, and descriptors that were passed
// along and have not been received yet.
#pragma once
#include "base/status.h"
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

struct SaveContext;

struct UnixMessage {
    std::string bytes;
    std::string sender;          // address; empty: not bound
    std::vector<int32_t> passed; // by the numbers that Passed has given them
    auto fields() { return std::tie(bytes, sender, passed); }
};

// Looks at what waits in every unix socket of the stopped process, without taking it. Looking at a
// message gives the looker descriptors of its own of what is passed in it: these are open as long
// as this lives, are described like the program's own, and name what a message carries. Only
// while the program's threads are stopped: it must not see them. And only while nobody who shares a
// socket, or has its other end, runs or looks: the offset of a look belongs to the socket.
class Passed {
  public:
    ~Passed() { close_all(); }
    // `looked`: inodes of sockets that others of the tree tell of; those looked into are added.
    Status look(SaveContext& ctx, std::vector<uint64_t>& looked);
    void close_all();
    void forget() { fds_.clear(); } // in a restarted process they are not open

  private:
    std::vector<int> fds_;
};

} // namespace glckpt::ckpt
