// The GL endpoint: drain and attach, for checkpoints, renderer replacement and recovery.
#pragma once
#include "base/status.h"
#include "ckpt/endpoint.h"

namespace glckpt {

// Orderly: paused, read back what only the GPU has, a new renderer attached. Any app thread, and
// the checkpoint thread.
Status replace_renderer();
// The renderer died: attach another from the live set. Called by the pruner's thread.
void recover_renderer();

// The calling thread must find out by itself when the renderer dies: nobody replaces it now.
bool alone_with_renderer();

class GlEndpoint : public ckpt::Endpoint {
  public:
    const char* name() const override { return "gl"; }
    bool in_use() override;
    Status preflight() override;
    Status drain(uint64_t deadline_ns) override;
    void resume() override;
    Status attach(const ckpt::AttachRequest& request) override;
    void describe(ckpt::SectionSink& sink) override;
};

} // namespace glckpt
