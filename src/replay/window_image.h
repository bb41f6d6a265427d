// What an X window shows, as the X server has it.
#pragma once
#include <cstdint>
#include <vector>

namespace glckpt::replay {

// RGBA bytes, bottom row first as GL has them; empty if the window is not on the screen. What lies
// outside the screen is black. Windows over it show through (the server keeps nothing behind them).
std::vector<char> window_image(const char* display, uint32_t window, int32_t* width,
                               int32_t* height);

} // namespace glckpt::replay
