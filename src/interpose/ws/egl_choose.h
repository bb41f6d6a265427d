// eglChooseConfig over a frozen list: a pure function of rows of values (EGL 1.5, section 3.4.1;
// tests/ws/egl_choose.cpp compares it with the real driver).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace glckpt::ws {

// Indices of the matching rows, best first. `attribs` ends with EGL_NONE; null is an empty list.
// `bad`: the list has an attribute that EGL does not know, or a value that it cannot have.
std::vector<int> choose_egl_configs(std::span<const int32_t* const> rows, const int32_t* attribs,
                                    bool* bad);

} // namespace glckpt::ws
