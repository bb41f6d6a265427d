// Emission of queries and transform feedback objects.
#include "prune/emit/emit.h"

namespace glckpt::prune {

// A query that has ended is begun and ended empty, so that it exists with its target; its result
// comes along. One that is active begins behind everything else.
void Emitter::query(Query& q) {
    const uint32_t name = name_of(&q);
    if (q.bound_once && !q.begin) { // glCreateQueries
        rec::glCreateQueries g{};
        g.target = q.target;
        g.n = 1;
        put(g, {{offsetof(rec::glCreateQueries, ids), &name, 4}});
        return;
    }
    rec::glGenQueries g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenQueries, ids), &name, 4}});
    if (!q.ended || !q.begin)
        return;
    kept(*q.begin);
    end_query(q);
    query_result(q, true);
}

void Emitter::end_query(const Query& q) {
    switch ((Op)q.begin->header().op) {
    case Op::glBeginQuery:
        return put(rec::glEndQuery{.target = q.target});
    case Op::glBeginQueryEXT:
        return put(rec::glEndQueryEXT{.target = q.target});
    case Op::glBeginQueryIndexed:
        return put(rec::glEndQueryIndexed{.target = q.target, .index = q.index});
    default:
        return; // glQueryCounter
    }
}

void Emitter::query_result(Query& q, bool complete) {
    rec::xQueryResult r{};
    r.id = name_of(&q);
    r.target = q.target;
    r.value = q.value;
    r.complete = complete;
    put(r);
}

void Emitter::active_queries(ContextState& c) {
    for (const auto& [key, o] : c.active_queries) {
        auto& q = static_cast<Query&>(*o);
        if (!q.begin)
            continue;
        query_result(q, false);
        kept(*q.begin);
    }
    if (c.conditional)
        kept(*c.conditional);
}

void Emitter::feedback(TransformFeedback& t) {
    const uint32_t name = name_of(&t);
    rec::glGenTransformFeedbacks g{};
    g.n = 1;
    put(g, {{offsetof(rec::glGenTransformFeedbacks, ids), &name, 4}});
    if (!t.bound_once)
        return;
    put(rec::glBindTransformFeedback{.target = GL_TRANSFORM_FEEDBACK, .id = name});
    feedback_count(t, name);
    all(t.slots);
    if (!t.slots.empty()) // binding to an index binds to the target, too, which is the context's
        put(rec::glBindBuffer{.target = GL_TRANSFORM_FEEDBACK_BUFFER, .buffer = 0});
    put(rec::glBindTransformFeedback{.target = GL_TRANSFORM_FEEDBACK, .id = 0});
}

void Emitter::feedback_count(const TransformFeedback& t, uint32_t name) {
    if (t.ended && (t.counted || !t.drawn))
        put(rec::xFeedbackCount{.id = name, .count = t.count, .active = 0});
}

// Those that have begun begin again, behind what they have captured. More than one are active only
// where all but the one that is bound are paused.
void Emitter::active_feedback(ContextState& c) {
    const auto begin = [&](TransformFeedback& t) {
        if (!t.active || !t.begin)
            return;
        const bool here = &t == c.feedback.get();
        const uint32_t name = t.name ? name_of(&t) : 0;
        const bool other = !(t.program == c.program);
        if (!here)
            put(rec::glBindTransformFeedback{.target = GL_TRANSFORM_FEEDBACK, .id = name});
        if (other)
            put(rec::glUseProgram{.program = name_of(t.program.get())});
        if (t.drawn)
            put(rec::xFeedbackCount{.id = name, .count = t.count, .active = 1});
        kept(*t.begin);
        if (t.paused)
            put(rec::glPauseTransformFeedback{});
        if (other)
            put(rec::glUseProgram{.program = name_of(c.program.get())});
        if (!here)
            put(rec::glBindTransformFeedback{.target = GL_TRANSFORM_FEEDBACK,
                                             .id =
                                                 c.feedback->name ? name_of(c.feedback.get()) : 0});
    };
    std::vector<Object*> all = live_objects(c, NameClass::transform_feedback);
    all.push_back(c.default_feedback.get());
    for (Object* o : all)
        if (o != c.feedback.get())
            begin(static_cast<TransformFeedback&>(*o));
    begin(static_cast<TransformFeedback&>(*c.feedback));
}

void Emitter::label(Object& o) {
    if (!o.label)
        return;
    const bool ext = (Op)o.label->header().op == Op::glLabelObjectEXT;
    kept_as(*o.label,
            ext ? offsetof(rec::glLabelObjectEXT, object) : offsetof(rec::glObjectLabel, name),
            name_of(&o));
}

} // namespace glckpt::prune
