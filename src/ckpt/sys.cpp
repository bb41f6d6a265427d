#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>

namespace glckpt::ckpt {

bool read_file(const char* path, std::string& out) {
    out.clear();
    const UniqueFd fd = open_fd(path, O_RDONLY);
    if (!fd.ok())
        return false;
    size_t have = 0;
    for (;;) {
        if (out.size() - have < 4096)
            out.resize(std::max<size_t>(8192, out.size() * 2));
        const long n = raw_syscall(SYS_read, fd.get(), out.data() + have, out.size() - have);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    out.resize(have);
    return true;
}

bool read_link(const char* path, std::string& out) {
    char buffer[4096];
    const long n = raw_syscall(SYS_readlinkat, AT_FDCWD, path, buffer, sizeof buffer);
    if (n < 0)
        return false;
    out.assign(buffer, (size_t)n);
    return true;
}

namespace {

// One loop for the four directions; `step` moves some bytes and returns the kernel's answer.
template <class Step>
bool move_all(size_t bytes, int* error, Step step) {
    for (size_t done = 0; done < bytes;) {
        const long n = step(done, std::min<size_t>(bytes - done, 1u << 30));
        if (n == -EINTR)
            continue;
        if (n <= 0) {
            if (error)
                *error = n < 0 ? (int)-n : EIO; // end of file where there should be data
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

} // namespace

bool write_all(int fd, const void* data, size_t bytes, int* error) {
    return move_all(bytes, error, [&](size_t done, size_t n) {
        return raw_syscall(SYS_write, fd, static_cast<const char*>(data) + done, n);
    });
}
bool pread_all(int fd, void* data, size_t bytes, uint64_t offset, int* error) {
    return move_all(bytes, error, [&](size_t done, size_t n) {
        return raw_syscall(SYS_pread64, fd, static_cast<char*>(data) + done, n, offset + done);
    });
}
bool pwrite_all(int fd, const void* data, size_t bytes, uint64_t offset, int* error) {
    return move_all(bytes, error, [&](size_t done, size_t n) {
        return raw_syscall(SYS_pwrite64, fd, static_cast<const char*>(data) + done, n,
                           offset + done);
    });
}

std::vector<int> numeric_entries(const char* folder) {
    struct Entry {
        uint64_t ino;
        int64_t offset;
        uint16_t length;
        uint8_t type;
        char name[];
    };
    std::vector<int> out;
    const UniqueFd dir = open_fd(folder, O_RDONLY | O_DIRECTORY);
    if (!dir.ok())
        return out;
    alignas(8) char buffer[8192];
    for (;;) {
        const long n = raw_syscall(SYS_getdents64, dir.get(), buffer, sizeof buffer);
        if (n <= 0)
            break;
        for (long at = 0; at < n;) {
            const auto* e = reinterpret_cast<const Entry*>(buffer + at);
            at += e->length;
            if (e->name[0] >= '0' && e->name[0] <= '9')
                out.push_back((int)Scanner(e->name).decimal());
        }
    }
    // The folder's own descriptor shows up when the folder is /proc/self/fd: not part of the
    // answer.
    std::erase(out, strstr(folder, "/fd") ? dir.get() : -1);
    std::sort(out.begin(), out.end());
    return out;
}

const char* error_text(int error) {
    switch (error) {
    case EPERM:
        return "operation not permitted";
    case ENOENT:
        return "no such file or folder";
    case EIO:
        return "input/output error";
    case ENOMEM:
        return "out of memory";
    case EACCES:
        return "permission denied";
    case EEXIST:
        return "exists already";
    case ENOTDIR:
        return "not a folder";
    case EISDIR:
        return "is a folder";
    case EINVAL:
        return "invalid argument";
    case EMFILE:
        return "too many open files";
    case EFBIG:
        return "file too large";
    case ENOSPC:
        return "no space left on the disk";
    case EROFS:
        return "read-only file system";
    case ENAMETOOLONG:
        return "name too long";
    case ELOOP:
        return "too many symbolic links";
    case EDQUOT:
        return "disk quota exceeded";
    case EAGAIN:
        return "resource temporarily unavailable";
    case EBUSY:
        return "busy";
    case EADDRINUSE:
        return "address in use";
    case ENXIO:
        return "no such device or address";
    case ENOSYS:
        return "not supported by this kernel";
    default:
        break;
    }
    const char* name = strerrorname_np(error);
    return name ? name : "unknown error";
}

} // namespace glckpt::ckpt
