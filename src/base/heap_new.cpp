// operator new and delete of the preload library; linked into it alone, hidden, so that neither
// the app's nor libc's are reached from our code.
#include "base/heap.h"
#include <new>

void* operator new(size_t n) { return glckpt::heap_alloc(n); }
void* operator new[](size_t n) { return glckpt::heap_alloc(n); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return glckpt::heap_alloc(n); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return glckpt::heap_alloc(n); }
void operator delete(void* p) noexcept { glckpt::heap_free(p); }
void operator delete[](void* p) noexcept { glckpt::heap_free(p); }
void operator delete(void* p, size_t) noexcept { glckpt::heap_free(p); }
void operator delete[](void* p, size_t) noexcept { glckpt::heap_free(p); }
