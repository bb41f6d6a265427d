<%def name="encoder(op)"><%
    pay = [a for a in op.args if a.is_payload]
    outs = [a for a in op.args if a.is_out and a is not op.gen]
    scalars = [a for a in op.args if a.role in ("value", "pointer")]
    def cond(a):
        return {"unpack": "shadow().unpack_buffer != 0", "indices": "shadow().element_buffer() != 0",
                "pack": "shadow().pack_buffer != 0", "query": "bound_buffer(GL_QUERY_BUFFER) != 0"}.get(a.role)
    def size_expr(a):
        e = a.size
        for fn in ("pixels(", "pixels3d("):
            if e.startswith(fn):
                return e.replace(fn, f"shadow().{'pack' if a.role == 'pack' else 'unpack'}.{fn}", 1)
        return e
%>\
<% changed = answers.changed_by(op) %>\
% if changed:
    stream_.answered &= ~${hex(changed)}ull;
% endif
% if effects.may_read_buffers(op):
    if (stream_.persistent_maps) [[unlikely]]
        flush_persistent();
% endif
% for a in pay:
% if a.role == "strings":
    const encode::Strings ${a.name}_text(${a.strings[0]}, ${a.name}, ${a.strings[1] or "nullptr"});
    encode::In ${a.name}_in(stream_, ${a.name} ? ${a.name}_text.data() : nullptr, ${a.name}_text.size());
% elif cond(a):
    encode::In ${a.name}_in = ${cond(a)} ? encode::In::offset(${a.name}) : encode::In(stream_, ${a.name}, ${size_expr(a)});
% else:
    encode::In ${a.name}_in(stream_, ${a.name}, ${size_expr(a)});
% endif
% endfor
% if outs:
    encode::Reply reply_(stream_);
% for a in outs:
% if cond(a):
    encode::Out ${a.name}_out = ${cond(a)} ? encode::Out::offset(${a.name}) : reply_.out(${a.name}, ${size_expr(a)}, ${"true" if a.role == "pack" else "false"});
% elif a.role == "probe":
    encode::Out ${a.name}_out = reply_.probe(${a.name}, ${size_expr(a)});
% else:
    encode::Out ${a.name}_out = reply_.out(${a.name}, ${size_expr(a)}, false);
% endif
% endfor
% endif
    constexpr size_t fixed_ = sizeof(rec::${op.name});
% if pay or outs:
    const size_t total_ = fixed_${"".join(f" + {a.name}_in.inline_bytes()" for a in pay)}${"".join(f" + {a.name}_out.inline_bytes()" for a in outs)};
% else:
    constexpr size_t total_ = fixed_;
% endif
    char* at_ = stream_.reserve(total_);
    auto* rec_ = reinterpret_cast<rec::${op.name}*>(at_);
    rec_->head_ = {(uint16_t)Op::${op.name}, ${"log::kSync" if op.sync else "0"}, (uint32_t)total_};
% if op.creates:
    rec_->name = name_;
% endif
% for a in scalars:
% if a.role == "pointer":
    rec_->${a.name} = (uint64_t)(uintptr_t)${a.name};
% else:
    rec_->${a.name} = (${a.scalar})${"(uintptr_t)" if a.param.base.startswith(("GLDEBUG", "GLeglImage", "GLsync")) else ""}${a.name};
% endif
% endfor
% if pay or outs:
    size_t place_ = fixed_;
% for a in pay:
    rec_->${a.name} = ${a.name}_in.put(at_, &place_);
% endfor
% for a in outs:
    rec_->${a.name} = ${a.name}_out.put(at_, &place_);
% endfor
% endif
    stream_.${"commit_part" if op.extra or op.sync or op.certain else "commit"}(total_);
% if op.sync:
    stream_.wait_reply();
% if outs:
    reply_.copy_out();
% endif
% if op.command.ret in ("GLfloat", "GLdouble"):
    return (${op.command.ret})std::bit_cast<double>(stream_.shared().reply_value);
% elif op.command.ret != "void":
    return (${op.command.ret})stream_.shared().reply_value;
% endif
% endif
</%def>
