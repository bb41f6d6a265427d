#include "x11/engine/extensions.h"

namespace glckpt::x11 {
namespace {

// `wanted` if its `count` slots are free, else the first that are, from the top: a server counts
// from the bottom, so later wishes are less likely to clash.
template <class Index>
uint8_t place(const Index& index, uint8_t wanted, unsigned count, unsigned lowest) {
    const auto free_at = [&](unsigned first) {
        if (first < lowest || first + count > index.size())
            return false;
        for (unsigned i = 0; i < count; ++i)
            if (index[first + i])
                return false;
        return true;
    };
    if (count == 0 || free_at(wanted))
        return wanted;
    for (unsigned first = (unsigned)index.size() - count; first >= lowest; --first)
        if (free_at(first))
            return (uint8_t)first;
    return wanted;
}

template <class Index>
void fill(Index& index, uint8_t first, unsigned count, unsigned lowest, Extension& e) {
    for (unsigned i = 0; first >= lowest && i < count && first + i < index.size(); ++i)
        index[first + i] = &e;
}

} // namespace

Extension& Extensions::add(const ModuleInfo& module, ExtensionCodes real) {
    if (Extension* known = find(module))
        return *known;
    Extension& e = all_.emplace_back();
    e.module = &module;
    e.real = real;
    e.virtual_.major = place(virtual_major_, real.major, 1, kFirstExtensionMajor);
    e.virtual_.first_event =
        place(virtual_event_, real.first_event, module.event_count, kFirstExtensionEvent);
    e.virtual_.first_error =
        place(virtual_error_, real.first_error, module.error_count, kFirstExtensionError);
    index_virtual(e);
    index_real(e);
    return e;
}

Extension* Extensions::find(const ModuleInfo& module) {
    for (Extension& e : all_)
        if (e.module == &module)
            return &e;
    return nullptr;
}

void Extensions::reindex() {
    real_major_ = {};
    real_event_ = {};
    real_error_ = {};
    for (Extension& e : all_)
        if (e.present)
            index_real(e);
}

void Extensions::index_virtual(Extension& e) {
    fill(virtual_major_, e.virtual_.major, 1, kFirstExtensionMajor, e);
    fill(virtual_event_, e.virtual_.first_event, e.module->event_count, kFirstExtensionEvent, e);
    fill(virtual_error_, e.virtual_.first_error, e.module->error_count, kFirstExtensionError, e);
}

void Extensions::index_real(Extension& e) {
    fill(real_major_, e.real.major, 1, kFirstExtensionMajor, e);
    fill(real_event_, e.real.first_event, e.module->event_count, kFirstExtensionEvent, e);
    fill(real_error_, e.real.first_error, e.module->error_count, kFirstExtensionError, e);
}

} // namespace glckpt::x11
