/* Runs the loader on a host, under sanitizers, from commands on standard input.
 *
 *   board <uid> <product> <revision> <epoch> <distance> <geometry> <channels> <seq> <hours>
 *         <flags> <key id> <file in use or ->
 *   signature <0 or 1>                        the hook's answer from here on
 *   open <path>                               prints the error's name
 *   drive <channel> <irradiance> <temperature>   prints a code or the error's name
 *   sweep                                     damages the file opened last in every way
 *   arguments                                 makes the caller's mistakes; prints the errors
 *   names                                     prints the name of every error, and of two others
 *   keys <n>                                  lets the board trust this many keys, its own first
 *   check                                     computes the CRC again; prints the error's name
 *   flip <offset> <bit>                       damages the file opened last, after it was opened
 *   cuts <old> <new>                          installs new over old, power cut at every byte
 *   boot <path> <path>                        boots with these two slots, where only these two
 *                                             files were ever signed; prints the error, the
 *                                             sequence, the slot in use and the file's size
 *   install <path> <path> <new>               the same, then installs a third signed file
 *
 * Whether a signature is valid is told by the caller, which has a cryptographic library: what is
 * tried here is the loader's own code. Each file lies in a block of exactly its size, so that the
 * address sanitizer sees the first byte read beyond it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledcal_slots.h"
#include "vector_host.h"

static int signature_valid;
static const uint8_t *end_of_file; /* of the one that is being opened, when it is known */
content_t genuine[N_GENUINE];

int ledcal_ed25519_verify(const uint8_t *signature, const uint8_t *public_key,
                          const uint8_t *message, uint32_t size)
{
    (void)public_key;
    if (genuine[0].bytes != NULL) {
        for (int i = 0; i < N_GENUINE; i++) {
            if (size + 64 == genuine[i].size && memcmp(message, genuine[i].bytes, size + 64) == 0) {
                return LEDCAL_SIGNATURE_VALID;
            }
        }
        return 0;
    }
    /* The signature follows what it signs, and is the end of the file. */
    return signature_valid && signature == message + size
                   && (end_of_file == NULL || signature + 64 == end_of_file)
               ? LEDCAL_SIGNATURE_VALID
               : 0;
}

#ifdef LEDCAL_CRC32
/* A CRC unit whose clock was never switched on. */
uint32_t LEDCAL_CRC32(const uint8_t *bytes, uint32_t size)
{
    (void)bytes;
    (void)size;
    return STUCK_AT;
}
#endif

void stop(const char *why)
{
    fprintf(stderr, "vector_host: %s\n", why);
    exit(1);
}

static uint8_t *copy_of(const uint8_t *bytes, uint32_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL) {
        stop("no memory");
    }
    memcpy(copy, bytes, size);
    return copy;
}

static uint8_t *read_file(const char *path, uint32_t *size)
{
    uint8_t bytes[4096];
    FILE *stream = fopen(path, "rb");

    if (stream == NULL) {
        stop(path);
    }
    *size = (uint32_t)fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    return copy_of(bytes, *size);
}

static void read_hex(const char *text, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned value;

        if (sscanf(text + 2 * i, "%2x", &value) != 1) {
            stop("not hexadecimal");
        }
        bytes[i] = (uint8_t)value;
    }
}

static void read_board(const char *line, ledcal_expect_t *board)
{
    static uint8_t *in_use;
    char uid[33], key[17], path[1024];

    memset(board, 0, sizeof *board);
    if (sscanf(line,
               "board %32s %" SCNu32 " %" SCNu16 " %" SCNu32 " %" SCNu16 " %" SCNu16 " %" SCNu16
               " %" SCNu32 " %" SCNu32 " %" SCNu32 " %16s %1023s",
               uid, &board->product_code, &board->hardware_revision, &board->drive_epoch,
               &board->distance_mm, &board->geometry_id, &board->n_channels,
               &board->seq_highest, &board->on_hours, &board->allowed_flags, key, path)
        != 12) {
        stop("board: twelve words expected");
    }
    read_hex(uid, board->uid, sizeof board->uid);
    memset(board->keys, 0xEE, sizeof board->keys); /* nothing like the bytes of a file */
    read_hex(key, board->keys[0].id, sizeof board->keys[0].id);
    board->n_keys = 1;
    free(in_use);
    in_use = strcmp(path, "-") == 0 ? NULL : read_file(path, &board->file_in_use_size);
    board->file_in_use = in_use;
}

