#include "ckpt/fd/pty.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

namespace glckpt::ckpt {
namespace {

constexpr size_t kKernelTermios = 36;
constexpr unsigned kPtmxMajor = 5, kPtmxMinor = 2;
constexpr unsigned kFirstSlaveMajor = 136, kLastSlaveMajor = 143;
constexpr unsigned kGetDevice = 0x80045432; // TIOCGDEV
constexpr unsigned kGetPeer = 0x5441;       // TIOCGPTPEER

// The kernel's struct termios: c_iflag, c_oflag, c_cflag, c_lflag first.
struct Settings {
    uint32_t words[9];
};

// Settings under which bytes pass as they are, in both directions, for as long as this lives.
class PassThrough {
  public:
    explicit PassThrough(int master) : master_(master) {
        raw_syscall(SYS_ioctl, master, TCGETS, &before_);
        Settings s = before_;
        s.words[0] = 0;
        s.words[1] &= ~(uint32_t)OPOST;
        s.words[3] &= ~(uint32_t)(ICANON | ECHO | ISIG | IEXTEN);
        raw_syscall(SYS_ioctl, master, TCSETS, &s);
    }
    ~PassThrough() { raw_syscall(SYS_ioctl, master_, TCSETS, &before_); }

  private:
    const int master_;
    Settings before_{};
};

// What one side writes reaches the other by a kernel thread, some time later. poll() waits for that
// where it finds nothing to read.
int waiting(int fd) {
    pollfd p{fd, POLLIN, 0};
    raw_syscall(SYS_poll, &p, 1, 0);
    int n = 0;
    return raw_syscall(SYS_ioctl, fd, FIONREAD, &n) == 0 ? n : 0;
}

// What one side has not read yet: taken out and put in again by the other.
std::string take(int from) {
    std::string out;
    while (const int n = waiting(from)) {
        const size_t have = out.size();
        out.resize(have + (size_t)n);
        const long got = raw_syscall(SYS_read, from, out.data() + have, n);
        out.resize(have + (size_t)(got > 0 ? got : 0));
        if (got <= 0)
            break;
    }
    return out;
}

bool put(int to, const std::string& bytes) {
    size_t done = 0;
    for (int tries = 0; done < bytes.size() && tries < 1000;) {
        const long n = raw_syscall(SYS_write, to, bytes.data() + done, bytes.size() - done);
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        const timespec tick{0, 1'000'000};
        raw_syscall(SYS_nanosleep, &tick, 0);
        ++tries;
    }
    return done == bytes.size();
}

} // namespace

bool is_pty_master(uint32_t mode, uint64_t rdev) {
    return S_ISCHR(mode) && major(rdev) == kPtmxMajor && minor(rdev) == kPtmxMinor;
}

int pty_of_master(int fd) {
    int number = -1;
    return raw_syscall(SYS_ioctl, fd, TIOCGPTN, &number) == 0 ? number : -1;
}

int pty_of_device(uint64_t dev) {
    const unsigned high = dev >> 8 & 0xfff, low = (dev & 0xff) | (dev >> 12 & 0xfff00);
    return high < kFirstSlaveMajor || high > kLastSlaveMajor
               ? -1
               : (int)((high - kFirstSlaveMajor) * 256 + low);
}

int pty_of_slave(int fd) {
    unsigned dev = 0; // also of one that was opened as /dev/tty
    return raw_syscall(SYS_ioctl, fd, kGetDevice, &dev) == 0 ? pty_of_device(dev) : -1;
}

long open_pty_slave(int master, int flags) {
    return raw_syscall(SYS_ioctl, master, kGetPeer, flags | O_CLOEXEC);
}

Status save_pty(int master, PtyState& p) {
    int on = 0;
    p.packets = raw_syscall(SYS_ioctl, master, TIOCGPKT, &on) == 0 && on;
    p.locked = raw_syscall(SYS_ioctl, master, TIOCGPTLCK, &on) == 0 && on;
    raw_syscall(SYS_ioctl, master, TIOCGWINSZ, p.size.data());
    p.settings.resize(sizeof(Settings));
    if (raw_syscall(SYS_ioctl, master, TCGETS, p.settings.data()) < 0)
        return Status::refused("a pseudo terminal that does not tell its settings");
    p.settings.resize(kKernelTermios);
    const UniqueFd slave(open_pty_slave(master, O_RDWR | O_NOCTTY | O_NONBLOCK));
    if (!slave.ok())
        return {};
    struct stat st {};
    raw_syscall(SYS_fstat, slave.get(), &st);
    p.mode = st.st_mode & 07777;
    p.uid = st.st_uid;
    p.gid = st.st_gid;
    if (waiting(master) == 0 && waiting(slave.get()) == 0)
        return {};
    const int flags = (int)raw_syscall(SYS_fcntl, master, F_GETFL);
    const int off = 0, packets = 1;
    raw_syscall(SYS_fcntl, master, F_SETFL, flags | O_NONBLOCK);
    if (p.packets) // else each read begins with a byte that is not the program's
        raw_syscall(SYS_ioctl, master, TIOCPKT, &off);
    bool whole = true;
    {
        const PassThrough raw(master);
        p.output = take(master);
        p.input = take(slave.get());
        whole = put(slave.get(), p.output);
        whole &= put(master, p.input);
    }
    if (p.packets)
        raw_syscall(SYS_ioctl, master, TIOCPKT, &packets);
    raw_syscall(SYS_fcntl, master, F_SETFL, flags);
    return whole ? Status() : Status::refused("a pseudo terminal whose output is held up");
}

// It is the opener's, unless somebody (root, for a login) has given it away since.
static void give_back_owner(int master, const PtyState& p) {
    const UniqueFd slave(open_pty_slave(master, O_RDWR | O_NOCTTY | O_NONBLOCK));
    struct stat st {};
    if (!slave.ok() || raw_syscall(SYS_fstat, slave.get(), &st) < 0)
        return;
    if (st.st_uid != p.uid || st.st_gid != p.gid)
        raw_syscall(SYS_fchown, slave.get(), p.uid, p.gid);
    if ((st.st_mode & 07777) != p.mode)
        raw_syscall(SYS_fchmod, slave.get(), p.mode);
}

Status fill_pty(int master, const PtyState& p) {
    raw_syscall(SYS_ioctl, master, TIOCSWINSZ, p.size.data());
    if (p.settings.size() == kKernelTermios)
        raw_syscall(SYS_ioctl, master, TCSETS, p.settings.data());
    if (!p.output.empty() || !p.input.empty()) {
        const UniqueFd slave(open_pty_slave(master, O_RDWR | O_NOCTTY | O_NONBLOCK));
        const PassThrough raw(master);
        if (!slave.ok() || !put(slave.get(), p.output) || !put(master, p.input))
            return Status::refused("cannot put back what was unread in a pseudo terminal");
    }
    if (p.mode)
        give_back_owner(master, p);
    const int packets = p.packets, locked = p.locked;
    raw_syscall(SYS_ioctl, master, TIOCPKT, &packets);
    raw_syscall(SYS_ioctl, master, TIOCSPTLCK, &locked);
    return {};
}

Result<int> make_pty(int number, RestoreContext& ctx) {
    if (const auto it = ctx.ptys.find(number); it != ctx.ptys.end())
        return it->second;
    // The kernel gives the lowest number that is free.
    std::vector<UniqueFd> passed_over;
    UniqueFd master;
    for (int tries = 0; tries < 256; ++tries) {
        master = open_fd("/dev/ptmx", O_RDWR | O_NOCTTY);
        if (!master.ok() || pty_of_master(master.get()) >= number)
            break;
        passed_over.push_back(std::move(master));
    }
    if (!master.ok() || pty_of_master(master.get()) != number) {
        ctx.warnings.push_back(format("/dev/pts/%d is in use: the program's terminal has another "
                                      "number now",
                                      number));
        if (!passed_over.empty())
            master = std::move(passed_over.front());
    }
    if (!master.ok())
        return Status::refused(
            format("cannot make a pseudo terminal: %s", error_text(master.error())));
    const int unlocked = 0;
    raw_syscall(SYS_ioctl, master.get(), TIOCSPTLCK, &unlocked);
    Result<int> fd = ctx.lift(master.release(), "pseudo terminal");
    if (fd)
        ctx.ptys[number] = *fd;
    return fd;
}

} // namespace glckpt::ckpt
