// Shared memory between the app and its renderer: what a stream looks like to both.
//
// One memfd a stream, mapped at [StreamShared | reply block | debug messages | ring | arena]. The
// ring is mapped twice in a row, so that a record never wraps. Positions are bytes since the stream
// began and never wrap either; `position & (ring_size - 1)` is the place.
//
// Who writes what: the producer (one app thread at a time) `published`; the renderer `executed`
// and the reply; the pruner (in the app's process) `folded`. The ring's space is free up to
// `folded`: what is executed but not folded may still be needed.
//
// Sleeping: each side sets its *_sleeps word before it waits on a futex and looks once more; the
// other side looks at it after each publication. No system call unless somebody sleeps.
//
// All of it is plain memory: a checkpoint keeps it as it is, and a new renderer that attaches
// goes on from `executed`.
#pragma once
#include <atomic>
#include <cstdint>

namespace glckpt::log {

constexpr uint32_t kStreamMagic = 0x676c7331; // "1slg"
constexpr size_t kReplyBlock = 256 << 10;

struct StreamShared {
    uint32_t magic;
    uint32_t stream_id;
    uint64_t ring_size;
    uint64_t arena_size;

    alignas(64) std::atomic<uint64_t> published;
    std::atomic<uint32_t> publish_word; // futex: bumped when the renderer may be asleep

    alignas(64) std::atomic<uint64_t> executed;
    std::atomic<uint32_t> executed_word; // futex: producers and the pruner wait for progress here
    std::atomic<uint64_t> frames_done;   // swaps executed
    std::atomic<uint64_t> reached;       // executed, and the arrays of the draw that comes next

    alignas(64) std::atomic<uint64_t> replied; // position after the last sync record answered
    uint64_t reply_value;                      // the call's return value
    uint32_t reply_bytes;                      // of variable-sized results
    uint32_t reply_error;
    uint32_t sticky_error; // the app's pending error, as of `executed` or, if later, `replied`

    alignas(64) std::atomic<uint64_t> folded;
    std::atomic<uint32_t> folded_word; // futex: a producer waits for space here

    alignas(64) std::atomic<uint32_t> renderer_sleeps;
    std::atomic<uint32_t> producer_sleeps; // on executed_word
    std::atomic<uint32_t> space_sleeps;    // on folded_word

    alignas(64) std::atomic<uint64_t> debug_written; // log/debug.h
    std::atomic<uint64_t> debug_read;
};

// Offsets within the memfd.
constexpr uint64_t kReplyOffset = 4096;
constexpr size_t kDebugBlock = 64 << 10;
constexpr uint64_t kRingOffset = kReplyOffset + kReplyBlock + kDebugBlock;
static_assert(sizeof(StreamShared) <= kReplyOffset);

} // namespace glckpt::log
