#include "ckpt/plugin.h"
#include "base/lock.h"
#include "ckpt/interpose.h"
#include "glckpt/plugin.h"
#include <algorithm>
#include <mutex>
#include <new>

namespace glckpt::ckpt {
namespace {

constexpr size_t kMost = 256;

struct Hook {
    glckpt_hook function = nullptr;
    void* data = nullptr;
};
// Plain arrays: hooks are copied out and called without the lock.
Hook g_hooks[kMost];
size_t g_hook_count = 0;
Range g_skipped[kMost];
size_t g_skipped_count = 0;
Mutex g_lock;

size_t copy_hooks(Hook* out) {
    const std::lock_guard guard(g_lock);
    std::copy_n(g_hooks, g_hook_count, out);
    return g_hook_count;
}

Range whole_pages(const void* start, size_t bytes) {
    const auto first = ((uint64_t)start + kPage - 1) & ~(kPage - 1);
    const auto last = ((uint64_t)start + bytes) & ~(kPage - 1);
    return {first, std::max(first, last)};
}

} // namespace

void Hooks::before() {
    Hook hooks[kMost];
    begun_ = true;
    for (size_t i = copy_hooks(hooks); i-- > 0;)
        hooks[i].function(GLCKPT_BEFORE, hooks[i].data);
}

void Hooks::after() {
    if (!begun_)
        return;
    begun_ = false;
    Hook hooks[kMost];
    const size_t count = copy_hooks(hooks);
    for (size_t i = 0; i < count; ++i)
        hooks[i].function(restarted_ ? GLCKPT_RESTARTED : GLCKPT_RESUMED, hooks[i].data);
}

std::vector<PageRun> without_skipped(const std::vector<PageRun>& runs) {
    std::vector<PageRun> out;
    for (PageRun r : runs) {
        // The skipped ranges are sorted and apart.
        for (size_t i = 0; r.space == kProcessSpace && i < g_skipped_count && r.bytes; ++i) {
            const Range& s = g_skipped[i];
            const uint64_t end = r.address + r.bytes;
            if (s.end <= r.address || s.start >= end)
                continue;
            if (s.start > r.address)
                out.push_back({r.address, s.start - r.address, 0, r.space, 0});
            r.bytes = end > s.end ? end - s.end : 0;
            r.address = s.end;
        }
        if (r.bytes)
            out.push_back(r);
    }
    return out;
}

void forget_plugin_lock_in_fork_child() { new (&g_lock) Mutex(); }

} // namespace glckpt::ckpt

using namespace glckpt;
using namespace glckpt::ckpt;

extern "C" {

GLCKPT_EXPORT int glckpt_add_hook(glckpt_hook hook, void* data) {
    const std::lock_guard guard(g_lock);
    if (!hook || g_hook_count == kMost)
        return -1;
    g_hooks[g_hook_count++] = {hook, data};
    return 0;
}

GLCKPT_EXPORT void glckpt_remove_hook(glckpt_hook hook, void* data) {
    const std::lock_guard guard(g_lock);
    g_hook_count = (size_t)(std::remove_if(g_hooks, g_hooks + g_hook_count,
                                           [&](const Hook& h) {
                                               return h.function == hook && h.data == data;
                                           }) -
                            g_hooks);
}

GLCKPT_EXPORT void glckpt_keep_memory(void* start, size_t bytes) {
    const Range kept{(uint64_t)start & ~(kPage - 1),
                     ((uint64_t)start + bytes + kPage - 1) & ~(kPage - 1)};
    const std::lock_guard guard(g_lock);
    Range left[kMost];
    size_t count = 0;
    for (size_t i = 0; i < g_skipped_count; ++i) {
        const Range& s = g_skipped[i];
        const Range below{s.start, std::min(s.end, kept.start)};
        const Range above{std::max(s.start, kept.end), s.end};
        if (below.start < below.end && count < kMost)
            left[count++] = below;
        if (above.start < above.end && count < kMost)
            left[count++] = above;
    }
    std::copy_n(left, count, g_skipped);
    g_skipped_count = count;
}

GLCKPT_EXPORT int glckpt_skip_memory(void* start, size_t bytes) {
    const Range fresh = whole_pages(start, bytes);
    glckpt_keep_memory(start, bytes); // what overlaps it is in it
    const std::lock_guard guard(g_lock);
    if (g_skipped_count == kMost)
        return -1;
    if (fresh.start == fresh.end)
        return 0;
    g_skipped[g_skipped_count++] = fresh;
    std::sort(g_skipped, g_skipped + g_skipped_count,
              [](const Range& a, const Range& b) { return a.start < b.start; });
    return 0;
}
}
