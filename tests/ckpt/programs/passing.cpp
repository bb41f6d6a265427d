// Descriptors that are on their way in unix sockets: sent, and not received at the checkpoint. The
// other end of some has no descriptor anywhere else, one is in a socket that is itself on its way.
#include "harness.h"
#include <sys/mman.h>
#include <sys/socket.h>
#include <vector>

namespace {

void send_with(int s, const char* text, std::vector<int> fds) {
    iovec v{const_cast<char*>(text), strlen(text)};
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))]{};
    msghdr m{};
    m.msg_iov = &v;
    m.msg_iovlen = 1;
    if (!fds.empty()) {
        m.msg_control = control;
        m.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
    }
    CHECK(sendmsg(s, &m, 0) == (ssize_t)strlen(text));
    for (const int fd : fds)
        close(fd);
}

// At most `room` bytes, which must be `text`, and so many descriptors.
std::vector<int> receive(int s, size_t room, const char* text, size_t count) {
    char bytes[64];
    iovec v{bytes, room};
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
    msghdr m{};
    m.msg_iov = &v;
    m.msg_iovlen = 1;
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    const ssize_t n = recvmsg(s, &m, MSG_DONTWAIT);
    CHECK(n == (ssize_t)strlen(text) && memcmp(bytes, text, (size_t)n) == 0);
    std::vector<int> out;
    if (const cmsghdr* c = CMSG_FIRSTHDR(&m); n >= 0 && c && c->cmsg_type == SCM_RIGHTS) {
        out.resize((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(out.data(), CMSG_DATA(c), out.size() * sizeof(int));
    }
    CHECK(out.size() == count);
    out.resize(count, -1);
    return out;
}

struct Sockets {
    int stream[2], datagram[2], packets[2], kept_writer;
} g;

void put() {
    int p[2], q[2], inner[2];
    CHECK(pipe(p) == 0 && pipe(q) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, inner) == 0);
    const int file = open("passed", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(write(file, "0123456789", 10) == 10 && lseek(file, 4, SEEK_SET) == 4);
    g.kept_writer = p[1];
    send_with(g.stream[0], "abc", {});
    send_with(g.stream[0], "def", {p[0], file});
    send_with(g.stream[0], "ghi", {});
    const int memory = memfd_create("passed", 0);
    CHECK(write(memory, "memory", 6) == 6);
    send_with(g.datagram[0], "m", {memory});
    send_with(g.datagram[0], "without", {});
    // Both ends of a pipe with something in it, one in a socket that is passed in its turn.
    CHECK(write(q[1], "pipe", 4) == 4);
    send_with(inner[0], "inner", {q[0]});
    send_with(g.packets[0], "nested", {inner[1], q[1]});
    close(inner[0]);
}

void take() {
    receive(g.stream[1], 3, "abc", 0);
    const std::vector<int> two = receive(g.stream[1], 60, "def", 2);
    receive(g.stream[1], 60, "ghi", 0);
    char text[16] = "";
    CHECK(write(g.kept_writer, "x", 1) == 1 && read(two[0], text, 1) == 1 && text[0] == 'x');
    CHECK(read(two[1], text, 16) == 6 && memcmp(text, "456789", 6) == 0);
    const std::vector<int> memory = receive(g.datagram[1], 60, "m", 1);
    CHECK(pread(memory[0], text, 16, 0) == 6 && memcmp(text, "memory", 6) == 0);
    receive(g.datagram[1], 60, "without", 0);
    const std::vector<int> nested = receive(g.packets[1], 60, "nested", 2);
    const std::vector<int> innermost = receive(nested[0], 60, "inner", 1);
    CHECK(write(nested[1], "s", 1) == 1);
    CHECK(read(innermost[0], text, 16) == 5 && memcmp(text, "pipes", 5) == 0);
    close(nested[1]);
    CHECK(read(innermost[0], text, 16) == 0); // there is no other writer
    CHECK(recv(nested[0], text, 16, 0) == 0);
    for (const int fd : {two[0], two[1], memory[0], nested[0], innermost[0], g.kept_writer})
        close(fd);
}

} // namespace

int main() {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, g.stream) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, g.datagram) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, g.packets) == 0);
    int before = -1;
    return check_until_stopped([&](long) {
        put();
        usleep(20'000);
        take();
        // Nothing is left open: the lowest free number stays what it was (but for the moment in
        // which a checkpoint that looks around has it).
        int lowest = -1;
        for (int i = 0; i < 1000 && (i == 0 || lowest != before); ++i) {
            if (i > 0)
                usleep(1000);
            lowest = dup(0);
            close(lowest);
            before = before == -1 ? lowest : before;
        }
        CHECK(lowest == before);
    });
}
