#include "ckpt/checkpoint.h"
#include "base/heap.h"
#include "base/own_fds.h"
#include "ckpt/fd/table.h"
#include "ckpt/mem/collapse.h"
#include "ckpt/mem/describe.h"
#include "ckpt/output.h"
#include "ckpt/process/attributes.h"
#include "ckpt/restart.h"
#include "ckpt/text.h"
#include "ckpt/write_job.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <sys/wait.h>

namespace glckpt::ckpt {
namespace {

// Address space for the writer's own use; only what it touches is ever memory.
constexpr uint64_t kArenaBytes = 4ull << 30;
constexpr uint64_t kSecond = 1'000'000'000;

Status context(Status s) {
    return std::move(s).with_context(format("cannot checkpoint pid %d", seen_pid()));
}

std::set<uint64_t>& inherited_inodes() {
    static auto* all = new std::set<uint64_t>();
    return *all;
}

// ---- before anything stops

Status check_children() {
    const auto [pid, name] = some_child();
    if (pid)
        return Status::refused(format("it has a child process: pid %d (%s); only single processes "
                                      "can be saved yet",
                                      pid, name.c_str()));
    return {};
}

Status preflight(const CheckpointRequest& request) {
    if (Status s = check_children(); !s)
        return s;
    SaveContext ctx;
    ctx.dry = true;
    ctx.external = request.external;
    ctx.inherited = inherited_inodes();
    ProcessState scratch;
    if (Status s = save_descriptors(ctx, scratch); !s)
        return s;
    for (Endpoint* e : endpoints())
        if (Status s = e->preflight(); !s)
            return s;
    return {};
}

std::vector<Vma> special_ranges(const std::vector<Vma>& vmas) {
    std::vector<Vma> out;
    for (const Vma& v : vmas)
        if (v.flags & (kDontFork | kWipeOnFork | kLocked))
            out.push_back(v);
    return out;
}

// ---- in the stop

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

// The endpoints that were drained, in the order in which they were; resumed however it ends.
class Drained {
  public:
    ~Drained() { resume(); }
    Status drain(uint64_t deadline_ns) {
        const auto& all = endpoints();
        for (auto it = all.rbegin(); it != all.rend(); ++it) {
            if (Status s = (*it)->drain(deadline_ns); !s)
                return s;
            drained_.push_back(*it);
        }
        return {};
    }
    void resume() {
        for (auto it = drained_.rbegin(); it != drained_.rend(); ++it)
            (*it)->resume();
        drained_.clear();
    }
    void forget() { drained_.clear(); }