/* Ask an accepted file everything around its edges; a refused one must be empty and dark. */
static void use(const ledcal_t *cal, ledcal_err_t opened)
{
    static const uint32_t irradiances[] = {0, 1, 100, 9000, 1000000, UINT32_MAX};
    static const int16_t temperatures[] = {INT16_MIN, -10240, 0, 2560, 6400, 15360, INT16_MAX};

    if (opened != LEDCAL_OK
        && (cal->file != NULL || cal->channel_length != 0 || cal->n_channels != 0
            || cal->n_points != 0)) {
        stop("a refused file left a handle");
    }
    for (uint16_t channel = 0; channel <= LEDCAL_MAX_CHANNELS + 1; channel++) {
        for (size_t i = 0; i < sizeof irradiances / sizeof *irradiances; i++) {
            for (size_t t = 0; t < sizeof temperatures / sizeof *temperatures; t++) {
                uint16_t code = 1;
                ledcal_err_t err
                    = ledcal_drive(cal, channel, irradiances[i], temperatures[t], &code);

                if ((err != LEDCAL_OK || opened != LEDCAL_OK) && code != 0) {
                    stop("light after an error");
                }
            }
        }
    }
}

/* Every truncation; then every bit, with the CRC repaired and the signature called valid. */
static void sweep(const uint8_t *file, uint32_t size, const ledcal_expect_t *board)
{
    ledcal_t cal;
    unsigned accepted = 0;

    for (uint32_t kept = 0; kept < size; kept++) {
        uint8_t *copy = copy_of(file, kept);
        ledcal_err_t err = ledcal_open(copy, kept, board, &cal);

        if (err == LEDCAL_OK) {
            stop("accepted a truncated file");
        }
        use(&cal, err);
        free(copy);
    }
    for (uint32_t bit = 0; bit < 8 * (size - 68); bit++) {
        uint8_t *copy = copy_of(file, size);

        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        uint32_t crc = ledcal_crc32(copy, size - 68);
        for (unsigned i = 0; i < 4; i++) {
            copy[size - 68 + i] = (uint8_t)(crc >> 8 * i);
        }
        ledcal_err_t err = ledcal_open(copy, size, board, &cal);
        accepted += err == LEDCAL_OK;
        use(&cal, err);
        free(copy);
    }
    printf("%u\n", accepted);
}

static void sign_only(const char *const paths[], int count)
{
    for (int i = 0; i < count; i++) {
        genuine[i].bytes = read_file(paths[i], &genuine[i].size);
    }
}

static void sign_all(void)
{
    for (int i = 0; i < N_GENUINE; i++) {
        free(genuine[i].bytes);
        genuine[i].bytes = NULL;
        genuine[i].size = 0;
    }
}

/* Boot with the first two, and install the third when there is one. */
static void use_slots(const char *const paths[], int count, ledcal_expect_t *board, ledcal_t *cal)
{
    sign_only(paths, count);
    ledcal_err_t err = boot_with(genuine, board, cal);
    if (count == 3) {
        err = install(&genuine[2], board, cal);
    }
    printf("%s %" PRIu32 " %c %" PRIu32 "\n", ledcal_error_name(err), ledcal_sequence(cal),
           slot_in_use(cal), ledcal_size(cal));
    sign_all();
}

