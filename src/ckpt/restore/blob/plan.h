// What the restorer leaves behind for the blob. All pointers lead into the blob's own region,
// which is the only memory of the restorer that survives the blob's first step.
#pragma once
#include <cstdint>

namespace glckpt::ckpt {

struct BlobRange {
    uint64_t start, end;
};
struct BlobMove {
    uint64_t from, bytes, to;
};
struct BlobThread {
    int32_t tid;
    uint64_t slot, frame; // guest addresses
    uint64_t fs, gs, clear_tid, robust, robust_bytes, rseq;
    uint32_t rseq_bytes, rseq_signature;
    uint64_t stack_top; // of its own until it stands on its saved one
};
struct BlobPlan {
    const BlobRange* keep; // ascending
    uint64_t keep_count;
    const BlobMove* moves; // memory that could not be placed at once, the vdso
    uint64_t move_count;
    const BlobThread* threads;
    uint64_t thread_count;
    uint64_t main_thread; // index of the one that this thread becomes; the count: it has ended
    uint64_t thread_entry, ended_entry;
    uint64_t set_tid; // 1: threads get their old numbers
    const void* handover;
    uint64_t handover_bytes, handover_to;
    int32_t status_fd;
};

} // namespace glckpt::ckpt
