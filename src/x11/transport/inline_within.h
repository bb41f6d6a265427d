// What the files of the short way (inline.h) share.
#pragma once
#include "x11/transport/hub.h"
#include "x11/transport/inline.h"

namespace glckpt::x11 {

// A signal handler of the app's may write or wait while this thread is at it already: it takes the
// long way then, and cannot wait for a lock that it holds itself.
extern constinit thread_local bool t_inside;
struct Inside {
    Inside() { t_inside = true; }
    ~Inside() { t_inside = false; }
};

// With the lock held: the link whose app's end `fd` is, if it can be served here.
Link* verified(Hub& h, int fd, ConnectionId id);

// True: there is something for the app that was not there before. Kept if nobody but the caller
// waits for it.
bool fetch(Link& link, bool keep);

} // namespace glckpt::x11
