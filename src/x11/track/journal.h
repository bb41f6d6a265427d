// What the app has sent since the windows were last read back, for a program that is to outlive
// its X server (--on-xserver-loss=wait): requests without an answer that change something in the
// server. What the tables of resources know by themselves (makings, freeings, selections) is not
// among it: the tables are as new as the last request.
#pragma once
#include "x11/track/resources.h"
#include "x11/wire/request.h"
#include <deque>

namespace glckpt::x11 {

class Journal {
  public:
    struct Entry {
        ConnectionId owner;
        Bytes request; // in virtual names
    };
    bool on = false;

    void note(ConnectionId owner, const Request& r);
    void clear();
    void forget_connection(ConnectionId owner);
    // Requests since clear(), also those that found no room.
    uint64_t noted() const { return noted_; }
    uint64_t dropped() const { return dropped_; }
    size_t bytes() const { return bytes_; }
    const std::deque<Entry>& entries() const { return entries_; }
    // It maps windows or unmaps them: done in its own time, when all is made.
    static bool maps(const Entry&);
    // What the core protocol draws on; None: it does not draw, or draws otherwise.
    static VirtualXid drawn_on(const Entry&);
    // Whether something was drawn of which drawn_on() does not know where: by RENDER, or it found
    // no room.
    bool drawn_anywhere() const { return anywhere_ || dropped_ > 0; }

  private:
    std::deque<Entry> entries_;
    size_t bytes_ = 0;
    uint64_t noted_ = 0, dropped_ = 0;
    bool anywhere_ = false;
};

} // namespace glckpt::x11
