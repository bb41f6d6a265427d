// Persistent maps (OpenGL 4.6, section 6.3.2; ARB_buffer_storage).
//
// A persistent map stays open while the buffer is used: the app writes into it with no call that
// tells us, and reads from it what the GPU wrote. The memory given to the app is ordinary private
// memory, at an address that stays when the renderer is replaced and when the program is restarted
// from an image. What GL promises is at which *calls* the two sides must agree, and that is where
// bytes travel:
//
//   client to server   A coherent map's writes are visible to commands issued after them; those to
//                      others after glMemoryBarrier(GL_CLIENT_MAPPED_BUFFER_BARRIER_BIT), or
//                      glFlushMappedBufferRange for maps opened with GL_MAP_FLUSH_EXPLICIT_BIT. So
//                      before each command that may read a buffer, and before fences, flushes and
//                      swaps (another thread or context may go on from there), what has changed is
//                      sent. (Maps that are neither coherent nor explicit are treated as coherent:
//                      on no driver that programs are written for is there a difference.)
//   server to client   Writes of the GPU are visible when a fence behind them has been waited for,
//                      or glFinish has returned. There the contents are asked for, of buffers that
//                      the driver may have written.
//
// What has changed is found by comparing with a copy of what was sent, page by page of those that
// the kernel says were written (written.cpp), or all where it cannot say (before Linux 6.7): no
// signal handler in the app's process, and a thread that writes meanwhile is found by the next
// comparison (its write was not ordered before this command). Runs of changed bytes are sent
// exactly where the GPU may have written other bytes of the buffer meanwhile; the app's own
// synchronization keeps the two from writing the same ones.
//
// The renderer maps the driver's buffer persistently as well and stores the bytes there, so that
// they arrive as they would natively: beside the pipeline, without a wait for draws that use other
// parts of the buffer. The live set has the bytes like those of any other upload.
#include "interpose/gl/persistent.h"
#include "base/syscall.h"
#include "gen/gl/encode.h"
#include <algorithm>
#include <sys/mman.h>

