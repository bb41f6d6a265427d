#include "ckpt/process/attributes.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <csignal>
#include <cstring>

namespace glckpt::ckpt {
namespace {

void save_pending(const ThreadSlot& slot, SavedThread& t) {
    for (const siginfo_t& s : slot.queued)
        t.pending.push_back({std::string(reinterpret_cast<const char*>(&s), 128)});
}

void save_registers(const ThreadSlot& slot, SavedThread& t) {
    const greg_t* g = slot.frame->uc_mcontext.gregs;
    for (size_t i = 0; i < t.registers.size(); ++i)
        t.registers[i] = (uint64_t)g[i]; // R8 .. RIP, in ucontext's order
}

} // namespace

SavedThread save_thread(const ThreadSlot& slot) {
    SavedThread t;
    t.tid = slot.tid;
    t.service = slot.service;
    t.checkpointer = slot.checkpointer;
    t.slot = (uint64_t)&slot;
    t.frame = (uint64_t)slot.frame;
    t.fs = slot.fs;
    t.gs = slot.gs;
    t.clear_tid = slot.clear_tid;
    t.robust = slot.robust;
    t.robust_bytes = slot.robust_bytes;
    t.rseq = slot.rseq;
    t.rseq_bytes = slot.rseq_bytes;
    t.rseq_signature = kRseqSignature;
    t.altstack = (uint64_t)slot.frame->uc_stack.ss_sp;
    t.altstack_bytes = slot.frame->uc_stack.ss_size;
    t.altstack_flags = slot.frame->uc_stack.ss_flags;
    t.name.assign(slot.name, strnlen(slot.name, sizeof slot.name));
    t.syscall = slot.syscall;
    t.policy = slot.policy;
    t.priority = slot.priority;
    t.nice = slot.nice;
    save_pending(slot, t);
    save_registers(slot, t);
    return t;
}

} // namespace glckpt::ckpt
