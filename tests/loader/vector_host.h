/* What the parts of the test host share. */
#ifndef VECTOR_HOST_H
#define VECTOR_HOST_H

#include "ledcal_load.h"

typedef struct {
    uint8_t *bytes;
    uint32_t size;
} content_t;

/* When set, the only two files that were ever signed: the hook accepts nothing else. */
extern content_t genuine[2];

/* End the program: the loader did what it must not do. */
void stop(const char *why);

/* Install genuine[1] over genuine[0] with a power cut at every byte; returns how many were tried.
 * The board's highest number is that of genuine[0]; the other file has the next one. */
unsigned power_cuts(ledcal_expect_t *board);

/* Boot with these contents of the two slots, the rest of them erased. */
ledcal_err_t boot_with(const content_t contents[2], ledcal_expect_t *board, ledcal_t *cal);

#endif
