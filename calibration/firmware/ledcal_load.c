/* Reference loader of the panel calibration file, version 1: see ledcal_load.h and FORMAT.md.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ledcal_load.h"

#ifndef LEDCAL_CRC32
#define LEDCAL_CRC32 ledcal_crc32
#endif

/* Offsets of the header's fields; FORMAT.md, "Header". */
enum {
    VERSION = 8,
    HEADER_LENGTH = 10,
    TOTAL_LENGTH = 12,
    N_CHANNELS = 16,
    CHANNEL_LENGTH = 18,
    FLAGS = 20,
    UID = 24,
    SERIAL = 40,
    PRODUCT_CODE = 56,
    HARDWARE_REVISION = 60,
    N_POINTS = 62,
    DRIVE_EPOCH = 64,
    SEQ = 68,
    VALID_UNTIL_HOURS = 80,
    HOURS_AT_CALIBRATION = 84,
    KEY_ID = 88,
    RESERVED_1 = 128,
    DISTANCE_MM = 136,
    RESERVED_2 = 140,
    HEADER_END = 144
};

/* Offsets within a channel; FORMAT.md, "Channel". */
enum {
    ID = 0,
    MODEL = 1,
    T_REF = 4,
    T_MIN = 6,
    T_MAX = 8,
    CEILING = 12,
    B1 = 16,
    B2 = 20,
    CHANNEL_RESERVED = 24,
    KNOTS = 32
};

/* The tail: CRC-32 over all before it, then Ed25519 over all before it. */
enum { SIGNATURE_LENGTH = 64, TAIL_LENGTH = 68 };

enum { SERIAL_LENGTH = 16, UID_LENGTH = 16, KEY_ID_LENGTH = 8, MAGIC_LENGTH = 8 };

#define KNOWN_FLAGS ((uint32_t)(LEDCAL_FLAG_SIMULATED | LEDCAL_FLAG_ENGINEERING))
#define MAX_IRRADIANCE UINT32_C(1000000) /* 10 kW/m2: below 2^20, see scaled() */
#define TABLE 1                          /* model: table with a quadratic temperature correction */
#define ONE (UINT32_C(1) << 30)          /* c(t) = 1 */

static const uint8_t magic[MAGIC_LENGTH] = {0x89, 'L', 'C', 'A', 'L', 0x0D, 0x0A, 0x1A};

static uint16_t read_u16(const uint8_t *p)
{
    return (uint16_t)((uint32_t)p[0] | (uint32_t)p[1] << 8);
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* C99 leaves the cast of a large unsigned number to a signed one to the compiler, but not the two
 * members of a union: intN_t is two's complement by definition. */
static int32_t read_i16(const uint8_t *p)
{
    const union {
        uint16_t u;
        int16_t i;
    } bits = {read_u16(p)};

    return bits.i;
}

static int32_t to_i32(uint32_t v)
{
    const union {
        uint32_t u;
        int32_t i;
    } bits = {v};

    return bits.i;
}

static int equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    while (size-- > 0) {
        if (*a++ != *b++) {
            return 0;
        }
    }
    return 1;
}

uint32_t ledcal_crc32(const uint8_t *bytes, uint32_t size)
{
    uint32_t crc = UINT32_C(0xFFFFFFFF);

    while (size-- > 0) {
        crc ^= *bytes++;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1u) * UINT32_C(0xEDB88320));
        }
    }
    return ~crc;
}

/* A CRC unit without clock answers 0 to everything, and so to a zeroed file: prove it first. */
#define MAGIC_CRC UINT32_C(0x98353288)

static int crc_holds(const uint8_t *file, uint32_t covered)
{
    return LEDCAL_CRC32(magic, MAGIC_LENGTH) == MAGIC_CRC
           && LEDCAL_CRC32(file, covered) == read_u32(file + covered);
}

/* Text for people: at least one printable ASCII character, then zeros. */
static int serial_is_plain(const uint8_t *serial)
{
    uint32_t i = 0;

    while (i < SERIAL_LENGTH && serial[i] >= ' ' && serial[i] <= '~') {
        i++;
    }
    if (i == 0) {
        return 0;
    }
    while (i < SERIAL_LENGTH && serial[i] == 0) {
        i++;
    }
    return i == SERIAL_LENGTH;
}

