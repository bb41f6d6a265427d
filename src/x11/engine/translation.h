// What the app calls things, and what the server does: ids, atoms, timestamps, input devices.
//
// Until the first move the two are the same and nothing is looked up. A move replaces the tables
// (move/tables.cpp); between moves they only grow by names that were the same on both sides.
#pragma once
#include "x11/engine/id_space.h"
#include "x11/wire/ids.h"
#include <string>
#include <string_view>
#include <unordered_map>

namespace glckpt::x11 {

// Atoms: the server numbers strings in the order in which it first met them. 1 to 68 are fixed.
class Atoms {
  public:
    static constexpr uint32_t kLastPredefined = 68;
    RealAtom to_real(VirtualAtom v) const {
        return RealAtom{v.value <= kLastPredefined ? v.value : numbers.to_real(v.value)};
    }
    VirtualAtom to_virtual(RealAtom r) const {
        return VirtualAtom{r.value <= kLastPredefined ? r.value : numbers.to_virtual(r.value)};
    }
    // Empty if we never learnt it.
    std::string_view name(VirtualAtom v) const;
    VirtualAtom find(std::string_view name) const;
    void learn(VirtualAtom v, std::string name);
    const std::unordered_map<uint32_t, std::string>& names() const { return names_; }
    Permutation numbers;
    // All real atoms up to this one are known by name.
    uint32_t scanned = kLastPredefined;

  private:
    std::unordered_map<uint32_t, std::string> names_; // by virtual number
};

// Server time is milliseconds since some start of its own. The app compares timestamps and sends
// old ones back (focus, selections, grabs), where the future is refused: so its clock must neither
// jump back nor run ahead. Virtual time is real time plus an offset chosen at each move.
class Timeline {
  public:
    uint32_t to_real(uint32_t v) const { return v ? nonzero(v - offset_) : 0; }
    uint32_t to_virtual(uint32_t r) {
        if (r == 0) // CurrentTime
            return 0;
        const uint32_t v = nonzero(r + offset_);
        if (latest_ == 0 || (int32_t)(v - latest_) > 0)
            latest_ = v;
        return v;
    }
    uint32_t latest() const { return latest_; }
    // From now on the new server's time `real_now` is just after all that the app has seen.
    void rebase(uint32_t real_now) { offset_ = latest_ ? latest_ + 1 - real_now : 0; }

  private:
    static uint32_t nonzero(uint32_t t) { return t ? t : 1; }
    uint32_t offset_ = 0, latest_ = 0;
};

struct Translation {
    IdSpace ids;
    Atoms atoms;
    Timeline time;
    Permutation devices; // input devices' numbers
    bool moved = false;  // false: the two sides call everything the same
};

} // namespace glckpt::x11
