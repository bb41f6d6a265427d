// What the program has told us by include/glckpt/plugin.h.
#pragma once
#include "ckpt/image/format.h"
#include "ckpt/mem/maps.h"

namespace glckpt::ckpt {

// One checkpoint as the hooks see it: BEFORE when asked for, and whatever else comes exactly once.
// The last to go of all that a checkpoint holds: the threads run when it does.
class Hooks {
  public:
    Hooks() = default;
    Hooks(const Hooks&) = delete;
    ~Hooks() { after(); }
    void before();
    void after();
    void restarted() { restarted_ = true; }

  private:
    bool begun_ = false, restarted_ = false;
};

// `runs` without the pages that need not be saved. In the writing copy.
std::vector<PageRun> without_skipped(const std::vector<PageRun>& runs);

void forget_plugin_lock_in_fork_child();

} // namespace glckpt::ckpt
