#include "interpose/live/recorder.h"
#include "base/own_fds.h"
#include "base/syscall.h"
#include "interpose/live/pruner.h"
#include "interpose/session.h"
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/uio.h>
#include <unistd.h>

namespace glckpt {
namespace {

std::atomic<Recorder*> g_recorder{nullptr};
std::atomic<bool> g_looked{false};
Mutex g_lock;

// What lies in the arena or in a transfer of its own travels behind the record.
bool elsewhere(const log::PayloadRef& ref) {
    return ref.kind == log::PayloadRef::Arena || ref.kind == log::PayloadRef::Large;
}

} // namespace

Recorder* Recorder::get() {
    if (g_looked.load(std::memory_order_acquire)) [[likely]]
        return g_recorder.load(std::memory_order_relaxed);
    Locked hold(g_lock);
    if (g_looked.load())
        return g_recorder.load();
    if (const char* file = getenv("GLCKPT_RECORD"); file && *file) {
        const std::string path = std::string(file) + '.' + std::to_string(getpid());
        const char* most = getenv("GLCKPT_RECORD_MAX");
        const int fd = (int)raw_syscall(SYS_openat, AT_FDCWD, path.c_str(),
                                        O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0) {
            raw_syscall(SYS_write, fd, log::kRecordedMagic, sizeof log::kRecordedMagic);
            g_recorder.store(new Recorder(own_fd_adopt(fd, OwnFd::Skip),
                                          (most ? strtoull(most, nullptr, 10) : 256) << 20));
        }
    }
    g_looked.store(true, std::memory_order_release);
    return g_recorder.load();
}

void Recorder::forget() {
    g_recorder.store(nullptr);
    g_looked.store(false);
}

// An entry at a time, whole: a program that is killed leaves a log that ends with a whole entry, or
// with one that says it is longer than the file.
void Recorder::write(log::Recorded kind, std::initializer_list<std::span<const char>> parts,
                     std::span<const std::span<const char>> payloads) {
    static const char zeroes[8] = {};
    log::RecordedHeader h{kind, 0};
    iovec io[16];
    int n = 0;
    io[n++] = {&h, sizeof h};
    auto add = [&](std::span<const char> p) {
        if (p.empty())
            return;
        io[n++] = {const_cast<char*>(p.data()), p.size()};
        if (const size_t pad = log::align8(p.size()) - p.size())
            io[n++] = {const_cast<char*>(zeroes), pad};
        h.bytes += (uint32_t)log::align8(p.size());
    };
    for (const auto& p : parts)
        add(p);
    for (const auto& p : payloads)
        add(p);
    const uint64_t all = h.bytes + sizeof h;
    if (fd_ < 0 || all > left_ ||
        raw_syscall(SYS_writev, fd_, io, n) != (long)all) { // full: it ends here
        left_ = 0;
        return;
    }
    left_ -= all;
}

void Recorder::record(uint32_t stream, const prune::Fold& fold, const char* record) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
    const prune::Payloads& p = prune::kPayloads[h.op];
    std::span<const char> payloads[6];
    size_t n = 0;
    for (int i = 0; i < p.count; ++i) {
        log::PayloadRef ref;
        memcpy(&ref, record + p.offset[i], sizeof ref);
        if (elsewhere(ref) && fold.payload(record, ref))
            payloads[n++] = {static_cast<const char*>(fold.payload(record, ref)), ref.bytes};
    }
    const log::RecordedCall call{stream, 0};
    write(log::Recorded::Record,
          {std::span(reinterpret_cast<const char*>(&call), sizeof call), std::span(record, h.size)},
          std::span(payloads, n));
}

void Recorder::event(log::Recorded kind, std::initializer_list<std::span<const char>> parts) {
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    p.fold_all();
    write(kind, parts, {});
}

// What has been executed by the end of the program belongs to its log.
[[gnu::destructor]] static void finish_recording() {
    if (!g_recorder.load() || !Session::existing())
        return;
    for (Context* c : Session::get().contexts()) {
        c->stream.publish();
        c->stream.wait_executed();
    }
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    p.fold_all();
}

} // namespace glckpt
