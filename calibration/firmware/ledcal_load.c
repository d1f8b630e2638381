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
    MAJOR = 8,
    MINOR = 9,
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
    GEOMETRY_ID = 138,
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
enum { CRC_LENGTH = 4, SIGNATURE_LENGTH = 64, TAIL_LENGTH = 68 };

enum { SERIAL_LENGTH = 16, UID_LENGTH = 16, KEY_ID_LENGTH = 8, MAGIC_LENGTH = 8 };

#define KNOWN_FLAGS ((uint32_t)(LEDCAL_FLAG_SIMULATED | LEDCAL_FLAG_ENGINEERING))
#define MAX_IRRADIANCE UINT32_C(1000000) /* 10 kW/m2: keeps every product within 64 bits */
#define ONE (INT64_C(1) << 30)           /* c(t) = 1 */

static const uint8_t magic[MAGIC_LENGTH] = {0x89, 'L', 'C', 'A', 'L', 0x0D, 0x0A, 0x1A};

static uint16_t read_u16(const uint8_t *p)
{
    return (uint16_t)((uint32_t)p[0] | (uint32_t)p[1] << 8);
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A cast of a large unsigned number to a signed one is left to the compiler by C99; this is not. */
static int32_t read_i16(const uint8_t *p)
{
    return (int32_t)(read_u16(p) ^ 0x8000u) - INT32_C(0x8000);
}

static int64_t read_i32(const uint8_t *p)
{
    return (int64_t)(read_u32(p) ^ 0x80000000u) - INT64_C(0x80000000);
}

/* Neither is the right shift of a negative number: ~v is not negative here. */
static int64_t floor_div_65536(int64_t v)
{
    return v >= 0 ? v >> 16 : ~(~v >> 16);
}

static int equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    while (size > 0 && *a == *b) {
        a++;
        b++;
        size--;
    }
    return size == 0;
}

static int all_zero(const uint8_t *p, uint32_t size)
{
    while (size > 0 && *p == 0) {
        p++;
        size--;
    }
    return size == 0;
}

uint32_t ledcal_crc32(const uint8_t *bytes, uint32_t size)
{
    uint32_t crc = UINT32_C(0xFFFFFFFF);

    while (size-- > 0) {
        crc ^= *bytes++;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0 ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
        }
    }
    return ~crc;
}

/* A CRC unit without clock answers 0 to everything, and so to a zeroed file: prove it first. */
static int crc_holds(const uint8_t *file, uint32_t total)
{
    static const uint8_t known[9] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    const uint32_t covered = total - TAIL_LENGTH;

    return LEDCAL_CRC32(known, sizeof known) == UINT32_C(0xCBF43926)
           && LEDCAL_CRC32(file, covered) == read_u32(file + covered);
}

