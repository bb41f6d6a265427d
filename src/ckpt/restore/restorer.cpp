#include "ckpt/restore/restorer.h"
#include "ckpt/process/cpu.h"
#include "ckpt/process/flags.h"
#include "ckpt/restore/channel.h"
#include "ckpt/restore/descriptors.h"
#include "ckpt/restore/grow.h"
#include "ckpt/restore/huge_pages.h"
#include "ckpt/restore/memory.h"
#include "ckpt/restore/vdso.h"
#include "ckpt/text.h"
#include "ckpt/tree/registry.h"
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" const char glckpt_blob[], glckpt_blob_end[];
extern "C" const ptrdiff_t __rseq_offset;
extern "C" const unsigned int __rseq_size;

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kThreadStack = 4096;

[[noreturn]] void fail(int channel, const Status& s) {
    const std::string line = "failed " + s.why() + "\n";
    write_all(channel, line.data(), line.size());
    _exit(1);
}

void raise_descriptor_limit() {
    rlimit lim{};
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
}

Status check_cpu(const ProcessState& s, bool as_on_another) {
    auto here = cpu_features();
    if (as_on_another)
        here[0] &= ~1ull; // floating point, which every one has
    for (size_t i = 0; i < here.size(); ++i)
        if (s.cpu_features[i] & ~here[i])
            return Status::refused("this processor lacks instructions that the program was told it "
                                   "has (see glckpt-info)");
    return {};
}

// Only root can become somebody else.
Status check_credentials(const ProcessState& s) {
    if (geteuid() == 0)
        return {};
    for (size_t i = 0; i < 4; ++i)
        if (s.credentials.uids[i] != getuid() || s.credentials.gids[i] != getgid())
            return Status::refused(format("process %d ran as user %u, group %u, which only root "
                                          "can give back",
                                          s.pid, s.credentials.uids[i], s.credentials.gids[i]));
    return {};
}

// Lays out, in one region, everything the blob needs.
class BlobRegion {
  public:
    BlobRegion(AddressSpace& space, uint64_t bytes) : bytes_((bytes + 4095) & ~4095ull) {
        at_ = space.reserve(bytes_);
        const long r = raw_syscall(SYS_mmap, at_, bytes_, PROT_READ | PROT_WRITE | PROT_EXEC,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        ok_ = r == (long)at_;
    }
    bool ok() const { return ok_; }
    uint64_t start() const { return at_; }
    uint64_t bytes() const { return bytes_; }
    template <class T>
    T* put(const T* items, size_t count) {
        used_ = (used_ + 63) & ~63ull;
        auto* to = reinterpret_cast<T*>(at_ + used_);
        if (count)
            memcpy(static_cast<void*>(to), items, count * sizeof(T));
        used_ += count * sizeof(T);
        return to;
    }
    uint64_t take_stack(uint64_t bytes) {
        used_ = ((used_ + 63) & ~63ull) + bytes;
        return at_ + used_;
    }

  private:
    uint64_t at_ = 0, bytes_, used_ = 0;
    bool ok_ = false;
};

std::vector<BlobThread> blob_threads(const ProcessState& s, BlobRegion& region, uint64_t& main) {
    std::vector<BlobThread> out;
    main = s.threads.size(); // unless it is among them
    for (const SavedThread& t : s.threads) {
        if (t.tid == s.pid)
            main = out.size();
        out.push_back({t.tid, t.slot, t.frame, t.fs, t.gs, t.clear_tid, t.robust, t.robust_bytes,
                       t.rseq, t.rseq_bytes, t.rseq_signature, region.take_stack(kThreadStack)});
    }
    return out;
}

// What is told to the program travels in places of a fixed size.
Status check_lengths(const ImageReader& image, const RestoreOptions& o) {
    size_t env = 0;
    for (const std::string& e : o.renderer_env)
        env += e.size() + 1;
    if (env >= sizeof Handover::renderer_env || o.display.size() >= sizeof Handover::display)
        return Status::refused("--renderer-env or --display is too long");
    if (image.path().size() >= sizeof Handover::image)
        return Status::refused("the image's path is too long");
    return {};
}

Handover make_handover(const ImageReader& image, const RestoreOptions& o, IdentityKind identity) {
    Handover h{};
    h.valid = 1;
    h.identity = (uint32_t)identity;
    h.stopped = o.stopped;
    h.lazy = o.lazy && image.profile() == Profile::Raw;
    snprintf(h.image, sizeof h.image, "%s", image.path().c_str());
    snprintf(h.display, sizeof h.display, "%s", o.display.c_str());
    std::string env;
    for (const std::string& e : o.renderer_env)
        env += e + "\n";
    snprintf(h.renderer_env, sizeof h.renderer_env, "%s", env.c_str());
    snprintf(h.tree_id, sizeof h.tree_id, "%s", new_tree_id().c_str());
    h.release_fd = h.held_fd = -1;
    h.monotonic_shift_ns = (int64_t)clock_ns(CLOCK_MONOTONIC) - image.process().monotonic_ns;
    return h;
}

RestoreContext make_context(int scratch) {
    RestoreContext ctx;
    ctx.scratch = scratch;
    for (int fd = 0; fd < 3; ++fd)
        ctx.stdio[(size_t)fd] = (int)raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, scratch);
    return ctx;
}

