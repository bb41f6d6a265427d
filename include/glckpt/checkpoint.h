/* Checkpoints from inside a program that runs under glckpt-run. Nothing to link with: under
 * glckpt-run the functions are there, otherwise they are null.
 *
 *     if (glckpt_present())
 *         switch (glckpt_checkpoint("state.gck")) {
 *         case 0: ...  the image is on the disk, and the program goes on
 *         case 1: ...  this is the program restarted from that image
 *         default: fprintf(stderr, "%s\n", glckpt_error());
 *         }
 */
#ifndef GLCKPT_CHECKPOINT_H
#define GLCKPT_CHECKPOINT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Takes a checkpoint of the whole program (all threads, all its processes) and waits for it.
 * `image`: a path, relative to the folder of images (glckpt-run --dir) if it does not begin with a
 * slash; null: a new name. May be called by any thread of the program's first process; of several
 * at a time, one after another. A signal handler must not call it. */
__attribute__((weak)) int glckpt_checkpoint(const char* image);

/* Why the last glckpt_checkpoint of this process failed. */
__attribute__((weak)) const char* glckpt_error(void);

static inline int glckpt_present(void) { return glckpt_checkpoint != 0; }

#ifdef __cplusplus
}
#endif
#endif
