/* For programs, and for libraries preloaded into them, that want to know of checkpoints: hooks, and
 * memory that need not be saved. As with checkpoint.h there is nothing to link with; without
 * glckpt-run the functions are null.
 *
 * Hooks run on a thread of glckpt's while the program's threads run. One that must keep them away
 * meanwhile does as with pthread_atfork(): takes a lock at GLCKPT_BEFORE, and gives it back at
 * whichever event comes then (it is the same thread, also in a restarted program):
 *
 *     static void hook(enum glckpt_event event, void *cache) {
 *         if (event == GLCKPT_BEFORE) {
 *             pthread_mutex_lock(&lock);
 *             return;
 *         }
 *         if (event == GLCKPT_RESTARTED)
 *             forget(cache);
 *         pthread_mutex_unlock(&lock);
 *     }
 */
#ifndef GLCKPT_PLUGIN_H
#define GLCKPT_PLUGIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum glckpt_event {
    GLCKPT_BEFORE = 1,   /* a checkpoint begins */
    GLCKPT_RESUMED = 2,  /* it has been taken, or there was none after all */
    GLCKPT_RESTARTED = 3 /* this is a new process, made from the image */
};
typedef void (*glckpt_hook)(enum glckpt_event event, void* data);

/* BEFORE in reverse order of registration, the others in order. Every process of the program has
 * its own; a child made by fork() begins with its parent's. 0, or -1: there are too many. */
__attribute__((weak)) int glckpt_add_hook(glckpt_hook hook, void* data);
/* Those with that data, too. Not from a hook. */
__attribute__((weak)) void glckpt_remove_hook(glckpt_hook hook, void* data);

/* The whole pages between are not in images any more: a cache, say. In a restarted program they are
 * as fresh memory is. The mapping itself stays. */
__attribute__((weak)) int glckpt_skip_memory(void* start, size_t bytes);
/* Again like any other memory; before it is unmapped, at the latest. */
__attribute__((weak)) void glckpt_keep_memory(void* start, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
