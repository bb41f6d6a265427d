// Run by root: a program that has become somebody else, in part (the file system's user of one
// thread) and altogether (a child), and has given up capabilities.
#include "harness.h"
#include <csignal>
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace {

struct Capabilities {
    __user_cap_data_struct data[2];
};
Capabilities capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    Capabilities c{};
    syscall(SYS_capget, &header, c.data);
    return c;
}

[[noreturn]] void child(int in, int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const gid_t groups[] = {1001, 1002};
    const bool set =
        setgroups(2, groups) == 0 && setresgid(101, 102, 103) == 0 && setresuid(201, 202, 203) == 0;
    const Capabilities before = capabilities();
    char byte = set ? 'y' : 'n';
    (void)!write(out, &byte, 1);
    while (read(in, &byte, 1) == 1) {
        uid_t r, e, s;
        gid_t gr, ge, gs, now[8];
        getresuid(&r, &e, &s);
        getresgid(&gr, &ge, &gs);
        const Capabilities after = capabilities();
        const bool same = r == 201 && e == 202 && s == 203 && gr == 101 && ge == 102 && gs == 103 &&
                          getgroups(8, now) == 2 && now[0] == 1001 && now[1] == 1002 &&
                          memcmp(&before, &after, sizeof before) == 0;
        byte = same ? 'y' : 'n';
        (void)!write(out, &byte, 1);
    }
    _exit(0);
}

} // namespace

int main() {
    chmod(".", 0777); // this thread's files are user 301's from now on
    int to[2], from[2];
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    const pid_t pid = fork();
    if (pid == 0)
        child(to[0], from[1]);
    char byte = 0;
    CHECK(read(from[0], &byte, 1) == 1 && byte == 'y');
    prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0);
    setfsuid(301);
    const int status = check_until_stopped([&](long) {
        CHECK(write(to[1], "?", 1) == 1);
        CHECK(read(from[0], &byte, 1) == 1 && byte == 'y');
        CHECK(setfsuid((uid_t)-1) == 301);
        CHECK(prctl(PR_CAPBSET_READ, CAP_SYS_BOOT, 0, 0, 0) == 0);
    });
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    setfsuid(0);
    return status;
}
