// Where display lists leave a context with regard to glBegin and glEnd.
//
// A list may hold one without the other, and be called between or outside of the two (compatibility
// profile, section 21.4). Batches are published, errors looked for and streams paused only outside,
// and GL does not tell where it is. So both sides know of each list which of the two it has last,
// and which lists it calls after that. (Lists called by glCallLists from within a list are not
// looked into: their names depend on the list base in force when they are called.)
#pragma once
#include "gen/gl/gl_types.h"
#include <atomic>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace glckpt::log {

// What the i-th element of glCallLists' array is, to be added to the list base.
inline GLuint list_offset(GLenum type, const void* lists, GLsizei i) {
    const auto* p = static_cast<const unsigned char*>(lists);
    auto at = [&](auto v) {
        memcpy(&v, p + (size_t)i * sizeof v, sizeof v);
        return v;
    };
    auto bytes = [&](int n) {
        GLuint v = 0;
        for (int b = 0; b < n; ++b)
            v = v << 8 | p[i * n + b];
        return v;
    };
    switch (type) {
    case GL_BYTE:
        return (GLuint)at((signed char)0);
    case GL_UNSIGNED_BYTE:
        return p[i];
    case GL_SHORT:
        return (GLuint)at((short)0);
    case GL_UNSIGNED_SHORT:
        return at((unsigned short)0);
    case GL_INT:
    case GL_UNSIGNED_INT:
        return at(0u);
    case GL_FLOAT:
        return (GLuint)(GLint)at(0.0f);
    case GL_2_BYTES:
        return bytes(2);
    case GL_3_BYTES:
        return bytes(3);
    case GL_4_BYTES:
        return bytes(4);
    default:
        return 0;
    }
}

class ListShapes {
  public:
    struct Shape {
        enum Last : unsigned char { Neither, Begin, End } last = Neither;
        std::vector<GLuint> calls; // after it
    };
    void set(GLuint list, Shape shape) {
        if (shape.last == Shape::Neither && shape.calls.empty()) {
            shapes_.erase(list);
            return;
        }
        if (shape.last == Shape::Begin)
            some_begins_.store(true, std::memory_order_relaxed);
        shapes_[list] = std::move(shape);
    }
    // Whether a call made `inside` or not may change that. Without the lock.
    bool matters(bool inside) const {
        return inside || some_begins_.load(std::memory_order_relaxed);
    }
    void erase(GLuint first, GLsizei range) {
        if (range > 0)
            std::erase_if(shapes_, [&](const auto& s) { return s.first - first < (GLuint)range; });
    }
    // Where a call of the list leaves a renderer that is `inside` or not.
    bool after(GLuint list, bool inside, int depth = 0) const {
        const auto it = shapes_.find(list);
        if (it == shapes_.end() || depth > 64)
            return inside;
        if (it->second.last != Shape::Neither)
            inside = it->second.last == Shape::Begin;
        for (const GLuint called : it->second.calls)
            inside = after(called, inside, depth + 1);
        return inside;
    }

  private:
    std::unordered_map<GLuint, Shape> shapes_;
    std::atomic<bool> some_begins_{false};
};

} // namespace glckpt::log
