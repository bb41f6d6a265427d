#include "ckpt/tree/leader.h"
#include "base/own_fds.h"
#include "ckpt/control/protocol.h"
#include "ckpt/engine.h"
#include "ckpt/image/archive.h"
#include "ckpt/process/attributes.h"
#include "ckpt/process/root_folder.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include "ckpt/tree/registry.h"
#include <algorithm>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
// A process that does not answer may be about to: between fork() and exec(), or in the dynamic
// linker. So long it is waited for before it is said to be a stranger.
constexpr uint64_t kPatience = 3 * kSecond;

std::string who(const TreeMember& m) { return format("process %d (%s)", m.pid, m.name.c_str()); }

Status stranger(const TreeMember& m) {
    const std::string uid = file_text(format("/proc/%d/status", m.pid));
    if (Scanner(value_of(uid, "Uid:")).decimal() != (uint64_t)raw_syscall(SYS_getuid))
        return Status::refused(who(m) + " runs as another user");
    return Status::refused(who(m) +
                           " is not under glckpt: statically linked, set-user-id, or started with "
                           "another LD_PRELOAD");
}

constexpr std::string_view kEnded = " ended during the checkpoint";
Status ended(const TreeMember& m) { return Status::refused(who(m) + std::string(kEnded)); }
bool is_ended(const Status& s) { return s.why().ends_with(kEnded); }
Status strange(const TreeMember& m) { return Status::refused(who(m) + " gave a strange answer"); }

char state_of(int pid) {
    const std::string stat = file_text(format("/proc/%d/stat", pid));
    const size_t close = stat.rfind(')');
    return close == stat.npos || close + 2 >= stat.size() ? '?' : stat[close + 2];
}

// What can be seen from outside to be in the way.
Status check_from_outside(const TreeMember& m) {
    if (has_other_root_folder(m.pid))
        return Status::refused(who(m) + " has another root folder (chroot)");
    if (state_of(m.pid) == 'T')
        return Status::refused(who(m) +
                               " is stopped (SIGSTOP, SIGTSTP): let it go on, and try again");
    return {};
}

} // namespace

Status Leader::await(Member& m, TreeOp wanted, uint64_t deadline_ns, std::string& bytes) {
    Frame f = receive_frame(wanted == TreeOp::Write ? m.writer : m.connection, deadline_ns);
    bytes = std::move(f.bytes);
    if (f.passed.ok())
        m.writer = own_fd_adopt(f.passed.release(), OwnFd::Skip);
    if (f.op == wanted)
        return {};
    if (f.op == TreeOp::Failed)
        return Status::refused(who(m.member) + ": " + bytes);
    if (clock_ns(CLOCK_MONOTONIC) >= deadline_ns)
        return Status::timed_out(
            who(m.member) + " does not answer" +
            (state_of(m.member.pid) == 'T' ? ": it is stopped (SIGSTOP)" : ""));
    return ended(m.member);
}

// `step` with each; those whose process has ended (or executes another program now, which has a
// connection of its own) are left out from then on.
template <class Step>
Status Leader::for_each_member(Step step) {
    for (size_t i = 0; i < members_.size();) {
        const Status s = step(*members_[i]);
        if (s.ok()) {
            ++i;
            continue;
        }
        if (!is_ended(s))
            return s;
        own_fd_close(members_[i]->connection);
        members_.erase(members_.begin() + (long)i);
    }
    return {};
}

// Null if it cannot be reached; `why` only if that is a failure.
std::unique_ptr<Leader::Member> Leader::greet(const TreeMember& found, Status& why) {
    const int s = connect_to_process(found.pid);
    if (s < 0)
        return nullptr;
    auto m = std::make_unique<Member>();
    m->member = found;
    m->connection = own_fd_adopt(s, OwnFd::Skip);
    if (m->connection < 0) {
        raw_syscall(SYS_close, s);
        why = Status::refused("no descriptors left");
        return nullptr;
    }
    Message hello;
    hello.add("op", "join");
    if (send_message(m->connection, hello))
        return m;
    own_fd_close(m->connection);
    return nullptr;
}

