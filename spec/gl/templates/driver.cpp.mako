// Generated from spec/gl: how to find the real driver's functions.
#include "gen/gl/driver.h"
#include <initializer_list>
#include <type_traits>

namespace glckpt::replay {

void Driver::load(void* (*lookup)(const char* name)) {
    auto find = [&](auto& slot, std::initializer_list<const char*> names) {
        for (const char* n : names)
            if (void* f = lookup(n)) {
                slot = reinterpret_cast<std::remove_reference_t<decltype(slot)>>(f);
                return;
            }
        slot = nullptr;
    };
% for op in spec.ops:
% if not op.extra:
    find(${op.name}, {${", ".join(f'"{n}"' for n in op.names)}});
% endif
% endfor
}

} // namespace glckpt::replay
