#!/usr/bin/env bash
# Fails when an archive of a pure core needs a symbol that could read a clock, the environment or a device.
# Allowed: what other archives of ours define under sea_*, memory and string functions, digests, pure maths, sanitizer hooks.
set -euo pipefail
archive=$1
allowed='^(sea_|SEA_|(m|c|re)alloc$|free$|explicit_bzero$|EVP_(MD_CTX_|MD_fetch$|Digest)|pthread_once$|[a-z]+_core_|seadesk_|mem|str|__(mem|str)|bsearch$|qsort$|snprintf$|__snprintf_chk$|vsnprintf$|abs$|labs$|llabs$|tolower$|toupper$|__ctype|__asan_|__ubsan_|__gcov|__stack_chk_|__sanitizer|_GLOBAL_OFFSET_TABLE_|llhttp_|curl_(url|free)|protobuf_c_|(unsafe_)?yyjson_(read_opts|(mut_)?(val_)?write_opts|alc_|ptr_|mut_doc_|str_pool|val_pool)|__cxa_|__gxx_|_Z.*CLD2|u_|U_|ucnv|ubrk|unorm|utf8|crypto_(auth|hash|sign)|sodium_|g_mime_(content|data|format_options|header|init|message|multipart|object|parser|part|references|stream_mem)|internet_address_|g_object_unref$|g_(byte_array|free|date_time_to_unix|type_check))'
bad=$(nm -u "$archive" | awk '$1 == "U" {print $2}' | sort -u | grep -Ev "$allowed" || true)
# What another member of the same archive defines is not a need.
own=$(nm --defined-only "$archive" | awk 'NF == 3 {print $3}' | sort -u)
bad=$(comm -23 <(printf '%s\n' "$bad" | sort -u) <(printf '%s\n' "$own"))
if [ -n "$bad" ]; then
    printf '%s is not pure, it calls:\n%s\n' "$(basename "$archive")" "$bad" >&2
    exit 1
fi
