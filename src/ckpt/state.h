// What the image says about a process: plain data, filled by the guest, used by the restorer and
// the tools. What belongs to one kind of descriptor is not here but with that kind (fd/), encoded
// in Description::payload.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

// siginfo_t as the kernel gives it, so that values sent with sigqueue survive.
struct SavedSignal {
    std::string siginfo; // 128 bytes
    auto fields() { return std::tie(siginfo); }
};

struct SavedThread {
    int32_t tid = 0;
    bool service = false;      // one of glckpt's own
    bool checkpointer = false; // the thread that took the checkpoint
    uint64_t slot = 0;         // guest address of its ThreadSlot, handed to the entry point
    uint64_t frame = 0;        // guest address of its ucontext
    uint64_t fs = 0, gs = 0;
    uint64_t clear_tid = 0;
    uint64_t robust = 0, robust_bytes = 0;
    uint64_t rseq = 0;
    uint32_t rseq_bytes = 0, rseq_signature = 0;
    uint64_t altstack = 0, altstack_bytes = 0;
    int32_t altstack_flags = 0;
    int32_t policy = 0, priority = 0, nice = 0;
    std::string name;
    std::vector<SavedSignal> pending;
    // For glckpt-info: the registers, and the system call it was in (-1: none).
    std::array<uint64_t, 17> registers{};
    int64_t syscall = -1;
    auto fields() {
        return std::tie(tid, service, checkpointer, slot, frame, fs, gs, clear_tid, robust,
                        robust_bytes, rseq, rseq_bytes, rseq_signature, altstack, altstack_bytes,
                        altstack_flags, policy, priority, nice, name, pending, registers, syscall);
    }
};

// Identity of a file whose unmodified pages are not in the image.
struct SavedFile {
    std::string path;
    uint64_t size = 0;
    int64_t mtime_ns = 0;
    std::string build_id;
    uint64_t hash = 0; // of the whole file; 0 if not taken
    auto fields() { return std::tie(path, size, mtime_ns, build_id, hash); }
};

// Memory that more than one mapping or descriptor can show: memfd, shared anonymous, SysV segment,
// a mapped file that was deleted. Its pages are in the image under space index+1.
enum class SharedKind : uint8_t { Memfd, Anonymous, SysV, DeletedFile };
struct SharedObject {
    SharedKind kind = SharedKind::Anonymous;
    uint64_t dev = 0, ino = 0;
    uint64_t bytes = 0;
    std::string name; // memfd: its name; deleted file: its old path
    uint32_t seals = 0;
    uint32_t memfd_flags = 0;
    uint32_t mode = 0;
    int32_t sysv_id = -1, sysv_key = 0;
    int32_t tree_id = -1;      // as a description's
    bool elsewhere = false;    // another process of the tree has the contents
    uint32_t uid = 0, gid = 0; // deleted file
    int64_t atime_ns = 0, mtime_ns = 0;
    uint32_t huge_shift = 0; // of pages of 1 << this bytes (huge TLB pages); 0: ordinary
    bool removed = false;    // SysV: it goes when nobody has it attached any more (IPC_RMID)
    uint64_t from = ~0ull;   // the lowest offset mapped; not in the image
    auto fields() {
        return std::tie(kind, dev, ino, bytes, name, seals, memfd_flags, mode, sysv_id, sysv_key,
                        tree_id, elsewhere, uid, gid, atime_ns, mtime_ns, huge_shift, removed);
    }
};

