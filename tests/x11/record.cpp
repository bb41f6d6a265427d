// x11_record REAL FOLDER: a display that passes everything on to the display number REAL and writes
// down what passes, one file a connection: records of a byte (0 the program's, 1 the server's), a
// 32-bit length, and the bytes. Prints its own display number, and runs until it is ended.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace {

sockaddr_un address(int display) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    snprintf(a.sun_path, sizeof a.sun_path, "/tmp/.X11-unix/X%d", display);
    return a;
}

int listen_somewhere(int& display) {
    for (display = 700; display < 1000; ++display) {
        const sockaddr_un a = address(display);
        const int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(s, (const sockaddr*)&a, sizeof a) == 0 && listen(s, 64) == 0)
            return s;
        close(s);
    }
    return -1;
}

struct Pair {
    int client, server;
    FILE* log;
};

// False at the end of either side.
bool pass(const Pair& p, bool from_server) {
    static char buffer[1 << 16];
    const ssize_t n = read(from_server ? p.server : p.client, buffer, sizeof buffer);
    if (n <= 0)
        return false;
    constexpr long kEnough = 4 << 20; // animations say the same again and again
    if (ftell(p.log) < kEnough) {
        const uint8_t who = from_server;
        const auto size = (uint32_t)n;
        fwrite(&who, 1, 1, p.log);
        fwrite(&size, 4, 1, p.log);
        fwrite(buffer, 1, size, p.log);
        fflush(p.log);
    }
    for (ssize_t at = 0; at < n;) {
        const ssize_t sent =
            send(from_server ? p.client : p.server, buffer + at, (size_t)(n - at), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3)
        return 2;
    int display;
    const int listener = listen_somewhere(display);
    if (listener < 0)
        return 1;
    const std::string path = address(display).sun_path;
    printf("%d\n", display);
    fflush(stdout);
    std::vector<Pair> pairs;
    for (int made = 0;;) {
        std::vector<pollfd> fds{{listener, POLLIN, 0}};
        for (const Pair& p : pairs) {
            fds.push_back({p.client, POLLIN, 0});
            fds.push_back({p.server, POLLIN, 0});
        }
        if (poll(fds.data(), fds.size(), -1) < 0)
            return 1;
        std::vector<Pair> left;
        for (size_t i = 0; i < pairs.size(); ++i) {
            bool alive = true;
            if (fds[1 + 2 * i].revents)
                alive &= pass(pairs[i], false);
            if (fds[2 + 2 * i].revents)
                alive &= pass(pairs[i], true);
            if (alive) {
                left.push_back(pairs[i]);
                continue;
            }
            close(pairs[i].client);
            close(pairs[i].server);
            fclose(pairs[i].log);
        }
        pairs = left;
        if (!fds[0].revents)
            continue;
        const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_un a = address(atoi(argv[1]));
        if (connect(server, (const sockaddr*)&a, sizeof a) < 0) {
            close(client);
            close(server);
            continue;
        }
        const std::string name = std::string(argv[2]) + "/" + std::to_string(made++) + ".x11";
        pairs.push_back({client, server, fopen(name.c_str(), "w")});
    }
}