Status Leader::welcome(Member& m, uint64_t deadline_ns) {
    std::string bytes;
    if (Status s = await(m, TreeOp::Joined, deadline_ns, bytes); !s)
        return s;
    const TreeOrder order{(uint32_t)request_.profile, (uint32_t)request_.external,
                          request_.timeout_s, parent_, final_};
    return send_frame(m.connection, TreeOp::Prepare, encode(order), image_fd_) ? Status()
                                                                               : ended(m.member);
}

Status Leader::prepare() {
    std::vector<TreeMember> found = descendants_of(own_pid());
    for (TreeMember& o : orphans_of_tree())
        found.push_back(std::move(o));
    forks_ = forks_so_far();
    tree_ = !found.empty();
    const uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + request_.timeout_s * kSecond;
    for (const TreeMember& f : found) {
        Status why = f.zombie ? Status() : check_from_outside(f);
        if (!why.ok())
            return why;
        if (auto m = f.zombie ? nullptr : greet(f, why))
            members_.push_back(std::move(m));
        if (!why.ok())
            return why;
    }
    // Who has ended or executes another program meanwhile is met again later.
    std::string bytes;
    if (Status s = for_each_member([&](Member& m) { return welcome(m, deadline); }); !s)
        return s;
    return for_each_member([&](Member& m) { return await(m, TreeOp::Prepare, deadline, bytes); });
}

void Leader::begin_stop() {
    for (auto& m : members_)
        send_frame(m->connection, TreeOp::Stop, {});
}

// Whoever is there and has not been asked yet. `missing`: who cannot be reached.
Status Leader::join_new(uint64_t deadline_ns, bool& changed, const TreeMember*& missing) {
    order_.clear();
    order_.push_back(look_at_process(own_pid()));
    for (const TreeMember& f : descendants_of(own_pid()))
        order_.push_back(f);
    // A process that was alone, and has not forked since, has no orphans.
    if (tree_ || order_.size() > 1 || forks_so_far() != forks_)
        for (const TreeMember& o : orphans_of_tree())
            order_.push_back(o);
    for (const TreeMember& f : order_) {
        const auto known = std::find_if(members_.begin(), members_.end(),
                                        [&](const auto& m) { return m->member.pid == f.pid; });
        if (f.zombie || f.pid == order_[0].pid || known != members_.end())
            continue;
        changed = true;
        Status why;
        std::unique_ptr<Member> m = greet(f, why);
        if (!why.ok())
            return why;
        if (!m) {
            missing = &f;
            continue;
        }
        std::string bytes;
        Status s = welcome(*m, deadline_ns);
        if (s.ok())
            s = await(*m, TreeOp::Prepare, deadline_ns, bytes);
        if (s.ok()) {
            send_frame(m->connection, TreeOp::Stop, {});
            members_.push_back(std::move(m));
            continue;
        }
        own_fd_close(m->connection);
        if (!is_ended(s))
            return s;
    }
    return {};
}

// A process can fork, execute another program or end until it has stopped. When all that are known
// have stopped and a look finds no other, the tree stands still.
Status Leader::finish_stop(uint64_t deadline_ns) {
    const uint64_t patience = std::min(deadline_ns, clock_ns(CLOCK_MONOTONIC) + kPatience);
    // The kernel's list of children may leave out some while others end: two looks must agree.
    std::vector<int> before;
    for (;;) {
        const Status stopped = for_each_member([&](Member& m) {
            std::string bytes;
            if (m.stopped)
                return Status();
            if (Status s = await(m, TreeOp::Stop, deadline_ns, bytes); !s)
                return s;
            m.stopped = true;
            return Status();
        });
        if (!stopped.ok())
            return stopped;
        bool changed = false;
        const TreeMember* missing = nullptr;
        if (Status s = join_new(deadline_ns, changed, missing); !s)
            return s;
        tree_ = order_.size() > 1;
        std::vector<int> now;
        for (const TreeMember& o : order_)
            now.push_back(o.zombie ? -o.pid : o.pid);
        if (!changed && now == before)
            return check_shape();
        before = std::move(now);
        if (missing && clock_ns(CLOCK_MONOTONIC) > patience)
            return stranger(*missing);
        const timespec tick{0, 1'000'000};
        if (missing)
            raw_syscall(SYS_nanosleep, &tick, 0);
    }
}

