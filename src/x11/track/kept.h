// Requests that fill a slot of the server's: selections of events, client flags, versions agreed.
// The last one for each slot is sent again to a new server (effect `keep` in effects.spec).
#pragma once
#include "x11/track/resources.h"
#include "x11/wire/request.h"
#include <string>

namespace glckpt::x11 {

struct KeptRequest {
    ConnectionId owner;
    const ModuleInfo* module;
    const RequestInfo* info;
    Bytes bytes; // virtual
    VirtualXid window;
    uint64_t order;
};

class Kept {
  public:
    // `slot`: what tells it from others of the same request on the same connection.
    void keep(ConnectionId owner, const Request& r, const std::string& slot,
              VirtualXid window = {});
    // As effects.spec says.
    void keep_by_key(ConnectionId owner, const Request& r);
    void forget(ConnectionId owner, const RequestInfo* info, const std::string& slot);
    void forget_window(VirtualXid window);
    void forget_connection(ConnectionId owner);
    std::vector<const KeptRequest*> in_order() const;

  private:
    static std::string full_key(ConnectionId owner, const RequestInfo* info,
                                const std::string& slot);
    std::unordered_map<std::string, KeptRequest> slots_;
    uint64_t orders_ = 0;
};

} // namespace glckpt::x11
