#include "replay/spawner.h"
#include "base/send_fd.h"
#include <csignal>
#include <cstdint>
#include <dlfcn.h>
#include <fstream>
#include <set>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace glckpt::replay {
namespace {

std::set<std::string> libraries_of(int pid) {
    std::set<std::string> paths;
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        const size_t at = line.find('/');
        if (at == std::string::npos || line.find(".so", at) == std::string::npos)
            continue;
        // Mesa's libraries only begin to do something when they are called. Of others that is not
        // known: NVIDIA's register handlers for fork() and have state from the first moment on.
        if (line.find("nvidia") == std::string::npos && line.find("cuda") == std::string::npos)
            paths.insert(line.substr(at));
    }
    return paths;
}

// The next renderer's socket; -1: the app is gone.
int take_socket(int from) {
    char what;
    int fd = -1;
    return receive_all(from, &what, 1, &fd) ? fd : -1;
}

} // namespace

void spawn_renderers(int socket, int like) {
    prctl(PR_SET_NAME, "glckpt-spawner");
    const std::set<std::string> libraries = libraries_of(like);
    int32_t answer = 0;
    if (send(socket, &answer, sizeof answer, MSG_NOSIGNAL) < 0)
        _exit(0);
    for (const std::string& path : libraries)
        dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); // one that does not load here loads there
    signal(SIGCHLD, SIG_IGN);                        // nobody waits for them
    for (;;) {
        const int fd = take_socket(socket);
        if (fd < 0)
            _exit(0);
        answer = fork();
        if (answer == 0) {
            signal(SIGCHLD, SIG_DFL);
            prctl(PR_SET_NAME, "glckpt-renderer");
            dup2(fd, socket);
            close(fd);
            return;
        }
        close(fd);
        if (send(socket, &answer, sizeof answer, MSG_NOSIGNAL) < 0)
            _exit(0);
    }
}

} // namespace glckpt::replay
