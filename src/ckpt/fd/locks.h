// File locks, which belong to the process (fcntl) or to the open file (flock, OFD).
#pragma once
#include "base/status.h"
#include "ckpt/state.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

// From the "lock:" lines of /proc/self/fdinfo.
std::vector<FileLock> parse_locks(std::string_view fdinfo);
// Only those of the open file, or only those of the process.
std::vector<FileLock> locks_of_file(std::string_view fdinfo);
std::vector<FileLock> locks_of_process(std::string_view fdinfo);
Status take_locks(int fd, const std::vector<FileLock>& locks, const std::string& path);

} // namespace glckpt::ckpt
