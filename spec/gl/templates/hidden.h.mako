// Generated from spec/gl/scope.spec: extensions that are not advertised.
#pragma once

namespace glckpt {

inline constexpr const char* kHiddenExtensions[] = {
% for e in sorted(spec.hidden):
    "${e}",
% endfor
};

} // namespace glckpt
