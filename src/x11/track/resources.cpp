#include "x11/track/resources.h"

namespace glckpt::x11 {

std::vector<VirtualXid> Resources::take_released() {
    std::vector<VirtualXid> released;
    for (size_t i = 0; i < lingering_.size();) {
        const auto it = table_.find(lingering_[i]);
        const bool held = it != table_.end() && it->second.use_count() > 1;
        if (held) {
            ++i;
            continue;
        }
        if (it != table_.end()) {
            released.push_back(it->first);
            table_.erase(it);
        }
        lingering_[i] = lingering_.back();
        lingering_.pop_back();
    }
    return released;
}

std::vector<VirtualXid> Resources::children_of(VirtualXid window) const {
    std::vector<VirtualXid> out;
    for (const auto& [id, r] : table_)
        if (r->kind == Kind::Window && static_cast<const Window*>(r.get())->parent == window)
            out.push_back(id);
    return out;
}

void Resources::forget_connection(ConnectionId owner) {
    std::erase_if(table_, [&](const auto& entry) { return entry.second->owner == owner; });
    std::erase_if(lingering_, [&](VirtualXid id) { return !table_.contains(id); });
}

} // namespace glckpt::x11