namespace glckpt {
namespace {

constexpr size_t kChunk = 4096;
constexpr size_t kMost = 256 << 10; // of one record
constexpr size_t kHuge = 2 << 20;

// In huge pages as far as it has some: faster to fill, and what is written nowhere near is passed
// over as one. (The first write splits one.)
char* map_memory(size_t n) {
    const size_t slack = n < kHuge ? 0 : kHuge;
    n = (n + kChunk - 1) / kChunk * kChunk;
    const long at = raw_syscall(SYS_mmap, 0, n + slack, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096)
        return nullptr;
    if (!slack)
        return (char*)at;
    const size_t before = (kHuge - (size_t)at % kHuge) % kHuge;
    if (before)
        raw_syscall(SYS_munmap, at, before);
    if (before != slack)
        raw_syscall(SYS_munmap, (size_t)at + before + n, slack - before);
    raw_syscall(SYS_madvise, (size_t)at + before, n, MADV_HUGEPAGE);
    return (char*)at + before;
}

void send(Map& m, size_t from, size_t to) {
    ++m.sends;
    for (; from < to; from += kMost) {
        const size_t n = std::min(to - from, kMost);
        encode::xBufferWrite(stream(), m.buffer, m.offset + (GLintptr)from, (GLsizeiptr)n,
                             m.sent + from, n);
    }
}

// Runs of bytes that differ in [from, to), copied and sent. Exact: not a byte between them.
void send_runs(Map& m, size_t from, size_t to, bool exact) {
    if (!exact) {
        memcpy(m.sent + from, m.pointer + from, to - from);
        send(m, from, to);
        return;
    }
    for (size_t i = from; i < to;) {
        if (m.pointer[i] == m.sent[i]) {
            ++i;
            continue;
        }
        size_t end = i;
        for (; end < to && m.pointer[end] != m.sent[end]; ++end)
            m.sent[end] = m.pointer[end];
        send(m, i, end);
        i = end;
    }
}

// What differs in [from, n).
void flush_part(Map& m, size_t from, size_t n, bool exact) {
    size_t dirty = n; // where the run of changed chunks began; n: none
    for (size_t at = from; at < n; at += kChunk) {
        const size_t bytes = std::min(kChunk, n - at);
        const bool same = memcmp(m.pointer + at, m.sent + at, bytes) == 0;
        if (!same && dirty == n)
            dirty = at;
        if (same && dirty != n) {
            send_runs(m, dirty, at, exact);
            dirty = n;
        }
    }
    if (dirty != n)
        send_runs(m, dirty, n, exact);
}

void flush_map(Map& m, bool exact) {
    const auto n = (size_t)m.length;
    if (m.pages.watching() && m.pages.take_written([&](size_t from, size_t to) {
            flush_part(m, from, std::min(to, n), exact);
        }))
        return;
    if (n >= kWatchedFrom)
        m.pages.watch(m.pointer, n); // first, so that nothing is written between the two
    flush_part(m, 0, n, exact);
}

bool driver_writes(const BufferShadow& b) { return b.gpu_may_write || b.map->driver_wrote; }

// Whoever draws next, in any context of the group, must find the bytes before its own commands.
void publish_to_group() {
    if (t_context->group->order.streams.load(std::memory_order_relaxed) > 1 &&
        !stream().inside_begin)
        stream().publish();
}

void set_flags(ShareGroup& g) {
    Locked hold(g.lock);
    for (Context* c : g.contexts)
        c->stream.persistent_maps = !g.persistent.empty();
}

} // namespace

Map::~Map() {
    operator delete(memory);
    if (sent) {
        raw_syscall(SYS_munmap, pointer, (size_t)length);
        raw_syscall(SYS_munmap, sent, (size_t)length);
    }
}

Map* map_persistent(GLuint buffer, BufferShadow& b, GLintptr offset, GLsizeiptr length,
                    GLbitfield access) {
    if (!encode::xMapPersistent(stream(), buffer, offset, length, access))
        return nullptr;
    auto m = std::make_unique<Map>();
    m->buffer = buffer;
    m->offset = offset;
    m->length = length;
    m->access = access;
    char* p = map_memory((size_t)length);
    char* sent = p ? map_memory((size_t)length) : nullptr;
    if (!sent) {
        if (p)
            raw_syscall(SYS_munmap, p, (size_t)length);
        encode::xUnmapPersistent(stream(), buffer);
        encode::xError(stream(), GL_OUT_OF_MEMORY);
        return nullptr;
    }
    m->pointer = p;
    m->sent = sent;
    // What is not written must be known as what it is: it is what writes are compared with.
    encode::xBufferRead(stream(), buffer, offset, length, sent, (size_t)length);
    memcpy(p, sent, (size_t)length);
    ShareGroup& g = *t_context->group;
    b.copy = {}; // the map is the copy from now on
    Map* raw = m.get();
    b.map = std::move(m);
    Locked hold(g.persistent_lock);
    g.persistent.push_back(&b);
    set_flags(g);
    return raw;
}

void unmap_persistent(BufferShadow& b) {
    flush_persistent();
    encode::xUnmapPersistent(stream(), b.map->buffer);
    ShareGroup& g = *t_context->group;
    Locked maps(g.persistent_lock);
    b.map.reset();
    std::erase(g.persistent, &b);
    set_flags(g);
}

void flush_persistent_range(Map& m, GLintptr offset, GLsizeiptr length) {
    Locked hold(t_context->group->persistent_lock);
    memcpy(m.sent + offset, m.pointer + offset, (size_t)length);
    send(m, (size_t)offset, (size_t)(offset + length));
    publish_to_group();
}

void flush_persistent() {
    log::Stream& s = stream();
    if (s.arrays_sent) { // between client arrays and their draw: it was done before them
        s.arrays_sent = false;
        return;
    }
    if (s.inside_begin)
        return;
    ShareGroup* g = t_context->group.get();
    if (!g)
        return;
    // Held until the bytes are published: another context that finds nothing changed may draw.
    Locked hold(g->persistent_lock);
    bool any = false;
    for (const BufferShadow* b : g->persistent) {
        if (!(b->map->access & GL_MAP_WRITE_BIT) || (b->map->access & GL_MAP_FLUSH_EXPLICIT_BIT))
            continue;
        const uint64_t before = b->map->sends;
        flush_map(*b->map, driver_writes(*b));
        any |= b->map->sends != before;
    }
    if (any)
        publish_to_group();
}

// Bytes that the driver changed since they were last the same on both sides; what the app has
// changed meanwhile stays, and goes out with the next flush.
static void merge(Map& m, const char* now) {
    for (GLsizeiptr at = 0; at < m.length; at += (GLsizeiptr)kChunk) {
        const auto n = (size_t)std::min<GLsizeiptr>((GLsizeiptr)kChunk, m.length - at);
        if (memcmp(now + at, m.sent + at, n) == 0)
            continue;
        for (size_t i = (size_t)at; i < (size_t)at + n; ++i) {
            if (now[i] == m.sent[i])
                continue;
            if (m.pointer[i] == m.sent[i])
                m.pointer[i] = now[i];
            m.sent[i] = now[i];
        }
    }
}

static void fetch(BufferShadow& b) {
    const auto n = (size_t)b.map->length;
    char* now = map_memory(n);
    if (!now)
        return;
    for (int attempt = 0; attempt < 8; ++attempt) {
        flush_persistent();
        const uint64_t sends = b.map->sends;
        encode::xBufferRead(stream(), b.map->buffer, b.map->offset, b.map->length, now, n);
        Locked hold(t_context->group->persistent_lock);
        // Another thread has sent bytes since: what was read may be older than they are.
        if (b.map->sends != sends)
            continue;
        if (stream().shared().reply_error == 0)
            merge(*b.map, now);
        b.map->driver_wrote = false;
        break;
    }
    raw_syscall(SYS_munmap, now, n);
}

void fetch_persistent() {
    ShareGroup* g = t_context->group.get();
    if (!g || stream().inside_begin)
        return;
    std::vector<BufferShadow*> written;
    {
        Locked hold(g->persistent_lock);
        for (BufferShadow* b : g->persistent)
            if (driver_writes(*b))
                written.push_back(b);
    }
    for (BufferShadow* b : written)
        fetch(*b);
}

} // namespace glckpt
