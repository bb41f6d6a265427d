// From the kernel's list of mappings to what the image says about memory.
#pragma once
#include "base/status.h"
#include "ckpt/fd/kind.h"
#include "ckpt/image/format.h"
#include "ckpt/mem/maps.h"

namespace glckpt::ckpt {

class HugeMemory;

// Refuses mappings that cannot be restored (devices, io_uring), by name.
Status check_mappings(const std::vector<Vma>& vmas);

// What a private mapping is one of: of a file that is still there, of an object of `ctx`, or
// neither.
MappingKind private_kind(const Vma& v, const SaveContext& ctx);

// Registers the objects behind shared mappings; in the stop.
Status note_shared_mappings(const std::vector<Vma>& vmas, SaveContext& ctx);

struct MemoryDescription {
    std::vector<SavedMapping> mappings;
    std::vector<SavedFile> files;
    std::vector<PageRun> runs; // of the process's memory; file_offset not set yet
    std::vector<GuardedPages> guards;
    // Runs whose bytes must be read through /proc/self/mem: what lies there can be beyond a
    // file's end.
    std::vector<Range> careful;
    // What was made readable, with the protection it had: to be put back where this is not a copy.
    std::vector<Vma> made_readable;
};

void unmake_readable(const MemoryDescription& memory);

// In the writing copy: what to save of each mapping.
Result<MemoryDescription> describe_memory(const std::vector<Vma>& vmas, const SaveContext& ctx,
                                          const HugeMemory& huge);

} // namespace glckpt::ckpt
