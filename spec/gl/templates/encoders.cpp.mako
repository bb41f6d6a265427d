<%namespace name="body" file="encoder_body.mako"/>\
// Generated from spec/gl: exported GL functions (part ${part}).
#include "gen/gl/encode.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include "interpose/gl/shadow.h"
#include "interpose/gl/sizes.h"

namespace glckpt {
using namespace encode;
extern "C" {

% for op in ops:
GLCKPT_GL ${op.command.ret} ${op.name}(${op.command.signature}) {
% if op.gen:
    alloc_names(NameClass::${op.gen.cls}, ${op.count_before(op.gen)}, ${op.gen.name});
% endif
    log::Stream& stream_ = stream();
% if op.sync:
    const DebugPoint deliver_;
% endif
% if op.creates:
    const GLuint name_ = alloc_name(NameClass::${op.creates});
% endif
${body.encoder(op)}\
% for a in op.args:
% if a.name_use == "delete" and a.is_payload:
    free_names(NameClass::${a.cls}, ${op.count_before(a)}, ${a.name});
% elif a.name_use == "delete":
    free_name(NameClass::${a.cls}, ${a.name});
% elif a.name_use == "bind":
    note_name(NameClass::${a.cls}, ${a.name});
% endif
% endfor
% if op.creates:
    return name_;
% endif
}
% endfor

} // extern "C"
} // namespace glckpt
