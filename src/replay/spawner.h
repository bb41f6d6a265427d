// Renderers that begin with the drivers' libraries loaded.
//
// Loading and relocating a Mesa driver with LLVM is a third of what it takes to start a renderer
// (22 of 71 ms of CPU, llvmpipe of Mesa 22.3). Where renderers are started one after the other, a
// spawner does that once: it loads the libraries that a renderer has, calls nothing in them, and
// each new renderer is a fork() of it. It has one thread, no connection and no driver state.
#pragma once

namespace glckpt::replay {

// Takes a renderer's socket at a time from `socket` and answers with its pid; ends with the app.
// Returns in the renderers alone, whose socket then is descriptor `socket`. `like`: the pid of a
// renderer whose libraries to load; if it has gone, none are.
void spawn_renderers(int socket, int like);

} // namespace glckpt::replay
