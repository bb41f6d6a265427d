// Plays a recorded log to a renderer, with everything of the app's side but the faces: its own
// session, streams, pruner and window system objects. Windows and pixmaps become pbuffers of their
// size.
#pragma once
#include "base/status.h"
#include "interpose/ws/world.h"
#include "log.h"
#include <map>
#include <memory>

namespace glckpt::cut {

class Player {
  public:
    // One entry. Refused: the log cannot be played here (no display, no such config).
    Status play(const Log::Entry& e);
    // All that was played is executed.
    void settle();
    // It can be stopped here: it cannot between a glBegin and a glEnd that are in lists.
    bool stands();
    // A new renderer from the live set.
    Status replace();
    // The state of each context that is current, as text.
    std::string state();

  private:
    Status display(const log::ws::OpenDisplay& q);
    Status context(const Log::Entry& e);
    Status surface(const Log::Entry& e);
    Status record(const Log::Entry& e);
    Status fit(const ws::WsContext& c, uint64_t surface);
    void note(ws::WsContext& c, const log::RecordHeader& h);

    std::map<uint32_t, std::unique_ptr<ws::DisplayObject>> displays_;
    std::map<uint32_t, ws::WsContext*> contexts_; // by the id in the log
    Context* last_ = nullptr;
};

} // namespace glckpt::cut
