#include "x11/move/new_server.h"
#include "gen/x11/protocol.h"
#include "x11/clock.h"
#include "x11/move/compatible.h"
#include "x11/move/devices.h"
#include <cerrno>
#include <poll.h>

namespace glckpt::x11 {
namespace {

using namespace proto;

constexpr size_t kMessage = 32;

bool ready(int fd, short events, uint64_t deadline_ns) {
    const uint64_t now = monotonic_ns();
    if (now >= deadline_ns)
        return false;
    pollfd p{fd, events, 0};
    return raw_syscall(SYS_poll, &p, 1, (deadline_ns - now) / 1'000'000 + 1) > 0;
}

Status unreachable(const Address& a, long error) {
    std::string why = "display " + a.display_name() + " cannot be reached";
    if (error == -ECONNREFUSED || error == -ENOENT)
        why += ": no X server listens there (start one, or name another with --display)";
    else if (error == -EINVAL)
        why += ": only numeric host addresses and localhost are understood";
    else
        why += ": " + std::string(strerrordesc_np((int)-error));
    return Status::refused(std::move(why));
}

} // namespace

FreshConnection::~FreshConnection() {
    if (fd_ >= 0)
        raw_syscall(SYS_close, fd_);
}

int FreshConnection::release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
}

Status FreshConnection::open(const Address& address, uint64_t) {
    fd_ = connect_to(address);
    return fd_ < 0 ? unreachable(address, fd_) : Status();
}

