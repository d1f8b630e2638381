/* Two slots for the panel calibration file: see ledcal_slots.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ledcal_slots.h"

/* Offsets of the header's fields, and lengths around the channels; FORMAT.md, "Header". */
enum { TOTAL_LENGTH = 12, SEQ = 68, HEADER_END = 144, TAIL_LENGTH = 68 };

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Nobody counted the bytes at boot, so the length is the file's own. The loader compares it with
 * the limits before it reads further, and it is signed. */
static ledcal_err_t open_slot(const uint8_t *slot, ledcal_expect_t *board, ledcal_t *cal)
{
    board->file_in_use = slot; /* it may be the one whose number is the highest */
    board->file_in_use_size = read_u32(slot + TOTAL_LENGTH);
    return ledcal_open(slot, board->file_in_use_size, board, cal);
}

static int identical(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    while (size-- > 0) {
        if (*a++ != *b++) {
            return 0;
        }
    }
    return 1;
}

uint32_t ledcal_sequence(const ledcal_t *cal)
{
    return cal->file != 0 ? read_u32(cal->file + SEQ) : 0;
}

uint32_t ledcal_size(const ledcal_t *cal)
{
    /* From the handle: a bit that flips in flash after the file was accepted leads nobody to read
     * and send what lies behind the slot. */
    const uint32_t channels = (uint32_t)cal->n_channels * cal->channel_length;

    return cal->file != 0 ? HEADER_END + channels + TAIL_LENGTH : 0;
}

ledcal_err_t ledcal_boot(const uint8_t *const slots[2], ledcal_expect_t *board, ledcal_t *cal)
{
    ledcal_t second;
    const ledcal_err_t err = open_slot(slots[0], board, cal);
    const ledcal_err_t second_err = open_slot(slots[1], board, &second);

    if (err != LEDCAL_OK && second_err != LEDCAL_OK) {
        return second_err < err ? second_err : err; /* numbered in the order of the checks */
    }
    if (ledcal_sequence(cal) < ledcal_sequence(&second)) {
        *cal = second;
    } else if (ledcal_sequence(cal) == ledcal_sequence(&second)
               && !identical(slots[0], slots[1], board->file_in_use_size)) {
        /* one of them was never accepted, and nobody knows which: empty the handle */
        (void)ledcal_open(0, 0, board, cal);
        return LEDCAL_SEQ;
    }
    return LEDCAL_OK;
}

const uint8_t *ledcal_spare(const uint8_t *const slots[2], const ledcal_t *cal)
{
    return cal->file == slots[0] ? slots[1] : slots[0];
}

ledcal_err_t ledcal_switch(const uint8_t *const slots[2], uint32_t received,
                           ledcal_expect_t *board, ledcal_t *cal)
{
    ledcal_t fresh;

    board->file_in_use = cal->file;
    board->file_in_use_size = ledcal_size(cal);

    const ledcal_err_t err = ledcal_open(ledcal_spare(slots, cal), received, board, &fresh);

    if (err == LEDCAL_OK) {
        *cal = fresh;
    }
    return err;
}
