#include "log/stream.h"
#include "base/lock.h"
#include "base/own_fds.h"
#include "gen/gl/records.h"
#include <algorithm>
#include <cerrno>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <x86intrin.h>

namespace glckpt::log {

bool (*g_renderer_check)() = nullptr;
void (*g_wake_pruner)() = nullptr;
void (*g_sync_point)() = nullptr;

namespace {

char* map_shared(int fd, uint64_t offset, uint64_t size, char* at) {
    const long p = raw_syscall(SYS_mmap, at, size, PROT_READ | PROT_WRITE,
                               MAP_SHARED | (at ? MAP_FIXED : 0), fd, offset);
    return p < 0 && p > -4096 ? nullptr : (char*)p;
}

// The ring twice in a row: a record that crosses the end is contiguous for its reader and writer.
char* map_mirrored(int fd, uint64_t offset, uint64_t size) {
    const long hole =
        raw_syscall(SYS_mmap, 0, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (hole < 0 && hole > -4096)
        return nullptr;
    char* base = (char*)hole;
    if (!map_shared(fd, offset, size, base) || !map_shared(fd, offset, size, base + size))
        return nullptr;
    return base;
}

// Waits until `ready`. Spins while the other side is likely to answer at once, then sleeps.
// The spin adapts: what was answered by spinning earns a longer spin, what was not halves it
// (measured in the prototype: no fixed spin wins on two loaded cores).
class Waiter {
  public:
    // `urge`, if any, is called when the wait has been announced: who answers only when somebody
    // waits must be woken after that, or it looks too early and goes back to sleep.
    template <class Ready>
    void wait(std::atomic<uint32_t>& word, std::atomic<uint32_t>& sleeps, Ready ready,
              void (*urge)() = nullptr) {
        if (ready())
            return;
        const uint64_t begin = __rdtsc();
        do {
            for (int i = 0; i < 16; ++i)
                _mm_pause();
            if (ready()) {
                spin_cycles_ = std::min(spin_cycles_ + spin_cycles_ / 4, kMaxSpin);
                return;
            }
        } while (__rdtsc() - begin < spin_cycles_);
        spin_cycles_ = std::max(spin_cycles_ / 2, kMinSpin);
        for (;;) {
            const uint32_t seen = word.load(std::memory_order_seq_cst);
            sleeps.store(1, std::memory_order_seq_cst);
            if (ready())
                break;
            if (urge)
                urge();
            const timespec limit{0, 200'000'000};
            if (futex_wait(word, seen, &limit) == -ETIMEDOUT && g_renderer_check &&
                g_renderer_check())
                break;
            if (ready())
                break;
        }
        sleeps.store(0, std::memory_order_relaxed);
    }

  private:
    static constexpr uint64_t kMinSpin = 2'000, kMaxSpin = 60'000; // cycles: about 1 to 20 us
    uint64_t spin_cycles_ = 20'000;
};
thread_local Waiter t_waiter;

} // namespace

int Stream::create(uint32_t id) {
    const long fd = raw_syscall(SYS_memfd_create, "glckpt-stream", MFD_CLOEXEC);
    if (fd < 0)
        return (int)fd;
    fd_ = own_fd_adopt((int)fd, OwnFd::InImage);
    if (fd_ < 0)
        return fd_;
    const uint64_t total = kRingOffset + kRingSize + kArenaSize;
    if (const long r = raw_syscall(SYS_ftruncate, fd_, total); r < 0)
        return (int)r;
    char* head = map_shared(fd_, 0, kRingOffset, nullptr);
    ring_ = map_mirrored(fd_, kRingOffset, kRingSize);
    arena_ = map_shared(fd_, kRingOffset + kRingSize, kArenaSize, nullptr);
    if (!head || !ring_ || !arena_)
        return -ENOMEM;
    shared_ = new (head) StreamShared{};
    shared_->magic = kStreamMagic;
    shared_->stream_id = id;
    shared_->ring_size = kRingSize;
    shared_->arena_size = arena_size_ = kArenaSize;
    reply_ = head + kReplyOffset;
    mask_ = kRingSize - 1;
    return 0;
}

void Stream::destroy() {
    if (!shared_)
        return;
    raw_syscall(SYS_munmap, shared_, kRingOffset);
    raw_syscall(SYS_munmap, ring_, 2 * kRingSize);
    raw_syscall(SYS_munmap, arena_, kArenaSize);
    own_fd_close(fd_);
    shared_ = nullptr;
    limit_ = write_ = 0;
}

void Stream::wake_renderer() {
    if (shared_->renderer_sleeps.load(std::memory_order_seq_cst)) {
        shared_->renderer_sleeps.store(0, std::memory_order_relaxed);
        shared_->publish_word.fetch_add(1, std::memory_order_seq_cst);
        futex_wake(shared_->publish_word, 1);
    }
}

void Stream::publish() {
    if (published_ == write_ || !shared_)
        return;
    published_ = write_;
    if (order && order->streams.load(std::memory_order_relaxed) > 1) {
        Locked hold(order->lock);
        if (batch_order_ && order->last_stream != shared_->stream_id) {
            auto* r = reinterpret_cast<rec::xOrder*>(ring_ + ((batch_order_ - 1) & mask_));
            r->id = order->last_stream;
            r->position = order->last_position;
        }
        order->last_stream = shared_->stream_id;
        order->last_position = write_;
        shared_->published.store(write_, std::memory_order_seq_cst);
    } else {
        if (order) {
            order->last_stream = shared_->stream_id;
            order->last_position = write_;
        }
        shared_->published.store(write_, std::memory_order_seq_cst);
    }
    batch_order_ = 0;
    limit_ = write_; // what follows begins a new batch
    wake_renderer();
}

// The batch's first record says what must come before it; filled in by publish().
void Stream::begin_batch() {
    // Also while the stream is alone: a second context may come, in another thread, before this
    // batch is published.
    if (!order || inside_begin)
        return;
    auto* r = reinterpret_cast<rec::xOrder*>(ring_ + (write_ & mask_));
    r->head_ = {(uint16_t)Op::xOrder, 0, sizeof *r};
    r->id = 0;
    r->position = 0;
    batch_order_ = write_ + 1;
    write_ += sizeof *r;
}

void Stream::make_room(size_t bytes) {
    if (!shared_) { // nothing current: the record goes nowhere
        if (!swallow_)
            swallow_ = (char*)raw_syscall(SYS_mmap, 0, 1 << 20, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ring_ = swallow_;
        write_ = limit_ = 0;
        mask_ = 0;
        return;
    }
    const uint64_t size = mask_ + 1;
    const bool fresh = published_ == write_ || !inside_begin;
    const uint64_t wanted = write_ + bytes + sizeof(rec::xOrder);
    auto has_room = [&] {
        return wanted <= shared_->folded.load(std::memory_order_acquire) + size;
    };
    if (!inside_begin || !has_room())
        publish();
    const uint64_t used = write_ - shared_->folded.load(std::memory_order_relaxed);
    if (used > size / 2 && g_wake_pruner)
        g_wake_pruner();
    if (!has_room())
        t_waiter.wait(shared_->folded_word, shared_->space_sleeps, has_room, g_wake_pruner);
    if (fresh && published_ == write_)
        begin_batch();
    const uint64_t space_end = shared_->folded.load(std::memory_order_acquire) + size;
    limit_ = std::min(write_ + std::max<uint64_t>(bytes, kBatch), space_end);
}

void Stream::wait_reply() {
    if (!shared_)
        return;
    publish();
    if (g_sync_point)
        g_sync_point();
    limit_ = write_; // what follows starts a new batch
    t_waiter.wait(shared_->executed_word, shared_->producer_sleeps,
                  [&] { return shared_->replied.load(std::memory_order_acquire) >= write_; });
    const bool answered = shared_->replied.load(std::memory_order_acquire) >= write_;
    clean_at_ = answered && !shared_->sticky_error ? write_ : ~0ull;
}

void Stream::wait_executed_to(uint64_t position) {
    if (!shared_)
        return;
    t_waiter.wait(shared_->executed_word, shared_->producer_sleeps,
                  [&] { return shared_->executed.load(std::memory_order_acquire) >= position; });
}

void Stream::wait_executed() {
    publish();
    wait_executed_to(write_);
}

void Stream::wait_frames(uint64_t frames, uint64_t behind) {
    if (!shared_)
        return;
    if (g_sync_point)
        g_sync_point();
    t_waiter.wait(shared_->executed_word, shared_->producer_sleeps, [&] {
        return shared_->frames_done.load(std::memory_order_acquire) + behind >= frames;
    });
}

char* Stream::arena_reserve(size_t bytes, uint32_t* place) {
    if (!shared_ || !fits_arena(bytes))
        return nullptr;
    const uint64_t need = (bytes + kArenaUnit - 1) & ~(kArenaUnit - 1);
    if (write_ != group_write_ && !in_draw())
        group_head_ = arena_head_;
    group_write_ = write_;
    // A payload is contiguous: skip the arena's end if it does not fit there. And skip it as soon
    // as the beginning is free again: memory that is still in the caches is copied to faster.
    uint64_t at = arena_head_;
    const uint64_t in_lap = at % arena_size_,
                   released = arena_released.load(std::memory_order_acquire);
    const bool begin_free = released >= std::min(at, at - in_lap + kHotArena);
    if (in_lap + need > arena_size_ || (group_head_ == arena_head_ && begin_free &&
                                        need <= kHotArena && in_lap + need > kHotArena))
        at += arena_size_ - in_lap;
    // What the record or draw itself has used is not released before it is executed.
    if (at + need > group_head_ + arena_size_)
        return nullptr;
    auto has_room = [&] {
        return at + need <= arena_released.load(std::memory_order_acquire) + arena_size_;
    };
    if (!has_room() && !has_pruner)
        return nullptr;
    if (!has_room()) {
        publish();
        if (g_wake_pruner)
            g_wake_pruner();
        t_waiter.wait(shared_->folded_word, shared_->space_sleeps, has_room, g_wake_pruner);
    }
    // Now and then: let the renderer begin, and the pruner free what is executed.
    if (at / (kHotArena / 4) != arena_head_ / (kHotArena / 4) && !inside_begin) {
        publish();
        if (g_wake_pruner)
            g_wake_pruner();
    }
    arena_head_ = at + need;
    *place = (uint32_t)(at % arena_size_ / kArenaUnit);
    return arena_ + at % arena_size_;
}

} // namespace glckpt::log