bool FreshConnection::send_all(const Bytes& b, uint64_t deadline_ns) {
    for (size_t at = 0; at < b.size();) {
        const long n =
            raw_syscall(SYS_sendto, fd_, &b[at], b.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
        if (n > 0)
            at += (size_t)n;
        else if (n != -EAGAIN || !ready(fd_, POLLOUT, deadline_ns))
            return false;
    }
    return true;
}

bool FreshConnection::read_exactly(uint8_t* p, size_t n, uint64_t deadline_ns) {
    while (n > 0) {
        if (!ready(fd_, POLLIN, deadline_ns))
            return false;
        const long got = raw_syscall(SYS_recvfrom, fd_, p, n, 0, 0, 0);
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

Status FreshConnection::set_up(const Bytes& request, uint64_t deadline_ns) {
    constexpr size_t kHead = 8;
    Bytes reply(kHead);
    if (!send_all(request, deadline_ns) || !read_exactly(reply.data(), kHead, deadline_ns))
        return Status::refused("the X server closed the connection, or does not answer");
    reply.resize(setup_reply_size(reply.data()));
    if (!read_exactly(&reply[kHead], reply.size() - kHead, deadline_ns))
        return Status::refused("the X server closed the connection, or does not answer");
    setup = parse_setup(reply);
    if (setup)
        return {};
    const std::string reason((const char*)&reply[kHead],
                             std::min<size_t>(reply[1], reply.size() - kHead));
    return Status::refused("the X server refuses the connection: " + reason +
                           " (is the right XAUTHORITY set?)");
}

void FreshConnection::tell(Bytes request, uint64_t deadline_ns) {
    request.resize(padded(request.size()));
    store16(&request[2], (uint16_t)(request.size() / 4));
    ++asked_;
    send_all(request, deadline_ns);
}

Bytes FreshConnection::ask(Bytes request, uint64_t deadline_ns) {
    tell(std::move(request), deadline_ns);
    for (;;) { // events may come first
        Bytes m(kMessage);
        if (!read_exactly(m.data(), kMessage, deadline_ns) || m[0] == 0)
            return {};
        if (m[0] != 1)
            continue;
        m.resize(kMessage + 4 * (size_t)load32(&m[4]));
        if (!read_exactly(&m[kMessage], m.size() - kMessage, deadline_ns))
            return {};
        return m;
    }
}

const Setup* NewServer::setup() const {
    for (const auto& [link, c] : connections)
        if (c.setup)
            return &*c.setup;
    return nullptr;
}

namespace {

std::optional<ExtensionCodes> ask_extension(FreshConnection& on, std::string_view name,
                                            uint64_t deadline_ns) {
    using Q = xproto::QueryExtension;
    const Bytes m =
        on.ask(Build::core<Q>().u16(Q::name_len, (uint16_t)name.size()).more(name), deadline_ns);
    if (m.size() < kMessage || !m[Q::Reply::present])
        return {};
    return ExtensionCodes{m[Q::Reply::major_opcode], m[Q::Reply::first_event],
                          m[Q::Reply::first_error]};
}

// Asked on a connection of its own, so that nothing has been counted on the ones to be used.
Status ask_extensions(NewServer& server, const Bytes& setup_request, Display& d,
                      uint64_t deadline_ns) {
    FreshConnection probe;
    if (Status s = probe.open(server.address, deadline_ns); !s)
        return s;
    if (Status s = probe.set_up(setup_request, deadline_ns); !s)
        return s;
    for (Extension& e : d.extensions.all())
        if (const auto codes = ask_extension(probe, e.module->xname, deadline_ns))
            server.extensions[e.module] = *codes;
    server.glx = ask_extension(probe, "GLX", deadline_ns).has_value();
    if (const auto found = server.extensions.find(find_module("RANDR"));
        found != server.extensions.end()) {
        using Q = randr::GetScreenResourcesCurrent;
        server.randr = probe.ask(Build::extension<Q>(found->second.major)
                                     .u32(Q::window, probe.setup->screens.front().root),
                                 deadline_ns);
    }
    if (const auto found = server.extensions.find(find_module("XInputExtension"));
        found != server.extensions.end()) {
        using Q = xinput::XIQueryVersion;
        probe.ask(Build::extension<Q>(found->second.major)
                      .u16(Q::major_version, 2)
                      .u16(Q::minor_version, 2),
                  deadline_ns);
        server.devices = probe.ask(query_devices(found->second.major), deadline_ns);
    }
    if (Status s = check_default_cells(probe, server, d, deadline_ns); !s)
        return s;
    const auto render = server.extensions.find(find_module("RENDER"));
    if (render == server.extensions.end() || d.pict_formats.empty())
        return {};
    using Q = render::QueryPictFormats;
    const Bytes m = probe.ask(Build::extension<Q>(render->second.major), deadline_ns);
    constexpr size_t kFormat = 28;
    const uint32_t n = m.size() >= kMessage ? load32(&m[Q::Reply::num_formats]) : 0;
    for (size_t i = 0, at = kMessage; i < n && at + kFormat <= m.size(); ++i, at += kFormat) {
        PictFormat f{load32(&m[at]), m[at + 4], m[at + 5], {}};
        memcpy(f.direct.data(), &m[at + 8], f.direct.size());
        server.pict_formats.push_back(f);
    }
    return {};
}

} // namespace

Status examine(NewServer& server, const Exchange& x, Site& site, uint64_t deadline_ns) {
    Display& d = *site.display;
    server.authority = find_authority(server.address);
    for (Link* link : x.links()) {
        FreshConnection& c = server.connections[link];
        if (Status s = c.open(server.address, deadline_ns); !s)
            return s;
        if (link->engine.state() != Connection::State::Running)
            continue; // the app has yet to send its own
        server.setup_request =
            link->engine.setup_request_for(server.authority.name, server.authority.data);
        if (Status s = c.set_up(server.setup_request, deadline_ns); !s)
            return std::move(s).with_context("display " + server.address.display_name());
    }
    if (!server.setup())
        return {};
    if (Status s = ask_extensions(server, server.setup_request, d, deadline_ns); !s)
        return s;
    if (site.needs_glx && !server.glx)
        return Status::refused("display " + server.address.display_name() +
                               " lacks extension GLX, by which the program draws");
    return check_compatible(server, d);
}

} // namespace glckpt::x11
