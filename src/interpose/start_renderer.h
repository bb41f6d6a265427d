// Starts the renderer process.
#pragma once
#include <string>
#include <vector>

namespace glckpt {

// `socket` becomes its descriptor 3; everything else the app has open is closed there, but the
// standard three (stdin and stdout become /dev/null: a pipeline must not wait for the renderer).
// `env` is put on top of the app's environment, from which glckpt's own preload settings are
// removed. Returns its pid or -errno. It is no child of the app when this returns.
// `spawner_of`: it becomes a spawner with the libraries of that renderer (replay/spawner.h).
int spawn_renderer(int socket, const std::vector<std::string>& env, int spawner_of = 0);

// Folder of libglckpt.so, with a trailing slash.
const std::string& library_folder();

} // namespace glckpt
