<%
    def arg(op, a):
        if a.role == "value":
            v = f"r->{a.name}"
            if a.cls == "uniform":
                return f"x.uniform({'r->program' if op.command.param('program') else 0}, {v})"
            if a.name_use == "bind":
                return f"x.bind_name(NameClass::{a.cls}, {v})"
            if a.name_use == "delete":
                return f"x.forget_name(NameClass::{a.cls}, {v})"
            if a.name_use == "use":
                return f"x.real(NameClass::{a.cls}, {v})"
            if a.param.base in ("GLsync", "GLDEBUGPROC", "GLDEBUGPROCARB", "GLDEBUGPROCKHR"):
                return f"({a.param.ctype}){v}"
            return v
        if a.role == "pointer":
            return f"({a.param.ctype})r->{a.name}"
        return f"{a.name}"
    def count_of(op, a):
        return "r->" + op.count_before(a)
%>\
// Generated from spec/gl: records back into calls of the real driver (part ${part}).
#include "gen/gl/records.h"
#include "replay/exec.h"

namespace glckpt::replay {

% for op in ops:
void decode_${op.name}(Exec& x, const char* record) {
    [[maybe_unused]] auto* r = reinterpret_cast<const rec::${op.name}*>(record);
    if (!x.gl.${op.name})
        return x.missing(Op::${op.name});
% for a in op.args:
% if a is op.gen:
    const auto* ${a.name}_virtual = static_cast<const GLuint*>(x.in(record, r->${a.name}));
    GLuint* ${a.name} = x.scratch<GLuint>(${count_of(op, a)});
% elif a.role == "strings":
    Exec::StringArray ${a.name}_strings(x, record, r->${a.name}, ${"r->" + a.strings[0]});
    auto ${a.name} = (${a.param.ctype})${a.name}_strings.pointers();
% elif a.is_payload and a.name_use == "delete":
    auto ${a.name} = x.forget_names(NameClass::${a.cls}, ${count_of(op, a)}, static_cast<const GLuint*>(x.in(record, r->${a.name})));
% elif a.is_payload and a.name_use == "use" and a.param.base == "GLuint":
    auto ${a.name} = x.real_names(NameClass::${a.cls}, ${count_of(op, a)}, static_cast<const GLuint*>(x.in(record, r->${a.name})));
% elif a.is_payload:
    auto ${a.name} = (${a.param.ctype})x.in(record, r->${a.name});
% elif a.role == "probe":
    auto ${a.name} = (${a.param.ctype})x.probe(r->${a.name});
% elif a.is_out:
    auto ${a.name} = (${a.param.ctype})x.out(record, r->${a.name});
% endif
% endfor
<%
    lengths = {a.strings[1]: a.name for a in op.args if a.role == "strings" and a.strings[1]}
    call = f"x.gl.{op.name}(" + ", ".join(
        f"{lengths[a.name]}_strings.lengths()" if a.name in lengths else arg(op, a) for a in op.args) + ")"
    probe = next((a for a in op.args if a.role == "probe"), None)
%>\
% if probe:
    x.probe_call(r->${probe.name}, ${probe.name}, [&] { ${call}; });
% elif op.creates:
    x.add_name(NameClass::${op.creates}, r->name, ${call});
% elif op.gen:
    ${call};
    x.add_names(NameClass::${op.gen.cls}, ${count_of(op, op.gen)}, ${op.gen.name}_virtual, ${op.gen.name});
% elif op.command.ret in ("GLfloat", "GLdouble"):
    x.reply_value(std::bit_cast<uint64_t>((double)${call}));
% elif op.command.ret != "void":
    x.reply_value((uint64_t)${call});
% else:
    ${call};
% endif
% if op.noted:
    x.note_${op.name}(*r);
% endif
}
% endfor

} // namespace glckpt::replay
