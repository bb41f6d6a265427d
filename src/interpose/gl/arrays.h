// Sending client arrays before a draw.
#pragma once
#include "interpose/gl/context.h"

namespace glckpt {

struct IndexRange {
    uint64_t low, high;
    bool any;
};
IndexRange index_range(GLsizei count, GLenum type, const void* indices);

// glArrayElement from client arrays alone (array_element.cpp); false: there are others, or none.
bool give_element(GLint element);

// Sends the elements [first, first + count) of every client array in use (and of those with a
// divisor, what `instances` from `base_instance` need).
void send_client_arrays(log::Stream& s, uint64_t first, uint64_t count, uint64_t instances,
                        uint64_t base_instance);
inline bool has_client_arrays() { return shadow().vao->to_send() != 0; }

} // namespace glckpt