// Of deleted files: as they were before their contents were put in.
void set_times(const ProcessState& s, const std::vector<int>& objects) {
    for (size_t i = 0; i < s.objects.size(); ++i) {
        const SharedObject& o = s.objects[i];
        if (o.kind != SharedKind::DeletedFile || o.elsewhere || o.mtime_ns == 0)
            continue;
        const timespec times[2] = {{o.atime_ns / 1'000'000'000, o.atime_ns % 1'000'000'000},
                                   {o.mtime_ns / 1'000'000'000, o.mtime_ns % 1'000'000'000}};
        raw_syscall(SYS_fchmod, objects[i], o.mode); // writing takes set-user-id away
        raw_syscall(SYS_utimensat, objects[i], 0, times, 0);
    }
}

// Where nothing more is put in.
void seal(const ProcessState& s, const std::vector<int>& objects) {
    for (size_t i = 0; i < s.objects.size(); ++i) {
        const SharedObject& o = s.objects[i];
        if (o.kind == SharedKind::Memfd && !o.elsewhere && o.seals)
            raw_syscall(SYS_fcntl, objects[i], F_ADD_SEALS, o.seals);
    }
}

// A folder that was deleted under the program: one of that name for a moment.
bool enter_deleted(const std::string& link, const RestoreContext& ctx) {
    if (!name_is_deleted(link))
        return false;
    if (const auto open = ctx.deleted_folders.find(link); open != ctx.deleted_folders.end())
        return fchdir(open->second) == 0;
    const std::string path = without_deleted(link);
    if (mkdir(path.c_str(), 0700) < 0)
        return false;
    const bool entered = chdir(path.c_str()) == 0;
    rmdir(path.c_str());
    return entered;
}

void enter_folder(const ProcessState& s, RestoreContext& ctx) {
    if (!enter_deleted(s.cwd, ctx) && chdir(s.cwd.c_str()) < 0)
        ctx.warnings.push_back("the folder " + s.cwd +
                               " is gone; the program starts in the "
                               "present one");
    raw_syscall(SYS_umask, s.umask);
    raw_syscall(SYS_personality, s.personality);
}

void block_all_signals() {
    const uint64_t all = ~0ull;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
}

// The restorer's own registration, in memory that goes away.
void unregister_rseq() {
    if (__rseq_size == 0)
        return;
    uint64_t fs;
    asm("mov %%fs:0, %0" : "=r"(fs));
    raw_syscall(SYS_rseq, fs + (uint64_t)__rseq_offset, 32, 1 /*RSEQ_FLAG_UNREGISTER*/, 0x53053053);
}

std::vector<BlobRange> everything_to_keep(const BlobRegion& region, const VdsoPlan& vdso,
                                          const MemoryLoader& memory) {
    std::vector<BlobRange> keep{{region.start(), region.start() + region.bytes()}};
    keep.insert(keep.end(), vdso.keep.begin(), vdso.keep.end());
    keep.insert(keep.end(), memory.placed().begin(), memory.placed().end());
    std::sort(keep.begin(), keep.end(),
              [](const BlobRange& a, const BlobRange& b) { return a.start < b.start; });
    return keep;
}

