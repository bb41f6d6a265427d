// Where there can be no copy of a process, it writes its image while it stands still. So that it
// need not stand still for all of that, large memory is written before, while it runs; in the stop
// a page's hash tells whether what lies in the file is still what the page has. (A fork of memory
// in huge pages is shorter than that comparison: this is only for who cannot have one.)
#pragma once
#include "base/status.h"
#include "ckpt/image/format.h"
#include "ckpt/mem/maps.h"
#include "ckpt/mem/shared.h"

namespace glckpt::ckpt {

class Precopied {
  public:
    // The program runs. Writes what is worth it of `vmas` to `fd`, from `data_at` on. The hashes
    // lie in `staging`, which is in no image.
    Status write(int fd, uint64_t data_at, const std::vector<Vma>& vmas, Staging& staging);
    bool done() const { return done_; }
    uint64_t seed() const { return seed_; }
    uint64_t end() const { return end_; } // of the file so far

    // Where the memory [start, end) lies in the file, in one piece; 0: it does not.
    uint64_t place_of(uint64_t start, uint64_t end);
    // Cuts the runs where what lies in the file begins and ends.
    void split(std::vector<PageRun>& runs) const;
    // The hashes of the pages from `address` on, as many as `pages`, of what lies in the file;
    // null: nothing does. A zeroed one: that page is not there. Whoever writes a page, or finds it
    // there, zeroes its hash: what is left over is not in the image, and clear_rest() takes it
    // away.
    PageHash* hashes_of(uint64_t address, uint64_t pages);
    Status clear_rest(int fd);

  private:
    struct Area {
        uint64_t start, end, place;
        PageHash* hashes;
    };
    Status write_range(int fd, int mem, const Area& area, Range range, char* buffer);
    Area* area_of(uint64_t address);

    std::vector<Area> areas_;
    uint64_t seed_ = 0, end_ = 0;
    bool done_ = false;
};

} // namespace glckpt::ckpt
