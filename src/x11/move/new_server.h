// A server that we may attach to: connected to and asked, before anything of ours is changed. So
// a display that cannot take the program's windows is refused with everything as it was.
#pragma once
#include "base/status.h"
#include "x11/move/exchange.h"
#include <map>

namespace glckpt::x11 {

// One fresh connection, not yet anybody's.
class FreshConnection {
  public:
    FreshConnection() = default;
    FreshConnection(FreshConnection&& o) noexcept : setup(std::move(o.setup)), fd_(o.fd_) {
        o.fd_ = -1;
    }
    FreshConnection& operator=(FreshConnection&&) = delete;
    ~FreshConnection();

    Status open(const Address& address, uint64_t deadline_ns);
    // Sends `request` (the app's setup, with our authority) and reads the answer into `setup`.
    Status set_up(const Bytes& request, uint64_t deadline_ns);
    // One question and its reply; empty on error.
    Bytes ask(Bytes request, uint64_t deadline_ns);
    // A request without a reply.
    void tell(Bytes request, uint64_t deadline_ns);
    // The descriptor, whose owner the caller becomes.
    int release();

    std::optional<Setup> setup;

  private:
    bool send_all(const Bytes& b, uint64_t deadline_ns);
    bool read_exactly(uint8_t* p, size_t n, uint64_t deadline_ns);
    int fd_ = -1;
    unsigned asked_ = 0; // requests sent
};

struct NewServer {
    Address address;
    Authority authority;
    std::map<Link*, FreshConnection> connections; // one for each link
    std::map<const ModuleInfo*, ExtensionCodes> extensions;
    std::vector<PictFormat> pict_formats;
    Bytes randr;   // GetScreenResourcesCurrent's reply
    Bytes devices; // XIQueryDevice's
    bool glx = false;
    Bytes setup_request;      // the app's, with the authority for there
    IdSpace::Bases kin_bases; // of other processes of the tree, which are on their way there, too

    const Setup* setup() const;
};

// Refused, by name, if the program's resources cannot exist there.
Status examine(NewServer& server, const Exchange& exchange, Site& site, uint64_t deadline_ns);

} // namespace glckpt::x11
