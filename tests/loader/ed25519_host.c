/* Answers 1 or 0 to each line "<signature> <public key> .<message>" in hexadecimal: is it valid?
 * The message may be empty: hence the dot. */
#include <stdio.h>
#include <stdlib.h>

#include "ledcal_load.h"

static uint32_t from_hex(const char *text, uint8_t *bytes)
{
    uint32_t size = 0;
    unsigned value;

    while (sscanf(text + 2 * size, "%2x", &value) == 1) {
        bytes[size++] = (uint8_t)value;
    }
    return size;
}

int main(void)
{
    static char signature[129], public_key[65], message[4002];
    static uint8_t signature_bytes[64], key_bytes[32], message_bytes[2000];

    while (scanf("%128s %64s %4001s", signature, public_key, message) == 3) {
        from_hex(signature, signature_bytes);
        from_hex(public_key, key_bytes);
        const uint32_t size = from_hex(message + 1, message_bytes);

        printf("%d\n", ledcal_ed25519_verify(signature_bytes, key_bytes, message_bytes, size)
                           == LEDCAL_SIGNATURE_VALID);
    }
    return 0;
}
