// The writing copy. (Where there can be none, the stopped process does the same in its place, and
// puts back what it had to change: in_place.) It has one thread, a snapshot of all private memory,
// and the duty to change none of what it saves: its heap is diverted, and its descriptors are all
// closed but one (a copy that kept the write end of a pipe open would keep the app's readers
// waiting).
#include "ckpt/write_job.h"
#include "base/heap.h"
#include "base/lock.h"
#include "ckpt/image/archive.h"
#include "ckpt/image/baseline.h"
#include "ckpt/image/compressor.h"
#include "ckpt/image/writer.h"
#include "ckpt/mem/describe.h"
#include "ckpt/plugin.h"
#include "ckpt/process/attributes.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include "ckpt/tree/wire.h"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <functional>

namespace glckpt::ckpt {
namespace {

void close_all_but(int a, int b) {
    unsigned from = 0;
    for (const int keep : {std::min(a, b), std::max(a, b)}) {
        if (keep > (int)from)
            raw_syscall(SYS_close_range, from, keep - 1, 0);
        from = (unsigned)std::max(keep + 1, (int)from);
    }
    raw_syscall(SYS_close_range, from, UINT_MAX, 0);
}

Vma part_of(const Vma& v, uint64_t start, uint64_t end) {
    Vma part = v;
    part.start = start;
    part.end = end;
    if (v.has_file())
        part.offset += start - v.start;
    return part;
}

// A fork clears these flags, or would have dropped the mapping had they not been lifted for it.
// Without them the kernel may have joined a mapping with its neighbours: it is cut out again.
void restore_special_flags(const std::vector<Vma>& special, std::vector<Vma>& vmas) {
    std::vector<Vma> out;
    for (const Vma& v : vmas) {
        uint64_t at = v.start;
        for (const Vma& s : special) { // ascending
            const uint64_t start = std::max(at, s.start), end = std::min(v.end, s.end);
            if (start >= end)
                continue;
            if (start > at)
                out.push_back(part_of(v, at, start));
            out.push_back(part_of(v, start, end));
            out.back().flags |= s.flags & kLostByFork;
            at = end;
        }
        if (at < v.end)
            out.push_back(part_of(v, at, v.end));
    }
    vmas = std::move(out);
}

std::vector<PageRun> object_runs(const SharedContents& shared) {
    std::vector<PageRun> out;
    for (size_t i = 0; i < shared.of.size(); ++i)
        for (const Content& c : shared.of[i])
            out.push_back({c.offset, c.bytes, 0, (uint32_t)i + 1, 0});
    return out;
}

const char* object_bytes(const SharedContents& shared, uint32_t space, uint64_t offset) {
    const auto& runs = shared.of[space - 1];
    const auto it = std::upper_bound(runs.begin(), runs.end(), offset,
                                     [](uint64_t o, const Content& c) { return o < c.offset; });
    return std::prev(it)->data + (offset - std::prev(it)->offset);
}

class ProcessPages {
  public:
    ProcessPages(const WriteJob& job, const MemoryDescription& memory)
        : job_(job), memory_(memory), mem_(open_fd("/proc/thread-self/mem", O_RDONLY)) {}
    const char* operator()(uint32_t space, uint64_t address, uint64_t bytes, char* buffer) const {
        if (space != kProcessSpace)
            return object_bytes(job_.shared, space, address);
        if (const char* aside = job_.huge.at(address))
            return aside;
        for (const Range& r : memory_.careful)
            if (r.contains(address)) {
                pread_all(mem_.get(), buffer, bytes, address);
                return buffer;
            }
        return reinterpret_cast<const char*>(address);
    }

