// The extensions the app has asked for, and the three numbers a server gives each: the major
// opcode of its requests and the first of its event and error codes.
#pragma once
#include "x11/wire/modules.h"
#include <array>
#include <deque>
#include <string>

namespace glckpt::x11 {

struct ExtensionCodes {
    uint8_t major = 0, first_event = 0, first_error = 0;
};

struct Extension {
    const ModuleInfo* module;
    ExtensionCodes virtual_, real;
    bool present = true; // on the server we are attached to
    bool used = false;   // by a request that has an effect: it cannot be done without
};

class Extensions {
  public:
    // The app's first question for it, answered by `real`: chooses the numbers that the app sees.
    Extension& add(const ModuleInfo& module, ExtensionCodes real);
    Extension* find(const ModuleInfo& module);
    Extension* by_virtual_major(uint8_t major) { return virtual_major_[major]; }
    Extension* by_real_major(uint8_t major) { return real_major_[major]; }
    // Whose event code it is, or null.
    Extension* by_virtual_event(uint8_t code) { return virtual_event_[code & 0x7f]; }
    Extension* by_real_event(uint8_t code) { return real_event_[code & 0x7f]; }
    Extension* by_virtual_error(uint8_t code) { return virtual_error_[code]; }
    Extension* by_real_error(uint8_t code) { return real_error_[code]; }
    // After the real codes of any have changed.
    void reindex();
    std::deque<Extension>& all() { return all_; }

  private:
    template <size_t N>
    using Index = std::array<Extension*, N>;
    void index_virtual(Extension&);
    void index_real(Extension&);
    std::deque<Extension> all_; // addresses stay
    Index<256> virtual_major_{}, real_major_{}, virtual_error_{}, real_error_{};
    Index<128> virtual_event_{}, real_event_{};
};

inline constexpr uint8_t kFirstExtensionMajor = 128, kFirstExtensionEvent = 64,
                         kFirstExtensionError = 128;

} // namespace glckpt::x11
