// The pruner: folds what the renderer has executed, in a thread of its own.
#pragma once
#include "base/lock.h"
#include "interpose/gl/context.h"
#include "prune/fold.h"
#include <map>
#include <memory>

namespace glckpt {

class Pruner {
  public:
    static Pruner& get();
    // In a child made by fork(): the contexts are its parent's, and the thread is gone.
    static void forget();

    // A context begins and ends. Any app thread.
    void add(Context* c);
    void remove(Context* c); // folds what it has executed; twice is once
    // The thread sleeps until somebody needs space; this wakes it.
    void wake();

    struct Entry {
        Context* context;
        std::unique_ptr<prune::ContextState> state;
        uint64_t arena_freed = 0;
    };
    // The rest needs `lock` held.
    Mutex lock;
    void fold_all();
    std::map<uint32_t, Entry>& entries() { return entries_; }
    prune::Fold& fold() { return fold_; }
    // Microseconds of CPU spent folding, and bytes of records folded.
    uint64_t folded_bytes() const { return folded_bytes_; }

  private:
    Pruner();
    static void run(void*);
    void fold_stream(Entry& e, uint64_t until);
    void release(Entry& e, const char* record);

    prune::Fold fold_;
    std::map<uint32_t, Entry> entries_;
    std::map<ShareGroup*, std::weak_ptr<prune::Group>> groups_;
    std::atomic<uint32_t> wake_word_{0};
    std::vector<uint32_t> large_done_;
    uint64_t folded_bytes_ = 0;
    bool started_ = false;
};

} // namespace glckpt
