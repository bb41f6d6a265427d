#include "replay/stream.h"
#include "base/lock.h"
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

namespace glckpt::replay {
namespace {

constexpr uint64_t kProgress = 64 << 10; // executed is told at least this often, in bytes

struct Large {
    void* p;
    size_t bytes;
};
std::mutex g_large_lock;
std::condition_variable g_large_added;
std::unordered_map<uint32_t, Large> g_large;

// Names the record for the (rare) messages.
const char* name_of(const char* record) {
    const auto op = reinterpret_cast<const log::RecordHeader*>(record)->op;
    return op < (uint16_t)Op::Count ? kOpNames[op] : "?";
}

void tell_executed(Stream& s, uint64_t position) {
    s.shared->executed.store(position, std::memory_order_seq_cst);
    notify_progress(s);
}

uint64_t wait_published(Stream& s, uint64_t position) {
    // Spin a little: the next batch of a running app comes within microseconds.
    static thread_local uint64_t spin = 20'000;
    auto have = [&] { return s.shared->published.load(std::memory_order_acquire); };
    const uint64_t begin = __rdtsc();
    do {
        if (have() != position) {
            spin = std::min<uint64_t>(spin + spin / 4, 60'000);
            return have();
        }
        for (int i = 0; i < 16; ++i)
            _mm_pause();
    } while (__rdtsc() - begin < spin);
    spin = std::max<uint64_t>(spin / 2, 2'000);
    while (have() == position && !s.end.load(std::memory_order_relaxed)) {
        const uint32_t seen = s.shared->publish_word.load(std::memory_order_seq_cst);
        s.shared->renderer_sleeps.store(1, std::memory_order_seq_cst);
        if (have() != position)
            break;
        const timespec limit{0, 100'000'000};
        futex_wait(s.shared->publish_word, seen, &limit);
    }
    s.shared->renderer_sleeps.store(0, std::memory_order_relaxed);
    return have();
}

} // namespace

void notify_progress(Stream& s) {
    if (s.shared->producer_sleeps.load(std::memory_order_seq_cst)) {
        s.shared->producer_sleeps.store(0, std::memory_order_relaxed);
        s.shared->executed_word.fetch_add(1, std::memory_order_seq_cst);
        futex_wake(s.shared->executed_word, 64);
    }
}

void unmap_stream(Stream& s) {
    munmap(const_cast<char*>(s.ring), 2 * s.shared->ring_size);
    munmap(s.arena, s.shared->arena_size);
    munmap(s.shared, log::kRingOffset);
}

void* large_transfer(uint32_t index) {
    std::unique_lock hold(g_large_lock);
    g_large_added.wait(hold, [&] { return g_large.count(index) != 0; });
    return g_large[index].p;
}

void add_large(uint32_t index, uint64_t bytes, int fd) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED) {
        perror("glckpt: renderer: mmap of a large payload");
        _exit(1);
    }
    std::lock_guard hold(g_large_lock);
    g_large[index] = {p, bytes};
    g_large_added.notify_all();
}

void drop_large(uint32_t index) {
    std::lock_guard hold(g_large_lock);
    const auto it = g_large.find(index);
    if (it == g_large.end())
        return;
    munmap(it->second.p, it->second.bytes);
    g_large.erase(it);
}

std::unique_ptr<Stream> map_stream(int fd) {
    auto map = [&](uint64_t offset, uint64_t size, void* at) {
        return mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), fd,
                    (off_t)offset);
    };
    auto s = std::make_unique<Stream>();
    char* head = (char*)map(0, log::kRingOffset, nullptr);
    if (head == MAP_FAILED)
        return nullptr;
    s->shared = reinterpret_cast<log::StreamShared*>(head);
    if (s->shared->magic != log::kStreamMagic)
        return nullptr;
    s->reply = head + log::kReplyOffset;
    const uint64_t size = s->shared->ring_size;
    char* ring = (char*)mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED || map(log::kRingOffset, size, ring) == MAP_FAILED ||
        map(log::kRingOffset, size, ring + size) == MAP_FAILED)
        return nullptr;
    s->ring = ring;
    s->mask = size - 1;
    s->arena = (char*)map(log::kRingOffset + size, s->shared->arena_size, nullptr);
    if (s->arena == MAP_FAILED)
        return nullptr;
    s->id = s->shared->stream_id;
    close(fd);
    return s;
}

void run_stream(Stream& s) {
    Exec& x = *s.exec;
    uint64_t at = s.shared->executed.load();
    uint64_t told = at;
    while (!s.end.load(std::memory_order_relaxed)) {
        uint64_t until = s.shared->published.load(std::memory_order_acquire);
        if (at == until) {
            if (told != at && !x.holds_arrays) {
                tell_executed(s, at);
                told = at;
            }
            until = wait_published(s, at);
        }
        while (at < until) {
            char* record = const_cast<char*>(s.ring) + (at & s.mask);
            auto* h = reinterpret_cast<log::RecordHeader*>(record);
            if (h->op == 0 || h->op >= (uint16_t)Op::Count || !kDecoders[h->op] || h->size < 8) {
                fprintf(stderr, "glckpt: renderer: stream %u is damaged at %lu (%s)\n", s.id,
                        (unsigned long)at, name_of(record));
                abort();
            }
            const bool sync = h->flags & log::kSync;
            if (sync) {
                s.shared->reply_value = 0;
                s.shared->reply_bytes = 0;
            }
            s.failed = false;
            x.holds_arrays = false; // whatever follows the arrays is what uses them
            kDecoders[h->op](x, record);
            GLenum error = s.failed ? GL_INVALID_OPERATION : GL_NO_ERROR;
            if (kCanFail[h->op] && !x.inside_begin && x.gl.glGetError) {
                if (const GLenum e = x.gl.glGetError(); e != GL_NO_ERROR) [[unlikely]] {
                    error = e;
                    if (x.sticky_error == GL_NO_ERROR)
                        x.sticky_error = e;
                    while (x.gl.glGetError() != GL_NO_ERROR) {
                    }
                }
            }
            if (error != GL_NO_ERROR) [[unlikely]]
                h->flags |= log::kFailed;
            at += h->size;
            if (sync) {
                s.shared->reply_error = error;
                s.shared->replied.store(at, std::memory_order_seq_cst);
            }
            // What a draw still reads from the ring must not be told as executed: its space would
            // be written over.
            if ((sync || at - told > kProgress) && !x.holds_arrays) {
                tell_executed(s, at);
                told = at;
            } else if (sync) {
                tell_executed(s, told);
            }
        }
    }
}

} // namespace glckpt::replay
