// Which path each inotify watch was added by. The kernel tells the inode only.
#pragma once
#include <string>
#include <vector>

namespace glckpt::ckpt {

struct WatchedPath {
    int fd, wd;
    std::string path;
};
// What this process, or the one it was forked from, has added (interpose_inotify.cpp).
std::vector<WatchedPath>& watched_paths();
void forget_watch_lock_in_fork_child();

} // namespace glckpt::ckpt
