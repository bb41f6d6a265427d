// One connection of the app with its descriptors: the state machine between two sockets.
//
//   app's fd ── socketpair ── app_side │ Connection │ server_side ── X server
//
// The app's fd and app_side are ordinary socketpair ends: what lies unread in them goes into an
// image like any socketpair's contents. server_side is the real socket and never does.
#pragma once
#include "base/own_fds.h"
#include "x11/engine/connection.h"
#include "x11/transport/address.h"
#include <sys/uio.h>

namespace glckpt::x11 {

// The rest of a large request, sent from where the app has it. It lies on the stack of the app's
// thread that waits for it to be sent, and is guarded by the hub's lock: whoever has something else
// to send on the connection copies what is left first, and the thread finds itself done.
struct DirectWrite {
    const iovec* at;
    size_t offset; // into *at
    size_t left;   // bytes, over all vectors from there
};

// Writes at once what the socket takes, and keeps the rest.
class FdSink final : public Sink {
  public:
    explicit FdSink(int fd) : fd_(fd) {}
    ~FdSink();
    void write(const uint8_t* p, size_t n) override;
    // Sends what is left over. False: the other side is gone.
    bool flush();
    // Begins, or goes on with, a write from the app's memory: it is over when nothing is left.
    void send_direct(DirectWrite& d);
    bool backlog() const { return !queue_.empty(); }
    size_t backlog_size() const { return queue_.size(); }
    bool broken() const { return broken_; }
    // What nobody will read any more.
    void drop_backlog();
    void repaired() { broken_ = false; }
    uint64_t sent() const { return sent_; } // bytes, in all
    // While held, what is written is only kept.
    void hold(bool on) { hold_ = on; }
    // Of what is left over, for a reader who is here.
    size_t take(const iovec* vectors, size_t count);

  private:
    long send_some(const uint8_t* p, size_t n);
    void advance(size_t n);
    void absorb_direct();
    int fd_;
    bool broken_ = false, hold_ = false;
    uint64_t sent_ = 0;
    ByteQueue queue_;
    DirectWrite* direct_ = nullptr;
};

struct Link {
    Link(Display& display, ConnectionId id, int app_side, int server_side, uint64_t app_inode)
        : app_fd(app_side), server_fd(server_side), app_inode(app_inode), to_app(app_side),
          to_server(server_side), engine(display, id, to_server, to_app) {}

    // Reads what there is and passes it on. `app_closed` and `server_closed` tell the end.
    void pump_app();
    void pump_server();
    // Room that large messages needed: kept while the app runs, not for an image.
    void give_back_room();
    // What comes next is the app's as it is, and nothing lies before it.
    bool passes_directly() const {
        return engine.passing() > 0 && from_server.empty() && !to_app.backlog();
    }
    // Bytes the app has written that nobody has read yet.
    bool app_has_written() const;
    bool finished() const {
        return (app_closed && !to_server.backlog()) || (server_closed && !to_app.backlog()) ||
               to_app.broken();
    }

    const int app_fd, server_fd; // own fds: the numbers stay, also over a move
    uint64_t app_inode;          // of the app's end: how its fd is recognized after dup()
    bool app_closed = false, server_closed = false;
    // The server has closed it and may come back: nothing of the app's is taken meanwhile.
    // Released: it lives, and has closed this connection only (move/loss.h).
    bool lost = false, released = false;
    // Who reads server_fd: the pump thread, or the app's own threads (transport/inline.h).
    bool pump_reads = true;
    int waiters = 0;                  // of the app's threads, at this moment
    uint32_t uses = 0, uses_seen = 0; // by them; when the pump last looked
    bool wrote_past_us = false;       // the app: into the socketpair
    // to_app.sent() when the app had read all of it.
    uint64_t read_to = 0;
    // The app was told that there is something, which is the rest of a long reply and still the
    // server's socket's; and has not come by to read it.
    bool promised = false;
    ByteQueue from_app, from_server;
    FdSink to_app, to_server;
    Connection engine;
};

} // namespace glckpt::x11
