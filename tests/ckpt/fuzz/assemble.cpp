#include "assemble.h"
#include "ckpt/image/archive.h"
#include "ckpt/tree/tree.h"
#include <algorithm>
#include <cstddef>
#include <cstring>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace glckpt::fuzz {
namespace {

using namespace ckpt;

constexpr size_t kLargest = 8 << 20;

template <class T>
T load(const std::string& image, size_t at) {
    T out;
    memcpy(&out, image.data() + at, sizeof out);
    return out;
}
template <class T>
void store(std::string& image, size_t at, const T& value) {
    memcpy(image.data() + at, &value, sizeof value);
}

bool lies_within(uint64_t offset, uint64_t bytes, size_t end) {
    return offset <= end && bytes <= end - offset;
}

uint64_t hash_of(const std::string& image, uint64_t at, uint64_t bytes) {
    return XXH3_64bits(image.data() + at, bytes);
}

// Raw: a frame is a piece of the stream of all runs.
void fix_raw_frames(std::string& image, size_t end, const SectionEntry& runs,
                    const SectionEntry& frames) {
    std::string stream;
    for (uint64_t i = 0; i + sizeof(PageRun) <= runs.bytes; i += sizeof(PageRun)) {
        const auto r = load<PageRun>(image, runs.offset + i);
        if (!lies_within(r.file_offset, r.bytes, end) || stream.size() + r.bytes > kLargest)
            return;
        stream.append(image, r.file_offset, r.bytes);
    }
    size_t at = 0;
    for (uint64_t i = 0; i + sizeof(PageFrame) <= frames.bytes; i += sizeof(PageFrame)) {
        auto f = load<PageFrame>(image, frames.offset + i);
        const size_t n = std::min<size_t>(kFrameBytes, stream.size() - at);
        f.hash = XXH3_64bits(stream.data() + at, n);
        store(image, frames.offset + i, f);
        at += n;
    }
}

void fix_packed_frames(std::string& image, size_t end, const SectionEntry& frames) {
    for (uint64_t i = 0; i + sizeof(PageFrame) <= frames.bytes; i += sizeof(PageFrame)) {
        auto f = load<PageFrame>(image, frames.offset + i);
        if (lies_within(f.file_offset, f.stored, end))
            f.hash = hash_of(image, f.file_offset, f.stored);
        store(image, frames.offset + i, f);
    }
}

} // namespace

void fix_hashes(std::string& image, size_t start, size_t end) {
    if (end > image.size() || end < start + sizeof(FileHeader))
        return;
    auto h = load<FileHeader>(image, start);
    const uint64_t table_bytes = (uint64_t)h.section_count * sizeof(SectionEntry);
    if (h.section_count <= kMaxSections && lies_within(h.table_offset, table_bytes, end)) {
        SectionEntry runs{}, frames{};
        const auto each = [&](auto act) {
            for (uint32_t i = 0; i < h.section_count; ++i) {
                const size_t at = h.table_offset + i * sizeof(SectionEntry);
                auto e = load<SectionEntry>(image, at);
                e.name[sizeof e.name - 1] = '\0';
                if (lies_within(e.offset, e.bytes, end))
                    act(e, at);
            }
        };
        each([&](SectionEntry& e, size_t) {
            if (!strcmp(e.name, kSectionRuns))
                runs = e;
            if (!strcmp(e.name, kSectionFrames))
                frames = e;
            TreeState tree;
            if (start == 0 && !strcmp(e.name, kSectionTree) &&
                decode(std::string_view(image).substr(e.offset, e.bytes), tree))
                for (const TreeMember& m : tree.members)
                    if (m.start > 0 && m.end > m.start)
                        fix_hashes(image, m.start, m.end);
        });
        if (h.profile == Profile::Raw)
            fix_raw_frames(image, end, runs, frames);
        else
            fix_packed_frames(image, end, frames);
        each([&](SectionEntry& e, size_t at) {
            store(image, at + offsetof(SectionEntry, hash), hash_of(image, e.offset, e.bytes));
        });
        h.table_hash = hash_of(image, h.table_offset, table_bytes);
    }
    h.header_hash = XXH3_64bits(&h, offsetof(FileHeader, header_hash));
    store(image, start, h);
}

bool take_apart(const std::string& image, Parts& out) {
    if (image.size() < sizeof(FileHeader))
        return false;
    out.header = load<FileHeader>(image, 0);
    const FileHeader& h = out.header;
    if (h.section_count > kMaxSections ||
        !lies_within(h.table_offset, (uint64_t)h.section_count * sizeof(SectionEntry),
                     image.size()))
        return false;
    uint64_t first = h.table_offset;
    for (uint32_t i = 0; i < h.section_count; ++i) {
        auto e = load<SectionEntry>(image, h.table_offset + i * sizeof(SectionEntry));
        e.name[sizeof e.name - 1] = '\0';
        if (e.offset < sizeof(FileHeader) || !lies_within(e.offset, e.bytes, image.size()))
            return false;
        first = std::min(first, e.offset);
        out.sections.push_back({e.name, image.substr(e.offset, e.bytes)});
    }
    if (first < sizeof(FileHeader))
        return false;
    out.data = image.substr(sizeof(FileHeader), first - sizeof(FileHeader));
    return true;
}

std::string put_together(const Parts& parts) {
    std::string image(sizeof(FileHeader), '\0');
    image += parts.data;
    std::string table;
    for (const Parts::Section& s : parts.sections) {
        image.resize((image.size() + 7) & ~size_t{7});
        SectionEntry e{};
        memcpy(e.name, s.name.data(), std::min(s.name.size(), sizeof e.name - 1));
        e.offset = image.size();
        e.bytes = s.bytes.size();
        table.append(reinterpret_cast<const char*>(&e), sizeof e);
        image += s.bytes;
    }
    image.resize((image.size() + 7) & ~size_t{7});
    FileHeader h = parts.header;
    h.section_count = (uint32_t)parts.sections.size();
    h.table_offset = image.size();
    image += table;
    h.file_bytes = image.size();
    store(image, 0, h);
    return image;
}

} // namespace glckpt::fuzz