[[noreturn]] void jump(const BlobRegion& region, const BlobPlan* plan, uint64_t stack) {
    asm volatile("mov %0, %%rsp\n xor %%ebp, %%ebp\n call *%1\n hlt" ::"r"(stack & ~15ull),
                 "r"(region.start()), "D"(plan)
                 : "memory");
    __builtin_unreachable();
}

Status load_memory(const ImageReader& image, const RestoreOptions& o, MemoryLoader& memory,
                   VdsoPlan& vdso, AddressSpace& space) {
    auto parked = park_vdso(image, space, o.proxy_vdso);
    if (!parked)
        return parked.status();
    vdso = std::move(*parked);
    if (Status s = memory.map_all(); !s)
        return s;
    if (Status s = memory.load(); !s)
        return s;
    if (Status s = make_vdso_proxy(image, vdso, memory); !s)
        return s;
    return memory.protect();
}

void tell_warnings(RestoreContext& ctx) {
    for (const auto& [shift, bytes] : ctx.lacking_huge)
        ctx.warnings.push_back(lacking_text(shift, bytes));
    for (const std::string& w : ctx.warnings) {
        const std::string line = "glckpt: warning: " + w + "\n";
        write_all(ctx.stdio[2], line.data(), line.size());
    }
}

// What the processes of the tree share, made before there are any.
struct Commons {
    OpenFiles files;
    std::vector<int> channels; // by member; -1: a zombie
    int release[2] = {-1, -1}; // see Handover::release_fd
};

Status make_commons(ImageTree& tree, RestoreContext& ctx, Commons& all) {
    for (int& channel : all.channels)
        if (channel >= 0)
            channel = lift_fd(channel, ctx.scratch);
    for (size_t i = 0; i < tree.size(); ++i)
        if (tree.living(i))
            tree.reader(i).lift_fds(ctx.scratch);
    if (tree.size() > 1) {
        if (pipe2(all.release, O_CLOEXEC) < 0)
            return Status::refused("cannot make a pipe");
        for (int& fd : all.release)
            fd = lift_fd(fd, ctx.scratch);
    }
    if (Status s = make_objects(tree, all.files.objects, ctx); !s)
        return s;
    return create_descriptions(tree, ctx, all.files);
}

// Who waits for what: the root for the tool's end of its channel, the others for the root.
void plan_release(size_t self, const Commons& all, int scratch, Handover& h) {
    if (all.release[0] < 0)
        return;
    h.is_root = self == 0;
    h.release_fd = self == 0
                       ? (int)raw_syscall(SYS_fcntl, all.channels[0], F_DUPFD_CLOEXEC, scratch)
                       : all.release[0];
    h.held_fd = self == 0 ? all.release[1] : -1;
}

