#include "ckpt/lazy/lazy.h"
#include "base/lock.h"
#include "ckpt/interpose.h"
#include "ckpt/mem/fork_advice.h"
#include "ckpt/sys.h"
#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

// The images' names, and where they may still be mapped: never less than it is, since an address
// that the app has given back costs only a look.
struct LazyMemory {
    std::vector<std::string> images;
    std::vector<Range> ranges;
};
Mutex g_lock;
std::atomic<bool> g_any{false};
LazyMemory& memory() {
    static auto* m = new LazyMemory();
    return *m;
}

bool intersects(uint64_t start, uint64_t end) {
    const Locked hold(g_lock);
    for (const Range& r : memory().ranges)
        if (start < r.end && r.start < end)
            return true;
    return false;
}

// It is gone from there; what has been moved is at `added` now. In one step: another thread may ask
// at any moment.
void forget(uint64_t start, uint64_t end, Range added = {}) {
    const Locked hold(g_lock);
    std::vector<Range> rest;
    for (const Range& r : memory().ranges) {
        if (r.start < std::min(r.end, start))
            rest.push_back({r.start, std::min(r.end, start)});
        if (std::max(r.start, end) < r.end)
            rest.push_back({std::max(r.start, end), r.end});
    }
    if (added.start < added.end)
        rest.push_back(added);
    memory().ranges = std::move(rest);
    g_any.store(!memory().ranges.empty());
}

void remember(uint64_t start, uint64_t end) {
    const Locked hold(g_lock);
    memory().ranges.push_back({start, end});
}

std::vector<Vma> lazy_parts(uint64_t start, uint64_t end) {
    std::vector<Vma> out;
    for (Vma& v : read_maps()) {
        v.start = std::max(v.start, start);
        v.end = std::min(v.end, end);
        if (v.start < v.end && is_lazy_mapping(v))
            out.push_back(std::move(v));
    }
    return out;
}

void make_zero(uint64_t start, uint64_t end, uint32_t prot) {
    raw_syscall(SYS_mmap, start, end - start, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

bool drops_contents(int advice) { return advice == MADV_DONTNEED || advice == MADV_FREE; }

} // namespace

bool is_lazy_mapping(const Vma& v) {
    const Locked hold(g_lock);
    for (const std::string& image : memory().images)
        if (!v.shared && (v.name == image || v.name == image + " (deleted)"))
            return true;
    return false;
}

void note_lazy_mappings(std::vector<std::string> images) {
    {
        const Locked hold(g_lock);
        memory().images = std::move(images);
        memory().ranges.clear();
    }
    for (const Vma& v : read_maps())
        if (is_lazy_mapping(v))
            remember(v.start, v.end);
    g_any.store(!memory().ranges.empty());
}

} // namespace glckpt::ckpt

using namespace glckpt::ckpt;

extern "C" {

GLCKPT_EXPORT int madvise(void* address, size_t bytes, int advice) noexcept {
    static Real<int(void*, size_t, int)> real("madvise");
    const auto start = (uint64_t)address, end = start + bytes;
    if (is_fork_advice(advice))
        g_fork_advice.fetch_add(1); // before it has an effect
    if (!g_any.load(std::memory_order_relaxed) || !drops_contents(advice) ||
        !intersects(start, end))
        return real(address, bytes, advice);
    for (const Vma& v : lazy_parts(start, end))
        make_zero(v.start, v.end, v.prot);
    forget(start, end);
    return real(address, bytes, advice); // for the rest, and for the errors
}

GLCKPT_EXPORT void* mremap(void* address, size_t old_bytes, size_t new_bytes, int flags,
                           ...) noexcept {
    static Real<void*(void*, size_t, size_t, int, void*)> real("mremap");
    va_list args;
    va_start(args, flags);
    void* const wanted = flags & MREMAP_FIXED ? va_arg(args, void*) : nullptr;
    va_end(args);
    const auto start = (uint64_t)address;
    std::vector<Vma> parts;
    if (g_any.load(std::memory_order_relaxed) && intersects(start, start + old_bytes))
        parts = lazy_parts(start, start + old_bytes);
    void* const result = real(address, old_bytes, new_bytes, flags, wanted);
    if (result == MAP_FAILED || parts.empty())
        return result;
    const auto to = (uint64_t)result;
    forget(start, start + old_bytes, {to, to + std::min(old_bytes, new_bytes)});
    if (new_bytes > old_bytes)
        make_zero(to + old_bytes, to + new_bytes, parts.front().prot);
    return result;
}
}
