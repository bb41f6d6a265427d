// The kernel gives a number back when nobody has it in any role (kernel/pid.c): not as a process or
// thread, and not as a process group or session either, which last as long as one of their members
// has not been waited for. kill(2) does not see the latter two when their leader is gone; /proc
// tells of every process which group and session it is in.
#include "ckpt/restore/numbers.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <map>
#include <memory>
#include <unistd.h>

namespace glckpt::ckpt {
namespace {

enum class Use { Free, Ended, Taken }; // in ascending order: the worst counts

// Who is alive or waits to be waited for, by each number that it holds.
std::map<int, Use> numbers_in_use() {
    std::map<int, Use> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
    while (const dirent* e = proc ? readdir(proc.get()) : nullptr) {
        const int pid = atoi(e->d_name);
        if (pid <= 0)
            continue;
        const std::string stat = file_text(format("/proc/%d/stat", pid));
        const size_t name_end = stat.rfind(')');
        char state = 0;
        int parent = 0, group = 0, session = 0;
        if (name_end == std::string::npos || sscanf(stat.c_str() + name_end + 1, " %c %d %d %d",
                                                    &state, &parent, &group, &session) != 4)
            continue; // it has ended since
        const Use use = state == 'Z' || state == 'X' ? Use::Ended : Use::Taken;
        for (const int number : {pid, group, session})
            out[number] = std::max(out[number], use);
    }
    return out;
}

bool is_member(const ImageTree& tree, int pid) {
    return std::any_of(tree.members().begin(), tree.members().end(),
                       [&](const TreeMember& m) { return m.pid == pid; });
}

Use use_of(const ImageTree& tree) {
    const std::map<int, Use> in_use = numbers_in_use();
    Use worst = Use::Free;
    const auto look = [&](int number) {
        const auto it = in_use.find(number);
        if (it != in_use.end())
            worst = std::max(worst, it->second);
        // A thread is in no list of processes.
        else if (raw_syscall(SYS_kill, number, 0) != -ESRCH ||
                 access(format("/proc/%d", number).c_str(), F_OK) == 0)
            worst = Use::Taken;
    };
    const TreeMember& root = tree.member(0);
    for (size_t i = 0; i < tree.size(); ++i) {
        const TreeMember& m = tree.member(i);
        look(m.pid);
        if (i > 0 && m.group != root.group && m.group != m.pid && !is_member(tree, m.group))
            look(m.group);
        if (i > 0 && m.session != root.session && !is_member(tree, m.session))
            look(m.session);
        if (tree.living(i))
            for (const SavedThread& t : tree.process(i).threads)
                look(t.tid);
    }
    return worst;
}

} // namespace

bool all_numbers_free(const ImageTree& tree) {
    Use use = use_of(tree);
    for (int i = 0; i < 100 && use == Use::Ended; ++i) {
        const timespec tick{0, 10'000'000};
        raw_syscall(SYS_nanosleep, &tick, 0);
        use = use_of(tree);
    }
    return use == Use::Free;
}

} // namespace glckpt::ckpt
