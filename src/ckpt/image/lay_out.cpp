// Which mappings lie in the raw image as one piece, so that a restart can map them from it.
#include "ckpt/image/writer.h"

namespace glckpt::ckpt {
namespace {

// A mapping of which most is in other images is mapped from one of those at a restart. And an image
// that holds little is to be a small file, also to what does not know of holes.
std::vector<PageLayout> layouts(const std::vector<SavedMapping>& mappings,
                                const std::vector<PageRun>& runs,
                                const std::vector<PageRef>& refs) {
    std::vector<PageLayout> out;
    out.reserve(mappings.size());
    auto run = runs.begin();
    auto ref = refs.begin();
    for (const SavedMapping& m : mappings) {
        uint64_t here = 0, elsewhere = 0;
        for (; run != runs.end() && run->space == kProcessSpace && run->address < m.end; ++run)
            here += run->bytes;
        for (; ref != refs.end() && ref->space == kProcessSpace && ref->address < m.end; ++ref)
            elsewhere += ref->bytes;
        const bool mostly_here = here >= elsewhere && here >= (m.end - m.start) / 2;
        out.push_back({m.start, m.end, 0, refs.empty() || mostly_here});
    }
    return out;
}

// Only anonymous memory can be mapped from the image. A stack that grows downwards cannot, since
// what lies before it in the file is not what it would grow into.
bool can_be_lazy(const SavedMapping& m) {
    return m.kind == MappingKind::Anonymous && !(m.flags & kGrowsDown) && m.huge_shift == 0;
}

} // namespace

void ImageWriter::lay_out_memory(std::vector<PageRun>& runs, const std::vector<PageRef>& refs,
                                 std::vector<SavedMapping>& mappings) {
    std::vector<PageLayout> places = layouts(mappings, runs, refs);
    lay_out(runs, places);
    for (size_t i = 0; i < places.size(); ++i)
        mappings[i].image_offset = can_be_lazy(mappings[i]) ? places[i].image_offset : 0;
}

} // namespace glckpt::ckpt