static const uint8_t *channel_at(const ledcal_t *cal, uint32_t index)
{
    return cal->file + HEADER_END + index * cal->channel_length;
}

/* Step 1, the layout. Fills the candidate handle, from which no later read leaves the file. */
static ledcal_err_t check_layout(const uint8_t *file, uint32_t size, ledcal_t *candidate)
{
    if (size < LEDCAL_MIN_SIZE || size > LEDCAL_MAX_SIZE) {
        return LEDCAL_SIZE;
    }
    if (!equal(file, magic, MAGIC_LENGTH)) {
        return LEDCAL_MAGIC;
    }
    if (read_u16(file + VERSION) != 1) {
        return LEDCAL_VERSION;
    }

    const uint32_t n_channels = read_u16(file + N_CHANNELS);
    const uint32_t n_points = read_u16(file + N_POINTS);
    const uint32_t channel_length = read_u16(file + CHANNEL_LENGTH);
    const uint32_t total = read_u32(file + TOTAL_LENGTH);

    if (read_u16(file + HEADER_LENGTH) != HEADER_END || n_channels < 1
        || n_channels > LEDCAL_MAX_CHANNELS || n_points < 2 || n_points > LEDCAL_MAX_POINTS
        || channel_length != ((KNOTS + 6 * n_points + 3) & ~UINT32_C(3))
        || total != HEADER_END + n_channels * channel_length + TAIL_LENGTH) {
        return LEDCAL_LAYOUT;
    }
    if (total != size) {
        return LEDCAL_SIZE;
    }
    candidate->file = file;
    candidate->channel_length = (uint16_t)channel_length;
    candidate->n_channels = (uint8_t)n_channels;
    candidate->n_points = (uint8_t)n_points;
    return LEDCAL_OK;
}

/* Still step 1: one content has one byte string, so whatever is unused is zero. */
static ledcal_err_t check_unused(const ledcal_t *cal, uint32_t allowed_flags)
{
    const uint8_t *file = cal->file;
    const uint8_t *zeros = file + RESERVED_1;
    const uint32_t used = KNOTS + 6u * cal->n_points;

    if (!serial_is_plain(file + SERIAL)
        || (read_u32(zeros) | read_u32(zeros + 4) | read_u32(file + RESERVED_2)) != 0) {
        return LEDCAL_RESERVED;
    }
    for (uint32_t index = 0; index < cal->n_channels; index++) {
        const uint8_t *channel = channel_at(cal, index);

        if (!equal(channel + CHANNEL_RESERVED, zeros, 8)
            || !equal(channel + used, zeros, cal->channel_length - used)) {
            return LEDCAL_RESERVED;
        }
    }
    return (read_u32(file + FLAGS) & ~(allowed_flags & KNOWN_FLAGS)) == 0 ? LEDCAL_OK
                                                                         : LEDCAL_FLAGS;
}

/* Steps 3 and 4: a key that the firmware trusts, and its signature over all before it. */
static ledcal_err_t check_signature(const uint8_t *file, uint32_t size,
                                    const ledcal_expect_t *expect)
{
    const uint32_t covered = size - SIGNATURE_LENGTH;

    for (const ledcal_key_t *key = expect->keys; key < expect->keys + expect->n_keys; key++) {
        if (equal(file + KEY_ID, key->id, KEY_ID_LENGTH)) {
            return ledcal_ed25519_verify(file + covered, key->public_key, file, covered)
                           == LEDCAL_SIGNATURE_VALID
                       ? LEDCAL_OK
                       : LEDCAL_SIGNATURE;
        }
    }
    return LEDCAL_KEY;
}

