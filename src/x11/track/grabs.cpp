#include "x11/track/grabs.h"

namespace glckpt::x11 {
namespace {

constexpr uint16_t kAnyDetail = 0, kAnyModifier = 0x8000;

} // namespace

// A grab by the same connection of the same combination replaces the old one.
void Grabs::add(PassiveGrab grab) {
    std::erase_if(passive_, [&](const PassiveGrab& g) {
        return g.key == grab.key && g.window == grab.window && g.detail == grab.detail &&
               g.modifiers == grab.modifiers && g.owner == grab.owner;
    });
    passive_.push_back(std::move(grab));
}

// "Any" in the request ends all that it covers.
void Grabs::remove(bool key, VirtualXid window, uint16_t detail, uint16_t modifiers) {
    std::erase_if(passive_, [&](const PassiveGrab& g) {
        return g.key == key && g.window == window && (detail == kAnyDetail || g.detail == detail) &&
               (modifiers == kAnyModifier || g.modifiers == modifiers);
    });
}

void Grabs::forget_window(VirtualXid window) {
    std::erase_if(passive_, [&](const PassiveGrab& g) { return g.window == window; });
    // An active grab ends when its window is no longer viewable.
    if (pointer && pointer->window == window)
        pointer.reset();
    if (keyboard && keyboard->window == window)
        keyboard.reset();
    std::erase_if(devices, [&](const auto& d) { return d.second.window == window; });
}

void Grabs::forget_connection(ConnectionId owner) {
    std::erase_if(passive_, [&](const PassiveGrab& g) { return g.owner == owner; });
    if (pointer && pointer->owner == owner)
        pointer.reset();
    if (keyboard && keyboard->owner == owner)
        keyboard.reset();
    std::erase_if(devices, [&](const auto& d) { return d.second.owner == owner; });
    server.erase(owner);
}

} // namespace glckpt::x11
