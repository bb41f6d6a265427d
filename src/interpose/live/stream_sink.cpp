#include "interpose/live/stream_sink.h"
#include "gen/gl/ops.h"
#include "interpose/gl/encoder.h"

namespace glckpt {

static constexpr size_t kManyLarge = 8; // descriptors

// The attach log has no pruner behind it: what is executed is free.
void StreamSink::make_space() {
    s_.wait_executed();
    s_.shared().folded.store(s_.shared().executed.load());
    s_.arena_released.store(s_.arena_head());
    for (const uint32_t i : large_)
        encode::large_free(i);
    large_.clear();
}

void StreamSink::record(const char* bytes, size_t size,
                        std::span<const prune::EmittedPayload> payloads) {
    // Between a draw's arrays and the draw there is no waiting: nothing of them counts as executed
    // before it.
    const bool array =
        reinterpret_cast<const log::RecordHeader*>(bytes)->op == (uint16_t)Op::xClientArray;
    const bool in_draw = s_.sending_arrays();
    if (in_draw && !array)
        s_.end_arrays();
    size_t inline_bytes = 0, arena_bytes = 0;
    for (const auto& p : payloads)
        (p.bytes <= log::kInlineMax ? inline_bytes : arena_bytes) += log::align8(p.bytes) + 64;
    const uint64_t used = s_.position() - s_.shared().folded.load();
    const uint64_t arena_used = s_.arena_head() - s_.arena_released.load();
    if (!in_draw && (used + size + inline_bytes > log::kRingSize / 2 ||
                     arena_used + arena_bytes > log::kArenaSize / 2 || large_.size() >= kManyLarge))
        make_space();
    if (array && !in_draw)
        s_.begin_arrays();
    std::vector<encode::In> in;
    in.reserve(payloads.size());
    size_t total = size;
    for (const auto& p : payloads) {
        in.emplace_back(s_, p.data, p.bytes);
        total += in.back().inline_bytes();
    }
    char* at = s_.reserve(total);
    memcpy(at, bytes, size);
    auto* h = reinterpret_cast<log::RecordHeader*>(at);
    h->size = (uint32_t)total;
    h->flags = h->op == (uint16_t)Op::wsMakeCurrent ? log::kSync : h->flags & log::kMayFail;
    size_t place = size;
    for (size_t i = 0; i < payloads.size(); ++i) {
        const log::PayloadRef ref = in[i].put(at, &place);
        memcpy(at + payloads[i].offset, &ref, sizeof ref);
        if (ref.kind == log::PayloadRef::Large)
            large_.push_back(ref.place);
    }
    const bool sync = h->flags & log::kSync;
    s_.commit(total);
    if (sync) {
        s_.wait_reply();
        refused_ |= s_.shared().reply_value == 0;
    }
}

void StreamSink::finish() { make_space(); }

} // namespace glckpt
