// GLCKPT_STRESS=replace:N[,max:M][,env:K=V]: the renderer is thrown away every N swaps or
// synchronous calls and a new one attached from the live set, at most M times (later ones spread
// over the program: each next one after twice the distance of the one before). Every program is
// then a test of record, prune and replay.
#pragma once

namespace glckpt {

void init_stress();

// What is asked again because a renderer has come in between (ws/world.h: settle) would otherwise
// be asked for ever. From begin() on the calling thread's renderer is let be, to the end of the
// outermost scope.
class StressPause {
  public:
    StressPause() : was_(paused()) {}
    ~StressPause();
    void begin() const;
    StressPause(const StressPause&) = delete;
    StressPause& operator=(const StressPause&) = delete;

  private:
    static bool paused();
    const bool was_;
};

} // namespace glckpt
