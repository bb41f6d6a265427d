#include "ckpt/restart.h"
#include "base/status.h"
#include "ckpt/control/from_inside.h"
#include "ckpt/control/server.h"
#include "ckpt/endpoint.h"
#include "ckpt/lazy/lazy.h"
#include "ckpt/process/attributes.h"
#include "ckpt/process/restore.h"
#include "ckpt/stop/threads.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include "ckpt/tree/registry.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/prctl.h>

namespace glckpt::ckpt {

extern "C" void glckpt_restarted_thread(ThreadSlot*);
extern "C" void glckpt_restarted_ended_thread();

namespace {

Handover g_handover;
int g_outer_pid = 0, g_tool_pid = 0;

// In the image when a thread of the restarted process looks for it.
Credentials g_credentials;

void restore_thread(const ThreadSlot& slot) {
    restore_own_thread(slot);
    // The checkpoint thread still has a process to put right (PR_SET_MM), and goes last.
    if (!slot.checkpointer)
        restore_credentials(g_credentials, slot.credentials);
    if (slot.parent_death) // a change of the user takes it away
        raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, slot.parent_death, 0, 0, 0);
}

AttachRequest attach_request(const Handover& h) {
    AttachRequest r;
    r.display = h.display;
    r.stopped = h.stopped;
    r.tree = h.tree_id;
    for (Scanner lines(h.renderer_env); !lines.done();)
        if (const std::string_view line = lines.line(); !line.empty())
            r.renderer_env.emplace_back(line);
    return r;
}

std::vector<std::string> mapped_images(const Handover& h) {
    std::vector<std::string> out{h.image};
    for (Scanner lines(h.origins); !lines.done();)
        if (const std::string_view line = lines.line(); !line.empty())
            out.emplace_back(line);
    return out;
}

void report(int fd, const std::string& text) {
    write_all(fd, text.data(), text.size());
    raw_syscall(SYS_close, fd);
}

// In a tree nobody goes on before all are there: the root when the tool says so, the others when
// the root does. (--stopped: the root alone is stopped, and the others wait for it.)
void await_release(const Handover& h) {
    char byte;
    if (h.release_fd >= 0)
        while (raw_syscall(SYS_read, h.release_fd, &byte, 1) == -EINTR) {
        }
    if (h.stopped && (h.is_root || h.release_fd < 0))
        stop_here(); // SIGCONT goes on below
    for (const int fd : {h.release_fd, h.held_fd})
        if (fd >= 0)
            raw_syscall(SYS_close, fd);
}

Status attach_all(const AttachRequest& request) {
    for (Endpoint* e : endpoints())
        if (Status s = e->attach(request); !s)
            return s;
    return {};
}

} // namespace

void prepare_restart(const Credentials& credentials) {
    g_credentials = credentials;
    g_restore_thread = restore_thread;
}
uint64_t handover_address() { return (uint64_t)&g_handover; }
uint64_t restart_entry() { return (uint64_t)&glckpt_restarted_thread; }
uint64_t ended_entry() { return (uint64_t)&glckpt_restarted_ended_thread; }

int seen_pid() { return g_outer_pid ? g_outer_pid : own_pid(); }
int tool_pid() { return g_tool_pid; }
void forget_restart_in_fork_child() { g_outer_pid = g_tool_pid = 0; }

void finish_restart(const ProcessState& saved, const ThreadSlot& self, int threads) {
    const Handover h = g_handover;
    g_handover.valid = 0;
    g_outer_pid = h.outer_pid;
    g_tool_pid = h.tool_pid;
    restore_process(saved, h.exe_fd);
    wait_for_restarted_threads(threads);
    restore_credentials(saved.credentials, self.credentials);
    raw_syscall(SYS_prctl, PR_SET_DUMPABLE, saved.dumpable, 0, 0, 0);
    // Nobody stands on the restorer's leftovers any more.
    raw_syscall(SYS_munmap, h.blob, h.blob_bytes);
    note_lazy_mappings(mapped_images(h));
    if (Status s = attach_all(attach_request(h)); !s) {
        report(h.status_fd, "failed " + s.why() + "\n");
        raw_syscall(SYS_exit_group, (int)ExitCode::Refused);
    }
    keep_endpoint_environment();
    set_tree_id(h.tree_id);
    note_tree_id();
    restart_control_server(h.image);
    restore_limits(saved);
    tell_restarted_to_inside();
    report(h.status_fd, "restored\n");
    await_release(h);
    arm_itimers(saved);
    requeue_pending(saved);
}

} // namespace glckpt::ckpt
