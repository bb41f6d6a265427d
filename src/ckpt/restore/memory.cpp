#include "ckpt/restore/memory.h"
#include "ckpt/mem/file_identity.h"
#include "ckpt/mem/huge_page_size.h"
#include "ckpt/parallel.h"
#include "ckpt/restore/huge_pages.h"
#include "ckpt/text.h"
#define XXH_INLINE_ALL
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <sys/shm.h>
#include <xxhash.h>
#include <zstd.h>

namespace glckpt::ckpt {
namespace {

constexpr int kNoReplace = 0x100000; // MAP_FIXED_NOREPLACE
constexpr uint64_t kDense = 4 << 20; // from this size on, huge pages halve the time of loading

int map_flags(const SavedMapping& m) {
    const bool shared = m.kind == MappingKind::Shared || m.kind == MappingKind::SharedFile;
    return (shared ? MAP_SHARED : MAP_PRIVATE) |
           (m.flags & kGrowsDown ? MAP_GROWSDOWN | MAP_STACK : 0) |
           (m.flags & kNoReserve ? MAP_NORESERVE : 0);
}

// While it is filled; the final protection comes after.
int load_protection(const SavedMapping& m) {
    if (m.kind == MappingKind::SharedFile || m.kind == MappingKind::Shared)
        return (int)m.prot;
    return PROT_READ | PROT_WRITE;
}

bool failed(long r) { return r < 0 && r > -4096; }

} // namespace

Result<UniqueFd> MemoryLoader::open_backing(const SavedMapping& m) const {
    if (m.kind == MappingKind::Shared || m.kind == MappingKind::PrivateObject)
        return UniqueFd(
            raw_syscall(SYS_fcntl, (*object_fds_)[(size_t)m.object], F_DUPFD_CLOEXEC, 0));
    const SavedFile& f = image_.process().files[(size_t)m.file];
    const bool writable = m.kind == MappingKind::SharedFile && m.writable_file;
    UniqueFd fd = open_fd(f.path.c_str(), writable ? O_RDWR : O_RDONLY);
    if (!fd.ok())
        return Status::refused(format("the mapped file %s cannot be opened: %s", f.path.c_str(),
                                      error_text(fd.error())));
    if (m.kind == MappingKind::PrivateFile)
        if (Status s = check_identity(fd.get(), f); !s)
            return s;
    return fd;
}

Status MemoryLoader::place_sysv(const SavedMapping& m) {
    // The object's "descriptor" is the segment's id; it must be attached whole.
    const int id = (*object_fds_)[(size_t)m.object];
    long at = raw_syscall(SYS_shmat, id, m.start, m.prot & PROT_WRITE ? 0 : SHM_RDONLY);
    if (failed(at))
        at = raw_syscall(SYS_shmat, id, space_.reserve(m.bytes(), m.huge_shift),
                         m.prot & PROT_WRITE ? 0 : SHM_RDONLY);
    if (failed(at))
        return Status::refused(format("cannot attach shared memory: %s", error_text((int)-at)));
    places_.push_back({&m, (uint64_t)at});
    return {};
}

Status MemoryLoader::place(const SavedMapping& m) {
    const bool anonymous = m.kind == MappingKind::Anonymous || m.kind == MappingKind::Vdso;
    Place p{&m, 0};
    choose_backing(p);
    const bool lazy = p.mapped != nullptr;
    UniqueFd fd;
    if (!anonymous) {
        auto opened = open_backing(m);
        if (!opened)
            return opened.status();
        fd = std::move(*opened);
    }
    const int flags = map_flags(m) | (anonymous && !lazy ? MAP_ANONYMOUS : 0);
    const int from = lazy ? p.mapped->fd() : fd.get();
    const uint64_t offset = lazy ? p.mapped_at : anonymous ? 0 : m.offset;
    const bool private_huge = m.huge_shift && !(flags & MAP_SHARED);
    if (private_huge) {
        if (Status s = place_huge(p, fd.get()); !s)
            return s;
    }
    const long at = p.at ? (long)p.at : map_there(m, flags, anonymous && !lazy ? -1 : from, offset);
    if (failed(at))
        return Status::refused(format("cannot map %s at %lx: %s",
                                      m.name.empty() ? "memory" : m.name.c_str(),
                                      (unsigned long)m.start, error_text((int)-at)));
    if (private_huge && !p.at) // as near to it as ordinary pages come
        raw_syscall(SYS_madvise, at, m.bytes(), MADV_HUGEPAGE);
    p.at = (uint64_t)at;
    places_.push_back(p);
    return {};
}

long MemoryLoader::map_there(const SavedMapping& m, int flags, int fd, uint64_t offset) {
    const auto map_at = [&](uint64_t address) {
        return raw_syscall(SYS_mmap, address, m.bytes(), load_protection(m), flags | kNoReplace, fd,
                           offset);
    };
    const long at = map_at(m.start);
    // The restorer itself is there, or it is below mmap_min_addr.
    return at == -EEXIST || at == -EPERM ? map_at(space_.reserve(m.bytes(), m.huge_shift)) : at;
}

// Private memory of huge TLB pages, with all of those that will be filled; p.at stays 0 where it is
// to be of ordinary ones.
Status MemoryLoader::place_huge(Place& p, int fd) {
    const SavedMapping& m = *p.mapping;
    if (fd >= 0 && !huge_shift_of(fd))
        return {}; // of an object that has ordinary ones already
    const int huge = MAP_ANONYMOUS | MAP_HUGETLB | (int)(m.huge_shift << kHugeSizeShift);
    const long at = map_there(m, map_flags(m) | (fd < 0 ? huge : 0), fd, fd < 0 ? 0 : m.offset);
    const bool made = !failed(at) && make_huge_pages(image_, m, (uint64_t)at);
    if (made) {
        p.at = (uint64_t)at;
        return {};
    }
    if (!failed(at))
        raw_syscall(SYS_munmap, at, m.bytes());
    if (fd >= 0)
        return Status::refused(format("there are not enough huge pages of %llu MiB for the private "
                                      "mapping of %s",
                                      1ull << (m.huge_shift - 20), m.name.c_str()));
    lacking_huge_[m.huge_shift] += m.bytes();
    return {};
}

Status MemoryLoader::map_all() {
    for (const SavedMapping& m : image_.process().mappings) {
        if (m.kind == MappingKind::Vvar)
            continue;
        const bool sysv = m.kind == MappingKind::Shared &&
                          image_.process().objects[(size_t)m.object].kind == SharedKind::SysV;
        if (Status s = sysv ? place_sysv(m) : place(m); !s)
            return s;
        const Place& p = places_.back();
        placed_.push_back({p.at, p.at + m.bytes()});
        if (p.at != m.start)
            moves_.push_back({p.at, m.bytes(), m.start});
    }
    // Loading into huge pages clears memory in one go. Only where the image has (nearly) all of
    // it: a sparse area would grow.
    for (const Place& p : places_) {
        uint64_t present = 0;
        for (const PageRun& r : image_.runs())
            if (r.space == kProcessSpace && r.address >= p.mapping->start &&
                r.address < p.mapping->end)
                present += r.bytes;
        for (const PageRef& r : image_.refs())
            if (r.space == kProcessSpace && r.address >= p.mapping->start &&
                r.address < p.mapping->end)
                present += r.bytes;
        const uint64_t bytes = p.mapping->bytes();
        if (p.mapping->kind == MappingKind::Anonymous && !p.mapped && bytes >= kDense &&
            present >= bytes - bytes / 16 && !(p.mapping->flags & kNoHugePages))
            raw_syscall(SYS_madvise, p.at, bytes, MADV_HUGEPAGE);
    }
    return {};
}

const MemoryLoader::Place* MemoryLoader::place_of(uint64_t address) const {
    const auto it =
        std::upper_bound(places_.begin(), places_.end(), address,
                         [](uint64_t a, const Place& p) { return a < p.mapping->start; });
    return it == places_.begin() ? nullptr : &*std::prev(it);
}

uint64_t MemoryLoader::now_at(uint64_t address) const {
    const Place* p = place_of(address);
    return p ? p->at + (address - p->mapping->start) : 0;
}

// Files of huge TLB pages cannot be written, only mapped. (Their pages are there: objects.cpp.)
static Status fill_mapped(const SharedObject& o, int fd, uint64_t address, uint64_t bytes,
                          const char* from) {
    const uint64_t unit = 1ull << o.huge_shift, start = address & ~(unit - 1),
                   length = (address + bytes - start + unit - 1) & ~(unit - 1);
    const long at = raw_syscall(SYS_mmap, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
    if (failed(at))
        return Status::refused(
            format("cannot fill %s again: %s", o.name.c_str(), error_text((int)-at)));
    memcpy(reinterpret_cast<char*>(at + (long)(address - start)), from, bytes);
    raw_syscall(SYS_munmap, at, length);
    return {};
}

Status MemoryLoader::fill_object(uint32_t space, uint64_t address, uint64_t bytes,
                                 const char* from) {
    const SharedObject& o = image_.process().objects[space - 1];
    const int fd = (*object_fds_)[space - 1];
    const uint64_t inside = std::min(bytes, o.bytes - std::min(o.bytes, address));
    if (o.kind == SharedKind::SysV) {
        for (const Place& p : places_)
            if (p.mapping->kind == MappingKind::Shared && p.mapping->object == (int32_t)space - 1) {
                memcpy(reinterpret_cast<char*>(p.at + address - p.mapping->offset), from, bytes);
                break;
            }
        return {};
    }
    if (o.huge_shift)
        return fill_mapped(o, fd, address, inside, from);
    int error = 0;
    if (!pwrite_all(fd, from, inside, address, &error))
        return Status::refused(
            format("cannot fill %s again: %s", o.name.c_str(), error_text(error)));
    return {};
}

// One piece of a frame to where it belongs, and into the hash. `plain`: unpacked already.
Status MemoryLoader::load_part(const PageRun& run, uint64_t address, uint64_t bytes,
                               const char* plain, char* buffer, void* hash) {
    const uint64_t offset = run.file_offset + (address - run.address);
    const Place* p = run.space == kProcessSpace ? place_of(address) : nullptr;
    char* to = p ? reinterpret_cast<char*>(p->at + (address - p->mapping->start)) : buffer;
    if (plain && p)
        memcpy(to, plain, bytes);
    else if (!plain && !(p && p->mapped == &image_) && !pread_all(image_.fd(), to, bytes, offset))
        return Status::refused("the image's pages cannot be read");
    if (!p)
        if (Status s = fill_object(run.space, address, bytes, plain ? plain : buffer); !s)
            return s;
    if (!plain)
        XXH3_64bits_update(static_cast<XXH3_state_t*>(hash), to, bytes);
    return {};
}

// A frame is put where it belongs and checked there. With --lazy, frames with memory that is
// mapped are left alone: the tool checks them behind the running program.
Status MemoryLoader::load_frame(size_t index, char* buffer) {
    const bool packed = image_.profile() == Profile::Packed;
    if (packed)
        if (Status s = image_.read_frame(index, buffer); !s)
            return s;
    XXH3_state_t hash;
    XXH3_64bits_reset(&hash);
    bool unchecked = false;
    Status status;
    uint64_t have = 0;
    image_.for_each_part(index, [&](const PageRun& r, uint64_t offset, uint64_t n) {
        const uint64_t address = r.address + offset;
        if (lazy_ && r.space == kProcessSpace && place_of(address)->mapped == &image_)
            unchecked = true;
        else if (status.ok())
            status = load_part(r, address, n, packed ? buffer + have : nullptr, buffer, &hash);
        have += n;
    });
    if (!status.ok())
        return status;
    if (!packed && !unchecked && XXH3_64bits_digest(&hash) != image_.frames()[index].hash)
        return Status::refused("the image is damaged (page data)");
    return {};
}

Status MemoryLoader::load() {
    clear_leftovers();
    if (Status s =
            for_each_in_parallel(image_.frames().size(),
                                 [this](size_t i, char* buffer) { return load_frame(i, buffer); });
        !s)
        return s;
    return for_each_in_parallel(
        image_.ref_batches(), [this](size_t i, char* buffer) { return load_refs(i, buffer); }, 1);
}

Status MemoryLoader::protect() {
    static constexpr struct {
        uint32_t flag;
        int advice;
    } kAdvice[] = {{kHugePages, MADV_HUGEPAGE}, {kNoHugePages, MADV_NOHUGEPAGE},
                   {kDontFork, MADV_DONTFORK},  {kWipeOnFork, MADV_WIPEONFORK},
                   {kDontDump, MADV_DONTDUMP},  {kMergeable, MADV_MERGEABLE},
                   {kRandomRead, MADV_RANDOM},  {kSequentialRead, MADV_SEQUENTIAL}};
    for (const Place& p : places_) {
        const SavedMapping& m = *p.mapping;
        if (load_protection(m) != (int)m.prot) {
            const long r = raw_syscall(SYS_mprotect, p.at, m.bytes(), m.prot);
            if (r < 0)
                return Status::refused(format("cannot protect memory at %lx: %s",
                                              (unsigned long)m.start, error_text((int)-r)));
        }
        for (const auto& a : kAdvice)
            if (m.flags & a.flag)
                raw_syscall(SYS_madvise, p.at, m.bytes(), a.advice);
        if (m.flags & kLocked)
            raw_syscall(SYS_mlock2, p.at, m.bytes(), m.flags & kLockedOnFault ? MLOCK_ONFAULT : 0);
        if (m.name.starts_with("[anon:")) { // PR_SET_VMA_ANON_NAME
            const std::string name = m.name.substr(6, m.name.size() - 7);
            raw_syscall(SYS_prctl, 0x53564d41, 0, p.at, m.bytes(), name.c_str());
        }
    }
    for (const GuardedPages& g : image_.process().guards)
        if (raw_syscall(SYS_madvise, now_at(g.start), g.end - g.start, 102 /*GUARD_INSTALL*/) < 0)
            return Status::refused("this kernel has no guard pages (MADV_GUARD_INSTALL)");
    return {};
}

} // namespace glckpt::ckpt
