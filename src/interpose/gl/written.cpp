// Write tracking by the kernel: userfaultfd(2) write protection in its asynchronous mode, and the
// PAGEMAP_SCAN request (Linux 6.7 and later; Documentation/admin-guide/mm/pagemap.rst and
// userfaultfd.rst). The kernel takes the protection off a page by itself when something writes to
// it - a thread, or a system call on its behalf - and tells afterwards of which pages it did. So
// nothing stops, no handler runs and nobody waits for an answer; without privilege, too, for the
// mode that only has to do with faults in user mode governs who is told, and here nobody is.
//
// One scan finds the written pages, protects them again and flushes the processors' buffers before
// it returns: a write is either in what is then compared, or makes its page a written one again.
//
// The protection belongs to the address space: a restarted process and a child do not have it, and
// PM_SCAN_CHECK_WPASYNC makes a scan of memory that lost it fail instead of finding nothing.
//
// What the hardware writes into pages that were pinned before the scan (O_DIRECT, registered
// buffers of io_uring) is not seen. Memory of a graphics card cannot be pinned at all (its mappings
// are VM_PFNMAP, and the call fails with EFAULT), so no program reads into a buffer map that way.
#include "interpose/gl/written.h"
#include "base/lock.h"
#include "base/own_fds.h"
#include "base/pagemap_scan.h"
#include "base/syscall.h"
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <new>
#include <utility>

namespace glckpt {
namespace {

// As in linux/userfaultfd.h of 6.7, which the headers here may be older than.
constexpr uint64_t kFeatureUnpopulated = 1 << 13, kFeatureAsync = 1 << 15;
constexpr unsigned kUserModeOnly = 1;
constexpr size_t kPage = 4096;

// Numbers of adopted descriptors; -1: none yet.
struct Tracker {
    Mutex lock;
    int faults = -1, pagemap = -1;
    bool tried = false, open = false;
};
Tracker g_tracker;
std::atomic<uint64_t> g_epoch{1};

int adopt(int number, long fresh) {
    return number < 0 ? own_fd_adopt((int)fresh, OwnFd::Skip) : own_fd_replace(number, (int)fresh);
}

void open_tracker(Tracker& t) {
    t.tried = true;
    if (const char* e = getenv("GLCKPT_TRACK_WRITES"); e && strcmp(e, "no") == 0)
        return;
    const long u = raw_syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly);
    if (u < 0)
        return;
    uffdio_api api{UFFD_API, kFeatureAsync | kFeatureUnpopulated, 0};
    const long p =
        raw_syscall(SYS_ioctl, u, UFFDIO_API, &api) < 0
            ? -1
            : raw_syscall(SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
    if (p < 0) {
        raw_syscall(SYS_close, u);
        return;
    }
    t.faults = adopt(t.faults, u);
    t.pagemap = adopt(t.pagemap, p);
    t.open = t.faults >= 0 && t.pagemap >= 0;
}

long scan(char* from, char* to, PageRegion* regions, int n, uint64_t* end) {
    PagemapScan a{};
    a.size = sizeof a;
    a.flags = kScanProtects | kScanChecksTracking;
    a.start = (uint64_t)from;
    a.end = (uint64_t)to;
    a.vec = (uint64_t)regions;
    a.vec_len = (uint64_t)n;
    a.category_mask = a.return_mask = kPageIsWritten;
    const long found = raw_syscall(SYS_ioctl, g_tracker.pagemap, kPagemapScan, &a);
    *end = a.walk_end;
    return found;
}

} // namespace

bool WatchedPages::watching() const { return epoch_ == g_epoch.load(std::memory_order_acquire); }

bool WatchedPages::watch(char* p, size_t bytes) {
    Locked hold(g_tracker.lock);
    if (!g_tracker.tried)
        open_tracker(g_tracker);
    if (!g_tracker.open)
        return false;
    p_ = p;
    bytes_ = (bytes + kPage - 1) / kPage * kPage;
    uffdio_register r{{(uint64_t)p, bytes_}, UFFDIO_REGISTER_MODE_WP, 0};
    if (raw_syscall(SYS_ioctl, g_tracker.faults, UFFDIO_REGISTER, &r) < 0)
        return false;
    epoch_ = g_epoch.load();
    return take_written([](size_t, size_t) {}); // protects all of it
}

long WatchedPages::ask(size_t at, Part* parts, size_t* looked) {
    PageRegion regions[kParts];
    uint64_t end = 0;
    const long n = scan(p_ + at, p_ + bytes_, regions, kParts, &end);
    *looked = (size_t)(end - (uint64_t)p_);
    if (n < 0 || *looked <= at) { // nothing that stops halfway tells what it did not look at
        epoch_ = 0;
        return -1;
    }
    for (long i = 0; i < n; ++i)
        parts[i] = {(size_t)(regions[i].start - (uint64_t)p_),
                    (size_t)(regions[i].end - (uint64_t)p_)};
    return n;
}

void writes_unwatched(bool child) {
    Tracker& t = g_tracker;
    g_epoch.fetch_add(1);
    if (child) { // they would watch the parent
        for (int* fd : {&t.faults, &t.pagemap})
            if (*fd >= 0)
                own_fd_close(std::exchange(*fd, -1));
        new (&t.lock) Mutex;
        t.tried = t.open = false;
    } else if (t.open) { // at once: their numbers are to be had by nobody else
        t.open = false;
        open_tracker(t);
    }
}

} // namespace glckpt