  private:
    const WriteJob& job_;
    const MemoryDescription& memory_;
    const UniqueFd mem_;
};

Status sync_folder(const std::string& file) {
    const std::string folder = file.substr(0, file.rfind('/') + 1);
    const UniqueFd dir = open_fd(folder.c_str(), O_RDONLY | O_DIRECTORY);
    const long r = dir.ok() ? raw_syscall(SYS_fsync, dir.get()) : -dir.error();
    return r < 0 ? Status::refused(error_text((int)-r)) : Status();
}

// A link cannot take the place of a file that exists; a rename can. Where there is none, there is
// no moment at which the file has another name than its own.
Status commit(const WriteJob& job) {
    long r = 0;
    if (job.unnamed) {
        const std::string self = format("/proc/thread-self/fd/%d", job.image_fd);
        const bool linked = raw_syscall(SYS_linkat, AT_FDCWD, self.c_str(), AT_FDCWD,
                                        job.final.c_str(), AT_SYMLINK_FOLLOW) == 0;
        if (linked)
            return sync_folder(job.final);
        raw_syscall(SYS_unlink, job.temporary.c_str());
        r = raw_syscall(SYS_linkat, AT_FDCWD, self.c_str(), AT_FDCWD, job.temporary.c_str(),
                        AT_SYMLINK_FOLLOW);
        if (r < 0)
            return Status::refused(error_text((int)-r));
    }
    r = raw_syscall(SYS_rename, job.temporary.c_str(), job.final.c_str());
    if (r < 0)
        return Status::refused(error_text((int)-r));
    return sync_folder(job.final);
}

// Puts protections back in every case.
struct Unmake {
    const MemoryDescription& memory;
    const bool wanted;
    ~Unmake() {
        if (wanted)
            unmake_readable(memory);
    }
};

Status write(WriteJob& job) {
    ProcessState state = job.state;
    state.threads.push_back(save_thread(job.self));
    std::vector<Range> ours = job.staging.ranges();
    std::vector<Vma> vmas = without(read_smaps(), ours);
    restore_special_flags(job.special, vmas);
    if (Status s = job.huge.put_back(vmas, job.descriptors); !s)
        return s;
    auto memory = describe_memory(vmas, job.descriptors, job.huge);
    if (!memory)
        return memory.status();
    const Unmake unmake{*memory, job.in_place};
    state.mappings = memory->mappings;
    state.files = memory->files;
    state.guards = memory->guards;
    state.objects = job.descriptors.objects;

    std::vector<PageRun> runs = without_skipped(memory->runs);
    const std::vector<PageRun> more = object_runs(job.shared);
    runs.insert(runs.end(), more.begin(), more.end());
    const ProcessPages pages(job, *memory);
    Baseline baseline;
    std::vector<PageRef> refs;
    if (!job.parent_image.empty() && baseline.open(job.parent_image, job.final, state))
        baseline.split(runs, std::cref(pages), refs);
    uint64_t total = 0;
    for (const PageRun& r : runs)
        total += r.bytes;
    job.status->total.store(total);

    ImageWriter writer(job.image_fd, job.profile, job.status->header_at, job.status->data_at,
                       !refs.empty()          ? baseline.seed()
                       : job.precopied.done() ? job.precopied.seed()
                                              : random_seed());
    if (job.precopied.done())
        writer.build_on(job.precopied);
    if (!job.in_place)
        writer.compress_with(useful_helpers());
    writer.lay_out_memory(runs, refs, state.mappings);
    if (Status s = writer.write_pages(runs, std::cref(pages), &job.status->done); !s)
        return s;
    if (!refs.empty()) {
        const ChainState chain = baseline.chain(refs);
        if (Status s = writer.write_refs(refs, chain); !s)
            return s;
        job.status->incremental = 1;
    }
    if (Status s = writer.add_section(kSectionProcess, encode(state)); !s)
        return s;
    for (const NamedSection& n : job.sections)
        if (Status s = writer.add_section(n.name, n.bytes); !s)
            return s;
    if (!job.tree.members.empty()) {
        TreeState tree = job.tree;
        uint32_t next = 0;
        for (size_t i = 1; i < tree.members.size(); ++i)
            if (!tree.members[i].zombie && next < job.status->member_count) {
                tree.members[i].start = job.status->members[next].start;
                tree.members[i].end = job.status->members[next++].end;
            }
        if (Status s = writer.add_section(kSectionTree, encode(tree)); !s)
            return s;
    }
    const bool last = !job.member && !job.in_place;
    if (Status s = writer.finish(last); !s)
        return s;
    job.status->file_bytes = job.status->end = writer.file_bytes();
    return last ? commit(job) : Status();
}

// Where to write is known when those before us in the file have written. If the process ends
// meanwhile, nobody will say.
bool await_turn(const WriteJob& job) {
    WriteStatus& w = *job.status;
    if (job.leader >= 0) {
        TreePlace place;
        const Frame f = receive_frame(job.leader, ~0ull >> 1);
        if (f.op != TreeOp::Write || !decode(f.bytes, place))
            return false;
        w.header_at = place.start;
        w.data_at = place.start + kPage;
        return true;
    }
    while (w.go.load() == WriteStatus::Wait) {
        const timespec tick{1, 0};
        if (futex_wait(w.go, WriteStatus::Wait, &tick) == -ETIMEDOUT &&
            raw_syscall(SYS_getppid) != job.parent)
            return false;
    }
    return w.go.load() == WriteStatus::Write;
}

} // namespace

namespace {

void note_outcome(const WriteJob& job, const Status& s) {
    if (!s.ok()) {
        snprintf(job.status->error, sizeof job.status->error, "%s", s.why().c_str());
        raw_syscall(SYS_unlink, job.temporary.c_str());
    } else {
        job.status->finished = 1;
    }
}

} // namespace

void write_image(void* p) {
    auto& job = *static_cast<WriteJob*>(p);
    heap_divert(reinterpret_cast<void*>(job.arena.start), job.arena.end - job.arena.start);
    close_all_but(job.image_fd, job.leader);
    if (!await_turn(job))
        raw_syscall(SYS_exit_group, 1);
    const Status s = write(job);
    note_outcome(job, s);
    if (job.leader >= 0)
        send_frame(job.leader, s.ok() ? TreeOp::Write : TreeOp::Failed,
                   s.ok() ? encode(TreePlace{job.status->header_at, job.status->end}) : s.why());
    raw_syscall(SYS_exit_group, s.ok() ? 0 : 1);
}

void write_image_in_place(void* p) {
    auto& job = *static_cast<WriteJob*>(p);
    job.in_place = true;
    job.status->header_at = 0;
    job.status->data_at = kPage;
    heap_divert(reinterpret_cast<void*>(job.arena.start), job.arena.end - job.arena.start);
    note_outcome(job, write(job));
    heap_divert(nullptr, 0); // nothing that was made meanwhile is left
}

Status finish_image_in_place(const WriteJob& job) {
    if (const long r = raw_syscall(SYS_fsync, job.image_fd); r < 0)
        return Status::refused(error_text((int)-r));
    return commit(job);
}

} // namespace glckpt::ckpt
