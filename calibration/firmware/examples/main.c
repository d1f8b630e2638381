/* What a panel's firmware does with the loader: two slots in flash, boot, install, light.
 *
 * What belongs to the board stands in board.h and is left to the integrator; only the order matters
 * here. Nothing of what the board knows about itself may come from a calibration file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"
#include "ledcal_slots.h"

static ledcal_t cal; /* empty: dark */
static const uint8_t *const slots[2] = {BOARD_SLOT_0, BOARD_SLOT_1};

/* Facts from silicon, from the build and from protected storage, read anew for each use. */
static void read_board(ledcal_expect_t *board)
{
    static const ledcal_key_t key = BOARD_KEY;

    board_read_uid(board->uid);
    board->product_code = BOARD_PRODUCT_CODE;
    board->hardware_revision = BOARD_HARDWARE_REVISION;
    board->drive_epoch = BOARD_DRIVE_EPOCH;
    board->distance_mm = BOARD_DISTANCE_MM;
    board->geometry_id = BOARD_GEOMETRY_ID;
    board->n_channels = BOARD_N_CHANNELS;
    board->seq_highest = board_read_highest_sequence();
    board->on_hours = board_read_on_hours();
    board->allowed_flags = 0; /* production: neither simulated nor engineering files */
    board->n_keys = 1;
    board->keys[0] = key;
}

/* Only ever upwards: a file that was replaced must not come back. */
static void keep_sequence(const ledcal_expect_t *board)
{
    if (ledcal_sequence(&cal) > board->seq_highest) {
        board_write_highest_sequence(ledcal_sequence(&cal));
    }
}

static void boot(void)
{
    ledcal_expect_t board;

    read_board(&board);
    if (ledcal_boot(slots, &board, &cal) == LEDCAL_OK) {
        keep_sequence(&board);
    }
}

/* The file came in pieces, each written where it belongs; `received` counts what really came. */
static ledcal_err_t install(void)
{
    const uint8_t *spare = ledcal_spare(slots, &cal);
    ledcal_expect_t board;

    board_flash_erase(spare);
    const uint32_t received = board_receive_into_flash(spare, LEDCAL_MAX_SIZE);

    read_board(&board);
    const ledcal_err_t err = ledcal_switch(slots, received, &board, &cal);

    if (err == LEDCAL_OK) {
        keep_sequence(&board);
    } else {
        board_flash_erase(spare); /* it must not be accepted at some later boot */
    }
    return err;
}

/* At each request and each second. Whatever fails: dark. */
static void light(uint16_t channel)
{
    int16_t temperature; /* [1/256 degC] */
    uint16_t code = 0;
    ledcal_err_t err = LEDCAL_TEMP;

    if (board_read_temperature(&temperature)) {
        err = ledcal_drive(&cal, channel, board_request(channel), temperature, &code);
    }
    board_set_drive(channel, code);
    if (err != LEDCAL_OK) {
        board_reply(ledcal_error_name(err));
    }
}

int main(void)
{
    boot();
    for (;;) {
        switch (board_wait()) {
        case BOARD_FILE:
            board_dark();
            board_reply(ledcal_error_name(install()));
            break;
        case BOARD_SESSION: /* computes the CRC again */
            if (ledcal_check(&cal) != LEDCAL_OK) {
                static const ledcal_t empty = {0, 0, 0, 0};

                cal = empty;
                board_dark();
                board_reply(ledcal_error_name(LEDCAL_CRC));
            }
            break;
        default: /* a second has passed, or a request came */
            for (uint16_t channel = 1; channel <= BOARD_N_CHANNELS; channel++) {
                light(channel);
            }
        }
    }
}
