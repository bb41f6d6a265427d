#include "ckpt/engine.h"
#include "base/heap.h"
#include "base/own_fds.h"
#include "base/service_thread.h"
#include "ckpt/checkpoint.h"
#include "ckpt/control/from_inside.h"
#include "ckpt/control/on_sigterm.h"
#include "ckpt/control/server.h"
#include "ckpt/fd/inotify_watches.h"
#include "ckpt/lazy/lazy.h"
#include "ckpt/plugin.h"
#include "ckpt/restart.h"
#include "ckpt/stop/threads.h"
#include <atomic>
#include <pthread.h>
#include <vector>

namespace glckpt::ckpt {
namespace {

std::vector<void (*)()>& fork_hooks() {
    static auto* hooks = new std::vector<void (*)()>();
    return *hooks;
}

std::atomic<unsigned> g_forks{0};
void before_fork() {
    g_forks.fetch_add(1);
    heap_lock_all();
}

// The child of fork() has one thread and copies of our descriptors. It gets a checkpoint thread
// and a name of its own: it is a program like any other.
void in_fork_child() {
    heap_unlock_all();
    forget_service_threads_after_fork();
    forget_stop_after_fork();
    forget_restart_in_fork_child();
    forget_control_server();
    forget_watch_lock_in_fork_child();
    forget_request_from_inside();
    give_up_sigterm();
    forget_plugin_lock_in_fork_child();
    for (auto* hook : fork_hooks())
        hook();
    start_control_server();
    open_control_server();
}

} // namespace

void init_engine() {
    note_inherited_descriptors();
    note_environment();
    note_tree_id();
    note_lazy_mappings({}); // makes what the writing copy must not make first
    start_control_server(); // makes a thread, after which glibc's handler of signal 33 is in place
    install_stop_handler(wake_control_server);
    open_control_server();
    take_over_sigterm();
    pthread_atfork(before_fork, heap_unlock_all, in_fork_child);
}

unsigned forks_so_far() { return g_forks.load(); }
void register_fork_child_hook(void (*hook)()) { fork_hooks().push_back(hook); }

} // namespace glckpt::ckpt
