#include "ckpt/checkpoint.h"
#include "ckpt/lineage.h"
#include "ckpt/output.h"
#include "ckpt/process/root_folder.h"
#include "ckpt/restart.h"
#include "ckpt/snapshot.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include "ckpt/tree/leader.h"
#include "ckpt/tree/registry.h"
#include <csignal>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr int kMostTries = 20;

Status context(Status s) {
    return std::move(s).with_context(format("cannot checkpoint pid %d", seen_pid()));
}

// A process that looked alone may have forked since, and a pipe to its child looks like one to a
// stranger: before it is refused, another look.
Status prepare(Snapshot& self, const CheckpointRequest& request, int image_fd, bool alone) {
    Status s;
    for (int tries = 0; tries < 4; ++tries) {
        const uint64_t begun = clock_ns(CLOCK_MONOTONIC);
        s = self.prepare(request.profile, request.external, image_fd, !alone);
        if (s.ok() || !alone)
            return s;
        if (clock_ns(CLOCK_MONOTONIC) - begun > kSecond)
            return s; // an endpoint has waited in vain, which has nothing to do with children
        alone = descendants_of(own_pid()).empty() && orphans_of_tree().empty();
        const timespec tick{0, 5'000'000};
        raw_syscall(SYS_nanosleep, &tick, 0);
    }
    return s;
}

// From the stop to the copies that write: this process, and with it the others of its tree.
Result<int> stop_and_copy(Snapshot& self, Leader& tree, uint64_t deadline,
                          const std::function<void()>& forget) {
    tree.begin_stop();
    if (Status s = self.stop(deadline); !s)
        return s;
    if (Status s = tree.finish_stop(deadline); !s)
        return s;
    if (tree.alone()) {
        if (Status s = self.describe(nullptr); !s)
            return s;
        return self.copy(forget);
    }
    MemberReport report;
    TreePart part;
    if (Status s = self.report(report); !s)
        return s;
    if (Status s = tree.gather_reports(report, deadline); !s)
        return s;
    if (Status s = tree.share_out(report, part); !s)
        return s;
    if (Status s = self.describe(&part); !s)
        return s;
    if (Status s = tree.await_described(deadline); !s)
        return s;
    self.job().tree = tree.state();
    return self.copy(forget);
}

// The others first, each behind the other; then this process, which has the table of all.
Status write_all_images(Snapshot& self, Leader& tree, const Progress& progress) {
    std::vector<TreePlaceInFile> places;
    if (!tree.alone())
        if (Status s = tree.write(kPage, places); !s)
            return s;
    self.write_at(0, places);
    return self.await_writer(progress);
}

Result<CheckpointResult> try_checkpoint(const CheckpointRequest& request, const Settings& settings,
                                        const Progress& progress,
                                        const std::function<void(const CheckpointResult&)>& done,
                                        bool& precopy) {
    const uint64_t begun = clock_ns(CLOCK_MONOTONIC);
    if (progress)
        progress("looking", -1);
    if (root_folder_has_changed())
        return context(
            Status::refused("it has another root folder than it was started in (chroot)"));
    auto output = Output::open(request.output, settings);
    if (!output)
        return context(Status(output.status()));
    const std::string parent = parent_for(request, settings, output->final_name());
    Leader tree(request, output->fd(), parent, output->final_name());
    if (Status s = tree.prepare(); !s)
        return context(std::move(s));
    Snapshot self;
    if (Status s = prepare(self, request, output->fd(), tree.alone()); !s)
        return context(std::move(s));
    WriteJob& job = self.job();
    job.temporary = output->temporary();
    job.unnamed = output->unnamed();
    job.final = output->final_name();
    job.parent_image = parent;

    if (precopy) {
        if (progress)
            progress("writing", -1);
        if (Status s = self.precopy(); !s)
            return context(std::move(s).with_context("the image " + output->final_name() +
                                                     " cannot be written"));
    }
    if (progress)
        progress("stopping", -1);
    const uint64_t stopped = clock_ns(CLOCK_MONOTONIC);
    auto copied = stop_and_copy(self, tree, stopped + request.timeout_s * kSecond, [&] {
        tree.forget();
        output->forget();
    });
    if (!copied) {
        precopy = self.wants_precopy();
        return context(Status(copied.status()));
    }
    CheckpointResult result;
    if (*copied == kRestarted) {
        result.restarted = true;
        return result; // `self` lets the others go
    }
    // A program that is to stand still does so outside its process, too: a slow renderer would
    // otherwise go on drawing what was issued before. Its endpoints go on with SIGCONT (~Snapshot).
    if (request.afterwards == Afterwards::Continue) {
        self.resume_endpoints();
        self.resume_threads();
        tree.resume();
    }
    result.pause_ms = (double)(clock_ns(CLOCK_MONOTONIC) - stopped) / 1e6;

    if (Status s = write_all_images(self, tree, progress); !s) {
        self.give_up_writing();
        return context(
            std::move(s).with_context("the image " + output->final_name() + " cannot be written"));
    }
    output->committed();
    result.image = output->final_name();
    result.bytes = job.status->file_bytes;
    result.way = self.way();
    result.incremental = job.status->incremental != 0;
    result.total_ms = (double)(clock_ns(CLOCK_MONOTONIC) - begun) / 1e6;
    result.other_pids = tree.pids();
    if (done)
        done(result);
    if (request.afterwards == Afterwards::StayStopped)
        stop_here(); // SIGCONT goes on below
    tree.finish(request.afterwards == Afterwards::Kill);
    if (request.afterwards == Afterwards::Kill)
        raw_syscall(SYS_kill, own_pid(), SIGKILL);
    return result;
}

} // namespace

