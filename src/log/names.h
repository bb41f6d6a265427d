// Object names. Virtual names are what the app sees; real names are the driver's. They never mix:
// the app's side knows only virtual ones, and the renderer maps them where it decodes.
#pragma once
#include <cstdint>

namespace glckpt {

enum class NameClass : uint8_t {
    texture,
    buffer,
    framebuffer,
    renderbuffer,
    vertex_array,
    query,
    sampler,
    transform_feedback,
    pipeline,
    arb_program,
    program, // shaders too: GL has one name space for both
    Count
};
inline constexpr int kNameClasses = (int)NameClass::Count;

// Container objects are not shared between contexts (OpenGL 4.6, section 5).
constexpr bool shared_between_contexts(NameClass c) {
    return c != NameClass::framebuffer && c != NameClass::vertex_array &&
           c != NameClass::transform_feedback && c != NameClass::pipeline && c != NameClass::query;
}

} // namespace glckpt
