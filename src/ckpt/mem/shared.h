// Contents of shared memory, copied during the stop: a copy-on-write fork protects private memory
// from what the app does next, but not this.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/mem/maps.h"

namespace glckpt::ckpt {

// Memory taken aside in the app's process, which is not part of the image.
class Staging {
  public:
    Staging() = default;
    Staging(const Staging&) = delete;
    ~Staging() { release(); }
    void* take(uint64_t bytes, bool shared = false);
    void release();
    // The restarted process has this list in its memory, but not what it lists.
    void forget() { ranges_.clear(); }
    const std::vector<Range>& ranges() const { return ranges_; }

  private:
    std::vector<Range> ranges_;
};

// Runs of pages that are not zero, in a copy that starts at offset (or address) `base`.
void note_runs(const char* copy, uint64_t base, uint64_t bytes, std::vector<Content>& out);

// (The numbers of huge TLB pages' files are another file system's.)
inline bool shows(const Vma& v, const SharedObject& o) {
    return v.shared && v.ino == o.ino && v.huge_tlb == (o.huge_shift != 0);
}

struct SharedContents {
    std::vector<std::vector<Content>> of; // by object: runs of whole pages, zeros left out
};

Status copy_shared(SaveContext& ctx, const std::vector<Vma>& vmas, Staging& staging,
                   SharedContents& out);

} // namespace glckpt::ckpt
