// How a libc function is wrapped: defined here under its own name and exported, the real one found
// behind us on first use.
#pragma once
#include <atomic>
#include <dlfcn.h>

#define GLCKPT_EXPORT [[gnu::visibility("default")]]

namespace glckpt::ckpt {

template <class Signature>
class Real;
template <class R, class... Args>
class Real<R(Args...)> {
  public:
    constexpr explicit Real(const char* name) : name_(name) {}
    R operator()(Args... args) {
        auto* f = found_.load(std::memory_order_relaxed);
        if (!f) {
            f = reinterpret_cast<R (*)(Args...)>(dlsym(RTLD_NEXT, name_));
            found_.store(f, std::memory_order_relaxed);
        }
        return f(args...);
    }

  private:
    const char* name_;
    std::atomic<R (*)(Args...)> found_{nullptr};
};

} // namespace glckpt::ckpt