/* Steps 5 and 6: made for this head, newer than all before, still valid. */
static ledcal_err_t check_board(const ledcal_t *cal, uint32_t size, const ledcal_expect_t *expect)
{
    const uint8_t *file = cal->file;

    if (!equal(file + UID, expect->uid, UID_LENGTH)) {
        return LEDCAL_UID;
    }
    if (read_u32(file + PRODUCT_CODE) != expect->product_code
        || read_u16(file + HARDWARE_REVISION) != expect->hardware_revision) {
        return LEDCAL_PRODUCT;
    }
    if (read_u32(file + DRIVE_EPOCH) != expect->drive_epoch) {
        return LEDCAL_EPOCH;
    }
    if (read_u32(file + DISTANCE_MM)
        != (expect->distance_mm | (uint32_t)expect->geometry_id << 16)) {
        return LEDCAL_GEOMETRY;
    }
    if (cal->n_channels != expect->n_channels) {
        return LEDCAL_BOARD;
    }
    const uint32_t seq = read_u32(file + SEQ);

    /* The same number again is a re-install, and only of the very same bytes. */
    if (seq < expect->seq_highest
        || (seq == expect->seq_highest
            && (expect->file_in_use == 0 || expect->file_in_use_size != size
                || !equal(file, expect->file_in_use, size)))) {
        return LEDCAL_SEQ;
    }
    if (expect->on_hours < read_u32(file + HOURS_AT_CALIBRATION)
        || expect->on_hours > read_u32(file + VALID_UNTIL_HOURS)) {
        return LEDCAL_HOURS;
    }
    return LEDCAL_OK;
}

/* c(t) = 2^30 + (b1 + floor(b2 dt / 2^16)) dt: FORMAT.md's, with dt taken out. 0 when no file may
 * have it. No overflow for any bytes: c(t) has at most 50 bits, and floor(b2 dt / 2^16), which is
 * bits 16 to 47 of the product, fits 32. */
static uint32_t correction(const uint8_t *channel, int32_t temperature)
{
    const int32_t dt = temperature - read_i16(channel + T_REF);
    const uint64_t b2_dt = (uint64_t)((int64_t)to_i32(read_u32(channel + B2)) * dt);
    const int64_t slope
        = (int64_t)to_i32(read_u32(channel + B1)) + to_i32((uint32_t)(b2_dt >> 16));
    /* c(t) - 1/2: one comparison sees both limits */
    const uint64_t over_half = (uint64_t)(ONE / 2 + slope * dt);

    return over_half < 3 * (ONE / 2) ? (uint32_t)over_half + ONE / 2 : 0;
}

/* Step 7: what is signed must make sense as well. `index` counts from 0. */
static ledcal_err_t check_channel(const uint8_t *channel, uint32_t index, uint32_t n_points)
{
    const uint8_t *irradiance = channel + KNOTS;
    const uint8_t *drive = irradiance + 4 * n_points;
    const uint32_t ceiling = read_u32(channel + CEILING);
    const int32_t t_ref = read_i16(channel + T_REF);
    const int32_t t_min = read_i16(channel + T_MIN);
    const int32_t t_max = read_i16(channel + T_MAX);
    uint32_t least_e = 0; /* what the next knot must reach */
    uint32_t least_d = 0;

    for (uint32_t i = 0; i < n_points; i++) {
        const uint32_t e = read_u32(irradiance + 4 * i);
        const uint32_t d = read_u16(drive + 2 * i);

        if (e < least_e || e > MAX_IRRADIANCE || d < least_d) {
            return LEDCAL_TABLE;
        }
        least_e = e + 1;
        least_d = d + 1;
    }
    if (channel[ID] != index + 1 || channel[MODEL] != TABLE || t_ref < t_min
        || t_ref > t_max || ceiling == 0 || ceiling >= least_e) {
        return LEDCAL_TABLE;
    }
    for (int32_t t = t_min; t <= t_max; t++) {
        if (correction(channel, t) == 0) {
            return LEDCAL_CORRECTION;
        }
    }
    return LEDCAL_OK;
}

ledcal_err_t ledcal_open(const uint8_t *file, uint32_t size, const ledcal_expect_t *expect,
                         ledcal_t *out)
{
    ledcal_t candidate = {0, 0, 0, 0};
    ledcal_err_t err;

    if (out == 0) {
        return LEDCAL_ARG;
    }
    *out = candidate;
    if (file == 0 || expect == 0 || expect->n_keys > LEDCAL_MAX_KEYS) {
        return LEDCAL_ARG;
    }
    if ((err = check_layout(file, size, &candidate)) != LEDCAL_OK
        || (err = check_unused(&candidate, expect->allowed_flags)) != LEDCAL_OK) {
        return err;
    }
    if (!crc_holds(file, size - TAIL_LENGTH)) {
        return LEDCAL_CRC;
    }
    if ((err = check_signature(file, size, expect)) != LEDCAL_OK
        || (err = check_board(&candidate, size, expect)) != LEDCAL_OK) {
        return err;
    }
    for (uint32_t index = 0; index < candidate.n_channels; index++) {
        err = check_channel(channel_at(&candidate, index), index, candidate.n_points);
        if (err != LEDCAL_OK) {
            return err;
        }
    }
    *out = candidate;
    return LEDCAL_OK;
}

