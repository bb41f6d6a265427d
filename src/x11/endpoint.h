// The engine's view of X11 (ckpt/endpoint.h).
#pragma once
#include "ckpt/endpoint.h"

namespace glckpt::x11 {

// By which a process that has moved tells those it executes (move/kin.h).
constexpr const char* kMovedVariable = "GLCKPT_X11_MOVED=";

class X11Endpoint final : public ckpt::Endpoint {
  public:
    const char* name() const override { return "x11"; }
    bool in_use() override;
    Status preflight() override;
    Status drain(uint64_t deadline_ns) override;
    void resume() override;
    Status attach(const ckpt::AttachRequest& request) override;
    void describe(ckpt::SectionSink& sink) override;
    std::string tell_tree() override;
    void hear_tree(const std::vector<std::pair<int, std::string>>& told) override;
    std::string environment() override;
};

} // namespace glckpt::x11
