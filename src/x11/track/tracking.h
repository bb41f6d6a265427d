// What a tracker may do beside noting things in the display: one is called for each request that
// effects.spec marks `track`, with the request in virtual names, before it is passed on.
#pragma once
#include "gen/x11/protocol.h"
#include "gen/x11/trackers.h"
#include "x11/engine/connection.h"

namespace glckpt::x11 {

class Tracking {
  public:
    explicit Tracking(Connection& c) : display(c.display()), connection(c) {}

    Display& display;
    Connection& connection;
    ConnectionId me() const { return connection.id(); }
    Resources& resources() { return display.resources; }

    // Asks the server something before it executes the request.
    void ask_before(Bytes request, Answer answer) {
        connection.send(std::move(request), std::move(answer));
    }
    // Looks at the server's reply, in real names, before the app gets it.
    void on_reply(Answer look) { connection.look_at_reply_ = std::move(look); }
    // With Verdict::Answer: what the app gets. The sequence number is filled in.
    void answer(Bytes reply_or_error) { connection.substitute_ = std::move(reply_or_error); }
    void veto(std::string what) { display.vetoes.insert(std::move(what)); }
};

} // namespace glckpt::x11
