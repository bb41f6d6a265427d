#include "ckpt/mem/file_identity.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#define XXH_INLINE_ALL
#include <algorithm>
#include <elf.h>
#include <sys/stat.h>
#include <xxhash.h>

namespace glckpt::ckpt {
namespace {

// A larger file without a build id is known by size and time alone: hashing it at every checkpoint
// would cost more than the checkpoint.
constexpr uint64_t kHashUpTo = 64 << 20;

std::string note_build_id(std::string_view notes) {
    while (notes.size() >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr n;
        memcpy(&n, notes.data(), sizeof n);
        const size_t name = sizeof n, desc = name + ((n.n_namesz + 3ull) & ~3ull),
                     next = desc + ((n.n_descsz + 3ull) & ~3ull);
        if (next > notes.size())
            break;
        if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
            notes.substr(name, 4) == std::string_view("GNU\0", 4))
            return std::string(notes.substr(desc, n.n_descsz));
        notes.remove_prefix(next);
    }
    return {};
}

std::string build_id(int fd) {
    Elf64_Ehdr h{};
    if (!pread_all(fd, &h, sizeof h, 0) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
        h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_phentsize != sizeof(Elf64_Phdr))
        return {};
    for (unsigned i = 0; i < h.e_phnum; ++i) {
        Elf64_Phdr p{};
        if (!pread_all(fd, &p, sizeof p, h.e_phoff + i * sizeof p))
            return {};
        if (p.p_type != PT_NOTE || p.p_filesz > 64 << 10)
            continue;
        std::string notes(p.p_filesz, '\0');
        if (!pread_all(fd, notes.data(), notes.size(), p.p_offset))
            return {};
        if (std::string id = note_build_id(notes); !id.empty())
            return id;
    }
    return {};
}

uint64_t content_hash(int fd, uint64_t size) {
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    std::string buffer(std::min<uint64_t>(size, 256 << 10), '\0');
    for (uint64_t at = 0; at < size; at += buffer.size()) {
        const size_t n = std::min<uint64_t>(buffer.size(), size - at);
        if (!pread_all(fd, buffer.data(), n, at))
            return 0;
        XXH3_64bits_update(&state, buffer.data(), n);
    }
    const uint64_t h = XXH3_64bits_digest(&state);
    return h ? h : 1;
}

int64_t mtime_ns(const struct stat& st) {
    return (int64_t)st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
}

} // namespace

SavedFile identify_file(int fd, const std::string& path) {
    SavedFile f;
    struct stat st {};
    raw_syscall(SYS_fstat, fd, &st);
    f.path = path;
    f.size = (uint64_t)st.st_size;
    f.mtime_ns = mtime_ns(st);
    f.build_id = build_id(fd);
    if (f.build_id.empty() && f.size <= kHashUpTo)
        f.hash = content_hash(fd, f.size);
    return f;
}

Status check_identity(int fd, const SavedFile& saved) {
    struct stat st {};
    raw_syscall(SYS_fstat, fd, &st);
    const bool same_size = (uint64_t)st.st_size == saved.size;
    if (same_size && mtime_ns(st) == saved.mtime_ns)
        return {};
    // Copied or reinstalled, perhaps: the time says nothing, the contents do.
    if (same_size && !saved.build_id.empty() && build_id(fd) == saved.build_id)
        return {};
    if (same_size && saved.build_id.empty() && saved.hash &&
        content_hash(fd, saved.size) == saved.hash)
        return {};
    return Status::refused(format("%s has changed since the checkpoint (the program runs from the "
                                  "old one)",
                                  saved.path.c_str()));
}

} // namespace glckpt::ckpt
