/* The two slots: at boot, at an install, and when the power fails while a file is written. */
#include <string.h>

#include "ledcal_slots.h"
#include "vector_host.h"

enum { ERASED, ZEROED, OLD_FILE, N_BACKGROUNDS };

static uint8_t memory[2][LEDCAL_MAX_SIZE];
static const uint8_t *const slots[2] = {memory[0], memory[1]};

/* Bits of the byte at the cut that still have their old value. */
static const uint8_t not_yet[] = {0xFF, 0x0F, 0xF0, 0x55, 0x00};

static void write_until_cut(uint8_t *slot, uint32_t written, unsigned background, uint8_t old_bits)
{
    const content_t *old = &genuine[0], *fresh = &genuine[1];

    memset(slot, background == ERASED ? 0xFF : 0, LEDCAL_MAX_SIZE);
    if (background == OLD_FILE) {
        memcpy(slot, old->bytes, old->size);
    }
    memcpy(slot, fresh->bytes, written);
    if (written < fresh->size) {
        slot[written]
            = (uint8_t)((slot[written] & old_bits) | (fresh->bytes[written] & ~old_bits));
    }
}

static int holds(const ledcal_t *cal, const content_t *content)
{
    return cal->file != NULL && memcmp(cal->file, content->bytes, content->size) == 0;
}

static void cut(ledcal_expect_t *board, unsigned in_use, uint32_t written, unsigned background,
                uint8_t old_bits)
{
    const unsigned spare = 1 - in_use;
    const uint32_t old_seq = board->seq_highest;
    ledcal_t old, cal;

    memset(memory, 0xFF, sizeof memory);
    memcpy(memory[in_use], genuine[0].bytes, genuine[0].size);
    if (ledcal_boot(slots, board, &old) != LEDCAL_OK || old.file != memory[in_use]
        || ledcal_spare(slots, &old) != memory[spare]) {
        stop("does not boot the only file");
    }
    write_until_cut(memory[spare], written, background, old_bits);
    const unsigned whole = memcmp(memory[spare], genuine[1].bytes, genuine[1].size) == 0;
    const content_t *expected = &genuine[whole];

    if (ledcal_boot(slots, board, &cal) != LEDCAL_OK || !holds(&cal, expected)) {
        stop("comes up with neither the old file nor the whole new one");
    }
    /* or the power stays, and the firmware asks whether to switch */
    cal = old;
    const ledcal_err_t err = ledcal_switch(slots, genuine[1].size, board, &cal);

    if (!holds(&cal, expected) || ledcal_check(&cal) != LEDCAL_OK
        || cal.file != memory[err == LEDCAL_OK ? spare : in_use]) {
        stop("switches to a file that is not whole, or stays with the old one");
    }
    board->seq_highest = ledcal_sequence(&cal); /* stored: the old file never comes back */
    if (ledcal_boot(slots, board, &cal) != LEDCAL_OK || !holds(&cal, expected)) {
        stop("does not keep the file that it switched to");
    }
    if (whole) { /* the same file again goes to the other slot */
        cal.file = memory[spare];
        memcpy(memory[in_use], genuine[1].bytes, genuine[1].size);
        if (ledcal_switch(slots, genuine[1].size, board, &cal) != LEDCAL_OK
            || cal.file != memory[in_use]) {
            stop("does not install the same file again");
        }
    }
    board->seq_highest = old_seq;
}

unsigned power_cuts(ledcal_expect_t *board)
{
    unsigned tried = 0;

    for (unsigned in_use = 0; in_use < 2; in_use++) {
        for (unsigned background = 0; background < N_BACKGROUNDS; background++) {
            for (size_t bits = 0; bits < sizeof not_yet; bits++) {
                for (uint32_t written = 0; written <= genuine[1].size; written++) {
                    cut(board, in_use, written, background, not_yet[bits]);
                    tried++;
                }
            }
        }
    }
    return tried;
}

ledcal_err_t boot_with(const content_t contents[2], ledcal_expect_t *board, ledcal_t *cal)
{
    memset(memory, 0xFF, sizeof memory);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(memory[i], contents[i].bytes, contents[i].size);
    }
    return ledcal_boot(slots, board, cal);
}

ledcal_err_t install(const content_t *content, ledcal_expect_t *board, ledcal_t *cal)
{
    uint8_t *spare = memory[ledcal_spare(slots, cal) == memory[1]];

    if (ledcal_sequence(cal) > board->seq_highest) {
        board->seq_highest = ledcal_sequence(cal);
    }
    memset(spare, 0xFF, LEDCAL_MAX_SIZE);
    memcpy(spare, content->bytes, content->size);
    const ledcal_err_t err = ledcal_switch(slots, content->size, board, cal);

    if ((board->file_in_use == NULL) != (board->file_in_use_size == 0)) {
        stop("tells the loader a size without a file");
    }
    return err;
}

char slot_in_use(const ledcal_t *cal)
{
    return cal->file == memory[0] ? '0' : cal->file == memory[1] ? '1' : '-';
}
