// Threads that glckpt runs inside the app's process (checkpoint thread, pruner, X11 pumps).
//
// They are made by pthread_create with every signal blocked but the stop signal, and registered:
// a checkpoint stops the app's threads first, lets the service threads finish draining, and stops
// them second, in the same way; a restart brings them back like any other thread.
#pragma once

namespace glckpt {

// Runs entry(arg) on a new detached thread named `name` (15 characters at most).
// Returns 0 or -errno. The thread ends when entry returns.
int start_service_thread(const char* name, void (*entry)(void*), void* arg);
bool is_service_thread(int tid);
// After fork() in the child only the calling thread exists: forget the others.
void forget_service_threads_after_fork();

} // namespace glckpt
