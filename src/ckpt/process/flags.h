// Small settings of prctl() and its relatives that have no other place: each is read, and set again
// where it differs.
#pragma once
#include "ckpt/state.h"
#include <cstdint>

namespace glckpt::ckpt {

struct ThreadFlags {
    uint32_t personality = 0;
    int32_t io_priority = 0; // ioprio_get
    int32_t mce_kill = 0;    // PR_MCE_KILL_*
    int32_t time_stamps = 0; // PR_TSC_*
    int32_t io_flusher = 0;
    int32_t speculation[3] = {}; // PR_SPEC_*, of each kind
};

// Of the calling thread. System calls only: runs in the stop's handler.
void read_thread_flags(ThreadFlags& out);
void restore_thread_flags(const ThreadFlags& flags);

// Of the process; all of it stands still, or is being restored.
void save_process_flags(ProcessFlags& out);
void restore_process_flags(const ProcessFlags& flags);

// Kinds of processor state that have to be asked for before they may be used (AMX): in the
// restorer, before there are threads. False: they cannot be had here.
bool allow_processor_state(uint64_t wanted);

} // namespace glckpt::ckpt
