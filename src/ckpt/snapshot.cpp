#include "ckpt/snapshot.h"
#include "base/heap.h"
#include "base/lock.h"
#include "base/own_fds.h"
#include "ckpt/fd/pty.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/fd/table.h"
#include "ckpt/fd/tcp_connection.h"
#include "ckpt/mem/collapse.h"
#include "ckpt/mem/describe.h"
#include "ckpt/mem/fork_advice.h"
#include "ckpt/process/attributes.h"
#include "ckpt/process/root_folder.h"
#include "ckpt/restart.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace glckpt::ckpt {
namespace {

// Address space for the writer's own use; only what it touches is ever memory.
constexpr uint64_t kArenaBytes = 4ull << 30;
// Where address space is limited or counted (RLIMIT_AS, strict overcommit), at least so much: it
// does for some gigabytes of memory.
constexpr uint64_t kLeastArena = 64ull << 20;

std::set<uint64_t>& inherited_inodes() {
    static auto* all = new std::set<uint64_t>();
    return *all;
}

// What the restorer has given for them is another pipe or socket, which is to count as well.
void renew_inherited(const ProcessState& state) {
    std::set<uint64_t> now;
    for (const Descriptor& d : state.descriptors) {
        struct stat st {};
        if (inherited_inodes().count(state.descriptions[d.description].ino) &&
            raw_syscall(SYS_fstat, d.fd, &st) == 0)
            now.insert(st.st_ino);
    }
    inherited_inodes().merge(now);
}

// Filters of system calls (seccomp). What the program was started with, it gets from whoever
// restores it; what it has installed itself cannot be read without privilege.
uint64_t g_filters_at_start = 0;

uint64_t filters(const std::string& status) {
    const uint64_t mode = Scanner(value_of(status, "Seccomp:")).decimal();
    return mode == 1 ? ~0ull : Scanner(value_of(status, "Seccomp_filters:")).decimal();
}

Status check_filters() {
    for (const int tid : numeric_entries("/proc/self/task"))
        if (filters(file_text(format("/proc/self/task/%d/status", tid))) > g_filters_at_start)
            return Status::refused(thread_text(tid) +
                                   " has a filter of system calls of its own (seccomp)");
    return {};
}

std::vector<Vma> special_ranges(const std::vector<Vma>& vmas) {
    std::vector<Vma> out;
    for (const Vma& v : vmas)
        if (v.flags & kLostByFork && !HugeMemory::is_one(v))
            out.push_back(v);
    return out;
}

void advise(const std::vector<Vma>& special, uint32_t flag, int advice) {
    for (const Vma& v : special)
        if (v.flags & flag)
            raw_syscall(SYS_madvise, v.start, v.end - v.start, advice);
}

class StagedSections : public SectionSink {
  public:
    StagedSections(Staging& staging, std::vector<NamedSection>& out)
        : staging_(staging), out_(out) {}
    void add(const char* name, std::string_view bytes) override {
        void* copy = staging_.take(bytes.size() + 1);
        if (!copy)
            return;
        memcpy(copy, bytes.data(), bytes.size());
        out_.push_back({name, {static_cast<const char*>(copy), bytes.size()}});
    }

  private:
    Staging& staging_;
    std::vector<NamedSection>& out_;
};

} // namespace

void note_inherited_descriptors() {
    inherited_inodes() = inodes_open_now();
    note_root_folder();
    g_filters_at_start = filters(file_text("/proc/thread-self/status"));
}

Status Drained::drain(uint64_t deadline_ns) {
    const auto& all = endpoints();
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
        if (Status s = (*it)->drain(deadline_ns); !s)
            return s;
        drained_.push_back(*it);
    }
    return {};
}

void Drained::resume() {
    for (auto it = drained_.rbegin(); it != drained_.rend(); ++it)
        (*it)->resume();
    drained_.clear();
}

