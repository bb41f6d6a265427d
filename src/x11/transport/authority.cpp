#include "x11/transport/authority.h"
#include "base/syscall.h"
#include <arpa/inet.h>
#include <cstdlib>
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace glckpt::x11 {
namespace {

// Xauthority(5): family, address, number, name, data; each but the family a counted string, all
// numbers big-endian.
enum Family : uint16_t { kInternet = 0, kInternet6 = 6, kLocal = 256, kWild = 65535 };

class Entries {
  public:
    explicit Entries(ConstByteSpan file) : rest_(file) {}
    uint16_t family = 0;
    std::string_view address, number, name, data;

    bool next() {
        if (rest_.size() < 2)
            return false;
        family = (uint16_t)(rest_[0] << 8 | rest_[1]);
        rest_ = rest_.subspan(2);
        return text(address) && text(number) && text(name) && text(data);
    }

  private:
    bool text(std::string_view& out) {
        if (rest_.size() < 2)
            return false;
        const size_t n = (size_t)(rest_[0] << 8 | rest_[1]);
        if (rest_.size() < 2 + n)
            return false;
        out = {(const char*)rest_.data() + 2, n};
        rest_ = rest_.subspan(2 + n);
        return true;
    }
    ConstByteSpan rest_;
};

bool address_fits(const Entries& e, const Address& display, std::string_view hostname) {
    if (e.family == kWild)
        return true;
    if (display.via != Address::Via::Tcp)
        return e.family == kLocal && e.address == hostname;
    in6_addr ip{};
    const bool parsed =
        inet_pton(display.ipv6 ? AF_INET6 : AF_INET, display.host.c_str(), &ip) == 1;
    if (!parsed)
        return false;
    const std::string_view raw((const char*)&ip, display.ipv6 ? 16 : 4);
    if (e.family == (display.ipv6 ? kInternet6 : kInternet) && e.address == raw)
        return true;
    // The loopback address counts as this host.
    return !display.ipv6 && raw[0] == 127 && e.family == kLocal && e.address == hostname;
}

Bytes read_file(const char* path) {
    Bytes out;
    const long fd = raw_syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return out;
    uint8_t chunk[4096];
    for (long n; (n = raw_syscall(SYS_read, fd, chunk, sizeof chunk)) > 0;)
        out.insert(out.end(), chunk, chunk + n);
    raw_syscall(SYS_close, fd);
    return out;
}

std::string authority_path() {
    if (const char* file = getenv("XAUTHORITY"))
        return file;
    const char* home = getenv("HOME");
    return home ? std::string(home) + "/.Xauthority" : std::string();
}

} // namespace

Authority find_authority_in(ConstByteSpan file, const Address& display, std::string_view hostname) {
    const std::string number = std::to_string(display.number);
    for (Entries e(file); e.next();)
        if ((e.number.empty() || e.number == number) && address_fits(e, display, hostname))
            return {std::string(e.name), Bytes(e.data.begin(), e.data.end())};
    return {};
}

Authority find_authority(const Address& display) {
    utsname host{};
    raw_syscall(SYS_uname, &host);
    return find_authority_in(read_file(authority_path().c_str()), display, host.nodename);
}

} // namespace glckpt::x11
