// Marks an exported GL function. They are hidden in the preload: what the app links to is
// libglckpt-gl.so, whose entry points jump here (see gl_entries.S.mako), so that a library which
// brings its own GL functions keeps them.
#pragma once
#define GLCKPT_GL __attribute__((visibility("hidden")))
