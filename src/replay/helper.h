// The helper context, current on this thread while this lives (see readback.cpp).
#pragma once
#include "replay/exec.h"

namespace glckpt::replay {

class Helper {
  public:
    // `drawable` 0: none is needed.
    Helper(Exec& x, uint64_t drawable);
    ~Helper();
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;
    explicit operator bool() const { return ok_; }

  private:
    Exec& x_;
    bool ok_;
};

// --- hand/contents.cpp, in the helper context
void tight_unpack(Driver& gl);
void draw_pixels(Driver& gl, GLsizei w, GLsizei h, GLenum format, GLenum type, const void* p);
// In a helper context of its own: to the back buffer, or the only one.
void draw_to_drawable(Exec& x, uint64_t drawable, GLsizei w, GLsizei h, GLenum format, GLenum type,
                      const void* pixels);

} // namespace glckpt::replay