/* Text for people: at least one printable ASCII character, then zeros. */
static int serial_is_plain(const uint8_t *serial)
{
    uint32_t length = 0;

    while (length < SERIAL_LENGTH && serial[length] >= 0x20 && serial[length] <= 0x7E) {
        length++;
    }
    return length > 0 && all_zero(serial + length, SERIAL_LENGTH - length);
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
    if (file[MAJOR] != 1 || file[MINOR] != 0) {
        return LEDCAL_VERSION;
    }

    const uint32_t n_channels = read_u16(file + N_CHANNELS);
    const uint32_t n_points = read_u16(file + N_POINTS);
    const uint32_t channel_length = read_u16(file + CHANNEL_LENGTH);

    if (read_u16(file + HEADER_LENGTH) != HEADER_END || n_channels < 1
        || n_channels > LEDCAL_MAX_CHANNELS || n_points < 2 || n_points > LEDCAL_MAX_POINTS
        || channel_length != ((KNOTS + 6 * n_points + 3) & ~UINT32_C(3))
        || read_u32(file + TOTAL_LENGTH)
               != HEADER_END + n_channels * channel_length + TAIL_LENGTH) {
        return LEDCAL_LAYOUT;
    }
    if (read_u32(file + TOTAL_LENGTH) != size) {
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
    const uint32_t flags = read_u32(file + FLAGS);
    const uint32_t used = KNOTS + 6u * cal->n_points;

    if (!serial_is_plain(file + SERIAL) || !all_zero(file + RESERVED_1, 8)
        || !all_zero(file + RESERVED_2, 4)) {
        return LEDCAL_RESERVED;
    }
    for (uint32_t index = 0; index < cal->n_channels; index++) {
        const uint8_t *channel = channel_at(cal, index);

        if (!all_zero(channel + CHANNEL_RESERVED, 8)
            || !all_zero(channel + used, cal->channel_length - used)) {
            return LEDCAL_RESERVED;
        }
    }
    return (flags & ~(allowed_flags & KNOWN_FLAGS)) == 0 ? LEDCAL_OK : LEDCAL_FLAGS;
}

/* Steps 3 and 4: a key that the firmware trusts, and its signature over all before it. */
static ledcal_err_t check_signature(const uint8_t *file, uint32_t size,
                                    const ledcal_expect_t *expect)
{
    const uint32_t covered = size - SIGNATURE_LENGTH;

    for (uint32_t i = 0; i < expect->n_keys; i++) {
        const ledcal_key_t *key = &expect->keys[i];

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
static ledcal_err_t check_board(const uint8_t *file, uint32_t size,
                                const ledcal_expect_t *expect)
{
    const uint32_t seq = read_u32(file + SEQ);

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
    if (read_u16(file + DISTANCE_MM) != expect->distance_mm
        || read_u16(file + GEOMETRY_ID) != expect->geometry_id) {
        return LEDCAL_GEOMETRY;
    }
    if (read_u16(file + N_CHANNELS) != expect->n_channels) {
        return LEDCAL_BOARD;
    }
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

/* c(t) = 2^30 + b1 dt + floor(b2 dt / 2^16) dt. At most 2^49 for any bytes: no overflow. */
static int64_t correction(const uint8_t *channel, int32_t temperature)
{
    const int64_t dt = (int64_t)temperature - read_i16(channel + T_REF);

    return ONE + read_i32(channel + B1) * dt + floor_div_65536(read_i32(channel + B2) * dt) * dt;
}

/* Step 7: what is signed must make sense as well. `index` counts from 0. */
static ledcal_err_t check_channel(const uint8_t *channel, uint32_t index, uint32_t n_points)
{
    const uint8_t *irradiance = channel + KNOTS;
    const uint8_t *drive = irradiance + 4 * n_points;
    const uint32_t last = read_u32(irradiance + 4 * (n_points - 1));
    const uint32_t ceiling = read_u32(channel + CEILING);
    const int32_t t_ref = read_i16(channel + T_REF);
    const int32_t t_min = read_i16(channel + T_MIN);
    const int32_t t_max = read_i16(channel + T_MAX);

    if (channel[ID] != index + 1 || channel[MODEL] != 1 || t_ref < t_min || t_ref > t_max
        || last > MAX_IRRADIANCE || ceiling == 0 || ceiling > last) {
        return LEDCAL_TABLE;
    }
    for (uint32_t i = 1; i < n_points; i++) {
        if (read_u32(irradiance + 4 * i) <= read_u32(irradiance + 4 * (i - 1))
            || read_u16(drive + 2 * i) <= read_u16(drive + 2 * (i - 1))) {
            return LEDCAL_TABLE;
        }
    }
    for (int32_t t = t_min; t <= t_max; t++) {
        const int64_t c = correction(channel, t);

        if (c < ONE / 2 || c >= 2 * ONE) {
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
    if (!crc_holds(file, size)) {
        return LEDCAL_CRC;
    }
    if ((err = check_signature(file, size, expect)) != LEDCAL_OK
        || (err = check_board(file, size, expect)) != LEDCAL_OK) {
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
    return crc_holds(cal->file, (uint32_t)HEADER_END + TAIL_LENGTH
                                    + (uint32_t)cal->n_channels * cal->channel_length)
               ? LEDCAL_OK
               : LEDCAL_CRC;
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
    if (channel < 1 || channel > cal->n_channels) {
        return LEDCAL_CHANNEL;
    }

    const uint8_t *record = channel_at(cal, channel - 1u);
    const uint8_t *knot = record + KNOTS;
    const uint8_t *drive = knot + 4u * cal->n_points;

    if (irradiance == 0) {
        return LEDCAL_OK; /* dark is dark at any temperature */
    }
    if (irradiance > read_u32(record + CEILING)) {
        return LEDCAL_CEILING;
    }
    if (temperature < read_i16(record + T_MIN) || temperature > read_i16(record + T_MAX)) {
        return LEDCAL_TEMP;
    }

    /* Below 2^21: irradiance <= 10^6 and c < 2, both checked at load. */
    const uint32_t x = (uint32_t)(
        (irradiance * (uint64_t)correction(record, temperature) + (UINT64_C(1) << 29)) >> 30);
    uint32_t i = 1;

    if (x < read_u32(knot) || x > read_u32(knot + 4 * (cal->n_points - 1u))) {
        return LEDCAL_RANGE;
    }
    while (x > read_u32(knot + 4 * i)) {
        i++; /* ends: x <= E[last] */
    }

    const uint32_t below = read_u32(knot + 4 * (i - 1));
    const uint32_t de = read_u32(knot + 4 * i) - below;
    const uint16_t base = read_u16(drive + 2 * (i - 1));
    const uint32_t dd = (uint32_t)read_u16(drive + 2 * i) - base;

    *code = (uint16_t)(base + ((uint64_t)(x - below) * dd + de / 2) / de);
    return LEDCAL_OK;
}

const char *ledcal_error_name(int err)
{
    static const char *const names[] = {
        "OK",       "ARG",        "SIZE", "MAGIC",   "VERSION", "LAYOUT",
        "RESERVED", "FLAGS",      "CRC",  "KEY",     "SIGNATURE", "UID",
        "PRODUCT",  "EPOCH",      "GEOMETRY", "BOARD", "SEQ",   "HOURS",
        "TABLE",    "CORRECTION", "CHANNEL", "CEILING", "RANGE", "TEMP",
    };

    return err <= LEDCAL_OK && err >= LEDCAL_TEMP ? names[-err] : 0;
}
