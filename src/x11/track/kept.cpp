#include "x11/track/kept.h"

namespace glckpt::x11 {

std::string Kept::full_key(ConnectionId owner, const RequestInfo* info, const std::string& slot) {
    std::string key((const char*)&owner, sizeof owner);
    key.append((const char*)&info, sizeof info);
    return key + slot;
}

void Kept::keep(ConnectionId owner, const Request& r, const std::string& slot, VirtualXid window) {
    KeptRequest& k = slots_[full_key(owner, r.info, slot)];
    k = {owner, r.module, r.info, r.copy(), window, ++orders_};
}

void Kept::keep_by_key(ConnectionId owner, const Request& r) {
    std::string slot;
    VirtualXid window;
    for (const KeyField& f : r.info->key) {
        if (f.size == 0)
            break;
        slot.append(r.text(f.offset, f.size));
        if (f.window)
            window = r.xid(f.offset);
    }
    keep(owner, r, slot, window);
}

void Kept::forget(ConnectionId owner, const RequestInfo* info, const std::string& slot) {
    slots_.erase(full_key(owner, info, slot));
}

void Kept::forget_window(VirtualXid window) {
    std::erase_if(slots_, [&](const auto& e) { return window && e.second.window == window; });
}

void Kept::forget_connection(ConnectionId owner) {
    std::erase_if(slots_, [&](const auto& e) { return e.second.owner == owner; });
}

std::vector<const KeptRequest*> Kept::in_order() const {
    std::vector<const KeptRequest*> out;
    for (const auto& [key, k] : slots_)
        out.push_back(&k);
    std::sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->order < b->order; });
    return out;
}

} // namespace glckpt::x11
