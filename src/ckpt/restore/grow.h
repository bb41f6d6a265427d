// The tree's processes, made by each other with their old numbers, sessions and groups.
#pragma once
#include "ckpt/restore/image_tree.h"
#include <atomic>
#include <map>

namespace glckpt::ckpt {

class Grower {
  public:
    // In the root-to-be, single threaded. What all are to inherit is there.
    Grower(const ImageTree& tree, const std::map<int, int>& ptys);
    // Comes back in every living process of the tree, with self() telling which it is.
    Status grow();
    size_t self() const { return self_; }

  private:
    struct Meeting;
    Status make_children();
    Status make_orphans();
    long clone_unnumbered() const;
    bool makes_orphans_of(int session) const;
    Status lead_session();
    Status join_group();
    void meet(int which);
    [[noreturn]] void end_as(const TreeMember& zombie);
    bool is_outside(int group) const;
    bool has_member(int pid) const;
    bool first_of_group() const;

    const ImageTree& tree_;
    const std::map<int, int>& ptys_; // masters by old number
    int terminal_ = -1;              // session leader: its controlling terminal
    size_t self_ = 0;
    Meeting* meeting_ = nullptr;
    bool own_group_ = false; // the root leads a group as it did
};

// Makes a child with that number; as fork() does.
long clone_as(int pid);

} // namespace glckpt::ckpt
