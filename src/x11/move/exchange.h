// Talking to the server while the pump is paused: questions sent over the app's own connections,
// and waiting for their answers. What the server has to tell the app meanwhile is put into the
// app's socket as ever, or kept.
#pragma once
#include "x11/transport/hub.h"

namespace glckpt::x11 {

class Exchange {
  public:
    Exchange(std::vector<Link*> links, uint64_t deadline_ns);
    Exchange(Exchange&&) = delete;
    ~Exchange();

    const std::vector<Link*>& links() const { return links_; }
    // The first connection that is set up; null if none is.
    Link* any() const;
    Link* link_of(ConnectionId) const;
    // Until the server has executed and answered all that was sent on this connection (on all).
    bool sync(Link&);
    bool sync_all();
    // Until no connection is half-way through its setup.
    bool settle();
    // After this the server has answered everything: no question of ours is open.
    bool timed_out() const { return timed_out_; }
    bool lost() const { return lost_; }
    // Why sync failed, for the user.
    std::string why() const;

  private:
    template <class Done>
    bool wait(Done done);
    std::vector<Link*> links_;
    std::vector<uint64_t> asked_before_; // by link
    uint64_t deadline_;
    bool timed_out_ = false, lost_ = false;
};

} // namespace glckpt::x11