Status Snapshot::prepare(Profile profile, ExternalSockets external, int image_fd, bool in_tree) {
    if (!job_) // a process alone may look twice
        hooks_.before();
    job_ = std::make_unique<WriteJob>();
    job_->profile = profile;
    job_->image_fd = image_fd;
    job_->descriptors.external = external;
    job_->descriptors.inherited = inherited_inodes();
    if (!in_tree) {
        SaveContext ctx;
        ctx.dry = true;
        ctx.external = external;
        ctx.inherited = inherited_inodes();
        ProcessState scratch;
        if (Status s = save_descriptors(ctx, scratch); !s)
            return s;
    }
    for (Endpoint* e : endpoints())
        if (Status s = e->preflight(); !s)
            return s;
    if (Status s = check_filters(); !s)
        return s;
    fork_advice_ = g_fork_advice.load();
    const std::vector<Vma> vmas = read_smaps();
    if (Status s = check_mappings(vmas); !s)
        return s;
    job_->special = special_ranges(vmas);
    job_->any_huge = std::any_of(vmas.begin(), vmas.end(), [](const Vma& v) { return v.huge_tlb; });
    collapse_huge_pages(vmas);
    job_->huge.make_room(vmas, job_->staging);
    job_->status = static_cast<WriteStatus*>(job_->staging.take(sizeof(WriteStatus), true));
    uint64_t arena_bytes = kArenaBytes;
    void* arena = job_->staging.take(arena_bytes);
    while (!arena && arena_bytes > kLeastArena)
        arena = job_->staging.take(arena_bytes /= 4);
    if (!job_->status || !arena)
        return Status::refused("no address space left for the writing process");
    job_->arena = {(uint64_t)arena, (uint64_t)arena + arena_bytes};
    return {};
}

// Less than this is written in the stop in some 10 ms.
constexpr uint64_t kWorthPrecopy = 32 << 20;

static uint64_t own_memory() {
    const std::string text = file_text("/proc/thread-self/statm"); // size resident shared ...
    Scanner in(text);
    in.until(' ');
    const uint64_t resident = in.decimal();
    in.skip(' ');
    return (resident - std::min(resident, in.decimal())) * kPage;
}

Status Snapshot::precopy() {
    return job_->precopied.write(job_->image_fd, kPage,
                                 without(read_smaps(), job_->staging.ranges()), job_->staging);
}

const char* Snapshot::way() const {
    return job_->precopied.done() ? "pre-copied" : job_->in_place ? "in place" : "forked";
}

Status Snapshot::stop(uint64_t deadline_ns) {
    if (Status s = stop_.stop(Who::App, deadline_ns); !s)
        return s;
    if (Status s = drained_.drain(deadline_ns); !s)
        return s;
    return stop_.stop(Who::Service, deadline_ns);
}

Status Snapshot::report(MemberReport& out) {
    if (Status s = passed_.look(job_->descriptors, out.looked); !s)
        return s;
    for (const OpenFd& f : open_descriptors()) {
        const bool socket = S_ISSOCK(f.st.st_mode) && !(f.flags & O_PATH);
        out.descriptors.push_back(
            {f.fd, f.flags, f.st.st_mode, f.st.st_dev, f.st.st_ino, f.st.st_rdev,
             is_pty_master(f.st.st_mode, f.st.st_rdev) ? pty_of_master(f.fd) : -1, f.link,
             socket ? tcp_connection_of(f.fd) : std::string(),
             socket ? socket_int(f.fd, SO_DOMAIN) : 0});
    }
    SaveContext ctx;
    if (Status s = note_shared_mappings(without(read_maps(), job_->staging.ranges()), ctx); !s)
        return s;
    for (const SharedObject& o : ctx.objects)
        out.objects.push_back({o.kind, o.dev, o.ino, o.bytes, o.from, false});
    for (const FdSummary& f : out.descriptors) {
        struct stat st {};
        const bool memfd = f.link.starts_with("/memfd:");
        if (S_ISREG(f.mode) && (memfd || (f.link.starts_with("/") && name_is_deleted(f.link)))) {
            raw_syscall(SYS_fstat, f.fd, &st);
            out.objects.push_back({memfd ? SharedKind::Memfd : SharedKind::DeletedFile, f.dev,
                                   f.ino, (uint64_t)st.st_size, 0, true});
        }
    }
    out.thread = own_tid();
    for (Endpoint* e : endpoints())
        if (std::string text = e->tell_tree(); !text.empty())
            out.notes.push_back({own_pid(), e->name(), std::move(text)});
    return {};
}

