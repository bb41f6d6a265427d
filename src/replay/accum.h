// Accumulation buffers (accum.cpp).
#pragma once
#include "gen/gl/driver.h"
#include <functional>
#include <vector>

namespace glckpt::replay {

// The back buffer (the front one of a single-buffered drawable), RGBA of 8 bits, bottom row first.
using ReadColor = std::function<void(unsigned char*)>;
using WriteColor = std::function<void(const unsigned char*)>;

// Empty: the driver refused.
std::vector<short> read_accum(Driver& gl, size_t pixels, const ReadColor& read,
                              const WriteColor& write);
bool write_accum(Driver& gl, const short* values, size_t pixels, const WriteColor& write);

} // namespace glckpt::replay
