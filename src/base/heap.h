// The guest's own heap.
//
// The library lives in somebody's process. It must not use the app's malloc: a stopped thread may
// hold its lock, the app may have replaced it, and what we keep must not fragment or age with the
// app's heap. In the preload library operator new and delete are these (heap_new.cpp); the tools
// use libc's.
//
// Small blocks come from size classes (four a doubling) carved from 1 MiB spans and are reused
// most recently freed first; blocks above 256 KiB are mapped and unmapped one by one, so freeing a
// large texture gives its memory back to the system. Thread safe, signal-stop safe (base/lock.h).
#pragma once
#include <cstddef>
#include <cstdint>

namespace glckpt {

// 16-byte aligned; never null (a process without memory is told so on stderr and aborted: the
// guest has no way to go on without telling lies later).
void* heap_alloc(size_t bytes);
void heap_free(void* p);
size_t heap_usable_size(const void* p);
// Bytes handed out and not yet freed, and bytes taken from the system; for glckpt-info and tests.
struct HeapStats {
    uint64_t in_use, mapped;
};
HeapStats heap_stats();

// Around fork(): another thread of ours may be inside the heap, and the child would find its lock
// taken by nobody. Held in between by the forking thread.
void heap_lock_all();
void heap_unlock_all();

// The copy of the process that writes a checkpoint image saves the heap while it runs, so it must
// not change it: there (single threaded) blocks come from `arena` until the end, and freeing does
// nothing. The restarted process, whose memory says that it diverts, calls heap_divert(nullptr, 0)
// before anything else.
void heap_divert(void* arena, size_t bytes);

} // namespace glckpt
