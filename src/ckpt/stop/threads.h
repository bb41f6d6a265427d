// Stopping every thread of the process, and what is known of a stopped one.
//
// The checkpoint thread queues the stop signal to each thread of /proc/self/task until a scan
// finds no thread that is new. The handler parks on a futex; the kernel has by then saved all
// registers in the signal frame on the thread's own stack, and rt_sigreturn brings them back, here
// or in a restarted process. So there is no register code, and no ptrace.
//
// Signal 33 is glibc's own (setuid and friends run in every thread by it), which is why no program
// can block it through libc. glibc's handler is chained: our signals are told from its by what
// they carry.
#pragma once
#include "base/status.h"
#include "ckpt/process/credentials.h"
#include "ckpt/process/flags.h"
#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <vector>

namespace glckpt::ckpt {

constexpr int kStopSignal = 33;
constexpr uint32_t kRseqSignature = 0x53053053; // RSEQ_SIG of x86

// One thread of one stop. Lives until every thread has left that stop, and goes into the image:
// a restarted thread is given the address of its slot.
struct ThreadSlot {
    enum State : uint32_t {
        Signalled,
        Arriving,
        Parked,
        Gone,      // the thread ended before the signal reached it
        Left,      // it went on
        Cancelled, // the stop was given up before the signal reached it
    };
    uint64_t magic = 0;
    std::atomic<uint32_t> state{Signalled};
    int tid = 0;
    bool service = false;
    bool checkpointer = false;

    // As /proc/self/task/TID/syscall told before the signal was sent; -1: not in one.
    long syscall = -1;
    uint64_t args[6] = {};
    uint64_t sp = 0, pc = 0;
    long restarted_as = -1; // syscall is restart_syscall: which one it is, judged by wchan

    // Filled by the thread itself, in the handler.
    ucontext_t* frame = nullptr;
    uint64_t fs = 0, gs = 0, clear_tid = 0, robust = 0, robust_bytes = 0, rseq = 0;
    uint32_t rseq_bytes = 0;
    bool rseq_elsewhere = false;   // not where the C library has it: nobody knows where
    std::vector<siginfo_t> queued; // signals that wait for it alone
    std::atomic<uint32_t> look{0}; // it is to look at them
    char name[16] = {};
    int policy = 0, priority = 0, nice = 0;
    uint64_t timer_slack = 0;
    int parent_death = 0; // PR_SET_PDEATHSIG
    uint32_t affinity_bytes = 0;
    uint64_t affinity[16] = {}; // 1024 processors
    ThreadCredentials credentials;
    ThreadFlags flags;
    int64_t time_left_ns = -1; // of a relative time-out that the stop cut; -1: none
};

// "thread 4711 (its name)", for messages.
std::string thread_text(int tid);

enum class Who { App, Service };

class Stop {
  public:
    ~Stop(); // lets everybody go
    // Parks all threads of that kind; repeatable. On time-out the reason names the thread.
    Status stop(Who who, uint64_t deadline_ns);
    const std::vector<std::unique_ptr<ThreadSlot>>& slots() const;
    void resume();
    // When nobody is left who sends any: parked threads copy the signals that wait for them. (A
    // thread that did so when it parked would miss what comes later, and put back what it took
    // behind what came meanwhile.)
    void look_at_queues();
    int parked() const;

  private:
    bool active_ = false;
};

// Has the first thread of the process, which must be parked, run something, and waits for it. The
// kernel lets only that one queue signals to the process in somebody else's name. False: it is not
// there (it has ended).
bool run_on_first_thread(void (*run)(void*), void* arg);

// What a restarted thread does for itself before it parks again, and what it drops last. Set once.
extern void (*g_restore_thread)(const ThreadSlot&);

// After a restart: all but the checkpoint thread are parked again, as if the stop went on.
void wait_for_restarted_threads(int count);

// Sets the handler; once, from the constructor, after a thread was made (glibc's handler is there
// by then). `on_request` runs in the handler when somebody outside sends the signal with kill.
void install_stop_handler(void (*on_request)());
// Once: the variables that what the program executes is to have too (interpose_exec.cpp).
void note_environment();
void note_tree_id(); // another after a restart
// "K=V", in place of what was kept or what the program's own environment says.
void keep_variable(const std::string& variable);
// After fork in the child: nobody is stopped.
void forget_stop_after_fork();

// In the checkpoint thread, all others parked: a copy of the process that shares nothing.
// `child` runs in the copy and must not return. Gives the copy's pid in the original, and
// kRestarted when a restarted process comes out of here instead.
// `instead`: what runs right here, and returns, where there can be no copy; then 0. `child` null: a
// copy is not even tried.
constexpr int kRestarted = -100000;
int fork_snapshot(void (*child)(void*), void* arg, ThreadSlot& self,
                  void (*instead)(void*) = nullptr);

} // namespace glckpt::ckpt