void Snapshot::note_tree(const TreePart& part) {
    SaveContext& ctx = job_->descriptors;
    for (const FdPart& f : part.descriptors)
        ctx.tree_fds[f.fd] = f;
    ctx.tree_others = part.others;
    ctx.tree_pids.insert(part.pids.begin(), part.pids.end());
    for (Endpoint* e : endpoints()) {
        std::vector<std::pair<int, std::string>> heard;
        for (const EndpointNote& n : part.notes)
            if (n.pid != own_pid() && n.endpoint == e->name())
                heard.emplace_back(n.pid, n.text);
        e->hear_tree(heard);
    }
}

Status Snapshot::describe(const TreePart* part) {
    WriteJob& job = *job_;
    ProcessState& st = job.state;
    note_tree(part ? *part : TreePart());
    std::vector<uint64_t> looked; // by nobody else
    if (!part)
        if (Status s = passed_.look(job.descriptors, looked); !s)
            return s;
    if (Status s = save_descriptors(job.descriptors, st); !s)
        return s;
    // What was kept from children when it was looked at may have gone since, or been joined by
    // more.
    const auto& objects = job.descriptors.objects; // those that are open
    const bool look_again = fork_advice_ != g_fork_advice.load() || job.any_huge ||
                            std::any_of(objects.begin(), objects.end(),
                                        [](const SharedObject& o) { return o.huge_shift != 0; }) ||
                            std::any_of(job.special.begin(), job.special.end(), [](const Vma& v) {
                                return v.flags & (kDontFork | kWipeOnFork);
                            });
    const std::vector<Vma> vmas = look_again ? read_smaps() : read_maps();
    if (look_again)
        job.special = special_ranges(vmas);
    if (Status s = note_shared_mappings(without(vmas, job.staging.ranges()), job.descriptors); !s)
        return s;
    if (part)
        for (SharedObject& o : job.descriptors.objects)
            for (const ObjectPart& p : part->objects)
                if (p.kind == o.kind && p.ino == o.ino) {
                    o.tree_id = p.id;
                    o.elsewhere = !p.mine;
                    o.bytes = std::max(o.bytes, p.bytes);
                }
    if (Status s = copy_shared(job.descriptors, vmas, job.staging, job.shared); !s)
        return s;
    if (Status s = job.huge.copy(vmas, job.descriptors, job.staging); !s)
        return s;
    stop_.look_at_queues();
    for (const auto& slot : stop_.slots())
        if (slot->state.load() == ThreadSlot::Parked) {
            if (slot->rseq_elsewhere)
                return Status::refused(thread_text(slot->tid) +
                                       " has registered an rseq area past the C library");
            st.threads.push_back(save_thread(*slot));
        }
    save_identity(st);
    save_limits(st);
    save_layout(st);
    save_signals(st);
    save_timers(st);
    prepare_restart(st.credentials);
    st.thread_entry = restart_entry();
    st.ended_entry = ended_entry();
    st.handover = handover_address();
    StagedSections sink(job.staging, job.sections);
    for (Endpoint* e : endpoints())
        e->describe(sink);
    return {};
}

