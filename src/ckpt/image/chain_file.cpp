#include "ckpt/image/chain_file.h"
#include "ckpt/image/archive.h"
#include "ckpt/sys.h"
#include "ckpt/tree/tree.h"
#define XXH_INLINE_ALL
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <xxhash.h>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kMostBytes = 256 << 20; // of a section that is read here

Status unreadable(const std::string& path) {
    return Status::refused(path + " cannot be read as an image of this glckpt");
}

// One process's image in the file.
class Part {
  public:
    Part(int fd, uint64_t start) : fd_(fd), header_(std::make_unique<FileHeader>()) {
        FileHeader& h = *header_;
        ok_ = pread_all(fd, &h, sizeof h, start) && memcmp(h.magic, kMagic, sizeof kMagic) == 0 &&
              h.version == kFormatVersion && h.section_count <= kMaxSections &&
              XXH3_64bits(&h, offsetof(FileHeader, header_hash)) == h.header_hash;
        if (!ok_)
            return;
        table_.resize(h.section_count);
        const uint64_t bytes = table_.size() * sizeof(SectionEntry);
        ok_ = pread_all(fd, table_.data(), bytes, h.table_offset) &&
              XXH3_64bits(table_.data(), bytes) == h.table_hash;
    }
    bool ok() const { return ok_; }
    // Absent: decodes nothing, and is true.
    template <class T>
    bool read(const char* name, T& out) const {
        for (const SectionEntry& e : table_) {
            if (strncmp(e.name, name, sizeof e.name) != 0)
                continue;
            if (e.bytes > kMostBytes)
                return false;
            std::string bytes(e.bytes, '\0');
            return pread_all(fd_, bytes.data(), bytes.size(), e.offset) &&
                   XXH3_64bits(bytes.data(), bytes.size()) == e.hash && decode(bytes, out);
        }
        return true;
    }

  private:
    const int fd_;
    std::unique_ptr<FileHeader> header_;
    std::vector<SectionEntry> table_;
    bool ok_ = false;
};

void add(const ChainState& chain, const std::string& folder, ChainSummary& out) {
    out.depth = std::max(out.depth, chain.depth);
    for (const ImageOrigin& o : chain.origins) {
        const std::string file = path_from(folder, o.name);
        if (std::find(out.needs.begin(), out.needs.end(), file) == out.needs.end())
            out.needs.push_back(file);
    }
}

} // namespace

Result<ChainSummary> read_chain_summary(const std::string& path) {
    const UniqueFd fd = open_fd(path.c_str(), O_RDONLY);
    if (!fd.ok())
        return Status::refused(path + ": " + error_text(fd.error()));
    std::string true_path;
    read_link(("/proc/thread-self/fd/" + std::to_string(fd.get())).c_str(), true_path);
    const std::string folder = folder_of(true_path.starts_with("/") ? true_path : path);
    ChainSummary out;
    TreeState tree;
    tree.members.emplace_back(); // alone
    const Part root(fd.get(), 0);
    if (!root.ok() || !root.read(kSectionTree, tree))
        return unreadable(path);
    for (size_t i = 0; i < tree.members.size(); ++i) {
        const TreeMember& m = tree.members[i];
        if (m.zombie)
            continue;
        ChainState chain;
        const Part part(fd.get(), i ? m.start : 0);
        if (!part.ok() || !part.read(kSectionChain, chain))
            return unreadable(path);
        add(chain, folder, out);
    }
    return out;
}

} // namespace glckpt::ckpt