// Memory, descriptors, and the jump into the program.
[[noreturn]] void become_member(ImageTree& tree, size_t self, const RestoreOptions& options,
                                Handover& handover, RestoreContext& ctx, Commons& all) {
    ImageReader& image = tree.reader(self);
    const ProcessState& state = image.process();
    const int channel = all.channels[self];
    AddressSpace space(state);
    const uint64_t region_bytes = 0x10000 + state.threads.size() * (kThreadStack + 256) +
                                  (state.mappings.size() + 64) * 48 + sizeof(Handover) + 0x10000;
    BlobRegion region(space, region_bytes);
    MemoryLoader memory(image, space, options.lazy && image.profile() == Profile::Raw);
    const std::vector<int> objects = objects_of(state, all.files);
    memory.use_objects(objects);
    VdsoPlan vdso;
    if (!region.ok())
        fail(channel, Status::refused("no room in the address space"));
    if (Status s = load_memory(image, options, memory, vdso, space); !s)
        fail(channel, s);
    for (const std::string& path : memory.mapped_origins())
        strcat(strcat(handover.origins, path.c_str()), "\n"); // they fit: note_mapped_origin
    set_times(state, objects);
    seal(state, objects);
    handover.exe_fd = lift_fd(open_fd(state.program.c_str(), O_RDONLY).release(), ctx.scratch);
    enter_folder(state, ctx);
    for (const auto& [shift, bytes] : memory.lacking_huge())
        ctx.lacking_huge[shift] += bytes;
    tell_warnings(ctx);
    plan_release(self, all, ctx.scratch, handover);
    if (Status s = place_descriptors(
            state, ctx, all.files,
            {channel, handover.exe_fd, handover.release_fd, handover.held_fd, image.fd()});
        !s)
        fail(channel, s);

    if (!allow_processor_state(state.flags.processor_state))
        fail(channel,
             Status::refused("this kernel does not let a program use AMX, as this one did"));
    // From here on nothing can fail that has not been tried.
    handover.status_fd = channel;
    handover.blob = region.start();
    handover.blob_bytes = region.bytes();
    region.put(glckpt_blob, (size_t)(glckpt_blob_end - glckpt_blob));
    BlobPlan plan{};
    std::vector<BlobMove> moves = memory.moves();
    if (vdso.moved) {
        std::erase_if(moves, [&](const BlobMove& m) {
            return std::any_of(vdso.moves.begin(), vdso.moves.end(),
                               [&](const BlobMove& v) { return v.to == m.to; });
        });
        moves.insert(moves.end(), vdso.moves.begin(), vdso.moves.end());
    }
    const std::vector<BlobRange> keep = everything_to_keep(region, vdso, memory);
    plan.keep = region.put(keep.data(), keep.size());
    plan.keep_count = keep.size();
    plan.moves = region.put(moves.data(), moves.size());
    plan.move_count = moves.size();
    const std::vector<BlobThread> threads = blob_threads(state, region, plan.main_thread);
    plan.threads = region.put(threads.data(), threads.size());
    plan.thread_count = threads.size();
    plan.thread_entry = state.thread_entry;
    plan.ended_entry = state.ended_entry;
    plan.set_tid = 1;
    plan.handover = region.put(&handover, 1);
    plan.handover_bytes = sizeof handover;
    plan.handover_to = state.handover;
    plan.status_fd = channel;
    const BlobPlan* final_plan = region.put(&plan, 1);
    const uint64_t stack = region.take_stack(8192);
    raw_syscall(SYS_close, image.release_fd());
    block_all_signals();
    unregister_rseq();
    jump(region, final_plan, stack);
}

} // namespace

void become_program(ImageTree& tree, const RestoreOptions& options, IdentityKind identity,
                    const std::vector<int>& channels) {
    Commons all;
    all.channels = channels;
    const auto must = [&](size_t self, const Status& s) {
        if (!s.ok())
            fail(all.channels[self], s);
    };
    Handover handover = make_handover(tree.root(), options, identity);
    if (!learn_pids(channels[0], handover.outer_pid, handover.tool_pid))
        _exit(1);
    must(0, check_lengths(tree.root(), options));
    for (size_t i = 0; i < tree.size(); ++i)
        if (tree.living(i)) {
            must(0, check_cpu(tree.process(i), options.foreign_cpu));
            must(0, check_credentials(tree.process(i)));
        }
    raise_descriptor_limit();
    if (tree.size() > 1)
        block_all_signals(); // they are sent for good only when everybody is there
    RestoreContext ctx = make_context(first_scratch_fd(tree));
    must(0, make_commons(tree, ctx, all));
    Grower grower(tree, ctx.ptys);
    const Status grown = grower.grow();
    const size_t self = grower.self();
    must(self, grown);
    if (self != 0 && !learn_pids(all.channels[self], handover.outer_pid, handover.tool_pid))
        _exit(1);
    if (self != 0)
        handover.tool_pid = 0; // the tool stands for the root
    if (self != 0) {           // what has been made for all, the root tells
        ctx.warnings.clear();
        ctx.lacking_huge.clear();
    }
    become_member(tree, self, options, handover, ctx, all);
}

} // namespace glckpt::ckpt
