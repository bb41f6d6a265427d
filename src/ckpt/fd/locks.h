// File locks, which belong to the process (fcntl) or to the open file (flock, OFD).
#pragma once
#include "base/status.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

enum class LockKind : uint8_t { Flock, Posix, OpenFile };
struct FileLock {
    LockKind kind = LockKind::Flock;
    bool write = false;
    int64_t start = 0, end = -1; // inclusive; -1: to the end of the file
    auto fields() { return std::tie(kind, write, start, end); }
};

// From the "lock:" lines of /proc/self/fdinfo.
std::vector<FileLock> parse_locks(std::string_view fdinfo);
Status take_locks(int fd, const std::vector<FileLock>& locks, const std::string& path);

} // namespace glckpt::ckpt
