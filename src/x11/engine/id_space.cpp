#include "x11/engine/id_space.h"
#include <algorithm>

namespace glckpt::x11 {

void IdSpace::set_real_mask(uint32_t mask) {
    small_shift_ = std::min(shift_, (uint32_t)__builtin_popcount(mask));
    clients_.clear();
    kin_.clear();
    ours_.clear();
    far_.clear();
    near_.clear();
    next_.clear();
}

void IdSpace::set_clients(Bases clients, Bases kin) {
    clients_ = std::move(clients);
    kin_ = std::move(kin);
    bases.clear();
    ours_.clear();
    for (const Bases* all : {&clients_, &kin_})
        for (const auto& [v, r] : *all)
            bases.pair(v >> small_shift_, r >> small_shift_);
    if (narrow()) {
        for (const auto& [v, r] : clients_)
            for (uint32_t i = 0; i < blocks_each(); ++i)
                ours_[(v >> small_shift_) + i] = {v, r};
        constexpr unsigned kIdBits = 29;
        uint32_t end = 1u << (kIdBits - small_shift_);
        for (const auto& [block, own] : ours_)
            if (block != own.virtual_base >> small_shift_) {
                while (ours_.contains(--end))
                    continue;
                bases.pair(end, block);
            }
    }
    bases.close();
}

uint32_t IdSpace::add_client(uint32_t real_base) {
    if (!narrow()) // the renumbering is one to one, so the app's name for this base is free
        return to_virtual(RealXid{real_base}).value;
    Bases clients = clients_;
    std::erase_if(clients, [&](const auto& c) { return c.second == real_base; });
    uint32_t base = 1u << shift_;
    while (std::ranges::any_of(clients, [&](const auto& c) { return c.first == base; }))
        base += 1u << shift_;
    clients.emplace_back(base, real_base);
    set_clients(std::move(clients), kin_);
    return base;
}

IdSpace::Bases IdSpace::all_clients() const {
    Bases all = clients_;
    all.insert(all.end(), kin_.begin(), kin_.end());
    return all;
}

uint32_t IdSpace::own_to_real(uint32_t id, const Own& own) const {
    if (const auto it = far_.find(id); it != far_.end())
        return it->second;
    const uint32_t low = id - own.virtual_base, direct = own.real_base | low;
    // What has been given away to a far id is not to be had under its own name.
    return low <= common_mask() && !near_.contains(direct) ? direct : give_far(id, own);
}

uint32_t IdSpace::give_far(uint32_t id, const Own& own) const {
    const auto used = [&](uint32_t v) { return !in_use || in_use(VirtualXid{v}); };
    uint32_t& last = next_.try_emplace(own.real_base, common_mask()).first->second;
    for (int round = 0; round < 2; ++round) {
        for (uint32_t n = common_mask(); n > 0; --n) {
            last = last > 1 ? last - 1 : common_mask();
            const uint32_t real = own.real_base | last;
            if (near_.contains(real) || used(own.virtual_base | last))
                continue;
            far_[id] = real;
            near_[real] = id;
            return real;
        }
        // All are given away: those of things that are gone come back.
        std::erase_if(near_,
                      [&](const auto& n) { return !used(n.second) && far_.erase(n.second) != 0; });
    }
    return own.real_base | (id & common_mask()); // a client that has more than there are
}

} // namespace glckpt::x11
