#include "ckpt/restore/grow.h"
#include "base/lock.h"
#include "ckpt/fd/pty.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace glckpt::ckpt {

// The kernel's rules that give the order. A session is inherited or made by setsid(), never
// joined: so a child of another session than its parent's present one was made before the parent
// called setsid(), or calls it itself. The controlling terminal is inherited too: the leader takes
// it before it makes the children. A group is joined, by a process of the same session, while
// somebody is in it: so all that lead groups do so first, the rest joins when all have met, and a
// group whose leader has ended gets one for that moment. A process that is dead is made and ends
// when it has joined its group; its parent waits for that, and takes back the signal.
struct Grower::Meeting {
    std::atomic<uint32_t> arrived[2];
};

long clone_as(int pid) {
    pid_t want = pid;
    clone_args args{};
    args.exit_signal = SIGCHLD;
    args.set_tid = (uint64_t)&want;
    args.set_tid_size = 1;
    // Whoever had it may be about to give it back, unseen (blob/blob.cpp).
    constexpr int kAttempts = 5000;
    for (int attempt = 1;; ++attempt) {
        const long r = raw_syscall(SYS_clone3, &args, sizeof args);
        if (r != -EEXIST || attempt == kAttempts)
            return r;
        usleep(1000);
    }
}

Grower::Grower(const ImageTree& tree, const std::map<int, int>& ptys) : tree_(tree), ptys_(ptys) {
    if (tree.size() > 1)
        meeting_ = static_cast<Meeting*>(
            mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    // On a terminal the root stays in its stand-in's group, so that the keys for interrupting and
    // stopping reach it as before.
    const TreeMember& root = tree.member(0);
    own_group_ = tree.size() > 1 && root.group == root.pid && root.session != root.pid &&
                 !isatty(0) && !isatty(1) && !isatty(2);
}

bool Grower::has_member(int pid) const {
    return std::any_of(tree_.members().begin(), tree_.members().end(),
                       [pid](const TreeMember& m) { return m.pid == pid; });
}

// The group that the root was started in, which is the restorer's now.
bool Grower::is_outside(int group) const {
    const TreeMember& root = tree_.member(0);
    return group == root.group && root.session != root.pid && !own_group_;
}

void Grower::meet(int which) {
    std::atomic<uint32_t>& n = meeting_->arrived[which];
    const auto all = (uint32_t)tree_.size();
    if (n.fetch_add(1) + 1 == all) {
        futex_wake(n, INT32_MAX);
        return;
    }
    for (uint32_t v = n.load(); v < all; v = n.load())
        futex_wait(n, v);
}

Status Grower::lead_session() {
    const TreeMember& m = tree_.member(self_);
    if (m.session == m.pid && raw_syscall(SYS_setsid) < 0 && tree_.size() > 1)
        return Status::refused(format("process %d cannot lead its session again", m.pid));
    const auto master = ptys_.find(pty_of_device(m.terminal));
    if (m.session != m.pid || master == ptys_.end())
        return {};
    terminal_ = (int)open_pty_slave(master->second, O_RDWR | O_NOCTTY);
    const long r = terminal_ < 0 ? terminal_ : raw_syscall(SYS_ioctl, terminal_, TIOCSCTTY, 0);
    return r < 0 ? Status::refused(format("process %d cannot have its controlling terminal: %s",
                                          m.pid, error_text((int)-r)))
                 : Status();
}

// A process that nobody's number is, for a moment.
long Grower::clone_unnumbered() const {
    int top = 1;
    for (size_t i = 0; i < tree_.size(); ++i) {
        top = std::max({top, tree_.member(i).pid, tree_.member(i).group, tree_.member(i).session});
        if (tree_.living(i))
            for (const SavedThread& t : tree_.process(i).threads)
                top = std::max(top, t.tid);
    }
    long r = -EEXIST;
    for (int pid = top + 1; r == -EEXIST && pid < top + 10'000; ++pid)
        r = clone_as(pid);
    return r;
}

// Does the process that this is now make the orphans of that session? Its leader does; the root
// those of its own session, of leaders that have ended, and the orphans that lead one.
bool Grower::makes_orphans_of(int session) const {
    const TreeMember& m = tree_.member(self_);
    const auto leads = [&](size_t i) {
        const TreeMember& l = tree_.member(i);
        return l.pid == session && l.session == session && l.parent != 0 && !l.zombie;
    };
    if (m.session == session && m.pid == session && (self_ == 0 || m.parent != 0))
        return true;
    if (self_ != 0)
        return false;
    for (size_t i = 1; i < tree_.size(); ++i)
        if (leads(i))
            return false;
    return true;
}

// Processes whose parents have ended: made by one that ends at once. If the leader of their
// session has ended too, it is that one.
Status Grower::make_orphans() {
    std::map<int, std::vector<size_t>> by_session;
    for (size_t i = 1; i < tree_.size(); ++i)
        if (const TreeMember& o = tree_.member(i); o.parent == 0 && makes_orphans_of(o.session))
            by_session[o.session].push_back(i);
    for (const auto& [session, orphans] : by_session) {
        const bool led_here =
            session == tree_.member(self_).session || session == tree_.member(0).session;
        const bool lead_themselves = tree_.member(orphans[0]).pid == session;
        const bool ghost_leads = !led_here && !lead_themselves && !has_member(session);
        const long parent = ghost_leads ? clone_as(session) : clone_unnumbered();
        if (parent < 0)
            return Status::refused(format("process number %d cannot be given back: %s",
                                          ghost_leads ? session : tree_.member(orphans[0]).pid,
                                          error_text((int)-parent)));
        if (parent > 0) {
            int status = 0;
            while (raw_syscall(SYS_wait4, parent, &status, 0, 0) == -EINTR) {
            }
            if (status != 0)
                return Status::refused("processes without a parent cannot be made again");
            continue;
        }
        if (ghost_leads)
            raw_syscall(SYS_setsid);
        for (const size_t i : orphans) {
            const long pid = clone_as(tree_.member(i).pid);
            if (pid < 0)
                raw_syscall(SYS_exit_group, 1);
            if (pid > 0)
                continue;
            self_ = i;
            terminal_ = -1;
            return make_children();
        }
        raw_syscall(SYS_exit_group, 0);
    }
    return {};
}

Status Grower::make_children() {
    for (const bool before : {true, false}) {
        const size_t parent = self_;
        const TreeMember& m = tree_.member(parent);
        if (!before)
            if (Status s = lead_session(); !s)
                return s;
        if (!before)
            if (Status s = make_orphans(); !s || self_ != parent)
                return s;
        for (size_t i = parent + 1; i < tree_.size(); ++i) {
            const TreeMember& c = tree_.member(i);
            const bool of_older_session = c.session != m.session && c.session != c.pid;
            if (c.parent != m.pid || of_older_session != before)
                continue;
            const long pid = clone_as(c.pid);
            if (pid < 0)
                return Status::refused(format("process number %d cannot be given back: %s", c.pid,
                                              error_text((int)-pid)));
            if (pid > 0)
                continue;
            self_ = i;
            terminal_ = -1;
            if (!c.zombie)
                return make_children();
            raw_syscall(c.session == c.pid ? SYS_setsid : SYS_getpid);
            (void)join_group();
            end_as(c);
        }
    }
    return {};
}

bool Grower::first_of_group() const {
    for (size_t i = 0; i < self_; ++i)
        if (tree_.member(i).group == tree_.member(self_).group)
            return false;
    return true;
}

Status Grower::join_group() {
    const TreeMember& m = tree_.member(self_);
    const bool leads = m.group == m.pid, outside = is_outside(m.group);
    long ghost = 0;
    if (leads && m.session != m.pid && !outside)
        raw_syscall(SYS_setpgid, 0, 0);
    if (!leads && !outside && !has_member(m.group) && first_of_group()) {
        ghost = clone_as(m.group);
        if (ghost == 0)
            for (;;)
                raw_syscall(SYS_pause);
        raw_syscall(SYS_setpgid, ghost, ghost);
    }
    meet(0);
    long r = 0;
    if (!leads && !outside)
        r = raw_syscall(SYS_setpgid, 0, m.group);
    meet(1);
    if (terminal_ >= 0) {
        raw_syscall(SYS_ioctl, terminal_, TIOCSPGRP, &m.foreground);
        raw_syscall(SYS_close, terminal_);
    }
    if (ghost > 0) {
        raw_syscall(SYS_kill, ghost, SIGKILL);
        while (raw_syscall(SYS_wait4, ghost, 0, 0, 0) == -EINTR) {
        }
    }
    return r < 0 ? Status::refused(format("process %d cannot join its group %d again: %s", m.pid,
                                          m.group, error_text((int)-r)))
                 : Status();
}

void Grower::end_as(const TreeMember& zombie) {
    const int signal = zombie.status & 0x7f;
    if (signal) {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        const uint64_t nothing = 0;
        raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, 0, 8);
        raw_syscall(SYS_kill, raw_syscall(SYS_getpid), signal);
    }
    for (;;)
        raw_syscall(SYS_exit_group, zombie.status >> 8 & 0xff);
}

Status Grower::grow() {
    if (tree_.size() == 1) {
        const Status s = lead_session();
        if (terminal_ >= 0) {
            raw_syscall(SYS_ioctl, terminal_, TIOCSPGRP, &tree_.member(0).foreground);
            raw_syscall(SYS_close, terminal_);
        }
        return s;
    }
    if (meeting_ == MAP_FAILED)
        return Status::refused("out of memory");
    if (Status s = make_children(); !s)
        return s;
    if (Status s = join_group(); !s)
        return s;
    const TreeMember& m = tree_.member(self_);
    for (const TreeMember& c : tree_.members()) {
        if (!c.zombie || c.parent != m.pid)
            continue;
        siginfo_t info;
        while (raw_syscall(SYS_waitid, P_PID, c.pid, &info, WEXITED | WNOWAIT, 0) == -EINTR) {
        }
    }
    // What the parent knew of these deaths is in its image.
    const uint64_t child = 1ull << (SIGCHLD - 1);
    const timespec now{0, 0};
    siginfo_t info;
    while (raw_syscall(SYS_rt_sigtimedwait, &child, &info, &now, 8) > 0) {
    }
    return {};
}

} // namespace glckpt::ckpt