/* The caller's mistakes on the file opened last; whatever they are, nothing is published. */
static void make_mistakes(const uint8_t *file, uint32_t size, const ledcal_expect_t *board)
{
    static const ledcal_t empty;
    ledcal_expect_t many = *board;
    ledcal_t cal;
    uint16_t code = 1;

    many.n_keys = LEDCAL_MAX_KEYS + 1;
    puts(ledcal_error_name(ledcal_open(NULL, size, board, &cal)));
    puts(ledcal_error_name(ledcal_open(file, size, NULL, &cal)));
    puts(ledcal_error_name(ledcal_open(file, size, board, NULL)));
    puts(ledcal_error_name(ledcal_open(file, size, &many, &cal)));
    use(&cal, LEDCAL_ARG);
    many = *board; /* a size, but no file in use */
    many.seq_highest = (uint32_t)file[68] | (uint32_t)file[69] << 8;
    many.file_in_use = NULL;
    many.file_in_use_size = size;
    puts(ledcal_error_name(ledcal_open(file, size, &many, &cal)));
    puts(ledcal_error_name(ledcal_check(NULL)));
    puts(ledcal_error_name(ledcal_check(&empty)));
    puts(ledcal_error_name(ledcal_drive(NULL, 1, 1, 0, &code)));
    puts(ledcal_error_name(ledcal_drive(&empty, 1, 1, 0, &code)));
    puts(ledcal_error_name(ledcal_drive(&empty, 1, 1, 0, NULL)));
    printf("%u\n", code);
}

static void print_names(void)
{
    for (int err = 1; err >= LEDCAL_TEMP - 1; err--) {
        const char *name = ledcal_error_name(err);

        puts(name != NULL ? name : "-");
    }
}

int main(void)
{
    char line[4096], path[1024], other[1024], fresh[1024];
    const char *const paths[N_GENUINE] = {path, other, fresh};
    static ledcal_expect_t board;
    static ledcal_t cal;
    uint8_t *file = NULL;
    uint32_t size = 0;
    uint16_t channel, code;
    uint32_t irradiance;
    int16_t temperature;

    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "board ", 6) == 0) {
            read_board(line, &board);
        } else if (sscanf(line, "signature %d", &signature_valid) == 1) {
            continue;
        } else if (sscanf(line, "open %1023s", path) == 1) {
            free(file);
            file = read_file(path, &size);
            end_of_file = file + size;
            puts(ledcal_error_name(ledcal_open(file, size, &board, &cal)));
            end_of_file = NULL;
        } else if (sscanf(line, "drive %" SCNu16 " %" SCNu32 " %" SCNd16, &channel, &irradiance,
                          &temperature)
                   == 3) {
            ledcal_err_t err = ledcal_drive(&cal, channel, irradiance, temperature, &code);

            if (err == LEDCAL_OK) {
                printf("%u\n", code);
            } else {
                puts(ledcal_error_name(err));
            }
        } else if (strcmp(line, "arguments\n") == 0) {
            make_mistakes(file, size, &board);
        } else if (strcmp(line, "names\n") == 0) {
            print_names();
        } else if (sscanf(line, "keys %" SCNu32, &board.n_keys) == 1) {
            continue;
        } else if (strcmp(line, "check\n") == 0) {
            puts(ledcal_error_name(ledcal_check(&cal)));
        } else if (sscanf(line, "flip %" SCNu32 " %" SCNu16, &irradiance, &code) == 2) {
            file[irradiance] ^= (uint8_t)(1u << code);
        } else if (sscanf(line, "cuts %1023s %1023s", path, other) == 2) {
            sign_only(paths, 2);
            printf("%u\n", power_cuts(&board));
            sign_all();
        } else if (sscanf(line, "boot %1023s %1023s", path, other) == 2) {
            use_slots(paths, 2, &board, &cal);
        } else if (sscanf(line, "install %1023s %1023s %1023s", path, other, fresh) == 3) {
            use_slots(paths, 3, &board, &cal);
        } else if (strcmp(line, "sweep\n") == 0) {
            sweep(file, size, &board);
        } else {
            stop(line);
        }
    }
    free(file);
    return 0;
}
