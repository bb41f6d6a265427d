#include "base/lock.h"
#include "ckpt/fd/inotify_watches.h"
#include "ckpt/interpose.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cerrno>
#include <mutex>
#include <new>
#include <sys/inotify.h>

using namespace glckpt;
using namespace glckpt::ckpt;

namespace {

Mutex g_lock;

// As the file is called now, whatever links lead to it.
std::string full_path(const char* path, bool follow) {
    const UniqueFd at = open_fd(path, O_PATH | (follow ? 0 : O_NOFOLLOW));
    std::string out;
    if (at.ok())
        read_link(format("/proc/thread-self/fd/%d", at.get()).c_str(), out);
    return out;
}

} // namespace

namespace glckpt::ckpt {
void forget_watch_lock_in_fork_child() { new (&g_lock) Mutex(); }
} // namespace glckpt::ckpt

extern "C" {

GLCKPT_EXPORT int inotify_add_watch(int fd, const char* path, uint32_t mask) noexcept {
    static Real<int(int, const char*, uint32_t)> real("inotify_add_watch");
    const int wd = real(fd, path, mask);
    if (wd < 0)
        return wd;
    const int saved = errno;
    std::string name = full_path(path, !(mask & IN_DONT_FOLLOW));
    {
        const std::lock_guard guard(g_lock);
        std::vector<WatchedPath>& all = watched_paths();
        std::erase_if(all, [&](const WatchedPath& w) { return w.fd == fd && w.wd == wd; });
        all.push_back({fd, wd, std::move(name)});
    }
    errno = saved;
    return wd;
}
}
