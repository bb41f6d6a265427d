// Compresses the frames of a packed image, several at a time.
//
// The writing copy has one thread and may not make one by the C library, whose tables of threads
// are part of what it saves. Its helpers are bare kernel threads: no thread area of their own (they
// run on their maker's, and touch nothing in it), no allocation (what zstd needs is given to it
// beforehand), no exit (the process's end is theirs).
#pragma once
#include <atomic>
#include <cstdint>

namespace glckpt::ckpt {

struct PackedFrame {
    const char* data = nullptr; // until the next frame is filled
    uint64_t bytes = 0;         // 0: compression failed
    uint64_t hash = 0;
};

// One thread fills, submits and takes; frames come out in the order in which they went in.
class FrameCompressor {
  public:
    // At most `helpers` threads, fewer where there is no leave or memory for them; none: frames
    // are compressed as they are submitted. With helpers: never destroyed but by the process's end.
    explicit FrameCompressor(unsigned helpers);
    ~FrameCompressor();
    FrameCompressor(const FrameCompressor&) = delete;
    FrameCompressor& operator=(const FrameCompressor&) = delete;

    bool ok() const { return count_ > 0; } // else: no memory
    char* plain() const;                   // of the frame that is being filled: kFrameBytes
    void submit(uint64_t bytes);
    // The oldest frame not yet taken: waits for it where there is no other place to fill, or for
    // the `last` ones. False: none.
    bool take(PackedFrame& out, bool last);

  private:
    struct Slot;
    static void help(void* self);
    void compress(Slot& s, void* room) const;
    Slot& slot(uint32_t frame) const;

    char* memory_ = nullptr;
    uint64_t memory_bytes_ = 0;
    Slot* slots_ = nullptr;
    uint32_t count_ = 0;   // of slots
    uint32_t helpers_ = 0; // threads
    uint32_t filled_ = 0, taken_ = 0;
    std::atomic<uint32_t> next_{0}, next_room_{0}; // for the helpers: a frame, a room for zstd
    char* rooms_ = nullptr;
    uint64_t room_bytes_ = 0;
};

// How many threads may run at once: the processors that this process may use, eight at most.
unsigned useful_helpers();

} // namespace glckpt::ckpt
