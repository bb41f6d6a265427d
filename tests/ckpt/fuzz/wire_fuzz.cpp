// Fuzzes what comes over the control socket: requests (text), and the frames by which the
// processes of a tree take a checkpoint together. The first byte says which.
#include "ckpt/control/protocol.h"
#include "ckpt/image/archive.h"
#include "ckpt/settings.h"
#include "ckpt/tree/tree.h"
#include "ckpt/tree/wire.h"
#include "fuzz.h"
#include <cstdlib>
#include <cstring>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

using namespace glckpt::ckpt;

namespace {

struct Ends {
    int fd[2] = {-1, -1};
    Ends() {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
            abort();
    }
    ~Ends() {
        close(fd[0]);
        close(fd[1]);
    }
};

// What a peer has written before it went away.
int with_input(Ends& ends, const uint8_t* data, size_t size) {
    if (size && send(ends.fd[0], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return -1;
    shutdown(ends.fd[0], SHUT_WR);
    return ends.fd[1];
}

void as_text(const uint8_t* data, size_t size) {
    Ends ends;
    const int fd = with_input(ends, data, size);
    std::string buffer;
    for (int i = 0; fd >= 0 && i < 100; ++i) {
        const Message m = receive_message(fd, buffer, 1000);
        if (m.get("op").empty() && m.all("env").empty() && buffer.empty())
            break;
        // What it says is what comes out when it is said again.
        const Message again = Message::parse(m.text());
        if (again.get("output") != m.get("output") || again.all("env") != m.all("env"))
            abort();
        Profile p;
        ExternalSockets e;
        (void)parse_profile(m.get("profile"), p);
        (void)parse_external(m.get("ext-sockets"), e);
    }
}

template <class T>
void decoded(const std::string& bytes) {
    T value;
    if (decode(bytes, value) && encode(value).size() != bytes.size())
        abort();
}

void as_frames(const uint8_t* data, size_t size) {
    Ends ends;
    const int fd = with_input(ends, data, size);
    for (int i = 0; fd >= 0 && i < 100; ++i) {
        const Frame f = receive_frame(fd, ~0ull >> 1);
        if (f.op == TreeOp::None)
            break;
        decoded<MemberReport>(f.bytes);
        decoded<TreePart>(f.bytes);
        decoded<TreeOrder>(f.bytes);
        decoded<TreePlace>(f.bytes);
        decoded<TreeState>(f.bytes);
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0)
        return 0;
    if (data[0] % 2)
        as_text(data + 1, size - 1);
    else
        as_frames(data + 1, size - 1);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    // Frames need a length that holds to be looked into at all.
    if (seed % 4 && size > 9 && data[0] % 2 == 0) {
        const auto bytes = (uint32_t)(size - 9);
        memcpy(data + 5, &bytes, 4);
    }
    return size;
}