Result<int> Snapshot::copy(const std::function<void()>& forget) {
    WriteJob& job = *job_;
    const bool first_ended =
        std::none_of(job.state.threads.begin(), job.state.threads.end(),
                     [&](const SavedThread& t) { return t.tid == job.state.pid; });
    const int threads = stop_.parked() + first_ended;
    job.parent = own_pid();
    // As late as this: whatever is adopted by now is forgotten by its number in the restarted
    // process, where the restorer must not have put anything of its own.
    for (int slot = 0; slot < kOwnFdSlots; ++slot)
        if (const int fd = own_fd_at(slot); own_fd_kind(fd) == OwnFd::Skip)
            job.state.own_fds.push_back(fd);
    advise(job.special, kDontFork, MADV_DOFORK);
    advise(job.special, kWipeOnFork, MADV_KEEPONFORK);
    job.huge.keep_from_fork();
    // No memory for a copy, or no more processes allowed: a process alone stays stopped while it
    // writes by itself. (In a tree each must be able to go on before it is its turn to write.)
    const bool alone = !job.member && job.tree.members.empty();
    const bool precopied = job.precopied.done();
    // (What is compressed, or compared with the image before, has to be read as a whole anyway.)
    wants_precopy_ = alone && !precopied && job.profile == Profile::Raw &&
                     job.parent_image.empty() && own_memory() >= kWorthPrecopy;
    writer_ = fork_snapshot(precopied ? nullptr : write_image, &job, job.self,
                            alone && !wants_precopy_ ? write_image_in_place : nullptr);
    wants_precopy_ &= writer_ == -EAGAIN || writer_ == -ENOMEM;
    if (writer_ == kRestarted) {
        heap_divert(nullptr, 0); // first of all: see heap.h
        hooks_.restarted();
        renew_inherited(job.state);
        note_root_folder();
        job.staging.forget();
        drained_.forget();
        passed_.forget();
        forget();
        finish_restart(job.state, job.self, threads);
        return kRestarted;
    }
    passed_.close_all();
    job.huge.unkeep();
    advise(job.special, kDontFork, MADV_DONTFORK);
    advise(job.special, kWipeOnFork, MADV_WIPEONFORK);
    if (writer_ < 0)
        return Status::refused(format("cannot fork: %s", error_text(-writer_)));
    return writer_;
}

void Snapshot::write_at(uint64_t start, const std::vector<TreePlaceInFile>& members) {
    WriteStatus& w = *job_->status;
    w.header_at = start;
    w.data_at = start + kPage;
    w.member_count = 0;
    for (const TreePlaceInFile& m : members) {
        w.members[w.member_count++] = m;
        w.data_at = std::max(w.data_at, (m.end + kPage - 1) & ~(kPage - 1));
    }
    w.go.store(WriteStatus::Write);
    futex_wake(w.go, 1);
}

void Snapshot::give_up_writing() {
    if (writer_ <= 0)
        return;
    job_->status->go.store(WriteStatus::GiveUp);
    futex_wake(job_->status->go, 1);
    int code;
    while (raw_syscall(SYS_wait4, writer_, &code, __WCLONE, 0) == -EINTR) {
    }
    writer_ = 0;
}

Status Snapshot::await_writer(const Progress& progress) {
    if (writer_ <= 0 && !job_->in_place)
        return {};
    const WriteStatus& status = *job_->status;
    int code = 0;
    for (unsigned wait_us = 200; writer_ > 0; wait_us = std::min(wait_us * 2, 20'000u)) {
        const long r = raw_syscall(SYS_wait4, writer_, &code, WNOHANG | __WCLONE, 0);
        if (r == writer_ || (r < 0 && r != -EINTR))
            break;
        const uint64_t total = status.total.load();
        if (progress)
            progress("writing", total ? (double)status.done.load() / (double)total : 0);
        const timespec t{0, (long)wait_us * 1000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
    writer_ = 0;
    if (status.finished)
        return job_->in_place ? finish_image_in_place(*job_) : Status();
    if (status.error[0])
        return Status::refused(status.error);
    return Status::refused(format("the writing process died of signal %d", code & 0x7f));
}

} // namespace glckpt::ckpt
