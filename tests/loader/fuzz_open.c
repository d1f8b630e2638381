/* libFuzzer target: whatever the bytes, the loader neither leaves them nor lights up by mistake.
 *
 * The first byte chooses: bit 0 repairs the CRC, bit 1 makes the board fit the file, bits 2 and 3
 * are the flags that the board accepts, bit 4 makes the file the one in use, bit 5 takes another
 * number of keys, bit 6 damages the file after it was opened. The signature is always good.
 */
#include <stdlib.h>
#include <string.h>

#include "ledcal_load.h"
#include "ledcal_slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int ledcal_ed25519_verify(const uint8_t *signature, const uint8_t *public_key,
                          const uint8_t *message, uint32_t size)
{
    (void)public_key;
    return signature == message + size ? LEDCAL_SIGNATURE_VALID : 0;
}

static uint32_t u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void fit_board(ledcal_expect_t *board, const uint8_t *file, uint8_t choice)
{
    memcpy(board->uid, file + 24, 16);
    board->product_code = u32(file + 56);
    board->hardware_revision = (uint16_t)u16(file + 60);
    board->drive_epoch = u32(file + 64);
    board->distance_mm = (uint16_t)u16(file + 136);
    board->geometry_id = (uint16_t)u16(file + 138);
    board->n_channels = (uint16_t)u16(file + 16);
    board->seq_highest = u32(file + 68) - (choice & 16 ? 0 : 1);
    board->on_hours = u32(file + 84);
    board->n_keys = choice & 32 ? file[88] % 7u : 1;
    memcpy(board->keys[choice & 32 ? 2 : 0].id, file + 88, 8);
}

/* Every channel, at its edges and a little beyond; an accepted file rises with the request. */
static void ask(const ledcal_t *cal, int valid)
{
    for (uint16_t channel = 0; channel <= LEDCAL_MAX_CHANNELS + 1; channel++) {
        const int known = channel >= 1 && channel <= cal->n_channels;
        const uint8_t *record
            = known ? cal->file + 144 + (channel - 1) * cal->channel_length : NULL;
        const uint32_t ceiling = known ? u32(record + 12) : 1000;
        const int t_min = known ? (int16_t)u16(record + 6) : 0;
        const int t_max = known ? (int16_t)u16(record + 8) : 0;

        const int ts[] = {t_min - 1, t_min, (t_min + t_max) / 2, t_max, t_max + 1};

        for (int i = 0; i < 5; i++) {
            uint16_t last = 0;

            for (uint32_t n = 0; n <= 9; n++) {
                const uint32_t irradiance = n < 9 ? (uint32_t)((uint64_t)ceiling * n / 8) : 1;
                uint16_t code = 1;
                const ledcal_err_t err
                    = ledcal_drive(cal, channel, irradiance, (int16_t)ts[i], &code);

                must(err == LEDCAL_OK || code == 0);
                must(err == LEDCAL_OK || err == LEDCAL_ARG || err <= LEDCAL_CHANNEL);
                must(!valid || known || err == LEDCAL_CHANNEL);
                if (valid && err == LEDCAL_OK && n < 9) {
                    must(code >= last);
                    last = code;
                }
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 1 || size > 1400) {
        return 0;
    }
    const uint8_t choice = input[0];
    const uint32_t length = (uint32_t)size - 1;
    uint8_t *file = malloc(length > 0 ? length : 1);
    ledcal_expect_t board;
    ledcal_t cal;

    memset(&board, 0, sizeof board);
    memcpy(file, input + 1, length);
    if (length >= LEDCAL_MIN_SIZE) {
        if (choice & 1) {
            const uint32_t crc = ledcal_crc32(file, length - 68);

            for (unsigned i = 0; i < 4; i++) {
                file[length - 68 + i] = (uint8_t)(crc >> 8 * i);
            }
        }
        if (choice & 2) {
            fit_board(&board, file, choice);
        }
    }
    board.allowed_flags = choice >> 2 & 3u;
    if (choice & 16) {
        board.file_in_use = file;
        board.file_in_use_size = length;
    }

    const ledcal_err_t err = ledcal_open(file, length, &board, &cal);

    must(ledcal_error_name(err) != NULL && err > LEDCAL_CHANNEL);
    must(ledcal_error_name(1) == NULL && ledcal_error_name(LEDCAL_TEMP - 1) == NULL);
    must(ledcal_open(file, length, &board, NULL) == LEDCAL_ARG);
    must(ledcal_drive(&cal, 1, 1, 0, NULL) == LEDCAL_ARG);
    must((err == LEDCAL_OK) == (cal.file != NULL));
    must(ledcal_check(&cal) == (err == LEDCAL_OK ? LEDCAL_OK : LEDCAL_ARG));
    ask(&cal, err == LEDCAL_OK);
    if (err == LEDCAL_OK && (choice & 64)) { /* a bit of the memory flips: no longer valid */
        file[144 + input[41] % (length - 144 - 68)] ^= (uint8_t)(1u << input[42] % 8);
        must(ledcal_check(&cal) == LEDCAL_CRC);
        ask(&cal, 0);
    }
    free(file);
    return 0;
}
