/* The loader's signature hook on a library: -DLEDCAL_LIBSODIUM or -DLEDCAL_MONOCYPHER.
 *
 * Monocypher needs its optional file monocypher-ed25519.c beside monocypher.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ledcal_load.h"

#ifdef LEDCAL_LIBSODIUM
#include <sodium.h>

int ledcal_ed25519_verify(const uint8_t *signature, const uint8_t *public_key,
                          const uint8_t *message, uint32_t size)
{
    return crypto_sign_verify_detached(signature, message, size, public_key) == 0
               ? LEDCAL_SIGNATURE_VALID
               : 0;
}
#endif

#ifdef LEDCAL_MONOCYPHER
#include <monocypher-ed25519.h>

/* R is y with the sign of x in the highest bit. Canonical: y < 2^255 - 19, and no sign where x is 0,
 * that is y = 1 or y = 2^255 - 20. Monocypher compares points, so it does not see the difference. */
static int is_canonical(const uint8_t *r)
{
    uint8_t middle_and = 0xFF, middle_or = 0;

    for (int i = 1; i < 31; i++) {
        middle_and &= r[i];
        middle_or |= r[i];
    }
    if (middle_and == 0xFF && (r[31] & 0x7F) == 0x7F && r[0] >= 0xEC) {
        return r[0] == 0xEC && r[31] == 0x7F;
    }
    return !(middle_or == 0 && r[0] == 1 && r[31] == 0x80);
}

int ledcal_ed25519_verify(const uint8_t *signature, const uint8_t *public_key,
                          const uint8_t *message, uint32_t size)
{
    return is_canonical(signature)
                   && crypto_ed25519_check(signature, public_key, message, size) == 0
               ? LEDCAL_SIGNATURE_VALID
               : 0;
}
#endif
