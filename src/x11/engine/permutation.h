// A renumbering: the identity, but for the pairs it was told, and always one to one.
//
// Told "3 is called 7 there", something else must now be called 3 there, or two of the app's names
// would mean one thing of the server's. close() finds it: it follows each chain of pairs to its
// end and joins the two ends. So a number nobody told us of (a stranger's window, an atom that
// some other program made) can pass in both directions and comes back as it went.
#pragma once
#include <cstdint>
#include <unordered_map>

namespace glckpt::x11 {

class Permutation {
  public:
    void clear() {
        forward_.clear();
        backward_.clear();
    }
    // The first word on a virtual number counts. The first to claim a real number owns the way
    // back; a later one goes forward only.
    void pair(uint32_t virtual_, uint32_t real) {
        if (forward_.try_emplace(virtual_, real).second)
            backward_.try_emplace(real, virtual_);
    }
    void close() {
        std::unordered_map<uint32_t, uint32_t> joints;
        for (const auto& [real, virtual_] : backward_) {
            if (forward_.contains(real))
                continue;
            uint32_t end = real;
            for (auto it = backward_.find(end); it != backward_.end(); it = backward_.find(end))
                end = it->second;
            joints.emplace(real, end);
        }
        for (auto [virtual_, real] : joints)
            pair(virtual_, real);
    }
    uint32_t to_real(uint32_t v) const { return find(forward_, v); }
    uint32_t to_virtual(uint32_t r) const { return find(backward_, r); }
    bool identity() const { return forward_.empty(); }

  private:
    using Map = std::unordered_map<uint32_t, uint32_t>;
    static uint32_t find(const Map& m, uint32_t key) {
        const auto it = m.find(key);
        return it == m.end() ? key : it->second;
    }
    Map forward_, backward_;
};

} // namespace glckpt::x11
