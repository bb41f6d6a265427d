// The steps of one process's checkpoint, each by itself: a process alone takes them one after
// another (checkpoint.cpp), in a tree all processes take each together (tree/).
#pragma once
#include "ckpt/checkpoint.h"
#include "ckpt/plugin.h"
#include "ckpt/tree/tree.h"
#include "ckpt/write_job.h"
#include <memory>

namespace glckpt::ckpt {

class Drained {
  public:
    ~Drained() { resume(); }
    Status drain(uint64_t deadline_ns); // every endpoint, in reverse order of registration
    void resume();
    void forget() { drained_.clear(); }

  private:
    std::vector<Endpoint*> drained_;
};

class Snapshot {
  public:
    // The app runs. Refuses what can be refused before anything stops, and does what can be done.
    // The writing copy gets `image_fd`. `in_tree`: what is open to other processes is judged
    // later, by describe().
    Status prepare(Profile profile, ExternalSockets external, int image_fd, bool in_tree);
    WriteJob& job() { return *job_; }

    // Still while it runs: it will have to write by itself, and writes now what it can.
    Status precopy();
    // The copy could not be had, and it is too much to write it all while it stands still.
    bool wants_precopy() const { return wants_precopy_; }
    // "forked", "in place" or "pre-copied".
    const char* way() const;
    Status stop(uint64_t deadline_ns);
    // Stopped: what others of the tree may share.
    Status report(MemberReport& out);
    Status describe(const TreePart* part);
    // The copy that writes waits until it is told where (write_at). kRestarted: this is another
    // process
    // now, whole again (finish_restart); else the copy's pid.
    // `forget`: there, first of all: what was open here is not, and its numbers are free.
    Result<int> copy(const std::function<void()>& forget);
    // Endpoints, and the threads.
    void resume_endpoints() { drained_.resume(); }
    void resume_threads() {
        stop_.resume();
        hooks_.after();
    }

    void write_at(uint64_t start, const std::vector<TreePlaceInFile>& members = {});
    void give_up_writing();
    Status await_writer(const Progress& progress);
    uint64_t image_end() const { return job_->status->end; }

  private:
    void note_tree(const TreePart& part);
    Hooks hooks_; // goes last
    std::unique_ptr<WriteJob> job_;
    Stop stop_;
    Drained drained_;
    Passed passed_; // closed before anything goes on
    int writer_ = 0;
    bool wants_precopy_ = false;
    uint64_t fork_advice_ = 0; // when the mappings were looked at
};

} // namespace glckpt::ckpt
