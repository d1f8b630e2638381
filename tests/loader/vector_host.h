/* What the parts of the test host share. */
#ifndef VECTOR_HOST_H
#define VECTOR_HOST_H

#include "ledcal_load.h"

typedef struct {
    uint8_t *bytes;
    uint32_t size;
} content_t;

enum { N_GENUINE = 3 };

/* When set, the only files that were ever signed: the hook accepts nothing else. */
extern content_t genuine[N_GENUINE];

/* End the program: the loader did what it must not do. */
void stop(const char *why);

/* Install genuine[1] over genuine[0] with a power cut at every byte; returns how many were tried.
 * The board's highest number is that of genuine[0]; the other file has the next one. */
unsigned power_cuts(ledcal_expect_t *board);

/* Boot with these contents of the two slots, the rest of them erased. */
ledcal_err_t boot_with(const content_t contents[2], ledcal_expect_t *board, ledcal_t *cal);

/* Write a file into the spare slot and switch to it when it is accepted. */
ledcal_err_t install(const content_t *content, ledcal_expect_t *board, ledcal_t *cal);

/* '0' or '1'; '-' when the handle is empty. */
char slot_in_use(const ledcal_t *cal);

#endif