  private:
    std::vector<Endpoint*> drained_;
};

Status describe(WriteJob& job, const Stop& stop) {
    ProcessState& st = job.state;
    if (Status s = check_children(); !s)
        return s;
    if (Status s = save_descriptors(job.descriptors, st); !s)
        return s;
    const std::vector<Vma> vmas = read_maps();
    if (Status s = note_shared_mappings(without(vmas, job.staging.ranges()), job.descriptors); !s)
        return s;
    if (Status s = copy_shared(job.descriptors, vmas, job.staging, job.shared); !s)
        return s;
    for (const auto& slot : stop.slots())
        if (slot->state.load() == ThreadSlot::Parked)
            st.threads.push_back(save_thread(*slot));
    save_identity(st);
    save_limits(st);
    save_layout(st);
    save_signals(st);
    save_timers(st);
    for (int slot = 0; slot < kOwnFdSlots; ++slot)
        if (const int fd = own_fd_at(slot); own_fd_kind(fd) == OwnFd::Skip)
            st.own_fds.push_back(fd);
    prepare_restart(st.credentials);
    st.thread_entry = restart_entry();
    st.handover = handover_address();
    StagedSections sink(job.staging, job.sections);
    for (Endpoint* e : endpoints())
        e->describe(sink);
    return {};
}

int fork_copy(WriteJob& job) {
    advise(job.special, kDontFork, MADV_DOFORK);
    advise(job.special, kWipeOnFork, MADV_KEEPONFORK);
    const int pid = fork_snapshot(write_image, &job, job.self);
    if (pid == kRestarted) {
        heap_divert(nullptr, 0); // first of all: see heap.h
        job.staging.forget();
        return pid;
    }
    advise(job.special, kDontFork, MADV_DONTFORK);
    advise(job.special, kWipeOnFork, MADV_WIPEONFORK);
    return pid;
}

// ---- afterwards

Status await_writer(int pid, const WriteStatus& status, const Progress& progress) {
    int code = 0;
    for (unsigned wait_us = 200;; wait_us = std::min(wait_us * 2, 20'000u)) {
        const long r = raw_syscall(SYS_wait4, pid, &code, WNOHANG | __WCLONE, 0);
        if (r == pid || (r < 0 && r != -EINTR))
            break;
        const uint64_t total = status.total.load();
        if (progress)
            progress("writing", total ? (double)status.done.load() / (double)total : 0);
        const timespec t{0, (long)wait_us * 1000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
    if (status.finished)
        return {};
    if (status.error[0])
        return Status::refused(status.error);
    return Status::refused(format("the writing process died of signal %d", code & 0x7f));
}

} // namespace

void note_inherited_descriptors() { inherited_inodes() = inodes_open_now(); }

Result<CheckpointResult> take_checkpoint(const CheckpointRequest& request, const Settings& settings,
                                         const Progress& progress,
                                         const std::function<void(const CheckpointResult&)>& done) {
    const uint64_t begun = clock_ns(CLOCK_MONOTONIC);
    if (progress)
        progress("looking", -1);
    if (Status s = preflight(request); !s)
        return context(std::move(s));
    auto output = Output::open(request.output, settings);
    if (!output)
        return context(Status(output.status()));

    // What can be done while the app runs is done before it stops.
    auto job = std::make_unique<WriteJob>();
    job->profile = request.profile;
    job->descriptors.external = request.external;
    job->descriptors.inherited = inherited_inodes();
    job->image_fd = output->fd();
    job->temporary = output->temporary();
    job->unnamed = output->unnamed();
    job->final = output->final_name();
    const std::vector<Vma> vmas = read_smaps();
    if (Status s = check_mappings(vmas); !s)
        return context(std::move(s));
    job->special = special_ranges(vmas);
    collapse_huge_pages(vmas);
    job->status = static_cast<WriteStatus*>(job->staging.take(kPage, true));
    void* arena = job->staging.take(kArenaBytes);
    if (!job->status || !arena)
        return context(Status::refused("no address space left for the writing process"));
    job->arena = {(uint64_t)arena, (uint64_t)arena + kArenaBytes};

    if (progress)
        progress("stopping", -1);
    const uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + request.timeout_s * kSecond;
    Stop stop;
    Drained drained;
    CheckpointResult result;
    const uint64_t stopped = clock_ns(CLOCK_MONOTONIC);
    if (Status s = stop.stop(Who::App, deadline); !s)
        return context(std::move(s));
    if (Status s = drained.drain(deadline); !s)
        return context(std::move(s));
    if (Status s = stop.stop(Who::Service, deadline); !s)
        return context(std::move(s));
    if (Status s = describe(*job, stop); !s)
        return context(std::move(s));
    const int threads = stop.parked();
    const int pid = fork_copy(*job);
    if (pid == kRestarted) {
        drained.forget();
        output->forget();
        finish_restart(job->state, threads);
        result.restarted = true;
        return result; // `stop` lets the others go
    }
    if (pid < 0)
        return context(Status::refused(format("cannot fork: %s", error_text(-pid))));
    drained.resume();
    if (request.afterwards == Afterwards::Continue)
        stop.resume();
    result.pause_ms = (double)(clock_ns(CLOCK_MONOTONIC) - stopped) / 1e6;

    if (Status s = await_writer(pid, *job->status, progress); !s)
        return context(
            std::move(s).with_context("the image " + output->final_name() + " cannot be written"));
    output->committed();
    result.image = output->final_name();
    result.bytes = job->status->file_bytes;
    result.total_ms = (double)(clock_ns(CLOCK_MONOTONIC) - begun) / 1e6;
    if (done)
        done(result);
    if (request.afterwards == Afterwards::Kill)
        raw_syscall(SYS_kill, own_pid(), SIGKILL);
    if (request.afterwards == Afterwards::StayStopped)
        raw_syscall(SYS_kill, own_pid(), SIGSTOP); // takes effect here; SIGCONT goes on below
    return result;
}

Status reattach(const char* endpoint, const AttachRequest& request, unsigned timeout_s) {
    const uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + timeout_s * kSecond;
    Stop stop;
    Drained drained;
    if (Status s = stop.stop(Who::App, deadline); !s)
        return s;
    if (Status s = drained.drain(deadline); !s)
        return s;
    for (Endpoint* e : endpoints())
        if (std::string_view(e->name()) == endpoint)
            return e->attach(request);
    return Status::refused(format("this program has no %s endpoint", endpoint));
}

} // namespace glckpt::ckpt
