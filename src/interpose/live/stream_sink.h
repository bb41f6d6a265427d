// An emitted log into a stream: what attaches a new renderer.
#pragma once
#include "log/stream.h"
#include "prune/emit/emit.h"

namespace glckpt {

class StreamSink : public prune::Sink {
  public:
    explicit StreamSink(log::Stream& s) : s_(s) { s_.has_pruner = false; }
    void record(const char* bytes, size_t size,
                std::span<const prune::EmittedPayload> payloads) override;
    // Everything emitted has been executed.
    void finish();
    // A synchronous record (making the context current) was answered with 0.
    bool refused() const { return refused_; }

  private:
    void make_space();
    log::Stream& s_;
    std::vector<uint32_t> large_;
    bool refused_ = false;
};

} // namespace glckpt
