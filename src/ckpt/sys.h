// System calls that the engine makes by hand, with RAII where something must be undone, and
// without libc: see base/syscall.h for why.
#pragma once
#include "base/syscall.h"
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <vector>

namespace glckpt::ckpt {

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(long fd) : fd_((int)fd) {}
    UniqueFd(UniqueFd&& o) noexcept : fd_(o.release()) {}
    UniqueFd& operator=(UniqueFd&& o) noexcept {
        if (this != &o) {
            reset();
            fd_ = o.release();
        }
        return *this;
    }
    ~UniqueFd() { reset(); }
    int get() const { return fd_; }
    bool ok() const { return fd_ >= 0; }
    int error() const { return fd_ < 0 ? -fd_ : 0; }
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset() {
        if (fd_ >= 0)
            raw_syscall(SYS_close, fd_);
        fd_ = -1;
    }

  private:
    int fd_ = -1; // negative: -errno of the open that failed
};

inline UniqueFd open_fd(const char* path, int flags, int mode = 0) {
    return UniqueFd(raw_syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode));
}

inline uint64_t clock_ns(int clock) {
    timespec t{};
    raw_syscall(SYS_clock_gettime, clock, &t);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

inline int own_pid() { return (int)raw_syscall(SYS_getpid); }
// Stops the process, this thread first: it does not return before SIGCONT. (A signal to the process
// may be taken by another thread, and this one would go on for a moment.)
inline void stop_here() { raw_syscall(SYS_tgkill, own_pid(), raw_syscall(SYS_gettid), SIGSTOP); }
inline int own_tid() { return (int)raw_syscall(SYS_gettid); }

// All of a small file (of /proc, mostly). False if it cannot be opened.
bool read_file(const char* path, std::string& out);
inline std::string file_text(const std::string& path) {
    std::string out;
    read_file(path.c_str(), out);
    return out;
}
bool read_link(const char* path, std::string& out);

// Reads or writes all of it; false with errno-style code in *error otherwise.
bool write_all(int fd, const void* data, size_t bytes, int* error = nullptr);
bool pread_all(int fd, void* data, size_t bytes, uint64_t offset, int* error = nullptr);
bool pwrite_all(int fd, const void* data, size_t bytes, uint64_t offset, int* error = nullptr);

// The numeric entries of a /proc folder (task, fd), ascending.
std::vector<int> numeric_entries(const char* folder);

// What an errno means, without libc's tables (strerror may allocate and translate).
const char* error_text(int error);

} // namespace glckpt::ckpt
