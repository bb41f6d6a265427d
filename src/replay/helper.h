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

} // namespace glckpt::replay
