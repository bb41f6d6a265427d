// One small file a kind of descriptor; this is what each provides. Saving runs in the guest while
// the app is stopped, restoring in glckpt-restore; both sides of a kind live in its one file, and
// what the image says of it is a structure private to that file (Description::payload).
#pragma once
#include "base/status.h"
#include "ckpt/fd/unix_diag.h"
#include "ckpt/fd/unix_unread.h"
#include "ckpt/state.h"
#include "ckpt/sys.h"
#include "ckpt/tree/tree.h"
#include <functional>
#include <map>
#include <set>
#include <sys/stat.h>

namespace glckpt::ckpt {

// A descriptor as the kernel shows it.
struct OpenFd {
    int fd = -1;
    int flags = 0;
    bool cloexec = false;
    struct stat st {};
    std::string link; // of /proc/self/fd
    std::string info; // of /proc/self/fdinfo
    bool is_anonymous(const char* what) const { return link == std::string("anon_inode:") + what; }
};

enum class ExternalSockets : uint8_t { Refuse, Close };

// Contents taken aside during the stop, for what the app could change while the image is written.
struct Content {
    uint64_t offset = 0;
    const char* data = nullptr;
    uint64_t bytes = 0;
};

struct SaveContext {
    std::vector<OpenFd> all;
    ExternalSockets external = ExternalSockets::Refuse;
    std::map<uint64_t, UnixPeer> unix_peers; // by the socket's inode, all in this namespace
    std::vector<SharedObject> objects;
    std::map<std::pair<uint64_t, uint64_t>, int> object_by_inode;
    std::map<int, int> object_fd; // object -> a descriptor that can read it
    std::set<uint64_t> inherited; // inodes that were open when the program started
    bool dry = false;             // preflight: look, change nothing, copy nothing
    // In a tree: descriptor -> its open file's number there, and whether this process tells of it;
    // what the other processes have open.
    std::map<int, FdPart> tree_fds;
    std::vector<FdSummary> tree_others;
    std::set<int> tree_pids;
    std::map<std::string, int> tcp_connections; // of the tree, by tcp_connection_of; the family
    std::set<uint64_t> contents_told;           // inodes of pipes whose contents are saved already
    // What waits in unix sockets, by their inode, and descriptors that only wait there (Passed).
    std::map<uint64_t, std::vector<UnixMessage>> unix_unread;
    std::set<int> passed;
    // Preflight: something waits in a unix socket. It may be the other end of what has none here.
    bool something_waits = false;

    // Given to the program by whoever started it: at a restart, the restorer's own stand for it.
    bool is_inherited(const OpenFd& f) const { return f.fd <= 2 || inherited.count(f.st.st_ino); }
    // Is the end of pipe `ino` that has that access mode open somewhere else in the tree?
    bool other_end(uint64_t ino, int not_fd, int access) const;
    bool has_inode(uint64_t dev, uint64_t ino) const;
    int object_for(SharedObject object); // registers, or finds it by inode
};

struct RestoreContext {
    const ProcessState* state = nullptr;
    int scratch = 0;                              // descriptors from here on are the restorer's
    std::map<uint64_t, std::array<int, 2>> pairs; // pipes and socket pairs by inode
    std::set<std::pair<uint64_t, bool>> pipe_ends_used; // inode, reader
    std::map<int, int> ptys;                            // masters by their old number
    // What each process opens by itself: the description that tells of it, by its number.
    std::map<int, const Description*> made_by_each;
    std::map<std::string, int> deleted_folders; // by the name that maps and links show
    std::map<std::string, int> tcp_ends;
    std::map<std::pair<int, int>, int> ports;      // how many sockets have a type and port
    std::map<std::string, int> udp_names;          // by the address they are bound to
    std::map<uint64_t, std::string> unix_contacts; // what peers connect to where the file is gone
    std::set<int> memfds_used;                     // objects that have given their own description
    std::set<std::string> made_folders;            // for them, for the moment
    std::map<std::string, int> unix_names;         // bound sockets by their address
    // When everything has been made: what was on its way, and then what was shut down.
    std::vector<std::function<Status()>> later, last;
    const std::vector<int>* made = nullptr; // open files, by their numbers in the tree
    std::vector<int> object_fds;
    std::array<int, 3> stdio{-1, -1, -1}; // the restorer's own, moved out of the way
    // Open files (their numbers in the tree) for which the restorer's own standard streams stand,
    // each by its number: what was one terminal may now be a file and a pipe.
    std::set<int> by_number;
    std::map<uint64_t, int> ended; // made only to end, by the inode of handles (pidfd.cpp)
    void reap_ended();
    std::vector<std::string> warnings;
    std::map<uint32_t, uint64_t> lacking_huge; // bytes by SharedObject::huge_shift: ordinary now

    // The restorer's own descriptor of that number, for one that the program was started with; if
    // it has none of that type: one whose other end is closed.
    Result<int> inherited(const Description& d, uint32_t type);
    // Moves `fd` out of the image's range; close-on-exec.
    Result<int> lift(long fd, const char* what);
};

struct FdOps {
    FdKind kind;
    bool (*recognize)(const OpenFd&);
    // Refuses what cannot be restored; fills the payload. In a dry run it must leave no trace.
    Status (*save)(const OpenFd&, SaveContext&, Description&);
    // Gives a descriptor of a new description.
    Result<int> (*create)(const Description&, RestoreContext&);
    // When every descriptor has its number: contents, interests. May be null.
    Status (*connect)(int fd, const Description&, RestoreContext&);
};

// A handle of a process that has ended: it can be made before there are any others.
bool is_handle_of_ended(const Description& d);

extern const FdOps kRegularFile, kDirectory, kPathOnly, kDevice, kTerminal, kPipe, kFifo,
    kUnixSocket, kInetSocket, kNetlinkSocket, kEventfd, kTimerfd, kSignalfd, kEpoll, kInotify,
    kMemfd, kProcFile, kPidfd;

// "fd 9", with the number of its description's first descriptor.
std::string fd_name(int fd);
// "fd 9 is `what`".
Status refuse_fd(const OpenFd& f, const std::string& what);

OpenFd look_at_descriptor(int fd);
// This process's descriptors, except glckpt's OwnFd::Skip ones.
std::vector<OpenFd> open_descriptors();

// What an open file's name says when the file is gone.
bool name_is_deleted(const std::string& link);
std::string without_deleted(const std::string& link);

} // namespace glckpt::ckpt