ledcal_err_t ledcal_check(const ledcal_t *cal)
{
    if (cal == 0 || cal->file == 0) {
        return LEDCAL_ARG;
    }
    /* The length comes from the handle: a byte that changed in the file cannot move the CRC. */
    return crc_holds(cal->file, (uint32_t)(channel_at(cal, cal->n_channels) - cal->file))
               ? LEDCAL_OK
               : LEDCAL_CRC;
}

/* floor((a b + floor(of / 2)) / of) for a < 2 of, of <= 2^30 and b < 2^20, bit by bit of b: nothing
 * leaves 32 bits, and a Cortex-M0+, which cannot divide, needs no library for it. The rest may be
 * as large as `of`, which rounds up the same: so a step of 0, which a bit that flips after the last
 * check could make, does not keep the loop from its end. */
static uint32_t scaled(uint32_t a, uint32_t b, uint32_t of)
{
    uint32_t quotient = 0;
    uint32_t rest = 0;

    for (uint32_t bit = UINT32_C(1) << 19; bit > 0; bit >>= 1) {
        quotient *= 2;
        rest *= 2;
        if ((b & bit) != 0) {
            rest += a;
        }
        while (rest > of) {
            rest -= of;
            quotient++;
        }
    }
    return quotient + (rest >= of - of / 2);
}

ledcal_err_t ledcal_drive(const ledcal_t *cal, uint16_t channel, uint32_t irradiance,
                          int16_t temperature, uint16_t *code)
{
    if (code == 0) {
        return LEDCAL_ARG;
    }
    *code = 0;
    if (cal == 0 || cal->file == 0) {
        return LEDCAL_ARG;
    }

    const uint32_t index = channel - 1u; /* channel 0 becomes the largest number */

    if (index >= cal->n_channels) {
        return LEDCAL_CHANNEL;
    }

    const uint8_t *record = channel_at(cal, index);
    const uint8_t *knot = record + KNOTS;

    if (irradiance == 0) {
        return LEDCAL_OK; /* dark is dark at any temperature */
    }
    if (irradiance > read_u32(record + CEILING)) {
        return LEDCAL_CEILING;
    }
    if (temperature < read_i16(record + T_MIN) || temperature > read_i16(record + T_MAX)) {
        return LEDCAL_TEMP;
    }

    const uint32_t x = scaled(correction(record, temperature), irradiance, ONE);
    uint32_t below;
    uint32_t above = read_u32(knot);
    uint32_t i = 0;

    if (x < above) {
        return LEDCAL_RANGE;
    }
    do {
        if (++i == cal->n_points) {
            return LEDCAL_RANGE;
        }
        below = above;
        above = read_u32(knot + 4 * i);
    } while (x > above);

    const uint8_t *drive = knot + 4u * cal->n_points + 2 * i;
    const uint32_t base = read_u16(drive - 2);
    const uint32_t dd = read_u16(drive) - base;

    *code = (uint16_t)(base + scaled(x - below, dd, above - below));
    return LEDCAL_OK;
}

const char *ledcal_error_name(int err)
{
    const char *name = "OK\0ARG\0SIZE\0MAGIC\0VERSION\0LAYOUT\0RESERVED\0FLAGS\0CRC\0KEY\0"
                       "SIGNATURE\0UID\0PRODUCT\0EPOCH\0GEOMETRY\0BOARD\0SEQ\0HOURS\0TABLE\0"
                       "CORRECTION\0CHANNEL\0CEILING\0RANGE\0TEMP";

    if (err > LEDCAL_OK || err < LEDCAL_TEMP) {
        return 0;
    }
    while (err < 0) {
        err += *name++ == 0;
    }
    return name;
}
