// Matrix stacks.
//
// A matrix is kept as what was multiplied since it was last set whole, not as numbers: replaying
// the same calls gives the same bits, computing them here might not. A program that multiplies for
// ever without setting would make the history grow; past a limit the matrix is computed after all,
// and a checkpoint asks the driver for what it has made of it.
#include "prune/fold.h"
#include <cmath>

namespace glckpt::prune {

namespace {

constexpr size_t kLongest = 256;

void multiply(double m[16], const double by[16]) {
    double r[16];
    for (int col = 0; col < 4; ++col)
        for (int row = 0; row < 4; ++row) {
            double sum = 0;
            for (int k = 0; k < 4; ++k)
                sum += m[k * 4 + row] * by[col * 4 + k];
            r[col * 4 + row] = sum;
        }
    memcpy(m, r, sizeof r);
}

void identity(double m[16]) {
    for (int i = 0; i < 16; ++i)
        m[i] = i % 5 == 0;
}

template <class T>
void from_array(double m[16], const void* p, bool transpose) {
    const T* v = static_cast<const T*>(p);
    for (int i = 0; i < 16; ++i)
        m[i] = (double)v[transpose ? (i % 4) * 4 + i / 4 : i];
}

void rotation(double m[16], double degrees, double x, double y, double z) {
    const double n = std::sqrt(x * x + y * y + z * z);
    identity(m);
    if (n == 0)
        return;
    x /= n, y /= n, z /= n;
    const double a = degrees * M_PI / 180, s = std::sin(a), c = std::cos(a), k = 1 - c;
    m[0] = x * x * k + c, m[4] = x * y * k - z * s, m[8] = x * z * k + y * s;
    m[1] = y * x * k + z * s, m[5] = y * y * k + c, m[9] = y * z * k - x * s;
    m[2] = x * z * k - y * s, m[6] = y * z * k + x * s, m[10] = z * z * k + c;
}

void frustum(double m[16], double l, double r, double b, double t, double n, double f) {
    identity(m);
    m[0] = 2 * n / (r - l), m[5] = 2 * n / (t - b);
    m[8] = (r + l) / (r - l), m[9] = (t + b) / (t - b), m[10] = -(f + n) / (f - n), m[11] = -1;
    m[14] = -2 * f * n / (f - n), m[15] = 0;
}
void ortho(double m[16], double l, double r, double b, double t, double n, double f) {
    identity(m);
    m[0] = 2 / (r - l), m[5] = 2 / (t - b), m[10] = -2 / (f - n);
    m[12] = -(r + l) / (r - l), m[13] = -(t + b) / (t - b), m[14] = -(f + n) / (f - n);
}

constexpr double kFixed = 1.0 / 65536;

// The matrix that a record sets or multiplies by; *load tells which.
bool matrix_of(const Kept& k, double m[16], bool* load) {
    *load = false;
    const char* r = k.bytes.data();
    switch ((Op)k.header().op) {
    case Op::glLoadIdentity:
        *load = true;
        identity(m);
        return true;
    case Op::glLoadMatrixf:
        *load = true;
        from_array<float>(m, k.payload(Fold::as<rec::glLoadMatrixf>(r).m), false);
        return true;
    case Op::glLoadMatrixd:
        *load = true;
        from_array<double>(m, k.payload(Fold::as<rec::glLoadMatrixd>(r).m), false);
        return true;
    case Op::glLoadTransposeMatrixf:
        *load = true;
        from_array<float>(m, k.payload(Fold::as<rec::glLoadTransposeMatrixf>(r).m), true);
        return true;
    case Op::glLoadTransposeMatrixd:
        *load = true;
        from_array<double>(m, k.payload(Fold::as<rec::glLoadTransposeMatrixd>(r).m), true);
        return true;
    case Op::glMultMatrixf:
        from_array<float>(m, k.payload(Fold::as<rec::glMultMatrixf>(r).m), false);
        return true;
    case Op::glMultMatrixd:
        from_array<double>(m, k.payload(Fold::as<rec::glMultMatrixd>(r).m), false);
        return true;
    case Op::glMultTransposeMatrixf:
        from_array<float>(m, k.payload(Fold::as<rec::glMultTransposeMatrixf>(r).m), true);
        return true;
    case Op::glMultTransposeMatrixd:
        from_array<double>(m, k.payload(Fold::as<rec::glMultTransposeMatrixd>(r).m), true);
        return true;
    case Op::glRotatef: {
        const auto& a = Fold::as<rec::glRotatef>(r);
        rotation(m, a.angle, a.x, a.y, a.z);
        return true;
    }
    case Op::glRotated: {
        const auto& a = Fold::as<rec::glRotated>(r);
        rotation(m, a.angle, a.x, a.y, a.z);
        return true;
    }
    case Op::glRotatex: {
        const auto& a = Fold::as<rec::glRotatex>(r);
        rotation(m, a.angle * kFixed, a.x * kFixed, a.y * kFixed, a.z * kFixed);
        return true;
    }
    case Op::glScalef: {
        const auto& a = Fold::as<rec::glScalef>(r);
        identity(m), m[0] = a.x, m[5] = a.y, m[10] = a.z;
        return true;
    }
    case Op::glScaled: {
        const auto& a = Fold::as<rec::glScaled>(r);
        identity(m), m[0] = a.x, m[5] = a.y, m[10] = a.z;
        return true;
    }
    case Op::glTranslatef: {
        const auto& a = Fold::as<rec::glTranslatef>(r);
        identity(m), m[12] = a.x, m[13] = a.y, m[14] = a.z;
        return true;
    }
    case Op::glTranslated: {
        const auto& a = Fold::as<rec::glTranslated>(r);
        identity(m), m[12] = a.x, m[13] = a.y, m[14] = a.z;
        return true;
    }
    case Op::glFrustum: {
        const auto& a = Fold::as<rec::glFrustum>(r);
        frustum(m, a.left, a.right, a.bottom, a.top, a.zNear, a.zFar);
        return true;
    }
    case Op::glOrtho: {
        const auto& a = Fold::as<rec::glOrtho>(r);
        ortho(m, a.left, a.right, a.bottom, a.top, a.zNear, a.zFar);
        return true;
    }
    default: // the fixed point ones of GLES 1: never so long a history there in practice
        return false;
    }
}

// One glLoadMatrixd for a long history. The numbers may differ from the driver's in the last bit.
void shorten(Fold& f, Matrix& level) {
    std::vector<Ref<Kept>>& history = level.history;
    double product[16];
    identity(product);
    for (const Ref<Kept>& k : history) {
        double m[16];
        bool load;
        if (!matrix_of(*k, m, &load))
            return;
        if (load)
            memcpy(product, m, sizeof m);
        else
            multiply(product, m);
    }
    rec::glLoadMatrixd load{};
    Ref<Kept> k = f.make(load);
    k->bytes.resize(sizeof load + sizeof product);
    memcpy(k->bytes.data() + sizeof load, product, sizeof product);
    auto& r = k->as<rec::glLoadMatrixd>();
    r.head_.size = (uint32_t)k->bytes.size();
    r.m = {sizeof product, log::PayloadRef::Inline, (uint32_t)sizeof load};
    history.assign(1, k);
    level.computed = true;
}

} // namespace

MatrixStack& Fold::matrix(uint32_t mode) {
    const uint64_t unit = mode == GL_TEXTURE ? c->active_unit : 0;
    return c->matrices[(uint64_t)mode | unit << 32];
}

void Fold::with_modelview(Kept& k) {
    k.modelview = matrix(GL_MODELVIEW).levels.back().history;
    k.transformed = true;
}

void fold_matrix_mode(Fold& f, const char* r) {
    f.c->matrix_mode = f.as<rec::glMatrixMode>(r).mode;
}

void fold_matrix_load(Fold& f, const char* r) {
    Matrix& level = f.matrix(f.c->matrix_mode).levels.back();
    level.history.assign(1, f.keep(r));
    level.computed = false;
}
void fold_matrix_multiply(Fold& f, const char* r) {
    Matrix& level = f.matrix(f.c->matrix_mode).levels.back();
    level.history.push_back(f.keep(r));
    if (level.history.size() > kLongest)
        shorten(f, level);
}
void fold_push_matrix(Fold& f, const char*) {
    auto& levels = f.matrix(f.c->matrix_mode).levels;
    Matrix top = levels.back();
    levels.push_back(std::move(top));
}
void fold_pop_matrix(Fold& f, const char*) {
    auto& levels = f.matrix(f.c->matrix_mode).levels;
    if (levels.size() > 1)
        levels.pop_back();
}

} // namespace glckpt::prune
