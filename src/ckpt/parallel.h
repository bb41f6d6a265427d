// The tools' worker threads: many like jobs, each with a frame-sized buffer, first failure wins.
#pragma once
#include "base/status.h"
#include "ckpt/image/format.h"
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <sched.h>
#include <thread>
#include <vector>

namespace glckpt::ckpt {

inline unsigned usable_cpus() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0
               ? std::clamp<unsigned>((unsigned)CPU_COUNT(&set), 1, 16)
               : 1;
}

// job(index, buffer) -> Status, for index in [0, count), taken in blocks of neighbours.
template <class Job>
Status for_each_in_parallel(size_t count, Job job, size_t block = 8) {
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
    std::mutex lock;
    Status first;
    auto work = [&] {
        const auto buffer = std::make_unique<char[]>(kFrameBytes);
        for (;;) {
            const size_t from = next.fetch_add(block);
            if (from >= count || failed.load(std::memory_order_relaxed))
                return;
            for (size_t i = from; i < std::min(count, from + block); ++i)
                if (Status s = job(i, buffer.get()); !s) {
                    const std::lock_guard hold(lock);
                    if (!failed.exchange(true))
                        first = std::move(s);
                    return;
                }
        }
    };
    const size_t helpers = std::min<size_t>(usable_cpus(), (count + block - 1) / block);
    std::vector<std::thread> threads;
    for (size_t i = 1; i < helpers; ++i)
        threads.emplace_back(work);
    work();
    for (std::thread& t : threads)
        t.join();
    return first;
}

} // namespace glckpt::ckpt
