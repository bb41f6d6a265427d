<%
    def cpp_params(op):
        out = []
        for a in op.args:
            if op.extra and a.is_payload:
                out += [f"{a.param.ctype} {a.name}", f"size_t {a.name}_bytes"]
            elif op.extra and a.is_out:
                out += [f"{a.param.ctype} {a.name}", f"size_t {a.name}_bytes"]
            elif a.role == "strings":
                out.append(f"{a.param.ctype} {a.name}")
            else:
                out.append(f"{a.param.ctype} {a.name}")
        return ", ".join(["log::Stream& stream_"] + out)
%>\
// Generated from spec/gl: encoders of the commands whose exported function is written by hand
// (spec/gl/faces.spec), and of the records that are no commands.
#pragma once
#include "gen/gl/records.h"
#include "interpose/gl/encoder.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/persistent.h"
#include "interpose/gl/sizes.h"

namespace glckpt::encode {

<%namespace name="body" file="encoder_body.mako"/>
% for op in spec.ops:
% if (op.face or op.extra) and not op.by_hand:
inline ${op.command.ret} ${op.name}(${cpp_params(op)}) {
${body.encoder(op)}
}
% endif
% endfor

} // namespace glckpt::encode
