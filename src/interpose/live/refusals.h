// What keeps a program's GL from being given to a new renderer: refused by name, never dropped.
#pragma once
#include "base/status.h"
#include "interpose/live/pruner.h"
#include <string>

namespace glckpt {

// Commands that it has called and that nobody keeps track of; empty: none. The pruner's lock is
// held, as for all of this.
std::string vetoes(const prune::Fold& f);
// State of the moment that a new renderer could not be given.
Status unrestorable(Pruner& p);

} // namespace glckpt
