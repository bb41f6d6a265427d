// Buffers: a block of bytes each, kept as it would be in the driver.
#include "prune/fold.h"
#include <algorithm>

namespace glckpt::prune {

Object* Fold::bound_buffer(uint32_t target) {
    if (target == GL_ELEMENT_ARRAY_BUFFER)
        return static_cast<VertexArray&>(*c->vao).element_buffer.get();
    const auto it = c->buffers.find(target);
    return it == c->buffers.end() ? nullptr : it->second.get();
}

static void set_binding(Fold& f, uint32_t target, uint32_t name) {
    auto* b = static_cast<Buffer*>(f.object(NameClass::buffer, name));
    if (b && !b->bound_once) {
        b->bound_once = true;
        b->first_target = target;
    }
    if (target == GL_ELEMENT_ARRAY_BUFFER)
        static_cast<VertexArray&>(*f.c->vao).element_buffer = Ref<Object>(b);
    else
        f.c->buffers[target] = Ref<Object>(b);
}

void fold_bind_buffer(Fold& f, const char* r) {
    const auto& b = f.as<rec::glBindBuffer>(r);
    set_binding(f, b.target, b.buffer);
}

void fold_bind_buffer_indexed(Fold& f, const char* r) {
    const auto target = (uint32_t)f.arg(r, Field::target), index = (uint32_t)f.arg(r, Field::index);
    const auto name = (uint32_t)f.arg(r, Field::buffer);
    set_binding(f, target, name);
    if (target == GL_TRANSFORM_FEEDBACK_BUFFER) {
        auto& tf = static_cast<TransformFeedback&>(*f.c->feedback);
        tf.buffers[index] = Ref<Object>(f.find(NameClass::buffer, name));
        tf.slots.set({kIndexedBufferFamily, 1, {index, 0}}, f.keep(r));
        return;
    }
    if (target == GL_SHADER_STORAGE_BUFFER || target == GL_ATOMIC_COUNTER_BUFFER)
        f.c->image_writes = true;
    f.c->slots.set({kIndexedBufferFamily, 2, {target, index}}, f.keep(r));
}

void fold_bind_buffers(Fold& f, const char* r) {
    const bool range = Fold::is(r, Op::glBindBuffersRange);
    const auto target = (uint32_t)f.arg(r, Field::target), first = (uint32_t)f.arg(r, Field::first);
    const auto n = (uint32_t)f.arg(r, Field::count);
    const auto* names = static_cast<const uint32_t*>(f.payload(r, Field::names));
    const GLintptr* offsets = nullptr;
    const GLsizeiptr* sizes = nullptr;
    if (range) {
        offsets =
            static_cast<const GLintptr*>(f.payload(r, f.as<rec::glBindBuffersRange>(r).offsets));
        sizes =
            static_cast<const GLsizeiptr*>(f.payload(r, f.as<rec::glBindBuffersRange>(r).sizes));
    }
    for (uint32_t i = 0; i < n; ++i) {
        if (names && names[i] == log::kNoName)
            continue;
        Object* b = f.find(NameClass::buffer, names ? names[i] : 0);
        Ref<Kept> k;
        if (range && b) {
            rec::glBindBufferRange one{};
            one.target = target;
            one.index = first + i;
            one.buffer = b->name;
            one.offset = offsets[i];
            one.size = sizes[i];
            k = f.make(one);
            f.add_dependency(*k, offsetof(rec::glBindBufferRange, buffer), b);
        } else {
            rec::glBindBufferBase one{};
            one.target = target;
            one.index = first + i;
            one.buffer = b ? b->name : 0;
            k = f.make(one);
            f.add_dependency(*k, offsetof(rec::glBindBufferBase, buffer), b);
        }
        if (target == GL_TRANSFORM_FEEDBACK_BUFFER) {
            auto& tf = static_cast<TransformFeedback&>(*f.c->feedback);
            tf.buffers[first + i] = Ref<Object>(b);
            tf.slots.set({kIndexedBufferFamily, 1, {first + i, 0}}, k);
        } else {
            f.c->slots.set({kIndexedBufferFamily, 2, {target, first + i}}, k);
        }
    }
    if (target == GL_SHADER_STORAGE_BUFFER || target == GL_ATOMIC_COUNTER_BUFFER)
        f.c->image_writes = true;
}

static Buffer* buffer_of(Fold& f, const char* r) {
    if (f.place(r, Field::buffer))
        return static_cast<Buffer*>(f.object(NameClass::buffer, (uint32_t)f.arg(r, Field::buffer)));
    return static_cast<Buffer*>(f.bound_buffer((uint32_t)f.arg(r, Field::target)));
}

void fold_buffer_data(Fold& f, const char* r) {
    Buffer* b = buffer_of(f, r);
    if (!b)
        return;
    const auto size = (size_t)f.arg(r, Field::size);
    b->usage = (uint32_t)f.arg(r, Field::usage, b->usage);
    b->immutable = f.place(r, Field::flags) != nullptr;
    b->storage_flags = (uint32_t)f.arg(r, Field::flags);
    b->has_data = true;
    b->gpu_dirty = false;
    ++b->changes;
    b->map = Ref<Kept>();
    if (!b->data || b->data->bytes != size || b->data->refs > 1)
        b->data = Ref<Blob>(Blob::make(size));
    if (const void* from = f.payload(r, Field::pixels))
        memcpy(b->data->data, from, size);
}

void fold_buffer_write(Fold& f, const char* r) {
    Buffer* b = buffer_of(f, r);
    const auto offset = (size_t)f.arg(r, Field::offset), size = (size_t)f.arg(r, Field::size);
    const void* from = f.payload(r, Field::pixels);
    if (!b || !b->data || !from || offset + size > b->data->bytes || offset + size < offset)
        return;
    memcpy(b->data->data + offset, from, size);
    ++b->changes;
}

// The app's writes into a persistent map travel as xBufferWrite; a new renderer must map it, too.
void fold_map_persistent(Fold& f, const char* r) {
    if (Buffer* b = buffer_of(f, r))
        b->map = f.keep(r);
}
void fold_unmap_persistent(Fold& f, const char* r) {
    if (Buffer* b = buffer_of(f, r))
        b->map = Ref<Kept>();
}

void fold_buffer_copy(Fold& f, const char* r) {
    Object *from, *to;
    size_t read, write, size;
    if (Fold::is(r, Op::glCopyBufferSubData)) {
        const auto& k = f.as<rec::glCopyBufferSubData>(r);
        from = f.bound_buffer(k.readTarget);
        to = f.bound_buffer(k.writeTarget);
        read = (size_t)k.readOffset, write = (size_t)k.writeOffset, size = (size_t)k.size;
    } else {
        const auto& k = f.as<rec::glCopyNamedBufferSubData>(r);
        from = f.find(NameClass::buffer, k.readBuffer);
        to = f.find(NameClass::buffer, k.writeBuffer);
        read = (size_t)k.readOffset, write = (size_t)k.writeOffset, size = (size_t)k.size;
    }
    auto *s = static_cast<Buffer*>(from), *d = static_cast<Buffer*>(to);
    if (!s || !d)
        return;
    if (s->gpu_dirty || !s->data || !d->data || read + size > s->data->bytes ||
        write + size > d->data->bytes)
        d->gpu_dirty = true, ++d->changes;
    else
        memmove(d->data->data + write, s->data->data + read, size), ++d->changes;
}

void fold_buffer_dirty(Fold& f, const char* r) {
    if (Buffer* b = buffer_of(f, r))
        b->gpu_dirty = true, ++b->changes;
}

// Pixels read into a buffer object stay in the driver.
void fold_pack_to_buffer(Fold& f, const char*) {
    if (auto* b = static_cast<Buffer*>(f.bound_buffer(GL_PIXEL_PACK_BUFFER)))
        b->gpu_dirty = true, ++b->changes;
}

} // namespace glckpt::prune
