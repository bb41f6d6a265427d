#include "info/memory_view.h"
#include "ckpt/mem/file_identity.h"
#include <algorithm>
#include <cstring>

namespace glckpt::tools {

using namespace ckpt;

const SavedMapping* MemoryView::mapping(uint64_t address) const {
    const auto& all = image_.process().mappings;
    const auto it = std::upper_bound(all.begin(), all.end(), address,
                                     [](uint64_t a, const SavedMapping& m) { return a < m.start; });
    return it == all.begin() || std::prev(it)->end <= address ? nullptr : &*std::prev(it);
}

uint64_t MemoryView::module_base(uint64_t address) const {
    const SavedMapping* m = mapping(address);
    if (!m)
        return 0;
    if (m->file < 0)
        return m->start;
    for (const SavedMapping& other : image_.process().mappings)
        if (other.file == m->file && other.offset == 0 && other.start <= address)
            return other.start;
    return 0;
}

int MemoryView::file(const SavedMapping& m) const {
    auto it = files_.find(m.file);
    if (it == files_.end()) {
        const SavedFile& f = image_.process().files[(size_t)m.file];
        UniqueFd fd = open_fd(f.path.c_str(), O_RDONLY);
        if (fd.ok() && !check_identity(fd.get(), f).ok())
            fd.reset();
        it = files_.emplace(m.file, std::move(fd)).first;
    }
    return it->second.get();
}

bool MemoryView::read(uint64_t address, void* out, size_t bytes) const {
    auto* to = static_cast<char*>(out);
    while (bytes) {
        const size_t n = std::min<size_t>(bytes, kPage - address % kPage);
        if (!image_.read_memory(address, to, n)) {
            const SavedMapping* m = mapping(address);
            if (!m)
                return false;
            if (m->file >= 0) {
                const int fd = file(*m);
                if (fd < 0 || !pread_all(fd, to, n, m->offset + (address - m->start)))
                    return false;
            } else {
                memset(to, 0, n); // an untouched page
            }
        }
        to += n;
        address += n;
        bytes -= n;
    }
    return true;
}

} // namespace glckpt::tools
