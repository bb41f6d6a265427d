// The root's side of a tree's checkpoint: finds the other processes, has them take the steps of
// a checkpoint together with it, and tells each where in the file its image goes.
#pragma once
#include "ckpt/snapshot.h"
#include "ckpt/tree/wire.h"

namespace glckpt::ckpt {

class Leader {
  public:
    // `parent`, `final`: as in WriteJob.
    Leader(const CheckpointRequest& request, int image_fd, std::string parent, std::string final)
        : request_(request), image_fd_(image_fd), parent_(std::move(parent)),
          final_(std::move(final)) {}
    ~Leader() { let_go(); } // whatever the others still hold

    // The app runs: finds the processes there are and has them prepare.
    Status prepare();
    bool alone() const { return !tree_; }
    // Sends "stop" to all; then, when this process has stopped too, waits until the whole tree has.
    void begin_stop();
    Status finish_stop(uint64_t deadline_ns);
    // What each has, when all stand still.
    Status gather_reports(const MemberReport& own, uint64_t deadline_ns);
    // Who tells of what: gives this process's part, sends the others theirs.
    Status share_out(const MemberReport& own, TreePart& own_part);
    Status await_described(uint64_t deadline_ns);
    TreeState state() const;
    void resume();
    // One after another, each where the one before ended.
    Status write(uint64_t first, std::vector<TreePlaceInFile>& places);
    void finish(bool end); // durable
    std::string pids() const;
    void forget(); // in a restarted process: the connections are not there

  private:
    struct Member {
        TreeMember member;
        int connection = -1, writer = -1; // the second: to its copy
        bool stopped = false;
        MemberReport report;
        TreePart part;
    };
    template <class Step>
    Status for_each_member(Step step);
    Status join_new(uint64_t deadline_ns, bool& changed, const TreeMember*& missing);
    std::unique_ptr<Member> greet(const TreeMember& who, Status& why);
    Status welcome(Member& m, uint64_t deadline_ns);
    Status await(Member& m, TreeOp wanted, uint64_t deadline_ns, std::string& bytes);
    void assign_descriptors(const MemberReport& own, TreePart& own_part);
    void assign_objects(const MemberReport& own, TreePart& own_part);
    void note_deaths(const std::vector<DeadChild>& dead);
    Status check_shape() const;
    void let_go();

    const CheckpointRequest& request_;
    const int image_fd_;
    const std::string parent_, final_;
    std::vector<std::unique_ptr<Member>> members_;
    std::vector<TreeMember> order_; // root first, parents before children
    bool tree_ = false;
    unsigned forks_ = 0; // of this process, when it was looked around
    int descriptions_ = 0, objects_ = 0;
};

} // namespace glckpt::ckpt
