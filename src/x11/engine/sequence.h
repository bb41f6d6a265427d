// The two countings of requests on one connection.
//
// The protocol has no request ids: each side counts, and replies, errors and events carry the low
// 16 bits of the number of the last request the server had executed. The app counts its own
// requests; the server also counts those that we inject, and starts anew when we attach to another
// server. The difference between the two is a step function; its steps are kept until no message
// from before them can arrive any more (messages come in order, so that is when a later one did).
#pragma once
#include <cstdint>
#include <deque>

namespace glckpt::x11 {

class SequenceMap {
  public:
    uint64_t client() const { return client_; }
    uint64_t server() const { return server_; }

    void forwarded() {
        ++client_;
        ++server_;
        step();
    }
    // Numbered like the app's request before it: that is the last one the app knows.
    void injected() {
        ++server_;
        step();
    }
    // A request of the app's, once more to another server: its answer has the number it waits for.
    void repeated(uint64_t client_number) {
        ++server_;
        steps_.push_back({server_, (int64_t)(client_number - server_)});
    }
    void new_server() {
        server_ = received_ = 0;
        steps_.clear();
        steps_.push_back({0, (int64_t)client_});
    }
    // The full number of a message from the server. Right as long as no 2^16 requests go by without
    // any message; Connection makes sure (see keep_countable).
    uint64_t widen(uint16_t low) {
        received_ += (uint16_t)(low - (uint16_t)received_);
        return received_;
    }
    uint64_t received() const { return received_; }
    uint64_t to_client(uint64_t server_number) {
        while (steps_.size() > 1 && steps_[1].from <= server_number)
            steps_.pop_front();
        return steps_.empty() ? server_number : server_number + (uint64_t)steps_.front().delta;
    }

  private:
    struct Step {
        uint64_t from; // server number from which on...
        int64_t delta; // ...client number minus server number
    };
    void step() {
        const int64_t delta = (int64_t)(client_ - server_);
        if (steps_.empty() ? delta == 0 : steps_.back().delta == delta)
            return;
        if (steps_.empty())
            steps_.push_back({0, 0});
        steps_.push_back({server_, delta});
    }
    uint64_t client_ = 0, server_ = 0, received_ = 0;
    std::deque<Step> steps_;
};

} // namespace glckpt::x11
