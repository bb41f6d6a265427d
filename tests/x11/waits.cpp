// A client that reaches its connection in every way there is: waits by poll, ppoll, select,
// pselect, epoll, a blocking read and raw system calls, on the descriptor and on a duplicate of it,
// writes large requests in pieces and whole, and checks that nothing is lost or out of order. It
// speaks the protocol by hand, so that each byte is its own doing. Exit status 0: all as without
// glckpt.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Bytes = std::vector<uint8_t>;

[[noreturn]] void fail(const std::string& what) {
    fprintf(stderr, "FAILED: %s (errno %d)\n", what.c_str(), errno);
    _exit(1);
}

// PollRaw: libc's poll, and then a read that nobody sees.
enum class Way { Poll, Ppoll, Select, Pselect, Epoll, Block, RawPoll, RawRead, Fionread, PollRaw };
constexpr Way kWays[] = {Way::Poll,  Way::Ppoll,   Way::Select,  Way::Pselect,  Way::Epoll,
                         Way::Block, Way::RawPoll, Way::RawRead, Way::Fionread, Way::PollRaw};

class Client {
  public:
    explicit Client(const char* display) {
        sockaddr_un a{};
        a.sun_family = AF_UNIX;
        snprintf(a.sun_path, sizeof a.sun_path, "/tmp/.X11-unix/X%s", display + 1);
        fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd_, (sockaddr*)&a, sizeof a) < 0)
            fail("connect");
        const uint8_t hello[12] = {'l', 0, 11};
        put(hello, sizeof hello);
        Bytes head = take(8);
        const Bytes rest = take(4u * (head[6] | head[7] << 8));
        if (head[0] != 1)
            fail("refused");
        memcpy(&base_, &rest[4], 4);
        const size_t vendor = rest[16] | rest[17] << 8;
        const size_t formats = rest[21];
        memcpy(&root_, &rest[32 + (vendor + 3) / 4 * 4 + 8 * formats], 4);
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        epoll_event e{.events = EPOLLIN};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &e);
    }
    int fd() const { return fd_; }
    uint32_t base() const { return base_; }
    uint32_t root() const { return root_; }
    void use_fd(int fd) { fd_ = fd; }

    void put(const void* p, size_t n) {
        for (size_t done = 0; done < n;) {
            const ssize_t w = raw_ ? syscall(SYS_write, fd_, (const char*)p + done, n - done)
                                   : write(fd_, (const char*)p + done, n - done);
            if (w < 0 && errno == EAGAIN) {
                pollfd f{fd_, POLLOUT, 0};
                poll(&f, 1, -1);
                continue;
            }
            if (w <= 0)
                fail("write");
            done += (size_t)w;
        }
        ++requests_;
    }
    void raw_writes(bool on) { raw_ = on; }
    void wait(Way way) {
        pollfd f{fd_, POLLIN, 0};
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd_, &set);
        timeval tv{20, 0};
        const timespec ts{20, 0};
        epoll_event e;
        int n = 1;
        switch (way) {
        case Way::Poll:
        case Way::PollRaw:
            n = poll(&f, 1, 20000);
            break;
        case Way::Ppoll:
            n = ppoll(&f, 1, &ts, nullptr);
            break;
        case Way::Select:
            n = select(fd_ + 1, &set, nullptr, nullptr, &tv);
            break;
        case Way::Pselect:
            n = pselect(fd_ + 1, &set, nullptr, nullptr, &ts, nullptr);
            break;
        case Way::Epoll:
            n = epoll_wait(epoll_, &e, 1, 20000);
            break;
        case Way::RawPoll:
            n = (int)syscall(SYS_poll, &f, 1, 20000);
            break;
        case Way::Fionread:
            for (int have = 0; have == 0 && ioctl(fd_, FIONREAD, &have) == 0;)
                usleep(100);
            break;
        case Way::Block:
        case Way::RawRead:
            break;
        }
        if (n != 1)
            fail("a wait of kind " + std::to_string((int)way) + " gave " + std::to_string(n));
    }
    Bytes take(size_t n, Way way = Way::Block) {
        Bytes out(n);
        for (size_t have = 0; have < n;) {
            wait(way);
            iovec v{&out[have], n - have};
            msghdr m{};
            m.msg_iov = &v;
            m.msg_iovlen = 1;
            const ssize_t r = way == Way::RawRead || way == Way::RawPoll || way == Way::PollRaw
                                  ? syscall(SYS_read, fd_, v.iov_base, v.iov_len)
                              : way == Way::Select ? recvmsg(fd_, &m, 0)
                                                   : read(fd_, v.iov_base, v.iov_len);
            if (r <= 0)
                fail("read");
            have += (size_t)r;
        }
        return out;
    }
    // GetInputFocus: the answer must bear the number of the request.
    void round_trip(Way way) {
        const uint8_t ask[4] = {43, 0, 1, 0};
        put(ask, sizeof ask);
        check(take(32, way), way);
    }
    void check(const Bytes& m, Way way) const {
        const auto number = (uint16_t)(requests_ - 1); // the first was the setup
        if (m[0] != 1 || (m[2] | m[3] << 8) != number)
            fail("answer " + std::to_string(m[2] | m[3] << 8) + " for request " +
                 std::to_string(number) + " by way " + std::to_string((int)way) + ", type " +
                 std::to_string(m[0]));
    }

  private:
    int fd_ = -1, epoll_ = -1;
    uint32_t base_ = 0, root_ = 0;
    uint64_t requests_ = 0;
    bool raw_ = false;
};

