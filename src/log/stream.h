// The producer's end of a stream: reserve, fill, commit; publish in batches; wait for replies.
//
// Hot path: a bounds check, the stores of the record, an addition. Everything else (publishing,
// waking the renderer, waiting for space) is in slow(), reached when the current batch is full.
//
// Thread rules: one producer at a time. A context that moves to another thread takes its stream
// along; the release in the old thread publishes, and the app's own synchronization orders the
// two threads.
#pragma once
#include "base/lock.h"
#include "log/record.h"
#include "log/shared.h"
#include <cstring>

namespace glckpt::log {

// Called when a wait takes long: the renderer may be dead. True: do not wait any longer (the
// caller is attaching a renderer that has died, and will find out). Set by the GL endpoint.
extern bool (*g_renderer_check)();
// Called when the pruner should fold (space runs short). Set by the GL endpoint.
extern void (*g_wake_pruner)();

// What the streams of a share group have in common: who published last. Work that crosses contexts
// is ordered by it (OpenGL 4.6, section 5.3: changes made by completed commands of one context are
// seen by another that binds the object afterwards; the app's own synchronization says what
// "afterwards" is, and what was published before it was published). Each batch begins with an
// xOrder record, filled in when the batch is published: the renderer and the pruner take up the
// batch only when the publication before it is done. The publications of a group are thus one
// sequence.
struct PublishOrder {
    Mutex lock;
    std::atomic<uint32_t> streams{0};
    uint32_t last_stream = 0;
    uint64_t last_position = 0;
};

// Called before each wait for a reply or a frame, if set (GLCKPT_STRESS).
extern void (*g_sync_point)();

class Stream {
  public:
    // A stream that swallows records: what a thread without a current context writes to.
    constexpr Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Makes the memfd and maps it. Returns 0 or -errno. `fd` stays open (an own fd, InImage).
    int create(uint32_t id);
    void destroy();

    char* reserve(size_t bytes) {
        if (write_ + bytes > limit_) [[unlikely]]
            make_room(bytes);
        return ring_ + (write_ & mask_);
    }
    void commit(size_t bytes) {
        write_ += bytes;
        if (after_call) [[unlikely]]
            after_call(*this);
    }
    // Of a record that more of the same call follows, or that is answered anyway.
    void commit_part(size_t bytes) { write_ += bytes; }
    uint64_t position() const { return write_; }

    void publish();
    // Publishes and waits until the renderer has answered the record just committed.
    void wait_reply();
    // Waits until the renderer has executed everything committed so far.
    void wait_executed();
    void wait_executed_to(uint64_t position);
    // Waits until at most `behind` of the `frames` swaps issued are still to be executed.
    void wait_frames(uint64_t frames, uint64_t behind);

    // Space in the arena for a payload in transit; waits for it. Null if it never fits.
    // *place is the PayloadRef::place.
    // Null, too, if the record (or the draw with its arrays) would fill the arena by itself:
    // nothing of it is free again before it is executed, and that needs all of it.
    char* arena_reserve(size_t bytes, uint32_t* place);
    // Around the client arrays of one draw: their payloads are in use until the draw is executed,
    // which is the record that follows.
    void begin_arrays() {
        sending_arrays_ = true;
        group_head_ = arena_head_;
    }
    void end_arrays() {
        sending_arrays_ = false;
        arrays_until_ = write_;
    }
    bool sending_arrays() const { return sending_arrays_; }
    bool in_draw() const { return sending_arrays_ || write_ == arrays_until_; }
    bool fits_arena(size_t bytes) const { return bytes <= arena_size_ / 2; }

    const StreamShared& shared() const { return *shared_; }
    StreamShared& shared() { return *shared_; }
    const char* reply() const { return reply_; }
    char* debug_block() { return reply_ + kReplyBlock; }
    bool has_debug_messages() const {
        return shared_ && shared_->debug_written.load(std::memory_order_relaxed) !=
                              shared_->debug_read.load(std::memory_order_relaxed);
    }
    const char* ring() const { return ring_; }
    const char* arena() const { return arena_; }
    uint64_t ring_mask() const { return mask_; }
    uint64_t arena_size() const { return arena_size_; }
    int fd() const { return fd_; }
    uint32_t id() const { return shared_ ? shared_->stream_id : 0; }
    bool real() const { return shared_ != nullptr; }

    // Between glBegin and glEnd nothing is published, so that a drain never ends inside
    // (unless a single glBegin/glEnd is larger than the ring).
    bool inside_begin = false;

    // The share group has persistent buffer maps: commands that may read buffers send first what
    // the app has written into them. After client arrays they do not: it was done before those.
    bool persistent_maps = false;
    bool arrays_sent = false;

    // Classes of questions to which answers are kept (interpose/gl/answers.h): the encoders take
    // out those whose answers a command may change.
    uint64_t answered = 0;
    // Nothing was issued since a reply that said: no error is pending.
    bool known_clean() const { return write_ == clean_at_; }
    // The record just committed raises no error for certain, and it was known before it.
    void still_clean() { clean_at_ = write_; }

    // Each command that can fail waits, and its debug messages are delivered
    // (interpose/gl/debug.cpp).
    void (*after_call)(Stream&) = nullptr;

    // False: nobody frees the arena while a record is written (an attach log).
    bool has_pruner = true;

    // Of the share group; null: alone.
    PublishOrder* order = nullptr;

    // Told by the pruner what space of the arena is free: everything before this offset of the
    // allocation order.
    std::atomic<uint64_t> arena_released{0};
    uint64_t arena_head() const { return arena_head_; }

  private:
    void make_room(size_t bytes);
    void begin_batch();
    void wake_renderer();

    uint64_t write_ = 0;
    uint64_t clean_at_ = ~0ull; // write_ when the last such reply came
    uint64_t limit_ = 0;        // reserve() up to here without asking
    uint64_t mask_ = 0;
    char* ring_ = nullptr;
    StreamShared* shared_ = nullptr;
    uint64_t published_ = 0;
    char* reply_ = nullptr;
    char* arena_ = nullptr;
    uint64_t arena_size_ = 0;
    uint64_t arena_head_ = 0;       // bytes handed out since the stream began
    uint64_t group_head_ = 0;       // arena_head_ where the present record or draw began
    uint64_t group_write_ = 0;      // and write_ when space was last handed out
    uint64_t arrays_until_ = ~0ull; // write_ after the last arrays
    bool sending_arrays_ = false;
    uint64_t batch_order_ = 0; // position of the open batch's xOrder record, plus 1; 0: none
    int fd_ = -1;
    char* swallow_ = nullptr; // the null stream's scratch
};

constexpr uint64_t kRingSize = 4 << 20;
constexpr uint64_t kArenaSize = 16 << 20;
constexpr uint64_t kHotArena = 4 << 20; // used over and over while the renderer keeps up
// A batch is published at the latest after this many bytes.
constexpr uint64_t kBatch = 4096;

} // namespace glckpt::log
