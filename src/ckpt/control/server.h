// The checkpoint thread: waits for requests (socket, signal, interval) and serves them.
#pragma once
#include <string>

namespace glckpt::ckpt {

// Starts the thread; from the constructor, and in the child after a fork.
void start_control_server();
// From when on requests are taken: when the stop signal has its handler.
void open_control_server();
// On the checkpoint thread in a restarted process: the names are new, so are the sockets.
void restart_control_server(const std::string& image);
// From the signal handler: somebody sent the documented signal.
void wake_control_server();
// In the child of a fork: the sockets are the parent's.
void forget_control_server();

} // namespace glckpt::ckpt