template <class T>
void store(Bytes& b, size_t at, T v) {
    memcpy(&b[at], &v, sizeof v);
}

// An image of 400 x 150, put whole and in two halves, must come back as it was.
void images(Client& c, bool pieces, Way way = Way::Poll) {
    constexpr uint16_t kWidth = 400, kHeight = 150;
    static uint32_t next = 1;
    const uint32_t pixmap = c.base() + next++, gc = c.base() + next++;
    Bytes make(16), graphics(16), put(24 + 4 * kWidth * kHeight), get(20);
    make[0] = 53, make[1] = 24, store<uint16_t>(make, 2, 4), store(make, 4, pixmap);
    store(make, 8, c.root()), store(make, 12, kWidth), store(make, 14, kHeight);
    graphics[0] = 55, store<uint16_t>(graphics, 2, 4), store(graphics, 4, gc),
    store(graphics, 8, pixmap);
    put[0] = 72, put[1] = 2, store(put, 2, (uint16_t)(put.size() / 4)), store(put, 4, pixmap);
    store(put, 8, gc), store(put, 12, kWidth), store(put, 14, kHeight), put[21] = 24;
    for (size_t i = 24; i < put.size(); ++i)
        put[i] = (i - 24) % 4 == 3 ? 0 : (uint8_t)(i * 7 + i / 1000);
    get[0] = 73, get[1] = 2, store<uint16_t>(get, 2, 5), store(get, 4, pixmap);
    store(get, 12, kWidth), store(get, 14, kHeight), store<uint32_t>(get, 16, ~0u);
    c.put(make.data(), make.size());
    c.put(graphics.data(), graphics.size());
    if (pieces) {
        const size_t part = 24 + 100001;
        if (write(c.fd(), put.data(), part) != (ssize_t)part)
            fail("a write in part");
        c.put(&put[part], put.size() - part);
    } else {
        c.put(put.data(), put.size());
    }
    c.put(get.data(), get.size());
    const Bytes head = c.take(32);
    c.check(head, Way::Block);
    // Some in one way, the rest in another.
    Bytes pixels = c.take(put.size() / 3, Way::Poll);
    const Bytes rest = c.take(put.size() - 24 - pixels.size(), way);
    pixels.insert(pixels.end(), rest.begin(), rest.end());
    for (size_t i = 0; i < pixels.size(); ++i)
        if (i % 4 != 3 && pixels[i] != put[24 + i])
            fail("pixel byte " + std::to_string(i));
}

} // namespace

int main() {
    const char* display = getenv("DISPLAY");
    if (!display || display[0] != ':')
        return 77;
    Client c(display);
    for (int i = 0; i < 30; ++i)
        for (const Way way : kWays)
            for (int k = 0; k < 5; ++k)
                c.round_trip(way);
    images(c, false);
    images(c, true);
    for (const Way way : kWays)
        images(c, false, way);

    // Another thread waits by epoll all the while, as event loops do.
    std::thread other([&] {
        const int e = epoll_create1(0);
        epoll_event what{.events = EPOLLIN};
        epoll_ctl(e, EPOLL_CTL_ADD, c.fd(), &what);
        for (int i = 0; i < 100; ++i)
            epoll_wait(e, &what, 1, 5);
        close(e);
    });
    for (int i = 0; i < 2000; ++i)
        c.round_trip(kWays[i % 4]);
    other.join();

    c.raw_writes(true);
    for (int i = 0; i < 200; ++i) {
        c.raw_writes(i % 3 == 0);
        c.round_trip(kWays[(size_t)i % std::size(kWays)]);
    }
    c.raw_writes(false);

    // The number means something else, then a duplicate's: neither may be taken for the other.
    const int was = c.fd(), copy = dup(was);
    int pipes[2];
    if (copy < 0 || pipe(pipes) < 0 || dup2(pipes[1], was) != was)
        fail("dup2");
    if (write(was, "x", 1) != 1)
        fail("write to the pipe");
    char letter = 0;
    if (read(pipes[0], &letter, 1) != 1 || letter != 'x')
        fail("the pipe's byte");
    c.use_fd(copy);
    for (const Way way : {Way::Poll, Way::Select, Way::Block, Way::RawPoll})
        c.round_trip(way);

    fcntl(copy, F_SETFL, O_NONBLOCK);
    uint8_t nothing[32];
    if (read(copy, nothing, 32) != -1 || errno != EAGAIN)
        fail("a read that may not block");
    puts("all as it should be");
    return 0;
}
