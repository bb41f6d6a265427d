#include "interpose/gl/pixel_store.h"

namespace glckpt {

int format_components(GLenum format) {
    switch (format) {
    case GL_COLOR_INDEX:
    case GL_STENCIL_INDEX:
    case GL_DEPTH_COMPONENT:
    case GL_RED:
    case GL_GREEN:
    case GL_BLUE:
    case GL_ALPHA:
    case GL_LUMINANCE:
    case GL_INTENSITY:
    case GL_RED_INTEGER:
    case GL_GREEN_INTEGER:
    case GL_BLUE_INTEGER:
    case GL_ALPHA_INTEGER:
    case GL_LUMINANCE_INTEGER_EXT:
        return 1;
    case GL_RG:
    case GL_RG_INTEGER:
    case GL_LUMINANCE_ALPHA:
    case GL_LUMINANCE_ALPHA_INTEGER_EXT:
    case GL_DEPTH_STENCIL:
    case GL_DUDV_ATI:
    case GL_DU8DV8_ATI:
    case GL_YCBCR_MESA:
        return 2;
    case GL_RGB:
    case GL_BGR:
    case GL_RGB_INTEGER:
    case GL_BGR_INTEGER:
    case GL_SRGB:
        return 3;
    case GL_RGBA:
    case GL_BGRA:
    case GL_RGBA_INTEGER:
    case GL_BGRA_INTEGER:
    case GL_ABGR_EXT:
    case GL_SRGB_ALPHA:
    case GL_CMYK_EXT:
        return 4;
    case GL_CMYKA_EXT:
        return 5;
    default:
        return 0;
    }
}

int type_bytes(GLenum type) {
    switch (type) {
    case GL_BYTE:
    case GL_UNSIGNED_BYTE:
        return 1;
    case GL_SHORT:
    case GL_UNSIGNED_SHORT:
    case GL_HALF_FLOAT:
    case GL_HALF_FLOAT_OES:
        return 2;
    case GL_INT:
    case GL_UNSIGNED_INT:
    case GL_FLOAT:
    case GL_FIXED:
        return 4;
    case GL_DOUBLE:
        return 8;
    case GL_UNSIGNED_BYTE_3_3_2:
    case GL_UNSIGNED_BYTE_2_3_3_REV:
        return -1;
    case GL_UNSIGNED_SHORT_5_6_5:
    case GL_UNSIGNED_SHORT_5_6_5_REV:
    case GL_UNSIGNED_SHORT_4_4_4_4:
    case GL_UNSIGNED_SHORT_4_4_4_4_REV:
    case GL_UNSIGNED_SHORT_5_5_5_1:
    case GL_UNSIGNED_SHORT_1_5_5_5_REV:
    case GL_UNSIGNED_SHORT_8_8_MESA:
    case GL_UNSIGNED_SHORT_8_8_REV_MESA:
        return -2;
    case GL_UNSIGNED_INT_8_8_8_8:
    case GL_UNSIGNED_INT_8_8_8_8_REV:
    case GL_UNSIGNED_INT_10_10_10_2:
    case GL_UNSIGNED_INT_2_10_10_10_REV:
    case GL_UNSIGNED_INT_24_8:
    case GL_UNSIGNED_INT_10F_11F_11F_REV:
    case GL_UNSIGNED_INT_5_9_9_9_REV:
        return -4;
    case GL_FLOAT_32_UNSIGNED_INT_24_8_REV:
        return -8;
    default:
        return 0;
    }
}

size_t PixelStore::rectangle(GLenum format, GLenum type, GLsizei width, GLsizei height,
                             GLsizei depth, bool three) const {
    if (width <= 0 || height <= 0 || depth <= 0)
        return 0;
    const size_t row_pixels = row_length > 0 ? (size_t)row_length : (size_t)width;
    size_t row, last_row;
    if (type == GL_BITMAP) {
        row = (row_pixels + 7) / 8;
        last_row = ((size_t)skip_pixels + (size_t)width + 7) / 8;
    } else {
        const int t = type_bytes(type);
        const size_t pixel = t < 0 ? (size_t)-t : (size_t)t * (size_t)format_components(format);
        if (pixel == 0)
            return 0;
        row = row_pixels * pixel;
        last_row = ((size_t)skip_pixels + (size_t)width) * pixel;
    }
    const size_t a = (size_t)alignment;
    row = (row + a - 1) / a * a;
    const size_t image_rows = three && image_height > 0 ? (size_t)image_height : (size_t)height;
    const size_t images = (size_t)depth - 1 + (three ? (size_t)skip_images : 0);
    return images * image_rows * row + ((size_t)skip_rows + (size_t)height - 1) * row + last_row;
}

bool PixelStore::set(GLenum pname, GLint value, bool pack) {
    auto store = [&](GLint& field, bool legal) {
        if (legal) // an illegal value is the driver's to refuse; our copy keeps the old one
            field = value;
        return true;
    };
    switch (pname) {
    case GL_PACK_SWAP_BYTES:
        return pack && store(swap_bytes, true);
    case GL_UNPACK_SWAP_BYTES:
        return !pack && store(swap_bytes, true);
    case GL_PACK_LSB_FIRST:
        return pack && store(lsb_first, true);
    case GL_UNPACK_LSB_FIRST:
        return !pack && store(lsb_first, true);
    case GL_PACK_ALIGNMENT:
    case GL_UNPACK_ALIGNMENT:
        return pack == (pname == GL_PACK_ALIGNMENT) &&
               store(alignment, value == 1 || value == 2 || value == 4 || value == 8);
    case GL_PACK_ROW_LENGTH:
    case GL_UNPACK_ROW_LENGTH:
        return pack == (pname == GL_PACK_ROW_LENGTH) && store(row_length, value >= 0);
    case GL_PACK_SKIP_ROWS:
    case GL_UNPACK_SKIP_ROWS:
        return pack == (pname == GL_PACK_SKIP_ROWS) && store(skip_rows, value >= 0);
    case GL_PACK_SKIP_PIXELS:
    case GL_UNPACK_SKIP_PIXELS:
        return pack == (pname == GL_PACK_SKIP_PIXELS) && store(skip_pixels, value >= 0);
    case GL_PACK_IMAGE_HEIGHT:
    case GL_UNPACK_IMAGE_HEIGHT:
        return pack == (pname == GL_PACK_IMAGE_HEIGHT) && store(image_height, value >= 0);
    case GL_PACK_SKIP_IMAGES:
    case GL_UNPACK_SKIP_IMAGES:
        return pack == (pname == GL_PACK_SKIP_IMAGES) && store(skip_images, value >= 0);
    default:
        return false;
    }
}

} // namespace glckpt
