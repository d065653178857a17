/* sea_version.c: a name for the folder's contents: the first half of the SHA-256 of all its files,
 * in order. */
#include <stdio.h>

#include <openssl/evp.h>

#include "sea_enc.h"
#include "sea_settings_private.h"

static void add_file(EVP_MD_CTX *hash, const char *path)
{
    char block[4096];
    size_t len;
    FILE *stream = fopen(path, "re");
    if (!stream) return; /* reported when it was loaded */
    while ((len = fread(block, 1, sizeof block, stream)) > 0)
        sea_assert(EVP_DigestUpdate(hash, block, len));
    fclose(stream);
}

void sea_load_version(struct sea_loader *loader)
{
    static const char *const FOLDERS[] = {"", "/markets", "/templates", "/menus"};
    size_t folders = SEA_COUNT(FOLDERS) - (loader->settings->menus.count == 0);
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    sea_assert(hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL));
    for (size_t i = 0; i < folders; i++) {
        char path[1024];
        const char *const *names = NULL;
        uint32_t count = 0;
        snprintf(path, sizeof path, "%s%s", loader->from->folder, FOLDERS[i]);
        if (!sea_yaml_folder(path, &loader->settings->arena, loader->errors, &names, &count)) break;
        for (uint32_t n = 0; n < count; n++) {
            snprintf(path, sizeof path, "%s%s/%s.yaml", loader->from->folder, FOLDERS[i], names[n]);
            add_file(hash, path);
        }
    }
    sea_assert(EVP_DigestFinal_ex(hash, digest, NULL));
    EVP_MD_CTX_free(hash);
    sea_hex_print(digest, 8, loader->settings->version);
}
