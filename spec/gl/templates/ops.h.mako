// Generated from spec/gl: the operations, in the order of their numbers.
#pragma once
#include <cstdint>

namespace glckpt {

enum class Op : uint16_t {
    None,
% for op in spec.ops:
    ${op.name},
% endfor
    Count
};

inline constexpr const char* kOpNames[] = {
    "none",
% for op in spec.ops:
    "${op.name}",
% endfor
};

} // namespace glckpt
