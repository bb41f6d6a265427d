// What the image before has, page by page: in the writing copy of the process.
//
// How changed pages are found. Not by the kernel's soft-dirty bits (many kernels are built without
// them, and clear_refs says nothing of that) nor by write protection (userfaultfd with WP_ASYNC):
// that is lost by mremap and fork, is no longer there after a restart, must be made anew for every
// new mapping, refuses MADV_COLLAPSE, without which a fork of 1 GiB takes ten times as long, and
// costs the program a fault for each page. Every page has its hash of 128 bits in the image; a
// page whose hash at the same place is still the same is the same page, wherever it has been in
// between and whoever has written it. So nothing can be missed and nothing gets lost: there is no
// state in the program but the name of its last image, and any image at all may be compared with.
// The price is reading the memory once, in the copy, while the program runs.
#pragma once
#include "ckpt/image/reader.h"
#include "ckpt/image/writer.h"

namespace glckpt::ckpt {

class Baseline {
  public:
    // The image `parent`, of the process that is now described by `state`; for an image whose
    // name is going to be `final`. False: there is nothing to build on.
    bool open(const std::string& parent, const std::string& final, const ProcessState& state);
    uint64_t seed() const { return seed_; }
    // Takes those pages out of `runs` that are still what they were.
    void split(std::vector<PageRun>& runs, const PageSource& source, std::vector<PageRef>& refs);
    // Of the refs that split() has made: their list of origins, without those that it did not use.
    ChainState chain(std::vector<PageRef>& refs) const;

  private:
    struct Extent { // pages of one space, in one image
        uint64_t address, end, page;
        uint32_t origin;
    };
    struct Origin {
        ImageOrigin name;
        const ImageReader* image = nullptr; // null: it cannot be had
    };
    bool usable(const ImageOrigin& name, const std::string& final) const;
    void add_extents(const ProcessState& state);
    std::vector<int> spaces_of(const ProcessState& state) const;
    const Extent* find(uint32_t space, uint64_t address);

    std::vector<ImageReader> files_; // the parent's file; if it is a tree, and this part of it
    const ImageReader* parent_ = nullptr;
    std::vector<Origin> origins_; // the parent's own, and it
    std::vector<std::unique_ptr<ImageReader>> opened_;
    std::vector<std::vector<Extent>> spaces_; // by the space's number now
    std::vector<size_t> cursor_;
    uint64_t seed_ = 0;
    uint32_t depth_ = 0;
};

} // namespace glckpt::ckpt
