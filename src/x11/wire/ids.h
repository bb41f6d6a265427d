// Identifiers of the protocol, typed so that the app's and the server's cannot mix.
//
// Virtual: what the app was told by the first server it met, and goes on using for ever.
// Real: what the server we are attached to calls the same thing. engine/translation.h converts.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace glckpt::x11 {

template <class Tag>
struct Id {
    uint32_t value = 0;
    constexpr Id() = default;
    constexpr explicit Id(uint32_t v) : value(v) {}
    constexpr explicit operator bool() const { return value != 0; }
    constexpr auto operator<=>(const Id&) const = default; // NOLINT(modernize-use-nullptr)
};

using VirtualXid = Id<struct VirtualXidTag>;
using RealXid = Id<struct RealXidTag>;
using VirtualAtom = Id<struct VirtualAtomTag>;
using RealAtom = Id<struct RealAtomTag>;

} // namespace glckpt::x11

template <class Tag>
struct std::hash<glckpt::x11::Id<Tag>> {
    size_t operator()(glckpt::x11::Id<Tag> id) const noexcept {
        return id.value * 0x9E3779B97F4A7C15ull >> 16;
    }
};