// In the tree's order: what two could tell of is told by the first (assign_descriptors).
Status Leader::gather_reports(const MemberReport& own, uint64_t deadline_ns) {
    TreeLooked looked{own.looked};
    for (const TreeMember& o : order_)
        for (auto& m : members_) {
            if (m->member.pid != o.pid)
                continue;
            send_frame(m->connection, TreeOp::Report, encode(looked));
            std::string bytes;
            if (Status s = await(*m, TreeOp::Report, deadline_ns, bytes); !s)
                return s;
            if (!decode(bytes, m->report))
                return strange(m->member);
            looked.sockets = m->report.looked;
        }
    return {};
}

// What a restart could not make again.
Status Leader::check_shape() const {
    if (order_.size() > kMostMembers)
        return Status::refused("it has too many descendants");
    for (const TreeMember& m : order_) {
        if (m.session == order_[0].session)
            continue;
        const bool leads = std::any_of(order_.begin(), order_.end(), [&](const TreeMember& l) {
            return l.pid == m.session && !l.zombie;
        });
        // Who has no parent in the tree is made in a session whose leader ends at once.
        const bool can_inherit =
            m.parent == 0 || std::any_of(order_.begin(), order_.end(), [&](const TreeMember& p) {
                return p.pid == m.parent && p.session == m.session;
            });
        if (!leads && !can_inherit)
            return Status::refused(
                format("%s is in session %d, whose leader has ended", who(m).c_str(), m.session));
    }
    return {};
}

// Which descriptors are one open file: the same inode, and the kernel's word. The first process in
// the tree's order that has it describes it.
void Leader::assign_descriptors(const MemberReport& own, TreePart& own_part) {
    struct Known {
        int pid, thread, id;
        const FdSummary* fd;
    };
    std::vector<Known> known;
    const int self = own_pid();
    const auto assign = [&](int pid, const MemberReport& report, TreePart& part) {
        for (const FdSummary& f : report.descriptors) {
            FdPart p{f.fd, -1, false};
            for (const Known& k : known)
                if (k.fd->ino == f.ino && k.fd->dev == f.dev && k.fd->link == f.link &&
                    raw_syscall(SYS_kcmp, k.thread, report.thread, KCMP_FILE, k.fd->fd, f.fd) ==
                        0) {
                    p.id = k.id;
                    p.mine = k.pid == pid;
                    break;
                }
            if (p.id < 0) {
                p.id = descriptions_++;
                p.mine = true;
                for (const Known& k : known)
                    if (S_ISFIFO(f.mode) && k.fd->ino == f.ino && k.fd->dev == f.dev &&
                        (k.fd->flags & O_ACCMODE) != O_WRONLY)
                        p.contents = false;
                known.push_back({pid, report.thread, p.id, &f});
            }
            part.descriptors.push_back(p);
        }
    };
    assign(self, own, own_part);
    for (const TreeMember& o : order_)
        for (auto& m : members_)
            if (m->member.pid == o.pid)
                assign(o.pid, m->report, m->part);
    const auto tell_others = [&](int pid, TreePart& part) {
        for (const TreeMember& o : order_)
            part.pids.push_back(o.pid);
        for (const Known& k : known)
            if (k.pid != pid)
                part.others.push_back(*k.fd);
        // What this process describes may be open elsewhere too, but is then no other file.
    };
    tell_others(self, own_part);
    for (auto& m : members_)
        tell_others(m->member.pid, m->part);
}

