#include "ckpt/output.h"
#include "base/own_fds.h"
#include "ckpt/restart.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstring>
#include <sys/file.h>
#include <sys/stat.h>

namespace glckpt::ckpt {
namespace {

int g_serial = 0; // in the image: a restarted program counts on

std::string program_name() {
    std::string exe;
    read_link("/proc/thread-self/exe", exe);
    exe = exe.substr(exe.rfind('/') + 1);
    return exe.empty() ? "program" : exe;
}

bool exists(const std::string& path) {
    struct stat st {};
    return raw_syscall(SYS_newfstatat, AT_FDCWD, path.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

std::string next_name(const std::string& folder) {
    const std::string stem = folder + "/" + program_name() + format("-%d-", seen_pid());
    for (;;) {
        std::string path = stem + format("%d.gck", ++g_serial);
        if (!exists(path))
            return path;
    }
}

std::string absolute(const std::string& path) {
    if (path.starts_with("/"))
        return path;
    std::string cwd;
    read_link("/proc/thread-self/cwd", cwd);
    return path == "." ? cwd : cwd + "/" + path;
}

// A whole image has its temporary name only between link and rename; whoever is killed there
// leaves it behind. Whose writer lives is locked by it.
constexpr int64_t kMinute = 60;

bool is_temporary(std::string_view name) {
    if (!name.ends_with(".tmp"))
        return false;
    name.remove_suffix(4);
    const size_t dot = name.rfind('.');
    if (dot == name.npos || dot + 1 == name.size() ||
        name.find_first_not_of("0123456789", dot + 1) != name.npos)
        return false;
    return name.substr(0, dot).ends_with(".gck");
}

// The program runs, and may close or use any low number: ours move out of its way at once.
struct OwnOpen {
    int fd;
    explicit OwnOpen(int low) : fd(low < 0 ? low : own_fd_adopt(low, OwnFd::Skip)) {}
    OwnOpen(const OwnOpen&) = delete;
    OwnOpen& operator=(const OwnOpen&) = delete;
    ~OwnOpen() {
        if (fd >= 0)
            own_fd_close(fd);
    }
};

void remove_leftovers(const std::string& folder) {
    const OwnOpen dir(open_fd(folder.c_str(), O_RDONLY | O_DIRECTORY).release());
    if (dir.fd < 0)
        return;
    alignas(8) char entries[8192];
    for (;;) {
        const long n = raw_syscall(SYS_getdents64, dir.fd, entries, sizeof entries);
        if (n <= 0)
            return;
        for (long at = 0; at < n;) {
            unsigned short bytes;
            memcpy(&bytes, entries + at + 16, sizeof bytes);
            const char* name = entries + at + 19;
            at += bytes;
            if (!is_temporary(name))
                continue;
            const OwnOpen file((int)raw_syscall(SYS_openat, dir.fd, name,
                                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0));
            struct stat st {};
            if (file.fd < 0 || raw_syscall(SYS_fstat, file.fd, &st) < 0 || !S_ISREG(st.st_mode))
                continue;
            const auto now = (int64_t)(clock_ns(CLOCK_REALTIME) / 1'000'000'000);
            if (now - st.st_mtim.tv_sec > kMinute && st.st_uid == raw_syscall(SYS_geteuid) &&
                raw_syscall(SYS_flock, file.fd, LOCK_EX | LOCK_NB) == 0)
                raw_syscall(SYS_unlinkat, dir.fd, name, 0);
        }
    }
}

} // namespace

Result<Output> Output::open(const std::string& wanted, const Settings& settings) {
    Output o;
    o.final_ = wanted.empty() ? next_name(absolute(settings.folder)) : absolute(wanted);
    o.temporary_ = o.final_ + format(".%d.tmp", own_pid());
    // Best without any name until it is whole: then nothing is left behind whoever is killed when.
    const std::string folder = o.final_.substr(0, o.final_.rfind('/') + 1);
    o.fd_ = open_fd(folder.c_str(), O_TMPFILE | O_RDWR, 0600);
    o.unnamed_ = o.fd_.ok();
    if (o.fd_.error() == EOPNOTSUPP || o.fd_.error() == EISDIR || o.fd_.error() == EINVAL) {
        raw_syscall(SYS_unlink, o.temporary_.c_str()); // of a writer that was killed
        o.fd_ = open_fd(o.temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    if (!o.fd_.ok()) {
        const std::string name = o.final_;
        const int error = o.fd_.error();
        o.temporary_.clear();
        return Status::refused(
            format("cannot write the image %s: %s", name.c_str(), error_text(error)));
    }
    // Registered as ours: the app does not see it among its own, nor the image.
    const int high = own_fd_adopt(o.fd_.release(), OwnFd::Skip);
    o.fd_ = UniqueFd(high);
    if (high < 0)
        return Status::refused(format("cannot keep the image open: %s", error_text(-high)));
    raw_syscall(SYS_flock, high, LOCK_EX | LOCK_NB);
    remove_leftovers(folder);
    return o;
}

Output::Output(Output&& o) noexcept
    : fd_(std::move(o.fd_)), final_(std::move(o.final_)), temporary_(std::move(o.temporary_)),
      unnamed_(o.unnamed_) {
    o.temporary_.clear();
}

Output::~Output() {
    if (!temporary_.empty())
        raw_syscall(SYS_unlink, temporary_.c_str());
    if (fd_.ok())
        own_fd_close(fd_.release());
}

void Output::forget() {
    temporary_.clear();
    own_fd_close(fd_.release()); // only forgets the number: nothing is open there
}

bool is_own_name(const std::string& image, const std::string& folder) {
    return image.starts_with(folder + "/" + program_name() + "-");
}

} // namespace glckpt::ckpt
