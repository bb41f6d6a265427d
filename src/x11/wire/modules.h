// What the generated tables say of a module: the core protocol or an extension.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace glckpt::x11 {

class Walker;
class Tracking;
struct Request;

// What a request leaves behind (spec/x11/effects.spec explains each).
enum class Effect : uint8_t { Unknown, Plain, Tracked, Kept, Vetoed, Answered };

// What is to become of a request that a tracker has looked at.
enum class Verdict : uint8_t {
    Forward,
    Withhold, // a NoOperation takes its place, so that the numbering of requests stays
    Answer,   // the tracker has set the answer; the server is asked something harmless instead
};

using Walk = void (*)(Walker&);
using Track = Verdict (*)(Tracking&, const Request&);

// The fields that name the slot a kept request fills.
struct KeyField {
    uint8_t offset, size;
    bool window; // forgotten with the window it names
};

struct RequestInfo {
    const char* name = nullptr; // null: no such request
    Walk walk = nullptr;
    Walk reply = nullptr; // null: it has none
    Effect effect = Effect::Unknown;
    uint16_t fixed = 0; // bytes of its fixed part
    Track track = nullptr;
    KeyField key[3] = {};
};

struct EventInfo {
    const char* name = nullptr;
    Walk walk = nullptr;
};

struct ModuleInfo {
    const char* name;  // xcb-proto's: "randr"
    const char* xname; // the protocol's: "RANDR"; empty for the core
    std::span<const RequestInfo> requests;
    std::span<const EventInfo> events;         // by number from the extension's base
    std::span<const EventInfo> generic_events; // by the Generic Event Extension, by type
    uint8_t event_count, error_count;          // how many numbers the server sets aside
    bool hidden;                               // never shown to the app
};

std::span<const ModuleInfo> modules();

inline const ModuleInfo& core_module() { return modules()[0]; }
inline const ModuleInfo* find_module(std::string_view xname) {
    for (const ModuleInfo& m : modules())
        if (!m.hidden && m.xname[0] && xname == m.xname)
            return &m;
    return nullptr;
}
inline const RequestInfo* find_request(const ModuleInfo& m, uint8_t opcode) {
    return opcode < m.requests.size() && m.requests[opcode].name ? &m.requests[opcode] : nullptr;
}
inline const EventInfo* find_event(std::span<const EventInfo> events, size_t number) {
    return number < events.size() && events[number].name ? &events[number] : nullptr;
}

} // namespace glckpt::x11
