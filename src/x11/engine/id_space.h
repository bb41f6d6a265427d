// Resource ids. The high bits say whose a resource is: 0 the server's own (roots, visuals,
// colormaps, picture formats, RandR's), else the client's that made it, whose "base" they are. So
// the app's own ids, which it makes up itself, are translated by renumbering the bases, and only
// the server's need a table.
//
// How many bits are the client's to choose, the server says (its "mask": more clients, fewer bits),
// and the app believes the first one for ever. A server with a narrower mask cuts the app's range
// into several blocks, of which only the first has a counterpart there. An id of the app's beyond
// it (`far`) is given one that the app does not use, from the top of the range, when it first
// passes. What strangers have at those blocks gets names at the far end, where no client is.
#pragma once
#include "x11/engine/permutation.h"
#include "x11/wire/ids.h"
#include <functional>
#include <utility>
#include <vector>

namespace glckpt::x11 {

class IdSpace {
  public:
    void set_mask(uint32_t mask) {
        mask_ = mask;
        shift_ = (uint32_t)__builtin_popcount(mask);
        set_real_mask(mask);
    }
    // A server's; its clients and all that has been given far ids are forgotten.
    void set_real_mask(uint32_t mask);
    bool narrow() const { return small_shift_ < shift_; }
    using Bases = std::vector<std::pair<uint32_t, uint32_t>>; // virtual and real
    // The app's connections, in place of those there were. `kin`: those of other processes of its
    // tree. (Of theirs, far ids are not known here.)
    void set_clients(Bases clients, Bases kin = {});
    // All that have a name of their own here.
    Bases all_clients() const;
    // One that a server has given to a new connection of the app's: its virtual base.
    uint32_t add_client(uint32_t real_base);
    // Bits that a client of both can choose.
    uint32_t common_mask() const { return (1u << small_shift_) - 1; }

    uint32_t block_of(uint32_t id) const { return id >> shift_; }
    RealXid to_real(VirtualXid v) const {
        if (narrow())
            if (const auto own = ours_.find(v.value >> small_shift_); own != ours_.end())
                return RealXid{own_to_real(v.value, own->second)};
        return RealXid{convert(v.value, &Permutation::to_real)};
    }
    VirtualXid to_virtual(RealXid r) const {
        if (narrow())
            if (const auto it = near_.find(r.value); it != near_.end())
                return VirtualXid{it->second};
        return VirtualXid{convert(r.value, &Permutation::to_virtual)};
    }
    Permutation bases;      // of blocks, as narrow as the narrower of the two masks
    Permutation server_ids; // of whole ids whose base is 0
    // Whether the app has made something of this id.
    std::function<bool(VirtualXid)> in_use;

  private:
    uint32_t convert(uint32_t id, uint32_t (Permutation::*via)(uint32_t) const) const {
        if (id <= 1) // None; PointerRoot, ParentRelative, CopyFromParent
            return id;
        const uint32_t block = id >> small_shift_;
        if (block == 0)
            return (server_ids.*via)(id);
        return (bases.*via)(block) << small_shift_ | (id & common_mask());
    }
    struct Own {
        uint32_t virtual_base, real_base;
    };
    uint32_t own_to_real(uint32_t id, const Own& own) const;
    uint32_t give_far(uint32_t id, const Own& own) const;
    uint32_t blocks_each() const { return 1u << (shift_ - small_shift_); }

    uint32_t mask_ = 0x1fffff, shift_ = 21, small_shift_ = 21;
    Bases clients_, kin_;
    // Only with a narrow mask: by block, whose it is; far ids and what they are called there.
    std::unordered_map<uint32_t, Own> ours_;
    mutable std::unordered_map<uint32_t, uint32_t> far_, near_;
    mutable std::unordered_map<uint32_t, uint32_t> next_; // by real base: the last one given
};

} // namespace glckpt::x11
