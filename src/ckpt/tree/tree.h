// A tree of processes in one image: what the processes tell each other while it is taken, and
// what the image says of them together. Plain data; docs/engine.md, "Process trees", has the idea.
#pragma once
#include "ckpt/state.h"

namespace glckpt::ckpt {

// A process of the tree, the root first, every parent before its children.
struct TreeMember {
    int32_t pid = 0, parent = 0, group = 0, session = 0;
    bool zombie = false;         // has ended, and its parent has not asked yet
    int32_t status = 0;          // zombie: as wait() tells it
    std::string name;            // for messages
    uint64_t terminal = 0;       // session leader: device number of its controlling terminal
    int32_t foreground = 0;      // session leader: the terminal's foreground group
    uint64_t start = 0, end = 0; // where its image lies in the file; the root's: 0
    auto fields() {
        return std::tie(pid, parent, group, session, zombie, status, name, terminal, foreground,
                        start, end);
    }
};

// Section "tree" of the root's image.
struct TreeState {
    std::vector<TreeMember> members;
    int32_t descriptions = 0, objects = 0; // how many tree-wide numbers there are
    auto fields() { return std::tie(members, descriptions, objects); }
};

// One descriptor of a stopped process, as the others need to know it.
struct FdSummary {
    int32_t fd = -1, flags = 0;
    uint32_t mode = 0;
    uint64_t dev = 0, ino = 0, rdev = 0;
    int32_t pty_master = -1; // the number of the pseudo terminal of which it is the master
    std::string link;
    std::string connection; // TCP: tcp_connection_of
    int32_t family = 0;
    auto fields() {
        return std::tie(fd, flags, mode, dev, ino, rdev, pty_master, link, connection, family);
    }
};
// Shared memory that a stopped process maps or has open.
struct ObjectSummary {
    SharedKind kind = SharedKind::Anonymous;
    uint64_t dev = 0, ino = 0, bytes = 0;
    uint64_t from = 0;  // the lowest offset that is mapped
    bool by_fd = false; // its contents can be read through a descriptor
    auto fields() { return std::tie(kind, dev, ino, bytes, from, by_fd); }
};

// A child that has ended and was not waited for. Only its parent is told how.
struct DeadChild {
    int32_t pid = 0, status = 0;
    auto fields() { return std::tie(pid, status); }
};

// What a process's endpoint has to tell the others' of its kind (Endpoint::tell_tree).
struct EndpointNote {
    int32_t pid = 0;
    std::string endpoint, text;
    auto fields() { return std::tie(pid, endpoint, text); }
};

// The answer to "stop".
struct MemberReport {
    int32_t thread = 0; // of those that are not parked: the first may have ended
    std::vector<FdSummary> descriptors;
    std::vector<ObjectSummary> objects;
    std::vector<EndpointNote> notes;
    std::vector<uint64_t> looked; // TreeLooked's, with those that it looked into itself
    auto fields() { return std::tie(thread, descriptors, objects, notes, looked); }
};

// The answer to "describe", when the whole tree stands still: nobody ends after that.
struct MemberDeaths {
    std::vector<DeadChild> dead;
    auto fields() { return std::tie(dead); }
};

// The request "describe": which of a member's things are others' as well, and who tells of them.
struct FdPart {
    int32_t fd = -1, id = -1; // tree-wide number of the open file
    bool mine = false;        // this process describes it
    bool contents = true;     // a pipe's reading end: nobody before it tells of its contents
    auto fields() { return std::tie(fd, id, mine, contents); }
};
struct ObjectPart {
    SharedKind kind = SharedKind::Anonymous;
    uint64_t dev = 0, ino = 0, bytes = 0; // of the largest view
    int32_t id = -1;
    bool mine = false; // this process saves the contents
    auto fields() { return std::tie(kind, dev, ino, bytes, id, mine); }
};
struct TreePart {
    std::vector<FdPart> descriptors;
    std::vector<ObjectPart> objects;
    std::vector<FdSummary> others;   // what the other members have open, each once
    std::vector<int32_t> pids;       // of all
    std::vector<EndpointNote> notes; // of all
    auto fields() { return std::tie(descriptors, objects, others, pids, notes); }
};

} // namespace glckpt::ckpt