// What is in the way for a moment only (an event that is not read yet, a connection that is being
// made) says so in its refusal's last words.
Result<CheckpointResult> take_checkpoint(const CheckpointRequest& request, const Settings& settings,
                                         const Progress& progress,
                                         const std::function<void(const CheckpointResult&)>& done) {
    bool precopy = false;
    for (int tries = 0;; ++tries) {
        const bool precopied = precopy;
        auto result = try_checkpoint(request, settings, progress, done, precopy);
        if (!result && precopy && !precopied)
            continue; // it runs again meanwhile
        if (result || tries == kMostTries || !result.status().why().ends_with("try again"))
            return result;
        const timespec while_it_passes{0, 20'000'000};
        raw_syscall(SYS_nanosleep, &while_it_passes, 0);
    }
}

namespace {

// Endpoints from `first` on. Those after it reach their peers by way of it: windows that move take
// their renderer along.
Status attach_from(size_t first, const AttachRequest& request, size_t& failed) {
    for (failed = first; failed < endpoints().size(); ++failed)
        if (Status s = endpoints()[failed]->attach(request); !s)
            return s;
    return {};
}

} // namespace

Status reattach(const char* endpoint, const AttachRequest& request, unsigned timeout_s,
                const Meet& meet) {
    for (Endpoint* e : endpoints()) // waits for what is only a matter of time
        if (Status s = e->preflight(); !s)
            return s;
    const uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + timeout_s * kSecond;
    Stop stop;
    Drained drained;
    if (Status s = stop.stop(Who::App, deadline); !s)
        return s;
    if (Status s = drained.drain(deadline); !s)
        return s;
    size_t first = 0, failed = 0;
    while (first < endpoints().size() && std::string_view(endpoints()[first]->name()) != endpoint)
        ++first;
    if (first == endpoints().size())
        return Status::refused(format("this program has no %s endpoint", endpoint));
    AttachRequest there = request;
    there.deadline_ns = deadline;
    if (meet) {
        if (Status s = meet(there); !s)
            return s;
        there.deadline_ns = clock_ns(CLOCK_MONOTONIC) + timeout_s * kSecond;
    }
    Status s = attach_from(first, there, failed);
    if (s.ok())
        keep_endpoint_environment();
    if (s.ok() || failed == first)
        return s; // the first has left everything as it was
    // It has moved, and one that depends on it cannot follow: back.
    AttachRequest home = request;
    home.display.clear();
    home.back = true;
    Status back = endpoints()[first]->drain(clock_ns(CLOCK_MONOTONIC) + timeout_s * kSecond);
    if (back.ok())
        back = attach_from(first, home, failed);
    if (back.ok())
        return Status::refused(s.why() + "; the program goes on where it was");
    return Status::refused(s.why() + "; nor can it go back: " + back.why());
}

} // namespace glckpt::ckpt
