/* Two slots for the panel calibration file: a power cut at any byte leaves the old file or the new.
 *
 * C99, no allocation, no state of its own: the handle knows by its file which slot is in use.
 *
 *   boot       err = ledcal_boot(slots, &board, &cal);
 *   install    erase and write ledcal_spare(slots, &cal), then
 *              err = ledcal_switch(slots, received, &board, &cal);
 *
 * Accepted, either way: store ledcal_sequence(&cal) as the highest in protected storage when it is
 * above the one there. Refused at install: erase the spare slot again, and say the error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LEDCAL_SLOTS_H
#define LEDCAL_SLOTS_H

#include "ledcal_load.h"

#ifdef __cplusplus
extern "C" {
#endif

/* interface begins: build_host.py hands the lines down to "interface ends" to cffi */

/* Both slots are readable memory of LEDCAL_MAX_SIZE bytes. The three functions set the board's
 * file_in_use themselves; all else in it must be true when they are called. */

/* At boot: open the valid slot with the highest sequence number. When none is valid, the handle is
 * empty and the answer is the error of the slot that came further. Two different valid files of one
 * number are refused, SEQ: only a rig that issues a number twice can leave them. */
ledcal_err_t ledcal_boot(const uint8_t *const slots[2], ledcal_expect_t *board, ledcal_t *cal);

/* The slot that may be written now: never the one in use. */
const uint8_t *ledcal_spare(const uint8_t *const slots[2], const ledcal_t *cal);

/* Open the spare slot where it lies and switch to it. When it is refused, the file in use stays. */
ledcal_err_t ledcal_switch(const uint8_t *const slots[2], uint32_t received,
                           ledcal_expect_t *board, ledcal_t *cal);

/* The sequence number of the file in use; 0 when the handle is empty. */
uint32_t ledcal_sequence(const ledcal_t *cal);

/* Bytes of the file in use, which begin at cal->file: what a read-back sends; 0 when empty. */
uint32_t ledcal_size(const ledcal_t *cal);

/* interface ends */

#ifdef __cplusplus
}
#endif

#endif
