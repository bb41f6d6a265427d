// The engine's face to the other rooms of the preload library.
#pragma once

namespace glckpt::ckpt {

// From the library's constructor, before the endpoints set themselves up.
void init_engine();

// `hook` runs in the child after fork(), on its only thread: an endpoint gives up its connections
// there (the parent owns them) and starts afresh when it is used. Hooks run in order of
// registration, after glckpt's own locks and threads have been put right.
// How often this process has called fork().
unsigned forks_so_far();
void register_fork_child_hook(void (*hook)());

} // namespace glckpt::ckpt
