// Private memory of huge TLB pages: MAP_HUGETLB, and private mappings of files of such pages.
//
// A fork must not have it. The pages come out of a pool of a fixed size, in which the program has
// reserved as many as its mappings need, and copies on write need others. When the pool has none
// left, the kernel (mm/hugetlb.c, hugetlb_wp) takes the page away from the child of a process that
// reserved it: the writing copy would die of SIGBUS. With MAP_NORESERVE there is no such
// precedence, and the *program* gets the SIGBUS, at its first write to memory that was its own
// before the checkpoint. And where the pool has some left, copies would take what others count on.
// So such memory is kept from the fork (MADV_DONTFORK, for that moment), and its contents are
// copied aside during the stop, into ordinary memory, as shared memory's are. It costs a pause of a
// memory copy and as much memory once more, until the image is written; nothing of the pool. That
// memory is made while the program still runs, and is shared memory, of which a fork copies no page
// tables.
//
// What was looked at is what a mapping has of its own: a huge page that nobody has written to is
// not there, and is not made by looking (Pagemap). Shared ones are objects like other shared memory
// (shared.h).
#pragma once
#include "base/status.h"
#include "ckpt/fd/kind.h"
#include "ckpt/mem/maps.h"
#include "ckpt/mem/shared.h"

namespace glckpt::ckpt {

struct HugeMapping {
    Vma vma;
    MappingKind kind;
    std::vector<Content> contents; // by address
};

class HugeMemory {
  public:
    static bool is_one(const Vma& v) { return v.huge_tlb && !v.shared; }
    // Before the stop: somewhere to copy to, for about as much as there is.
    void make_room(const std::vector<Vma>& vmas, Staging& staging);
    // In the stop, when the objects behind mappings are known.
    Status copy(const std::vector<Vma>& vmas, const SaveContext& ctx, Staging& staging);
    // Around the fork.
    void keep_from_fork() const;
    void unkeep() const;
    // The copy's list of mappings (where it is the process itself: its own) as the program's was.
    // Refuses what came between.
    Status put_back(std::vector<Vma>& vmas, const SaveContext& ctx) const;
    const HugeMapping* find(uint64_t start) const; // the one that begins there
    // Where the bytes that were at `address` lie now; null: that is no huge page.
    const char* at(uint64_t address) const;

  private:
    Status copy_range(int mem, HugeMapping& m, Range range, Staging& staging);
    char* take(uint64_t bytes, Staging& staging);
    Range room_; // what is left of it
    std::vector<HugeMapping> all_;
};

} // namespace glckpt::ckpt
