// The example of include/glckpt/checkpoint.h: a program that takes its own checkpoints.
#include "glckpt/checkpoint.h"
#include "harness.h"
#include <pthread.h>

namespace {

void note(const char* name) { close(open(name, O_CREAT | O_WRONLY, 0600)); }

void* ask(void* image) { return reinterpret_cast<void*>((long)glckpt_checkpoint((char*)image)); }

} // namespace

int main() {
    if (!glckpt_present())
        return 3; // not under glckpt-run
    CHECK(glckpt_checkpoint("/no/such/folder/x.gck") == -1 && strstr(glckpt_error(), "/no/such"));
    // Two threads ask at a time: two images, one after the other.
    pthread_t other;
    pthread_create(&other, nullptr, ask, const_cast<char*>("other.gck"));
    const int mine = glckpt_checkpoint("mine.gck");
    void* others = nullptr;
    pthread_join(other, &others);
    if (g_failures)
        return 1;
    if (mine == 1)
        note("from-mine");
    if (others)
        note("from-other");
    if (mine == 1 || others)
        return 7;
    CHECK(mine == 0);
    note("ready");
    for (;;)
        pause();
}
