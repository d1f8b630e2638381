/* Reference loader of the panel calibration file, version 1 (see FORMAT.md).
 *
 * C99, integers only, no allocation, no recursion, no library. The file is read where it lies and
 * must stay there, unchanged, as long as the handle is in use. Safe on any byte order and
 * alignment. Whatever fails, the handle is empty and every drive code is 0.
 *
 * The integrator supplies one function, ledcal_ed25519_verify(), and what the board knows about
 * itself, ledcal_expect_t.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LEDCAL_LOAD_H
#define LEDCAL_LOAD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* interface begins: build_host.py hands the lines down to "interface ends" to cffi */

#define LEDCAL_MAX_KEYS 4
#define LEDCAL_MAX_CHANNELS 8
#define LEDCAL_MAX_POINTS 16
#define LEDCAL_MIN_SIZE 256  /* one channel of two points */
#define LEDCAL_MAX_SIZE 1236 /* eight channels of sixteen points: the size of a slot */

/* File marked as made on a simulated bench; by an engineering run. */
#define LEDCAL_FLAG_SIMULATED 1
#define LEDCAL_FLAG_ENGINEERING 2

/* What ledcal_ed25519_verify() returns for a valid signature; anything else is a refusal. */
#define LEDCAL_SIGNATURE_VALID 1

typedef enum {
    LEDCAL_OK = 0,
    LEDCAL_ARG = -1,         /* the caller's mistake: null pointer, empty handle, too many keys */
    LEDCAL_SIZE = -2,        /* bytes received: too few, too many, not total_len */
    LEDCAL_MAGIC = -3,       /* not a calibration file, or damaged by a text-mode transfer */
    LEDCAL_VERSION = -4,     /* format version that this loader does not know */
    LEDCAL_LAYOUT = -5,      /* counts and lengths contradict each other */
    LEDCAL_RESERVED = -6,    /* an unused byte is not zero, or the serial is not plain text */
    LEDCAL_FLAGS = -7,       /* unknown flag, or one that this firmware does not accept */
    LEDCAL_CRC = -8,         /* damaged, or the CRC unit fails its known-answer test */
    LEDCAL_KEY = -9,         /* signed with a key that this firmware does not trust */
    LEDCAL_SIGNATURE = -10,  /* forged */
    LEDCAL_UID = -11,        /* made for another LED head */
    LEDCAL_PRODUCT = -12,    /* made for another product or hardware revision */
    LEDCAL_EPOCH = -13,      /* made before LEDs or drivers were replaced */
    LEDCAL_GEOMETRY = -14,   /* made for another distance or geometry */
    LEDCAL_BOARD = -15,      /* number of channels is not the board's */
    LEDCAL_SEQ = -16,        /* older than a file that was accepted before */
    LEDCAL_HOURS = -17,      /* on-hours outside the file's validity */
    LEDCAL_TABLE = -18,      /* signed but nonsensical channel table */
    LEDCAL_CORRECTION = -19, /* signed but nonsensical temperature correction */
    LEDCAL_CHANNEL = -20,    /* look-up: no such channel */
    LEDCAL_CEILING = -21,    /* look-up: request above the channel's ceiling */
    LEDCAL_RANGE = -22,      /* look-up: corrected request outside the table */
    LEDCAL_TEMP = -23        /* look-up: temperature outside the calibrated range */
} ledcal_err_t;

typedef struct {
    uint8_t id[8];          /* first 8 bytes of SHA-256(public_key) */
    uint8_t public_key[32]; /* Ed25519, raw */
} ledcal_key_t;

/* What the board knows about itself, read from silicon and from protected storage. */
typedef struct {
    uint8_t uid[16];           /* the LED head's unique id */
    uint32_t product_code;     /* as SYST:HW? answers */
    uint32_t drive_epoch;
    uint32_t seq_highest;      /* highest ever accepted, 0 when none */
    uint32_t on_hours;         /* LED-on hours, whole */
    uint32_t allowed_flags;    /* production firmware: 0 */
    const uint8_t *file_in_use; /* for the re-install of the same file; may be null */
    uint32_t file_in_use_size;
    uint16_t hardware_revision;
    uint16_t distance_mm;      /* as SYST:GEOM? answers */
    uint16_t geometry_id;
    uint16_t n_channels;
    uint32_t n_keys;           /* keys in the table: 0 to LEDCAL_MAX_KEYS */
    ledcal_key_t keys[LEDCAL_MAX_KEYS];
} ledcal_expect_t;

/* Handle of an accepted file. Empty (all zero) until ledcal_open() succeeds. */
typedef struct {
    const uint8_t *file;
    uint16_t channel_length;
    uint8_t n_channels;
    uint8_t n_points;
} ledcal_t;

/* Check every byte of the file against the format and the board; publish the handle last. */
ledcal_err_t ledcal_open(const uint8_t *file, uint32_t size, const ledcal_expect_t *expect,
                         ledcal_t *out);

/* Check the CRC of an opened file again: do it before each session of light. */
ledcal_err_t ledcal_check(const ledcal_t *cal);

/* Turn a request [0.01 W/m2] at a head temperature [1/256 degC] into a drive code.
 * Both are rounded half up to their units by the caller. channel counts from 1.
 * On any error *code is 0. */
ledcal_err_t ledcal_drive(const ledcal_t *cal, uint16_t channel, uint32_t irradiance,
                          int16_t temperature, uint16_t *code);

/* CRC-32 as in zlib: reflected polynomial 0xEDB88320, start and final XOR 0xFFFFFFFF. */
uint32_t ledcal_crc32(const uint8_t *bytes, uint32_t size);

/* The name of an error for the panel's reply: "CRC" for LEDCAL_CRC; null when unknown. */
const char *ledcal_error_name(int err);

/* interface ends */

/* Supplied by the integrator: Monocypher, libsodium or a peripheral. RFC 8032 Ed25519, strict
 * (S below the group order), 64-byte signature, 32-byte raw public key. Returns
 * LEDCAL_SIGNATURE_VALID only when the signature is valid. */
int ledcal_ed25519_verify(const uint8_t *signature, const uint8_t *public_key,
                          const uint8_t *message, uint32_t size);

/* Compile with -DLEDCAL_CRC32=name to use a CRC unit; `name` has the type of ledcal_crc32(),
 * and is proven by a known answer before each use. */
#ifdef LEDCAL_CRC32
uint32_t LEDCAL_CRC32(const uint8_t *bytes, uint32_t size);
#endif

#ifdef __cplusplus
}
#endif

#endif
