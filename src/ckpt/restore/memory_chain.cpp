// Memory whose pages lie in several images.
//
// A large area is mapped from the one image that has most of it, as far as that one was laid out
// for it; the pages that are elsewhere are copied over. What that image has there and this one has
// not (a page that has since become zero) must go: see clear_leftovers.
#include "ckpt/restore/memory.h"
#include "ckpt/state.h"
#include <algorithm>
#include <cstring>
#include <map>

namespace glckpt::ckpt {
namespace {

// From this size on, mapping an area from the image (private, and hashed where it lies) is worth
// its small differences to anonymous memory (lazy/lazy.h): a copy would cost a tenth of a second
// a GiB for the clearing of fresh pages alone.
constexpr uint64_t kWorthMapping = 64 << 20;

// Where in that image's file the whole of the area lies, as a piece; 0: it does not.
uint64_t place_in(const ImageReader& image, const SavedMapping& m) {
    const auto& all = image.process().mappings;
    const auto it = std::upper_bound(
        all.begin(), all.end(), m.start,
        [](uint64_t start, const SavedMapping& other) { return start < other.start; });
    if (image.profile() != Profile::Raw || it == all.begin())
        return 0;
    const SavedMapping& other = *std::prev(it);
    return other.kind == MappingKind::Anonymous && other.image_offset != 0 && m.end <= other.end
               ? other.image_offset + (m.start - other.start)
               : 0;
}

template <class T>
bool within(const T& run, const SavedMapping& m) {
    return run.space == kProcessSpace && run.address >= m.start && run.address < m.end;
}

} // namespace

// The program learns their names by way of the handover, where there is so much room.
bool MemoryLoader::note_mapped_origin(const ImageReader& origin) {
    const std::string path = origin.true_path();
    if (std::find(mapped_origins_.begin(), mapped_origins_.end(), path) != mapped_origins_.end())
        return true;
    size_t used = path.size() + 1;
    for (const std::string& other : mapped_origins_)
        used += other.size() + 1;
    if (used >= sizeof Handover::origins || path.find('\n') != path.npos)
        return false;
    mapped_origins_.push_back(path);
    return true;
}

void MemoryLoader::choose_backing(Place& p) {
    const SavedMapping& m = *p.mapping;
    if (m.kind != MappingKind::Anonymous || m.flags & kGrowsDown || m.huge_shift ||
        (!lazy_ && m.bytes() < kWorthMapping))
        return;
    if (m.image_offset != 0 && image_.profile() == Profile::Raw) {
        p.mapped = &image_;
        p.mapped_at = m.image_offset;
        return;
    }
    std::map<uint32_t, uint64_t> bytes;
    for (const PageRef& r : image_.refs())
        if (within(r, m))
            bytes[r.origin] += r.bytes;
    const auto most =
        std::max_element(bytes.begin(), bytes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    // Little of much is better copied than mapped.
    if (most == bytes.end() || most->second < m.bytes() / 4)
        return;
    const ImageReader& origin = image_.origin(most->first);
    const uint64_t at = place_in(origin, m);
    if (at == 0 || !note_mapped_origin(origin))
        return;
    p.mapped = &origin;
    p.mapped_at = at;
}

// Of what is mapped from another image: what that one has in places where this one has nothing.
void MemoryLoader::clear_leftovers() {
    for (const Place& p : places_) {
        if (!p.mapped || p.mapped == &image_)
            continue;
        const SavedMapping& m = *p.mapping;
        std::vector<Range> here;
        for (const PageRun& r : image_.runs())
            if (within(r, m))
                here.push_back({r.address, r.address + r.bytes});
        for (const PageRef& r : image_.refs())
            if (within(r, m))
                here.push_back({r.address, r.address + r.bytes});
        std::sort(here.begin(), here.end(),
                  [](const Range& a, const Range& b) { return a.start < b.start; });
        auto next = here.begin();
        for (const PageRun& r : p.mapped->runs()) {
            if (r.space != kProcessSpace || r.address + r.bytes <= m.start || r.address >= m.end)
                continue;
            const uint64_t end = std::min(r.address + r.bytes, m.end);
            for (uint64_t at = std::max(r.address, m.start); at < end;) {
                while (next != here.end() && next->end <= at)
                    ++next;
                const uint64_t stop = next == here.end() ? end : std::min(end, next->start);
                if (at < stop)
                    memset(reinterpret_cast<void*>(p.at + (at - m.start)), 0, stop - at);
                at = next == here.end() ? end : std::max(stop, std::min(end, next->end));
            }
        }
    }
}

Status MemoryLoader::load_ref(const PageRef& r, uint64_t offset, uint64_t bytes, char* buffer,
                              FrameCache& cache) {
    const ImageReader& origin = image_.origin(r.origin);
    const uint64_t address = r.address + offset, page = r.page + page_count(offset);
    const Place* p = r.space == kProcessSpace ? place_of(address) : nullptr;
    char* to = p ? reinterpret_cast<char*>(p->at + (address - p->mapping->start)) : buffer;
    // It is there already if it is mapped from where it lies in that file.
    if (p && p->mapped == &origin &&
        origin.file_offset_of(page) == p->mapped_at + (address - p->mapping->start) &&
        origin.file_offset_of(page + page_count(bytes) - 1) ==
            p->mapped_at + (address - p->mapping->start) + bytes - kPage) {
        if (lazy_ || origin.has_pages(page, to, page_count(bytes)))
            return {};
        return Status::refused("the image that it builds on, " + origin.path() +
                               ": the image is damaged (page data)");
    }
    if (Status s = image_.read_ref(r, offset, bytes, to, cache); !s)
        return s;
    return p ? Status() : fill_object(r.space, address, bytes, buffer);
}

Status MemoryLoader::load_refs(size_t batch, char* buffer) {
    FrameCache cache;
    return image_.for_each_in_batch(batch, [&](const PageRef& r, uint64_t offset, uint64_t n) {
        return load_ref(r, offset, n, buffer, cache);
    });
}

} // namespace glckpt::ckpt