enum class MappingKind : uint8_t {
    Anonymous,     // private; all of it in the image (also private mappings of deleted files)
    PrivateFile,   // private, of file `file`; only modified pages are in the image
    SharedFile,    // shared, of file `file`; nothing is in the image
    Shared,        // shared, of object `object`
    PrivateObject, // private, of object `object`; only modified pages are in the image
    Vdso,
    Vvar, // the kernel's data pages beside the vdso; never saved
};
enum MappingFlags : uint32_t {
    kGrowsDown = 1 << 0,
    kHugePages = 1 << 1,
    kNoHugePages = 1 << 2,
    kDontFork = 1 << 3,
    kWipeOnFork = 1 << 4,
    kNoReserve = 1 << 5,
    kDontDump = 1 << 6,
    kLocked = 1 << 7,
    kMergeable = 1 << 8,
    kRandomRead = 1 << 9,
    kSequentialRead = 1 << 10,
    kSealed = 1 << 11,
    kLockedOnFault = 1 << 12,
};
// Those that a fork does not carry over, or that would keep the mapping out of it.
constexpr uint32_t kLostByFork = kDontFork | kWipeOnFork | kLocked | kLockedOnFault;
struct SavedMapping {
    uint64_t start = 0, end = 0;
    uint64_t offset = 0; // in the file or object
    uint32_t prot = 0;
    uint32_t flags = 0;
    MappingKind kind = MappingKind::Anonymous;
    bool writable_file = false; // SharedFile: the descriptor it was made from could write
    int32_t file = -1, object = -1;
    uint64_t image_offset = 0; // raw profile: where a lazy restart maps it from; 0: it cannot
    uint32_t huge_shift = 0;   // as SharedObject's
    std::string name;          // as /proc/PID/maps shows it
    auto fields() {
        return std::tie(start, end, offset, prot, flags, kind, writable_file, file, object,
                        image_offset, huge_shift, name);
    }
    uint64_t bytes() const { return end - start; }
};

struct SavedSigaction {
    uint64_t handler = 0, flags = 0, restorer = 0, mask = 0;
    auto fields() { return std::tie(handler, flags, restorer, mask); }
};

struct SavedTimer { // POSIX timer
    int32_t id = 0, signal = 0, notify = 0, clock = 0, tid = 0;
    uint64_t value = 0;
    std::array<int64_t, 4> setting{}; // itimerspec
    auto fields() { return std::tie(id, signal, notify, clock, tid, value, setting); }
};

// The kernel's idea of the address space's layout (PR_SET_MM_MAP).
struct SavedLayout {
    uint64_t start_code = 0, end_code = 0, start_data = 0, end_data = 0, start_brk = 0, brk = 0,
             start_stack = 0, arg_start = 0, arg_end = 0, env_start = 0, env_end = 0;
    std::string auxv;
    auto fields() {
        return std::tie(start_code, end_code, start_data, end_data, start_brk, brk, start_stack,
                        arg_start, arg_end, env_start, env_end, auxv);
    }
};

// A lock belongs to the process (POSIX) or to the open file (the others).
enum class LockKind : uint8_t { Flock, Posix, OpenFile, Lease };
struct FileLock {
    LockKind kind = LockKind::Flock;
    bool write = false;
    bool breaking = false;       // a lease that somebody waits for
    int64_t start = 0, end = -1; // inclusive; -1: to the end of the file
    auto fields() { return std::tie(kind, write, breaking, start, end); }
};
struct HeldLock {
    int32_t fd = -1; // by which it can be taken
    FileLock lock;
    auto fields() { return std::tie(fd, lock); }
};

struct GuardedPages { // MADV_GUARD_INSTALL
    uint64_t start = 0, end = 0;
    auto fields() { return std::tie(start, end); }
};

// An open file description, and the numbers that refer to it.
enum class FdKind : uint8_t {
    RegularFile,
    Directory,
    Device, // a character device without state: null, zero, full, random, urandom
    Terminal,
    Pipe,
    Fifo,
    UnixSocket,
    InetSocket,
    NetlinkSocket,
    Eventfd,
    Timerfd,
    Signalfd,
    Epoll,
    Inotify,
    Memfd,
    ProcFile,   // a file of /proc or /sys, opened again by name
    Inherited,  // stdin, stdout or stderr that goes to something outside: the restorer's own
    ClosedPeer, // by --ext-sockets=close
    Pidfd,
    PathOnly,
};
struct Description {
    FdKind kind = FdKind::RegularFile;
    int32_t flags = 0;                                   // F_GETFL
    int32_t first_fd = -1;                               // for messages
    int32_t owner = 0, owner_type = 0, owner_signal = 0; // F_SETOWN_EX, F_SETSIG
    uint64_t dev = 0, ino = 0;
    std::string link; // what /proc/self/fd showed
    std::string payload;
    int32_t tree_id = -1;   // in a tree: the open file's number; several processes may have it
    bool elsewhere = false; // another process of the tree describes it: no payload here
    auto fields() {
        return std::tie(kind, flags, first_fd, owner, owner_type, owner_signal, dev, ino, link,
                        payload, tree_id, elsewhere);
    }
};
struct Descriptor {
    int32_t fd = -1;
    bool cloexec = false;
    uint32_t description = 0;
    bool passed = false; // not the program's: only waits in a unix socket (fd/unix_unread.h)
    auto fields() { return std::tie(fd, cloexec, description, passed); }
};

