// The example of include/glckpt/plugin.h: a cache that is not in images, and a lock that keeps the
// program away from it while a checkpoint is taken.
#include "glckpt/plugin.h"
#include "harness.h"
#include <atomic>
#include <pthread.h>
#include <sys/mman.h>

namespace {

constexpr size_t kBytes = 8 << 20;
pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
char* g_cache;
bool g_filled; // as the program knows
std::atomic<int> g_before, g_resumed, g_restarted;
std::atomic<int> g_order; // of two hooks

void cache_hook(glckpt_event event, void* data) {
    CHECK(data == &g_cache);
    if (event == GLCKPT_BEFORE) {
        pthread_mutex_lock(&g_lock);
        ++g_before;
        CHECK(g_order.exchange(1) == 2); // the one registered last comes first
        return;
    }
    (event == GLCKPT_RESUMED ? g_resumed : g_restarted)++;
    CHECK(g_order.exchange(3) == 1);
    if (event == GLCKPT_RESTARTED) {
        for (size_t i = 0; i < kBytes; i += 4096)
            CHECK(g_cache[i] == 0);
        g_filled = false;
    }
    pthread_mutex_unlock(&g_lock);
}

void second_hook(glckpt_event event, void*) {
    if (event == GLCKPT_BEFORE)
        g_order = 2;
    else
        CHECK(g_order.exchange(0) == 3);
}

void removed_hook(glckpt_event, void*) { CHECK(!"a hook that was removed"); }

} // namespace

int main() {
    if (!glckpt_add_hook)
        return 3; // not under glckpt-run
    g_cache = static_cast<char*>(
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK(glckpt_skip_memory(g_cache, kBytes) == 0);
    char* kept = static_cast<char*>(
        mmap(nullptr, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    memset(kept, 'k', 4 * 4096);
    CHECK(glckpt_skip_memory(kept, 4 * 4096) == 0);
    glckpt_keep_memory(kept, 4096); // the first page is kept after all
    CHECK(glckpt_add_hook(cache_hook, &g_cache) == 0 && glckpt_add_hook(second_hook, nullptr) == 0);
    CHECK(glckpt_add_hook(removed_hook, nullptr) == 0);
    glckpt_remove_hook(removed_hook, nullptr);
    return check_until_stopped([&](long) {
        pthread_mutex_lock(&g_lock);
        CHECK(g_before == g_resumed + g_restarted);
        for (size_t i = 0; i < kBytes; i += 4096) {
            if (!g_filled)
                g_cache[i] = 'c';
            CHECK(g_cache[i] == 'c');
        }
        g_filled = true;
        CHECK(kept[0] == 'k' && kept[2 * 4096] == (g_restarted ? '\0' : 'k'));
        pthread_mutex_unlock(&g_lock);
    });
}
