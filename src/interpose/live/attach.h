// A new renderer is brought to where the live set is.
#pragma once
#include "base/status.h"
#include "interpose/live/pruner.h"
#include <string>
#include <vector>

namespace glckpt {

// What asks the renderer with the pruner's lock held, or while the pruner stands, must not wait for
// the pruner to replace a renderer that dies meanwhile: it finds out itself
// (alone_with_renderer()).
class Alone {
  public:
    Alone();
    ~Alone();
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;
};

struct AttachTerms {
    bool tolerant = false; // what the driver refuses is only said: there is no going back
    bool lost = false;     // the renderer has died, and what only it had with it
};

// Starts a renderer and gives it everything. The pruner's lock is held, and the one before has
// been stopped or has died.
Status attach_all(Pruner& p, AttachTerms terms = {});

// The order in which contexts are emitted: EGL images are made with the objects of one share group,
// that of the context they were made in or of whoever still has them, and groups that only name
// them come later. False: two groups have images of each other.
bool order_groups(Pruner& p, std::vector<Pruner::Entry*>& order);
// Of those that anything is emitted for, in the order in which that is done.
bool last_of_group(Pruner& p, const Pruner::Entry& of);

// A line to the user.
void say(const std::string& what);

} // namespace glckpt
