#include "interpose/live/pruner.h"
#include "base/service_thread.h"
#include "interpose/live/endpoint.h"
#include "interpose/live/recorder.h"
#include "interpose/session.h"

namespace glckpt {

namespace {
std::atomic<Pruner*> g_pruner{nullptr};
Mutex g_pruner_lock;
} // namespace

Pruner& Pruner::get() {
    if (Pruner* p = g_pruner.load(std::memory_order_acquire))
        return *p;
    Locked hold(g_pruner_lock);
    if (!g_pruner.load())
        g_pruner.store(new Pruner, std::memory_order_release);
    return *g_pruner.load();
}

void Pruner::forget() { g_pruner.store(nullptr, std::memory_order_release); }

Pruner::Pruner() {
    fold_.source.large = [](uint32_t index) { return Session::get().large_data(index); };
}

void Pruner::wake() {
    wake_word_.fetch_add(1, std::memory_order_release);
    futex_wake(wake_word_, 1);
}

void Pruner::add(Context* c) {
    Locked hold(lock);
    auto state = std::make_unique<prune::ContextState>();
    state->id = c->id;
    auto& weak = groups_[c->group.get()];
    state->group = weak.lock();
    if (!state->group) {
        state->group = std::make_shared<prune::Group>();
        weak = state->group;
    }
    state->default_vao =
        prune::Ref<prune::Object>(new prune::VertexArray(NameClass::vertex_array, 0));
    state->vao = state->default_vao;
    state->default_feedback =
        prune::Ref<prune::Object>(new prune::TransformFeedback(NameClass::transform_feedback, 0));
    state->feedback = state->default_feedback;
    Entry& e = entries_[c->id];
    e.context = c;
    e.state = std::move(state);
    if (!started_) {
        started_ = true;
        log::g_wake_pruner = [] { Pruner::get().wake(); };
        log::g_renderer_check = [] {
            if (alone_with_renderer())
                return Session::get().renderer_is_dead();
            Pruner::get().wake();
            return false;
        };
        start_service_thread("glckpt-prune", run, this);
    }
}

void Pruner::remove(Context* c) {
    Locked hold(lock);
    const auto it = entries_.find(c->id);
    if (it == entries_.end())
        return;
    fold_stream(it->second, c->stream.shared().executed.load(std::memory_order_acquire));
    entries_.erase(it);
}

// Space of the arena is handed out in order; what a folded record used is free, and so is all
// before it.
void Pruner::release(Entry& e, const char* record) {
    const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
    const prune::Payloads& p = prune::kPayloads[h.op];
    const uint64_t size = e.context->stream.arena_size();
    for (int i = 0; i < p.count; ++i) {
        log::PayloadRef ref;
        memcpy(&ref, record + p.offset[i], sizeof ref);
        if (ref.kind == log::PayloadRef::Large && !(h.flags & log::kSync))
            large_done_.push_back(ref.place);
        if (ref.kind != log::PayloadRef::Arena && ref.kind != log::PayloadRef::OutArena)
            continue;
        const uint64_t place = (uint64_t)ref.place * log::kArenaUnit;
        uint64_t at = e.arena_freed;
        if (at % size != place) // the end of the arena was skipped
            at += (place + size - at % size) % size;
        e.arena_freed = at + ((ref.bytes + log::kArenaUnit - 1) & ~(log::kArenaUnit - 1));
    }
}

void Pruner::fold_stream(Entry& e, uint64_t until) {
    log::Stream& s = e.context->stream;
    uint64_t at = s.shared().folded.load(std::memory_order_relaxed);
    if (at >= until)
        return;
    fold_.c = e.state.get();
    fold_.source.arena = s.arena();
    folded_bytes_ += until - at;
    while (at < until) {
        const char* record = s.ring() + (at & s.ring_mask());
        const auto& h = *reinterpret_cast<const log::RecordHeader*>(record);
        if (h.op == (uint16_t)Op::xOrder) { // another stream comes first
            const auto& o = *reinterpret_cast<const rec::xOrder*>(record);
            const auto other = entries_.find(o.id);
            // That one may in turn wait for what comes before this record, which is folded already.
            s.shared().folded.store(at, std::memory_order_seq_cst);
            if (other != entries_.end())
                fold_stream(other->second,
                            std::min<uint64_t>(o.position,
                                               other->second.context->stream.shared().executed));
            fold_.c = e.state.get();
            fold_.source.arena = s.arena();
        } else {
            if (Recorder* r = Recorder::get()) [[unlikely]]
                r->record(e.state->id, fold_, record);
            fold_.record(record);
            release(e, record);
        }
        at += h.size;
    }
    s.arena_released.store(e.arena_freed, std::memory_order_release);
    s.shared().folded.store(at, std::memory_order_seq_cst);
    if (s.shared().space_sleeps.load(std::memory_order_seq_cst)) {
        s.shared().space_sleeps.store(0, std::memory_order_relaxed);
        s.shared().folded_word.fetch_add(1, std::memory_order_seq_cst);
        futex_wake(s.shared().folded_word, 64);
    }
}

void Pruner::fold_all() {
    for (auto& [id, e] : entries_)
        fold_stream(e, e.context->stream.shared().executed.load(std::memory_order_acquire));
    for (const uint32_t i : std::exchange(large_done_, {}))
        Session::get().large_free(i);
}

void Pruner::run(void* self) {
    auto& p = *static_cast<Pruner*>(self);
    for (;;) {
        const uint32_t seen = p.wake_word_.load(std::memory_order_acquire);
        bool waiting = false;
        {
            Locked hold(p.lock);
            p.fold_all();
            for (auto& [id, e] : p.entries_)
                waiting |= e.context->stream.shared().space_sleeps.load() != 0;
        }
        if (Session::get().renderer_is_dead())
            recover_renderer();
        // A producer waits, but the renderer has not got that far: look again soon.
        const timespec limit{0, waiting ? 200'000 : 100'000'000};
        futex_wait(p.wake_word_, seen, &limit);
    }
}

} // namespace glckpt
