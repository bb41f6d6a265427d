// Queries, conditional rendering, transform feedback, sync objects.
//
// What a query has counted is read from the driver when it leaves (src/interpose/live/readback.cpp)
// and kept with the query: `value`, final once `complete`.
#include "prune/fold.h"

namespace glckpt::prune {

void fold_begin_query(Fold& f, const char* r) {
    auto* q = static_cast<Query*>(f.object(NameClass::query, (uint32_t)f.arg(r, Field::id)));
    if (!q)
        return;
    q->bound_once = true;
    q->target = (uint32_t)f.arg(r, Field::target);
    q->index = (uint32_t)f.arg(r, Field::index);
    q->active = true;
    q->ended = q->complete = false;
    q->value = 0;
    q->begin = f.keep(r);
    f.c->active_queries[q->target | (uint64_t)q->index << 32] = Ref<Object>(q);
}
void fold_end_query(Fold& f, const char* r) {
    const uint64_t key = (uint64_t)f.arg(r, Field::target) | (uint64_t)f.arg(r, Field::index) << 32;
    const auto it = f.c->active_queries.find(key);
    if (it == f.c->active_queries.end())
        return;
    auto& q = static_cast<Query&>(*it->second);
    q.active = false;
    q.ended = true;
    f.c->active_queries.erase(it);
}
void fold_query_counter(Fold& f, const char* r) {
    if (auto* q = static_cast<Query*>(f.object(NameClass::query, (uint32_t)f.arg(r, Field::id)))) {
        q->bound_once = true;
        q->target = GL_TIMESTAMP;
        q->begin = f.keep(r);
        q->ended = true;
        q->complete = false;
        q->value = 0;
    }
}
// The result goes into a buffer object: bound to GL_QUERY_BUFFER, or named.
void fold_query_to_buffer(Fold& f, const char* r) {
    Object* o = f.place(r, Field::buffer)
                    ? f.find(NameClass::buffer, (uint32_t)f.arg(r, Field::buffer))
                    : f.bound_buffer(GL_QUERY_BUFFER);
    if (o)
        static_cast<Buffer&>(*o).gpu_dirty = true;
}
void fold_conditional_render(Fold& f, const char* r) {
    f.c->conditional = Fold::is(r, Op::glBeginConditionalRender) ? f.keep(r) : Ref<Kept>();
}

void fold_bind_feedback(Fold& f, const char* r) {
    Object* o = f.object(NameClass::transform_feedback, f.as<rec::glBindTransformFeedback>(r).id);
    if (o)
        o->bound_once = true;
    f.c->feedback = o ? Ref<Object>(o) : f.c->default_feedback;
}
static TransformFeedback& feedback(Fold& f) {
    return static_cast<TransformFeedback&>(*f.c->feedback);
}
void fold_begin_feedback(Fold& f, const char* r) {
    TransformFeedback& t = feedback(f);
    t.active = true;
    t.paused = t.drawn = t.ended = t.counted = false;
    t.count = 0;
    t.begin = f.keep(r);
    t.program = f.c->program;
}
void fold_end_feedback(Fold& f, const char*) {
    feedback(f).active = false;
    feedback(f).ended = true;
    feedback(f).program = Ref<Object>();
}
void fold_pause_feedback(Fold& f, const char* r) {
    feedback(f).paused = Fold::is(r, Op::glPauseTransformFeedback);
}

// What a fence waited for has happened by the time anybody asks a new renderer.
void fold_fence_sync(Fold& f, const char* r) {
    f.c->group->syncs[f.as<rec::xFenceSync>(r).sync] = f.keep(r);
}
void fold_delete_sync(Fold& f, const char* r) {
    f.c->group->syncs.erase(f.as<rec::xDeleteSync>(r).sync);
}

} // namespace glckpt::prune
