#include "replay/stream.h"
#include "base/lock.h"
#include "log/begin_end.h"
#include "log/describe.h"
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
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

std::atomic<bool> g_pause{false};
std::atomic<bool> g_hold{false}; // an attach is under way: no stream goes on before all are there
std::mutex g_pause_lock;
std::condition_variable g_pause_changed;

bool must_stand(const Stream& s) {
    return g_pause.load(std::memory_order_relaxed) ||
           (g_hold.load(std::memory_order_relaxed) && !s.attaching);
}

// Names the record for the (rare) messages.
const char* name_of(const char* record) {
    const auto op = reinterpret_cast<const log::RecordHeader*>(record)->op;
    return op < (uint16_t)Op::Count ? kOpNames[op] : "?";
}

void tell_executed(Stream& s, uint64_t position) {
    s.shared->executed.store(position, std::memory_order_seq_cst);
    notify_progress(s);
}

// Goes over from the attach log to the stream itself.
void become(Stream& s, Stream& main) {
    unmap_stream(s);
    s.shared = main.shared;
    s.reply = main.reply;
    s.ring = main.ring;
    s.arena = main.arena;
    s.mask = main.mask;
    s.attaching = false;
    s.exec->sticky_error = s.shared->sticky_error;
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
    while (have() == position && !s.end.load(std::memory_order_relaxed) && !must_stand(s) &&
           !s.switch_to) {
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

// Between two records: stand while paused, doing what is asked.
void stand(Stream& s) {
    std::unique_lock hold(g_pause_lock);
    s.standing.store(true);
    g_pause_changed.notify_all();
    while ((must_stand(s) || s.task || s.switch_to) && !s.end.load()) {
        if (s.task) {
            auto task = std::exchange(s.task, nullptr);
            hold.unlock();
            task();
            hold.lock();
            s.task_done = true;
            g_pause_changed.notify_all();
            continue;
        }
        if (s.switch_to) {
            become(s, *s.switch_to);
            s.switch_to.reset();
            g_pause_changed.notify_all();
            continue;
        }
        g_pause_changed.wait_for(hold, std::chrono::milliseconds(100));
    }
    s.standing.store(false);
}

} // namespace

bool pause_streams() {
    g_pause.store(true);
    // Those that sleep for lack of records would notice only when their futex times out.
    for_each_stream([](Stream& s) {
        s.shared->publish_word.fetch_add(1, std::memory_order_seq_cst);
        futex_wake(s.shared->publish_word, 1);
    });
    std::unique_lock hold(g_pause_lock);
    return g_pause_changed.wait_for(hold, std::chrono::seconds(1), [] {
        bool all = true;
        for_each_stream([&](Stream& s) { all &= s.standing.load(); });
        return all;
    });
}

void resume_streams() {
    std::lock_guard hold(g_pause_lock);
    g_pause.store(false);
    g_hold.store(false);
    g_pause_changed.notify_all();
}

void hold_streams() { g_hold.store(true); }

void run_on_stream(Stream& s, std::function<void()> task) {
    std::unique_lock hold(g_pause_lock);
    s.task_done = false;
    s.task = std::move(task);
    g_pause_changed.notify_all();
    g_pause_changed.wait(hold, [&] { return s.task_done; });
}

log::SwitchAnswer switch_stream(Stream& s, std::unique_ptr<Stream> main) {
    std::unique_lock hold(g_pause_lock);
    log::SwitchAnswer a{s.failures, s.first_failed_op, s.first_error, {}};
    snprintf(a.call, sizeof a.call, "%s", s.first_failed_call.c_str());
    s.switch_to = std::move(main);
    g_pause_changed.wait(hold, [&] { return !s.switch_to; });
    return a;
}

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

// The publication before this batch's is of another stream, and not executed yet.
static bool must_wait(const char* record) {
    if (reinterpret_cast<const log::RecordHeader*>(record)->op != (uint16_t)Op::xOrder)
        return false;
    auto* o = reinterpret_cast<const rec::xOrder*>(record);
    if (!o->id)
        return false;
    const Stream* other = find_stream(o->id);
    return other && other->shared->executed.load() < o->position;
}

// One record. Returns its size.
static uint32_t execute(Stream& s, char* record, uint64_t at) {
    Exec& x = *s.exec;
    auto* h = reinterpret_cast<log::RecordHeader*>(record);
    if (h->op == 0 || h->op >= (uint16_t)Op::Count || !kDecoders[h->op] || h->size < 8) {
        fprintf(stderr, "glckpt: renderer: stream %u is damaged at %lu (%s)\n", s.id,
                (unsigned long)at, name_of(record));
        abort();
    }
    const uint32_t size = h->size;
    const bool sync = h->flags & log::kSync;
    if (sync) {
        s.shared->reply_value = 0;
        s.shared->reply_bytes = 0;
    }
    s.failed = false;
    // What follows the arrays is what uses them, but for the beginning of another batch.
    if (h->op != (uint16_t)Op::xOrder)
        x.holds_arrays = false;
    static const bool trace = getenv("GLCKPT_DEBUG_TRACE") != nullptr;
    if (trace)
        fprintf(stderr, "glckpt: %d stream %u%s %lu %s%s\n", getpid(), s.id,
                s.attaching ? " (attach)" : "", (unsigned long)at, log::to_text(record).c_str(),
                sync ? " (waited for)" : "");
    // (Into a list that is being compiled it goes all the same.)
    const bool misplaced =
        x.inside_begin && !sync && !x.compiling && !log::legal_inside_begin(h->op);
    if (!misplaced) [[likely]]
        kDecoders[h->op](x, record);
    else if (x.sticky_error == GL_NO_ERROR)
        x.sticky_error = GL_INVALID_OPERATION;
    GLenum error = s.failed || misplaced ? GL_INVALID_OPERATION : GL_NO_ERROR;
    if (kCanFail[h->op] && !x.inside_begin && x.gl.glGetError) {
        if (const GLenum e = x.gl.glGetError(); e != GL_NO_ERROR) [[unlikely]] {
            error = e;
            if (x.sticky_error == GL_NO_ERROR)
                x.sticky_error = e;
            // A lost context answers for ever.
            for (int i = 0; i < 16 && x.gl.glGetError() != GL_NO_ERROR; ++i) {
            }
        }
    }
    if (error != GL_NO_ERROR) [[unlikely]] {
        h->flags |= log::kFailed;
        if (s.attaching) {
            const bool expected = h->flags & log::kMayFail;
            if (!expected && !s.failures++) {
                s.first_failed_op = h->op;
                s.first_error = error;
                s.first_failed_call = log::to_text(record);
                if (!s.last_bind.empty())
                    s.first_failed_call += " after " + log::to_text(s.last_bind.data());
            }
            x.sticky_error = GL_NO_ERROR; // the app did not do this
            if (getenv("GLCKPT_DEBUG") && !expected)
                fprintf(stderr, "glckpt: attach: %s failed with %#x\n",
                        log::to_text(record).c_str(), error);
        }
    }
    // In an attach log an object is bound first, and then told about.
    if (s.attaching && strncmp(name_of(record), "glBind", 6) == 0)
        s.last_bind.assign(record, record + size);
    if (sync) {
        s.shared->reply_error = error;
        s.shared->sticky_error = x.sticky_error;
        s.shared->replied.store(at + size, std::memory_order_seq_cst);
    }
    return size;
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
    if (!g_large.try_emplace(index, Large{p, bytes}).second)
        munmap(p, bytes); // sent twice while this renderer came up: the same memory
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
    // What a draw still reads must not be told as executed, its space would be written over; what
    // lies before the draw's arrays must, or who waits for space waits for ever.
    uint64_t done = at;
    x.sticky_error = s.shared->sticky_error;
    int waited = 0;
    auto tell = [&] {
        s.shared->reached.store(at, std::memory_order_release);
        if (told != done) {
            s.shared->sticky_error = x.sticky_error;
            tell_executed(s, done);
            told = done;
        }
    };
    while (!s.end.load(std::memory_order_relaxed)) {
        uint64_t until = s.shared->published.load(std::memory_order_acquire);
        if (at == until || must_stand(s)) {
            tell();
            if ((must_stand(s) || s.switch_to) && !x.inside_begin) {
                const auto* before = s.shared;
                stand(s);
                if (s.shared != before)
                    told = done = at = s.shared->executed.load();
                continue;
            }
            if (at == until)
                until = wait_published(s, at);
        }
        while (at < until) {
            if (must_stand(s) && !x.inside_begin)
                break;
            char* record = const_cast<char*>(s.ring) + (at & s.mask);
            // Here and not in its decoder: a stream that waits for another can still be paused.
            if (must_wait(record)) {
                tell();
                usleep(waited++ < 100 ? 0 : 50);
                break;
            }
            waited = 0;
            at += execute(s, record, at);
            const bool sync = reinterpret_cast<log::RecordHeader*>(record)->flags & log::kSync;
            if (!x.holds_arrays)
                done = at;
            if (sync || done - told > kProgress)
                tell();
        }
    }
}

} // namespace glckpt::replay
