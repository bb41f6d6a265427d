// A library that looks at a context's state, for tests: named by GLCKPT_RENDERER_PROBE in the
// renderer's environment, and called on log::Ask::Probe with the context current. The renderer
// tells it nothing but the driver's functions and which name is which.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" {
struct GlckptProbe {
    void* (*proc)(const char* name);
    struct Name {
        uint32_t cls; // glckpt::NameClass
        uint32_t app, driver;
    };
    const Name* names;
    size_t count;
    int32_t width, height; // of its draw drawable, as the question says
    void (*write)(void* to, const char* bytes, size_t n);
    void* to;
};
using GlckptProbeFunction = void(const GlckptProbe*); // exported as glckpt_probe
}

namespace glckpt::replay {

// Of the stream that the question names, which must be current. Empty: no library, no such stream.
std::vector<char> probe(std::vector<char>& question);

} // namespace glckpt::replay
