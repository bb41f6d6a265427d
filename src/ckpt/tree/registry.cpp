#include "ckpt/tree/registry.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>

namespace glckpt::ckpt {
namespace {

char g_id[kTreeIdLength + 1];

std::string mark_prefix() {
    std::string space;
    read_link("/proc/thread-self/ns/pid", space);
    return format("glckpt-tree/%s/%s/", tree_id(), space.c_str());
}

// By their sockets; who has ended since, or only holds a copy of another's, is left out.
std::set<int> marked() {
    const std::string prefix = "@" + mark_prefix(), all = file_text("/proc/net/unix");
    std::set<int> out;
    for (size_t at = all.find(prefix); at != all.npos; at = all.find(prefix, at + 1)) {
        const int pid = (int)Scanner(std::string_view(all).substr(at + prefix.size())).decimal();
        const TreeMember m = look_at_process(pid);
        if (m.pid && !m.zombie)
            out.insert(pid);
    }
    return out;
}

// The highest ancestor of `pid` that is one of them.
int top_of(int pid, const std::set<int>& of) {
    int top = pid;
    for (int at = pid; at > 1;) {
        at = look_at_process(at).parent;
        if (of.count(at))
            top = at;
    }
    return top;
}

} // namespace

std::string new_tree_id() {
    uint64_t random = 0;
    raw_syscall(SYS_getrandom, &random, sizeof random, 0);
    return format("%016lx", (unsigned long)random);
}

const char* tree_id() {
    if (!g_id[0]) {
        const char* given = getenv("GLCKPT_TREE");
        const bool usable = given && strlen(given) == kTreeIdLength &&
                            strspn(given, "0123456789abcdef") == kTreeIdLength;
        snprintf(g_id, sizeof g_id, "%s", usable ? given : new_tree_id().c_str());
    }
    return g_id;
}

void set_tree_id(const char* id) { snprintf(g_id, sizeof g_id, "%s", id); }

std::string mark_name(int pid) { return std::string(1, '\0') + mark_prefix() + format("%d", pid); }

std::vector<TreeMember> orphans_of_tree() {
    std::set<int> others = marked();
    const int self = own_pid();
    others.erase(self);
    std::vector<TreeMember> out;
    if (others.empty())
        return out;
    for (const TreeMember& m : descendants_of(self))
        others.erase(m.pid);
    std::set<int> tops;
    for (const int pid : others)
        tops.insert(top_of(pid, others));
    for (const int pid : tops) {
        TreeMember m = look_at_process(pid);
        if (!m.pid || m.zombie)
            continue;
        m.parent = 0;
        out.push_back(std::move(m));
        for (TreeMember& d : descendants_of(pid))
            out.push_back(std::move(d));
    }
    return out;
}

int first_of_roots(int own_root) {
    std::set<int> all = marked();
    all.insert(own_root);
    int first = own_root;
    uint64_t begun = began_at(own_root);
    for (const int pid : all) {
        if (top_of(pid, all) != pid)
            continue;
        const uint64_t t = began_at(pid);
        if (t && (t < begun || (t == begun && pid < first))) {
            first = pid;
            begun = t;
        }
    }
    return first;
}

} // namespace glckpt::ckpt
