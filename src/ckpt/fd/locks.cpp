#include "ckpt/fd/locks.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <sys/file.h>

namespace glckpt::ckpt {

// lock:	1: POSIX  ADVISORY  WRITE 4711 08:01:1234 0 EOF
std::vector<FileLock> parse_locks(std::string_view fdinfo) {
    std::vector<FileLock> out;
    for (Scanner lines(fdinfo); !lines.done();) {
        const std::string_view text = lines.line();
        if (!text.starts_with("lock:"))
            continue;
        Scanner in(text);
        in.until(':');
        in.until(':');
        auto word = [&] {
            in.skip(' ');
            return in.until(' ');
        };
        FileLock l;
        const std::string_view kind = word();
        l.kind = kind == "FLOCK"   ? LockKind::Flock
                 : kind == "POSIX" ? LockKind::Posix
                 : kind == "LEASE" ? LockKind::Lease
                                   : LockKind::OpenFile;
        l.breaking = word() == "BREAKING"; // else ADVISORY, ACTIVE
        l.write = word() == "WRITE";
        word(); // pid
        word(); // device and inode
        in.skip(' ');
        l.start = in.number();
        in.skip(' ');
        l.end = in.rest().starts_with("EOF") ? -1 : in.number();
        out.push_back(l);
    }
    return out;
}

std::vector<FileLock> locks_of_file(std::string_view fdinfo) {
    std::vector<FileLock> out = parse_locks(fdinfo);
    std::erase_if(out, [](const FileLock& l) { return l.kind == LockKind::Posix; });
    return out;
}
std::vector<FileLock> locks_of_process(std::string_view fdinfo) {
    std::vector<FileLock> out = parse_locks(fdinfo);
    std::erase_if(out, [](const FileLock& l) { return l.kind != LockKind::Posix; });
    return out;
}

Status take_locks(int fd, const std::vector<FileLock>& locks, const std::string& path) {
    for (const FileLock& l : locks) {
        long r;
        if (l.kind == LockKind::Flock) {
            r = raw_syscall(SYS_flock, fd, (l.write ? LOCK_EX : LOCK_SH) | LOCK_NB);
        } else if (l.kind == LockKind::Lease) {
            r = raw_syscall(SYS_fcntl, fd, 1024 /*F_SETLEASE*/, l.write ? F_WRLCK : F_RDLCK);
        } else {
            struct flock range {};
            range.l_type = l.write ? F_WRLCK : F_RDLCK;
            range.l_whence = SEEK_SET;
            range.l_start = l.start;
            range.l_len = l.end < 0 ? 0 : l.end - l.start + 1;
            r = raw_syscall(SYS_fcntl, fd, l.kind == LockKind::Posix ? F_SETLK : F_OFD_SETLK,
                            &range);
        }
        if (r < 0)
            return Status::refused(
                format("the lock on %s is held by somebody else now", path.c_str()));
    }
    return {};
}

} // namespace glckpt::ckpt
