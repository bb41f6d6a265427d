// Writes an image file: page data as it comes, sections, table, and the header last, so that a
// file without a valid header is no image.
#pragma once
#include "base/status.h"
#include "ckpt/image/chain.h"
#include "ckpt/image/format.h"
#include "ckpt/image/precopy.h"
#include "ckpt/state.h"
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace glckpt::ckpt {

// Gives the bytes of [address, address+bytes) of a space, at most one frame: a pointer to them, or
// to a copy in `buffer` (a frame large).
using PageSource =
    std::function<const char*(uint32_t space, uint64_t address, uint64_t bytes, char* buffer)>;

struct PageLayout { // raw: where whole mappings lie, so that a lazy restart can map them
    uint64_t start, end, image_offset;
    bool may_be_whole = true; // not where most of it is in other images
};

class ImageWriter {
  public:
    // The header goes to `header_at`, everything else from `data_at` on. `seed`: of the page
    // hashes; an incremental image's is its parent's.
    ImageWriter(int fd, Profile profile, uint64_t header_at, uint64_t data_at, uint64_t seed);
    ~ImageWriter();
    ImageWriter(const ImageWriter&) = delete;

    // Raw: much of it lies in the file already, and needs only be looked at. Before anything else.
    void build_on(Precopied& precopied) {
        precopied_ = &precopied;
        end_ = precopied.end();
    }
    // Packed: so many threads compress (compressor.h), for a process that ends when it has written.
    void compress_with(unsigned helpers) { helpers_ = helpers; }
    // Raw: gives every run its place. Runs must be sorted by space and address. `mappings` are
    // the address ranges that should be contiguous in the file; their image_offset is filled.
    void lay_out(std::vector<PageRun>& runs, std::vector<PageLayout>& mappings);
    // That for the mappings of a process; notes in each where it lies.
    void lay_out_memory(std::vector<PageRun>& runs, const std::vector<PageRef>& refs,
                        std::vector<SavedMapping>& mappings);
    Status write_pages(const std::vector<PageRun>& runs, const PageSource& source,
                       std::atomic<uint64_t>* progress);
    // What is not in this image but in others.
    Status write_refs(const std::vector<PageRef>& refs, const ChainState& chain);
    Status add_section(std::string_view name, std::string_view bytes);
    // The header, last. `durable`: not before everything is on the disk, and it too.
    Status finish(bool durable);
    uint64_t file_bytes() const { return end_; }

  private:
    void lay_out_precopied(std::vector<PageRun>::iterator from, std::vector<PageRun>::iterator to);
    Status write_at(const void* data, uint64_t bytes, uint64_t offset);
    struct FrameSink;
    unsigned helpers_ = 0;
    int fd_;
    Profile profile_;
    uint64_t header_at_, end_; // end: where the next thing goes
    uint64_t seed_;
    Precopied* precopied_ = nullptr;
    std::vector<PageFrame> frames_;
    std::vector<PageHash> hashes_;
    std::vector<SectionEntry> table_;
};

uint64_t random_seed();

// The first offset from `at` on that lies in its huge page where `address` lies in its own: a
// mapping of the one onto the other can then use huge pages.
uint64_t congruent(uint64_t at, uint64_t address);

} // namespace glckpt::ckpt
