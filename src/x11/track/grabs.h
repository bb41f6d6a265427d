// Grabs, selections and event masks: state of a connection rather than of a resource.
#pragma once
#include "x11/track/resources.h"
#include <optional>
#include <set>

namespace glckpt::x11 {

// GrabButton, GrabKey and XIPassiveGrabDevice: the whole request, in the order made.
struct PassiveGrab {
    ConnectionId owner;
    bool key; // GrabKey, not GrabButton
    VirtualXid window;
    uint16_t detail;    // key or button; 0 any
    uint16_t modifiers; // 0x8000 any
    Bytes request;
    CursorRef cursor; // GrabButton
};

// GrabPointer or GrabKeyboard, in force.
struct ActiveGrab {
    ConnectionId owner;
    VirtualXid window;
    Bytes request;
    CursorRef cursor;
};

struct Selection {
    ConnectionId asked_by;
    VirtualXid owner;
};

struct Transfer { // of a selection, begun and not finished
    VirtualXid requestor;
    VirtualAtom selection;
    uint64_t since_ns;
};

// A large selection goes over piece by piece, as the values of one property of the requestor's,
// until an empty one (ICCCM 2.7.2).
struct Increment {
    VirtualXid requestor;
    VirtualAtom property;
    uint64_t last_ns; // when the last piece was put or fetched
};

class Grabs {
  public:
    void add(PassiveGrab grab);
    void remove(bool key, VirtualXid window, uint16_t detail, uint16_t modifiers);
    void forget_window(VirtualXid window);
    void forget_connection(ConnectionId owner);
    const std::vector<PassiveGrab>& passive() const { return passive_; }
    std::optional<ActiveGrab> pointer, keyboard;
    std::map<uint16_t, ActiveGrab> devices; // XIGrabDevice, by device
    // Connections that hold the whole server (GrabServer).
    std::set<ConnectionId> server;

  private:
    std::vector<PassiveGrab> passive_;
};

} // namespace glckpt::x11
