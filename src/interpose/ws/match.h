// Matching frozen configs to another driver's: a pure function of rows.
#pragma once
#include "log/ws_protocol.h"
#include <cstdint>
#include <string>
#include <vector>

namespace glckpt::ws {

// For each frozen row the number of the best row of `offered`, or -1. A row serves if it has at
// least the sizes and samples of the frozen one and is as much double-buffered, stereo, float and
// sRGB; the nearest serves best, and among equals the one with the same visual and the same rank.
// `offered` has visual ids as the app would see them.
std::vector<int32_t> match_configs(bool glx, const std::vector<int32_t>& frozen,
                                   const std::vector<int32_t>& offered);

// "RGBA 8/8/8/8, depth 24, stencil 8, 4 samples, double-buffered", for refusals.
std::string describe_config(bool glx, const int32_t* row);

} // namespace glckpt::ws
