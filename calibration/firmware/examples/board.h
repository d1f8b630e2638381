/* The board of the example: what an integrator writes. The values are invented. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Two flash areas of LEDCAL_MAX_SIZE bytes each, from the linker script. */
extern const uint8_t BOARD_SLOT_0[];
extern const uint8_t BOARD_SLOT_1[];

#define BOARD_PRODUCT_CODE 300
#define BOARD_HARDWARE_REVISION 2
#define BOARD_DRIVE_EPOCH 7
#define BOARD_DISTANCE_MM 150
#define BOARD_GEOMETRY_ID 1
#define BOARD_N_CHANNELS 5

/* The key of RFC 8032, section 7.1, test 1: its secret is printed there. Put your own here. */
#define BOARD_KEY                                                                              \
    {                                                                                          \
        {0x21, 0xFE, 0x31, 0xDF, 0xA1, 0x54, 0xA2, 0x61},                                      \
        {0xD7, 0x5A, 0x98, 0x01, 0x82, 0xB1, 0x0A, 0xB7, 0xD5, 0x4B, 0xFE,                     \
         0xD3, 0xC9, 0x64, 0x07, 0x3A, 0x0E, 0xE1, 0x72, 0xF3, 0xDA, 0xA6,                     \
         0x23, 0x25, 0xAF, 0x02, 0x1A, 0x68, 0xF7, 0x07, 0x51, 0x1A},                          \
    }

typedef enum { BOARD_SECOND, BOARD_REQUEST, BOARD_FILE, BOARD_SESSION } board_event_t;

board_event_t board_wait(void);
void board_read_uid(uint8_t uid[16]);
uint32_t board_read_on_hours(void); /* LED-on hours, whole */
uint32_t board_read_highest_sequence(void);
void board_write_highest_sequence(uint32_t sequence); /* atomic; never lowers it */
void board_flash_erase(const uint8_t *slot);
uint32_t board_receive_into_flash(const uint8_t *slot, uint32_t room); /* returns bytes received */
int board_read_temperature(int16_t *temperature); /* [1/256 degC]; 0 when the reading failed */
uint32_t board_request(uint16_t channel);         /* [0.01 W/m2] */
void board_set_drive(uint16_t channel, uint16_t code);
void board_dark(void);
void board_reply(const char *text);

#endif
