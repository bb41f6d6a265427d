// All X connections of the process, and the thread that serves them.
//
// The lock guards displays, links and everything below them. The pump takes it for each batch of
// messages; app threads take it to add a connection, to look up a name, and to pass messages on
// themselves (transport/inline.h); the checkpoint thread while the pump is paused. Nobody waits for
// a peer while holding it, but for the checkpoint thread, which is alone then.
#pragma once
#include "base/lock.h"
#include "x11/transport/authority.h"
#include "x11/transport/link.h"
#include <list>
#include <memory>

namespace glckpt::x11 {

// Another process of the program's tree with connections to the same display (move/kin.h).
struct Kin {
    int pid;
    std::vector<uint32_t> bases; // as the app knows them
};

// A display as the app addresses it, and where it really is now.
struct Site {
    Address asked, actual;
    std::vector<Kin> kin; // at the last drain
    Address before_move;  // where it was before the last move
    std::unique_ptr<Display> display = std::make_unique<Display>();
    bool draws_gl = false;
    bool needs_glx = false; // GL by GLX: a server without it will not do

    // For a program that outlives its server (move/loss.h).
    int server_pid = 0;              // 0: not on this machine
    bool lost = false, gone = false; // connections closed by it; it does not listen any more
    uint64_t lost_ns = 0, next_look_ns = 0, next_reading_ns = 0;
    std::string refused;               // why the one that came was not good enough
    std::atomic<uint32_t> attached{0}; // to a server that came back; so many times

    bool in_use() const { return !display->connections.empty(); }
};

// What a process that a moved one starts must know: the display that is asked for as the first is
// where the second says, and clients there have these names (virtual and real bases).
struct Inheritance {
    Address asked, actual;
    IdSpace::Bases clients;
};

class Hub {
  public:
    // Gives the app's socket `fd` a connection to its display: 0 or -errno.
    int open(int fd, const Address& asked);
    // Everything the app has written so far has been executed by its servers when this returns.
    // False: not within `timeout_ns` (0: however long it takes). On a thread of glckpt's it returns
    // at once: the pump may be held while they run.
    bool flush_to_server(uint64_t timeout_ns);

    // Stops the pump between two messages, until resume_pump, and keeps the app's threads from
    // passing messages on. From the checkpoint thread.
    bool pause_pump(uint64_t deadline_ns);
    void resume_pump();
    // For the app's threads: takes the lock once nothing is paused.
    void lock_running();
    // Readable when the app's threads shall look at the hub again.
    int kick_fd() const { return kick_fd_; }
    // The pump looks after a link whose server no thread of the app's watches any more.
    void arm_guard();
    // In a restarted process: what the kernel numbers anew.
    void renew();
    // Makes the pump look again at what there is to do.
    void wake();

    Mutex lock;
    std::list<std::unique_ptr<Link>> links;
    std::list<Site> sites;
    ConnectionId connections = 0; // made so far
    bool keeps_lost = false;      // --on-xserver-loss=wait
    // Where displays not met so far are to be found, after a move; nothing: where they are asked.
    std::optional<Address> redirect;
    std::vector<Inheritance> inherited;

    // The one that GL draws on, else the first; null without connections.
    Site* main_site();
    std::vector<Site*> sites_in_use();
    std::vector<Link*> links_of(const Display& display);
    Link* link_of_inode(uint64_t inode);
    Link* link_by_id(ConnectionId id);
    void remove_finished();

  private:
    // An app thread's wait for a flush; on its stack.
    struct Flush {
        std::atomic<uint32_t> left{1};
        bool begun = false;
    };
    bool start();
    [[noreturn]] void pump();
    static void pump_entry(void* hub);
    void park_if_asked();
    void serve(Link& link, short app_events, short server_events);
    void begin_flushes();
    void guard();
    Site& site_for(const Address& asked);
    void begin_afresh(Site& site);

    int wake_fd_ = -1, kick_fd_ = -1, guard_fd_ = -1;
    bool guard_armed_ = false;
    std::list<Flush*> flushes_;
    std::atomic<uint32_t> pause_wanted_{0}, paused_{0};
};

Hub& hub();
// After fork, in the child: the connections are the parent's.
void give_up_hub_after_fork();

} // namespace glckpt::x11