// Of several that have an object, one saves its contents: who describes a descriptor of it, since
// that sees all of it; else who maps the lowest part, from which all of it can be reached
// (mem/shared.cpp).
void Leader::assign_objects(const MemberReport& own, TreePart& own_part) {
    struct Known {
        ObjectPart part;
        uint64_t best = ~0ull;
        TreePart* owner = nullptr;
        bool by_fd = false;
    };
    std::vector<Known> known;
    const auto look = [&](const MemberReport& report, TreePart& part) {
        for (const ObjectSummary& o : report.objects) {
            auto k = std::find_if(known.begin(), known.end(), [&](const Known& k) {
                return k.part.kind == o.kind && k.part.ino == o.ino;
            });
            if (k == known.end())
                k = known.insert(
                    known.end(),
                    Known{{o.kind, o.dev, o.ino, 0, objects_++, false}, ~0ull, &part, false});
            bool describes = false;
            if (o.by_fd)
                for (const FdSummary& f : report.descriptors)
                    for (const FdPart& p : part.descriptors)
                        describes |= p.fd == f.fd && p.mine && f.ino == o.ino && f.dev == o.dev;
            if (describes && !k->by_fd) {
                k->owner = &part;
                k->by_fd = true;
            } else if (!k->by_fd && !o.by_fd && o.from < k->best) {
                k->owner = &part;
                k->best = o.from;
            }
            k->part.bytes = std::max(k->part.bytes, o.bytes);
        }
    };
    look(own, own_part);
    for (auto& m : members_)
        look(m->report, m->part);
    const auto give = [&](TreePart& part) {
        for (Known& k : known) {
            part.objects.push_back(k.part);
            part.objects.back().mine = k.owner == &part;
        }
    };
    give(own_part);
    for (auto& m : members_)
        give(m->part);
}

void Leader::note_deaths(const std::vector<DeadChild>& dead) {
    for (const DeadChild& d : dead)
        for (TreeMember& o : order_)
            if (o.pid == d.pid)
                o.status = d.status;
}

Status Leader::share_out(const MemberReport& own, TreePart& own_part) {
    note_deaths(dead_children());
    assign_descriptors(own, own_part);
    assign_objects(own, own_part);
    own_part.notes = own.notes;
    for (const auto& m : members_)
        own_part.notes.insert(own_part.notes.end(), m->report.notes.begin(), m->report.notes.end());
    for (auto& m : members_)
        m->part.notes = own_part.notes;
    for (auto& m : members_)
        if (!send_frame(m->connection, TreeOp::Describe, encode(m->part)))
            return ended(m->member);
    return {};
}

Status Leader::await_described(uint64_t deadline_ns) {
    std::string bytes;
    for (auto& m : members_) {
        MemberDeaths deaths;
        if (Status s = await(*m, TreeOp::Describe, deadline_ns, bytes); !s)
            return s;
        if (!decode(bytes, deaths))
            return strange(m->member);
        note_deaths(deaths.dead);
        if (m->writer < 0)
            return Status::refused("no descriptors left");
    }
    return {};
}

TreeState Leader::state() const {
    TreeState t;
    t.members = order_;
    t.descriptions = descriptions_;
    t.objects = objects_;
    return t;
}

void Leader::resume() {
    for (auto& m : members_)
        send_frame(m->connection, TreeOp::Resume, {});
}

Status Leader::write(uint64_t first, std::vector<TreePlaceInFile>& places) {
    uint64_t at = first;
    for (const TreeMember& o : order_)
        for (auto& m : members_) {
            if (m->member.pid != o.pid)
                continue;
            send_frame(m->writer, TreeOp::Write, encode(TreePlace{at, 0}));
            std::string bytes;
            TreePlace place;
            // As long as it takes; the end of the copy ends it.
            if (Status s = await(*m, TreeOp::Write, ~0ull >> 1, bytes); !s)
                return s;
            if (!decode(bytes, place) || place.end <= at)
                return strange(m->member);
            places.push_back({at, place.end});
            at = (place.end + kPage - 1) & ~(kPage - 1);
        }
    return {};
}

void Leader::finish(bool end) {
    for (auto& m : members_)
        send_frame(m->connection, TreeOp::Finish, end ? "1" : "0");
}

std::string Leader::pids() const {
    std::string out;
    for (size_t i = 1; i < order_.size(); ++i)
        if (!order_[i].zombie)
            out += format(", %d", order_[i].pid);
    return out;
}

void Leader::let_go() {
    for (auto& m : members_) {
        own_fd_close(m->connection);
        if (m->writer >= 0)
            own_fd_close(m->writer);
    }
    members_.clear();
}

void Leader::forget() { let_go(); }

} // namespace glckpt::ckpt
