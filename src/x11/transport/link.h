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

namespace glckpt::x11 {

// Writes at once what the socket takes, and keeps the rest.
class FdSink final : public Sink {
  public:
    explicit FdSink(int fd) : fd_(fd) {}
    void write(const uint8_t* p, size_t n) override;
    // Sends what is left over. False: the other side is gone.
    bool flush();
    bool backlog() const { return !queue_.empty(); }
    size_t backlog_size() const { return queue_.size(); }
    bool broken() const { return broken_; }
    // What nobody will read any more.
    void drop_backlog() { queue_.clear(); }
    void repaired() { broken_ = false; }

  private:
    long send_some(const uint8_t* p, size_t n);
    int fd_;
    bool broken_ = false;
    ByteQueue queue_;
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
    // Bytes the app has written that nobody has read yet.
    bool app_has_written() const;
    bool finished() const {
        return (app_closed && !to_server.backlog()) || (server_closed && !to_app.backlog()) ||
               to_app.broken();
    }

    const int app_fd, server_fd; // own fds: the numbers stay, also over a move
    const uint64_t app_inode;    // of the app's end: how its fd is recognized after dup()
    bool app_closed = false, server_closed = false;
    ByteQueue from_app, from_server;
    FdSink to_app, to_server;
    Connection engine;
};

} // namespace glckpt::x11
