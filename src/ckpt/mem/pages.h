// Which pages of a mapping have contents of their own.
#pragma once
#include "ckpt/mem/maps.h"
#include "ckpt/sys.h"

namespace glckpt::ckpt {

class Pagemap {
  public:
    Pagemap() : fd_(open_fd("/proc/thread-self/pagemap", O_RDONLY)) {}
    bool ok() const { return fd_.ok(); }
    // Ranges of private pages (present or swapped, not of a file, not the zero page), ascending.
    void modified(Range within, std::vector<Range>& out);
    // Ranges that must not be touched (MADV_GUARD_INSTALL).
    void guards(Range within, std::vector<Range>& out);
    // Ranges that are backed by small pages and present.
    void small(Range within, std::vector<Range>& out);

  private:
    void scan(Range within, uint64_t inverted, uint64_t mask, uint64_t any,
              std::vector<Range>& out);
    void read_entries(Range within, std::vector<Range>& out);
    UniqueFd fd_;
    bool has_scan_ = true;     // kernel 6.7
    bool knows_guards_ = true; // kernel 6.15
};

bool is_zero_page(const void* page);

// Leaves out stretches of at least `least` zero pages. Reads the memory: the pages must be
// readable.
void drop_zero_pages(std::vector<Range>& ranges, unsigned least);

} // namespace glckpt::ckpt
