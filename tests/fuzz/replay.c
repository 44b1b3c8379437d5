/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files named as arguments, and over the files in the directories
 * named: the corpora as ordinary tests, with any compiler. Exits 1 when there was no file at all,
 * or one that cannot be read.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 16 << 20, PATH_MAX_BYTES = 4096 };

static size_t files_run;

/* The input has a memory block of exactly its size, so that AddressSanitizer sees its end. */
static int run_bytes(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL)
        return -1;
    if (size > 0)
        memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    files_run++;
    return 0;
}

static int run_file(const char *path)
{
    uint8_t *data = malloc(INPUT_MAX_BYTES);
    FILE *file = data != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        perror(path);
        free(data);
        return -1;
    }
    size_t size = fread(data, 1, INPUT_MAX_BYTES, file);
    int result = ferror(file) != 0 || getc(file) != EOF ? -1 : run_bytes(data, size);
    if (result != 0)
        fprintf(stderr, "%s: cannot be read, or is too large\n", path);
    fclose(file);
    free(data);
    return result;
}

static int run_directory(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        perror(path);
        return -1;
    }
    int result = 0;
    for (int i = 0; i < count; i++) {
        char file[PATH_MAX_BYTES];
        int len = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && ((size_t)len >= sizeof(file) || run_file(file) != 0))
            result = -1;
        free(entries[i]);
    }
    free(entries);
    return result;
}

int main(int argc, char **argv)
{
    int result = 0;
    for (int i = 1; i < argc; i++) {
        struct stat about;
        if (stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode))
            result |= run_directory(argv[i]);
        else
            result |= run_file(argv[i]);
    }
    printf("%zu inputs\n", files_run);
    return result == 0 && files_run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