// Of the process. User, group and capabilities are each thread's own to the kernel (ThreadSlot);
// here are those of its first thread.
struct Credentials {
    std::array<uint32_t, 4> uids{}, gids{}; // real, effective, saved, of the file system
    std::vector<uint32_t> groups;
    uint64_t bounding = 0, ambient = 0;
    bool no_new_privs = false;
    auto fields() { return std::tie(uids, gids, groups, bounding, ambient, no_new_privs); }
};

// See process/flags.h.
struct ProcessFlags {
    bool no_huge_pages = false, mergeable = false;
    uint32_t write_xor_execute = 0; // PR_MDWE_*
    uint32_t lock_future = 0;       // MCL_*
    uint64_t processor_state = 0;   // ARCH_GET_XCOMP_PERM
    auto fields() {
        return std::tie(no_huge_pages, mergeable, write_xor_execute, lock_future, processor_state);
    }
};

struct ProcessState {
    std::string program; // /proc/self/exe
    std::vector<std::string> command_line;
    std::string host, kernel, version; // glckpt's
    int32_t pid = 0, process_group = 0, session = 0;
    Credentials credentials;
    std::string cwd;
    uint32_t umask = 0;
    uint32_t dumpable = 1;
    uint32_t personality = 0;
    uint32_t child_subreaper = 0;
    ProcessFlags flags;
    int32_t oom_score = 0;   // oom_score_adj
    uint32_t membarrier = 0; // MEMBARRIER_CMD_GET_REGISTRATIONS
    uint64_t terminal = 0;   // session leader: as TreeMember's
    int32_t foreground = 0;  // of it
    std::vector<HeldLock> locks;
    std::vector<GuardedPages> guards;
    int64_t realtime_ns = 0, monotonic_ns = 0, boottime_ns = 0;
    std::array<std::array<uint64_t, 2>, 16> limits{};
    std::array<SavedSigaction, 64> actions{};
    std::vector<SavedSignal> pending;
    std::array<std::array<int64_t, 4>, 3> itimers{}; // itimerval
    std::vector<SavedTimer> timers;
    SavedLayout layout;
    std::vector<SavedThread> threads;
    std::vector<SavedMapping> mappings;
    std::vector<SavedFile> files;
    std::vector<SharedObject> objects;
    std::vector<Description> descriptions;
    std::vector<Descriptor> descriptors;
    std::vector<int32_t> own_fds; // glckpt's own numbers: closed after the restart until attached
    std::array<uint64_t, 6> cpu_features{}; // what a restart's processor must offer
    // Where the restorer hands over.
    uint64_t thread_entry = 0; // void(ThreadSlot*)
    uint64_t ended_entry = 0;  // void(): of a first thread that has ended, and is in no list
    uint64_t handover = 0;     // Handover in the guest
    auto fields() {
        return std::tie(program, command_line, host, kernel, version, pid, process_group, session,
                        credentials, cwd, umask, dumpable, personality, child_subreaper, flags,
                        oom_score, membarrier, terminal, foreground, locks, guards, realtime_ns,
                        monotonic_ns, boottime_ns, limits, actions, pending, itimers, timers,
                        layout, threads, mappings, files, objects, descriptions, descriptors,
                        own_fds, cpu_features, thread_entry, ended_entry, handover);
    }
};

// What the restorer tells the restarted process, written into its memory. Fixed size: the blob
// that writes it makes nothing but system calls.
struct Handover {
    uint32_t valid;
    uint32_t identity; // 0 same pid in this namespace, 1 own namespaces, 2 pids changed
    int32_t outer_pid, tool_pid;
    int32_t status_fd; // to the tool
    int32_t exe_fd;    // the program file, for /proc/self/exe; -1: none
    uint32_t stopped;
    uint32_t lazy;
    // In a tree: a pipe that is read until its end, and then this process goes on; -1: alone. The
    // root holds the end of the others'.
    int32_t release_fd, held_fd;
    uint32_t is_root;
    uint64_t blob, blob_bytes;  // the restorer's remains, to be unmapped
    int64_t monotonic_shift_ns; // how far CLOCK_MONOTONIC moved since the checkpoint
    char image[1024];
    char tree_id[24];   // of the tree from now on
    char origins[4096]; // further images from which memory is mapped, a line each
    char display[256];
    char renderer_env[8192]; // K=V lines
};

} // namespace glckpt::ckpt
